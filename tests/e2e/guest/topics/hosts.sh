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
ok "sudo by face, without a terminal" "$(runuser -u alice -- sudo -k -S id -u </dev/null 2>/dev/null)" 0
ok "sudo by face, on a terminal" "$(python3 $S/guest/terminal.py 12 -- runuser -u alice -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
ok "login by face" "$(python3 $S/guest/terminal.py 20 '$ =id -un; exit\n' -- login alice | tr -d '\r' | grep -c '^alice$')" 1
before hopper
ok "su to bob by bob's face" "$(python3 $S/guest/terminal.py 12 -- runuser -u alice -- su bob -c 'id -un' | tr -d '\r' | grep -c '^bob$')" 1
before empty
ok "sudo falls through to the password" "$(echo alicepw | runuser -u alice -- sudo -k -S id -u 2>/dev/null)" 0
ok "a wrong password stays wrong" "$(echo wrong | runuser -u alice -- sudo -k -S id -u 2>/dev/null)" ""
ok "login falls through to the password" "$(python3 $S/guest/terminal.py 25 'Password:=alicepw\n' '$ =id -un; exit\n' -- login alice | tr -d '\r' | grep -c '^alice$')" 1
sed -i 's/mode=auto/mode=confirm/' /etc/pam.d/sudo
before astronaut-later
ok "sudo asks to confirm a face" "$(python3 $S/guest/terminal.py 12 'confirm:=\n' -- runuser -u alice -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
sed -i 's/mode=confirm/mode=ask/' /etc/pam.d/sudo
ok "asked first, a password goes straight on" "$(python3 $S/guest/terminal.py 12 'Enter for face:=alicepw\n' -- runuser -u alice -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
ok "asked first, Enter looks" "$(python3 $S/guest/terminal.py 12 'Enter for face:=\n' -- runuser -u alice -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
for service in sudo su login; do cp "/tmp/$service.before" "/etc/pam.d/$service"; done
