#!/bin/bash
# The login password, kept for the keyring: locked after a face before, open after, and through a change of the password.
# With the real gnome-keyring-daemon and pam_gnome_keyring (scripts/e2e keyring, which has a root file system of its own).
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
uid=$(id -u alice)
LIT='spectrum = "infrared"'
cat >/etc/facelock/config.toml <<'CONFIG'
[services]
lightdm = { mode = "auto", only = "any", console = "none" }
sddm = { mode = "auto", only = "any", console = "none" }
faceonly = "auto"
[vault]
protector = "file"
[pad]
cnn = false
infrared = false
motion = false
CONFIG
# As Debian ships it.
cat >/etc/pam.d/lightdm <<'STACK'
auth requisite pam_nologin.so
session required pam_env.so envfile=/etc/default/locale
@include common-auth
-auth optional pam_gnome_keyring.so
@include common-account
session required pam_limits.so
@include common-session
-session optional pam_gnome_keyring.so auto_start
@include common-password
STACK
: >/etc/default/locale
profile_on
keyring() { facelockctl --json keyring "$@" --user alice 2>/dev/null; }
stands() { keyring status | told; }
told() { python3 -c 'import json, sys; told = json.load(sys.stdin); print(told.get("reason") or told["keyring"])'; }
gone() { # every process of alice's
  loginctl terminate-user alice 2>/dev/null
  for _ in $(seq 100); do [ -e "/run/user/$uid" ] || break; sleep 0.1; done
  pkill -KILL -u alice
  systemctl reset-failed "user@$uid.service" "user-runtime-dir@$uid.service" 2>/dev/null
}
cat >/usr/local/bin/log-in <<'PROBE'
#!/bin/bash
# In alice's session: logs in by a login program's stack, and says whether the login keyring is locked.   log-in SERVICE
suid-pamtester "$1" alice authenticate open_session 2>&1 | grep -a pamtester >/tmp/pamtester
gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1
for _ in $(seq 40); do
  locked=$(busctl --user get-property org.freedesktop.secrets /org/freedesktop/secrets/collection/login \
    org.freedesktop.Secret.Collection Locked 2>/dev/null) && break
  sleep 0.1
done
grep -aq 'successfully opened a session' /tmp/pamtester || locked="no session: $(tail -n 1 /tmp/pamtester)"
echo "$locked"
PROBE
chmod 755 /usr/local/bin/log-in
logs_in() { # what is typed → "b true" where the keyring is locked
  rm -f /tmp/pamtester
  printf '%b' "${1:-}" | at_seat alice log-in lightdm 2>/dev/null | tail -n 1
  gone
}
passwd_of_alice() { # old, new
  printf '%s\n' "$1" "$2" "$2" | at_seat alice passwd >/tmp/passwd 2>&1; local status=$?
  gone
  return $status
}
given() { settled; journalctl --sync; journalctl -q --no-pager -t facelock -o cat | grep -c 'keyring user=alice.* action=given'; }

echo "# who may have one kept"
before astronaut-later
ok "not by color" "$(echo alicepw | keyring enable | told) $(stands)" "infrared_required off"
facelockctl clear --yes --user alice >/dev/null
before astronaut "$LIT"
holds "alice is enrolled by infrared" facelockctl enroll --user alice
ok "a wrong password is not kept" "$(echo alicepx | keyring enable | told) $(stands)" "wrong_password off"

echo "# gnome-keyring $(dpkg-query -W -f='${Version}' gnome-keyring)"
before empty "$LIT"
logs_in 'alicepw\n' >/dev/null
ok "a login by password opens the keyring that the first one made" "$(logs_in 'alicepw\n')" "b false"
ok "which is encrypted" "$(head -c 12 /home/alice/.local/share/keyrings/login.keyring)" GnomeKeyring
before astronaut-later "$LIT"
ok "a face alone leaves it locked" "$(logs_in) $(given)" "b true 0"
ok "which login programs would be given one" "$(keyring status | python3 -c 'import json, sys; print(*json.load(sys.stdin)["services"])')" "lightdm login"
ok "the login password is kept" "$(echo alicepw | keyring enable | told) $(stands)" "on on"
ok "a face opens it" "$(logs_in) $(given)" "b false 1"
ok "what does not log in is not given it" "$(asked alice faceonly) $(given)" "$IN 1"
before hopper "$LIT"
ok "another person opens nothing" "$(logs_in | cut -c 1-10) $(given)" "no session 1"
rm -f /var/lib/facelock/tally/*
before astronaut-later "$LIT"

echo "# a password that changes"
holds "alice changes hers" passwd_of_alice alicepw 'a-second-password'
ok "and it is still kept" "$(stands)" "on"
ok "a face opens the keyring, which has the new one" "$(logs_in) $(given)" "b false 2"
echo 'alice:set-by-root-1' | chpasswd
ok "root sets another" "$(stands)" "on"
ok "a face opens the keyring, which has the old one still" "$(logs_in) $(given)" "b false 3"
holds "alice changes what root set" passwd_of_alice 'set-by-root-1' 'a-third-password'
ok "and none is kept any more" "$(stands)" "off"
ok "nor given" "$(logs_in | cut -c 1-2) $(given)" "b  3"

echo "# who can read it"
echo a-third-password | keyring enable >/dev/null
file=/var/lib/facelock/keyring/$uid
ok "the file is the instance's alone" "$(stat -c '%U %a' "$file") $(stat -c '%U %a' "${file%/*}")" "facelock 600 facelock 700"
ok "no user reads it" "$(runuser -u alice -- cat "$file" 2>/dev/null; echo $?)" 1
ok "no user stores, changes or forgets one" "$(runuser -u alice -- facelockctl keyring disable >/dev/null 2>&1; echo $?)" 4
as_inner_root() { runuser -u alice -- unshare -Ur facelockctl "$@" keyring disable --user alice >/dev/null 2>&1; echo $?; }
ok "nor as root of a namespace of their own, which root's socket does not let in" "$(as_inner_root)" 5
ok "and the common one tells from root" "$(as_inner_root --socket /run/../run/facelock/facelock.sock)" 4
ok "it is still kept" "$(runuser -u alice -- facelockctl --json keyring status | told)" on
journalctl --sync
words='alicepw|a-second-password|set-by-root-1|a-third-password'
ok "no password is in the journal" "$(journalctl -q --no-pager -a -o verbose _COMM=facelock-instan + SYSLOG_IDENTIFIER=facelock | grep -cE "$words")" 0
ok "nor in a file of Facelock's" "$(grep -rlaE "$words" /var/lib/facelock /run/facelock /run/facelock-state /etc/facelock 2>/dev/null)" ""
ok "control: where one is, it is found" "$(echo alicepw >/run/facelock-state/control; grep -rlaE "$words" /run/facelock-state; rm /run/facelock-state/control)" /run/facelock-state/control

echo "# KDE's wallet: pam_kwallet5 $(dpkg-query -W -f='${Version}' libpam-kwallet5), kwalletd6 $(dpkg-query -W -f='${Version}' kwallet6)"
cat >/etc/pam.d/sddm <<'STACK'
auth requisite pam_nologin.so
@include common-auth
auth optional pam_kwallet5.so force_run
@include common-account
@include common-session
session optional pam_kwallet5.so auto_start force_run
STACK
cat >/usr/local/bin/open-wallet <<'PROBE'
#!/bin/bash
# In alice's session: logs in by SDDM's stack, does what a Plasma session does then, and says whether the wallet is open.
# What it starts keeps its output open.
suid-pamtester sddm alice authenticate open_session >/tmp/pamtester 2>&1
export QT_QPA_PLATFORM=offscreen
dbus-update-activation-environment --systemd QT_QPA_PLATFORM
socket=/run/user/$UID/kwallet5.socket
if [ -S "$socket" ]; then env | timeout 5 socat STDIN "UNIX-CONNECT:$socket"; fi
for _ in $(seq 10); do
  open=$(busctl --user --timeout=2 call org.kde.kwalletd6 /modules/kwalletd6 org.kde.KWallet isOpen s kdewallet 2>/dev/null)
  [ "$open" = "b true" ] && break
  sleep 0.2
done
grep -aq 'successfully opened a session' /tmp/pamtester || open="no session: $(tail -n 1 /tmp/pamtester)"
echo "$open"
PROBE
chmod 755 /usr/local/bin/open-wallet
opens() { # what is typed → "b true" where the wallet is open
  rm -f /tmp/pamtester
  printf '%b' "${1:-}" | at_seat alice open-wallet 2>/dev/null | tail -n 1
  gone
}
before empty "$LIT"
ok "the first login by password makes the wallet" "$(opens 'a-third-password\n')" "b true"
ok "which is there" "$(ls /home/alice/.local/share/kwalletd/kdewallet.kwl)" /home/alice/.local/share/kwalletd/kdewallet.kwl
before astronaut-later "$LIT"
ok "a face that has the password opens it" "$(opens)" "b true"
keyring disable >/dev/null
ok "a face alone does not" "$(opens)" "b false"
echo a-third-password | keyring enable >/dev/null

echo "# when it goes"
cp -a "$file" /run/kept
ok "clear forgets it" "$(facelockctl clear --yes --user alice >/dev/null; stands)" "off"
before astronaut "$LIT"
facelockctl enroll --user alice >/dev/null
cp -a /run/kept "$file"
before astronaut-later "$LIT"
ok "one put back is another key's" "$(logs_in | cut -c 1-2) $(given)" "b  4"
echo a-third-password | keyring enable >/dev/null
ok "disable forgets it" "$(keyring disable | told) $(stands)" "off off"
echo a-third-password | keyring enable >/dev/null
userdel alice >/dev/null 2>&1
ok "userdel takes it away" "$(ls "$file" 2>/dev/null)" ""
useradd -u "$uid" -d /home/alice -s /bin/bash alice
echo alice:alicepw | chpasswd
rm -rf /run/kept /usr/local/bin/{log-in,open-wallet} /home/alice/.local/share/{keyrings,kwalletd}
