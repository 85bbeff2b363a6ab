#!/bin/bash
# The programs that ask: sudo, su and login.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
enrolled bob hopper
echo "# sudo, su and login"
for service in sudo su login; do
  cp "/etc/pam.d/$service" "/tmp/$service.before"
  sed -i '1i auth sufficient pam_facelock.so mode=auto' "/etc/pam.d/$service"
done
before astronaut-later
ok "sudo by face, without a terminal" "$(at_seat alice sudo -k -S id -u </dev/null 2>/dev/null)" 0
ok "sudo by face, on a terminal" "$(at_seat alice python3 $S/guest/terminal.py 12 -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
ok "login on a terminal that is not this machine's asks for the password" "$(python3 $S/guest/terminal.py 25 'Password:=alicepw\n' '$ =id -un; exit\n' -- login alice | tr -d '\r' | grep -cE '^alice$|Password:')" 2
before hopper
ok "su to bob by bob, by his face" "$(at_seat bob python3 $S/guest/terminal.py 12 -- su bob -c 'id -un' | tr -d '\r' | grep -c '^bob$')" 1
ok "su to bob by alice wants his password" "$(at_seat alice python3 $S/guest/terminal.py 12 'assword:=bobpw\n' -- su bob -c 'id -un' | tr -d '\r' | grep -cE '^bob$|assword:')" 2
before empty
ok "sudo falls through to the password" "$(echo alicepw | at_seat alice sudo -k -S id -u 2>/dev/null)" 0
ok "a wrong password stays wrong" "$(echo wrong | at_seat alice sudo -k -S id -u 2>/dev/null)" ""
ok "login falls through to the password" "$(python3 $S/guest/terminal.py 25 'Password:=alicepw\n' '$ =id -un; exit\n' -- login alice | tr -d '\r' | grep -c '^alice$')" 1
sed -i 's/mode=auto/mode=confirm/' /etc/pam.d/sudo
before astronaut-later
ok "sudo asks to confirm a face" "$(at_seat alice python3 $S/guest/terminal.py 12 'confirm:=\n' -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
sed -i 's/mode=confirm/mode=ask/' /etc/pam.d/sudo
ok "asked first, a password goes straight on" "$(at_seat alice python3 $S/guest/terminal.py 12 'Enter for face:=alicepw\n' -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
ok "asked first, Enter looks" "$(at_seat alice python3 $S/guest/terminal.py 12 'Enter for face:=\n' -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
for service in sudo su login; do cp "/tmp/$service.before" "/etc/pam.d/$service"; done
