#!/bin/bash
# Login managers, with greeters that speak their protocols and write down what a person would see: greetd
# and LightDM.
# shellcheck source=tests/e2e/guest/desktop.sh
. /opt/share/guest/desktop.sh
recorded
folder=/run/greeter
install -d -m 777 $folder
printf '#!/bin/sh\nid -un >%s/began\nsleep 2\n' $folder >/usr/local/bin/probe-session
chmod +x /usr/local/bin/probe-session
: >/etc/default/locale
login() { # service, what is typed, a line each: what was seen is in $folder/shown, who is in is printed
  systemctl stop "$1"; rm -f $folder/*
  printf '%b' "$2" >$folder/typed; chmod 666 $folder/typed
  systemctl reset-failed "$1" 2>/dev/null
  systemctl start "$1"
  for _ in $(seq 200); do grep -qE ' (success|error)' $folder/shown 2>/dev/null && break; sleep 0.1; done
  for _ in $(seq 20); do [ -s $folder/began ] && break; grep -q ' error' $folder/shown 2>/dev/null && break; sleep 0.1; done
  cat $folder/began 2>/dev/null
}
took() { awk '/ success/ {print $1}' $folder/shown 2>/dev/null; }
fast() { [ "$(took)" -lt "$1" ] 2>/dev/null && echo yes; }
held() { # service that systemd starts, service that PAM knows
  cp "/etc/pam.d/$2" "/tmp/$2.before"
  switched_on "$2"
  before astronaut-later
  ok "$1: the first login is the password's, with the owner in front" "$(login "$1" 'alicepw\n') $(grep -ci 'face' $folder/shown)" "alice 0"
  systemctl stop "$1"
  at_seat alice sleep 120 </dev/null >/dev/null 2>&1 & local session=$!
  sleep 2
  ok "$1: Enter, and the face is in, once she has a session" "$(login "$1" '\n')" alice
  ok "$1: $(took) ms" "$(fast 3500)" yes
  echo "#    seen: $(tr '\n' '|' <$folder/shown)"
  before empty
  ok "$1: a typed password with no face there" "$(login "$1" 'alicepw\n')" alice
  ok "$1: is not held up ($(took) ms)" "$(fast 1500)" yes
  before hopper
  ok "$1: another's face and a wrong password" "$(login "$1" '\nwrong\n')" ""
  before astronaut-later
  switched_off "$2"
  ok "$1: without face login, Enter is nobody's" "$(login "$1" '\n')" ""
  ok "$1: its file is as it was" "$(cmp "/etc/pam.d/$2" "/tmp/$2.before" && echo same)" same
  systemctl stop "$1"
  kill $session
  loginctl terminate-user alice 2>/dev/null
  sleep 1
}
echo "# greetd $(dpkg-query -W -f='${Version}' greetd)"
cat >/etc/greetd/config.toml <<CONFIG
[terminal]
vt = "none"
[default_session]
command = "python3 $S/guest/hosts/greetd.py alice $folder"
user = "_greetd"
CONFIG
held greetd greetd
echo "# LightDM $(dpkg-query -W -f='${Version}' lightdm)"
cat >/etc/lightdm/lightdm.conf <<CONFIG
[LightDM]
logind-check-graphical=false
[Seat:*]
xserver-command=/usr/local/bin/x-without-a-screen
greeter-session=probe-greeter
user-session=probe
session-wrapper=/usr/bin/env
CONFIG
cat >/usr/local/bin/x-without-a-screen <<'X'
#!/bin/bash
# LightDM waits for SIGUSR1, which Xvfb sends as every X server does.
exec Xvfb "$1" -auth "$(sed -nE 's/.* -auth ([^ ]+).*/\1/p' <<<"$*")" -screen 0 640x480x24 -nolisten tcp
X
chmod +x /usr/local/bin/x-without-a-screen
mkdir -p /usr/share/xgreeters /usr/share/xsessions
printf '[Desktop Entry]\nName=probe\nExec=python3 %s/guest/hosts/lightdm.py alice %s\nType=Application\n' $S $folder >/usr/share/xgreeters/probe-greeter.desktop
printf '[Desktop Entry]\nName=probe\nExec=/usr/local/bin/probe-session\nType=Application\n' >/usr/share/xsessions/probe.desktop
# There are no virtual terminals here, and logind takes no session that names one.
echo 'XDG_VTNR DEFAULT=0' >/etc/lightdm/no-terminal
sed -i '1i session required pam_env.so conffile=/etc/lightdm/no-terminal' /etc/pam.d/lightdm-greeter
held lightdm lightdm
