#!/bin/bash
# polkit's own programs: pkexec, its agent on a terminal, the setuid helper of version 126.
# shellcheck source=tests/e2e/guest/desktop.sh
. /opt/share/guest/desktop.sh
recorded
usermod -aG sudo alice
cp /usr/lib/pam.d/polkit-1 /tmp/polkit-1.before
switched_on polkit-1
asking() { # user, what is answered to what…: what pkexec showed
  at_seat "$1" python3 $S/guest/terminal.py 20 "${@:2}" -- pkexec sh -c 'echo in-as-$(id -u)' | tr -d '\r'
}
AS_ROOT='in-as-0$'
echo "# polkit $(dpkg-query -W -f='${Version}' polkitd)"
before astronaut-later
clock; shown=$(asking alice 'confirm:=y\n')
ok "a face, confirmed by y ($(took) ms)" "$(echo "$shown" | grep -c "$AS_ROOT")" 1
ok "a face, confirmed by Enter" "$(asking alice 'confirm:=\n' | grep -c "$AS_ROOT")" 1
ok "a face that is not confirmed, and the password instead" "$(asking alice 'confirm:=alicepw\n' | grep -cE "$AS_ROOT|alicepw")" 1
before hopper
clock; shown=$(asking alice 'assword:=wrong\n')
ok "another's face and a wrong password" "$(echo "$shown" | grep -cE "$AS_ROOT")" 0
ok "an administrator's face does not authenticate for bob" "$(before astronaut-later; asking bob 'assword:=wrong\n' | grep -cE "$AS_ROOT|confirm:")" 0
before empty
facelockctl config set services.polkit-1 ask >/dev/null
clock; shown=$(asking alice 'y for face=alicepw\n'); took=$(took)
ok "asked first, a typed password is in" "$(echo "$shown" | grep -c "$AS_ROOT")" 1
ok "and not held up ($took ms)" "$([ "$took" -lt 2500 ] && echo yes)" yes
ok "and shown nowhere" "$(echo "$shown" | grep -c alicepw)" 0
before astronaut-later
ok "asked first, y looks" "$(asking alice 'y for face=y\n' | grep -c "$AS_ROOT")" 1
switched_off polkit-1
ok "polkit's own file counts again" "$(ls /etc/pam.d/polkit-1 2>/dev/null; cmp /usr/lib/pam.d/polkit-1 /tmp/polkit-1.before)" ""
