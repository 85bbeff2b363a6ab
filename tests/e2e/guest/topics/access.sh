#!/bin/bash
# For whom a face answers: alice, an administrator, is before the camera and at the seat; others try to be let in by her face.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
before astronaut-later
for service in sudo su login; do sed -i '1i auth sufficient pam_facelock.so mode=auto' "/etc/pam.d/$service"; done
printf 'auth required pam_facelock.so mode=auto\naccount required pam_permit.so\n' >/etc/pam.d/polkit-1
printf 'Defaults:bob targetpw\nbob ALL=(ALL:ALL) ALL\n' >/etc/sudoers.d/bob
gate() { # the gate that the journal named last, since this was last asked
  sleep 0.3; journalctl --sync 2>/dev/null
  journalctl -q --no-pager -o cat --cursor-file=/run/gate.cursor 2>/dev/null | sed -nE 's/.*gate=([a-z-]+).*/\1/p; s/.*no face: .*\[([a-z-]+)\].*/\1/p' | tail -1
}
in_as() { grep -ac '^in-as-alice$'; } # how often a shell said that it is alice
AS='echo in-as-$(id -un)'
at_seat alice sleep 400 </dev/null >/dev/null 2>&1 &
sleep 2

echo "# su"
ok "control: alice herself, at the seat" "$(at_seat alice su alice -c "$AS" </dev/null 2>/dev/null | in_as)" 1
ok "bob, without a session" "$(runuser -u bob -- su alice -c "$AS" </dev/null 2>/dev/null | in_as) $(gate)" "0 other-asker"
ok "www-data, without a session" "$(runuser -u www-data -- su alice -c "$AS" </dev/null 2>/dev/null | in_as) $(gate)" "0 other-asker"
ok "bob, at the seat himself" "$(at_seat bob su alice -c "$AS" </dev/null 2>/dev/null | in_as) $(gate)" "0 other-asker"

echo "# sudo"
ok "control: alice herself, at the seat" "$(at_seat alice sudo -k -S id -u </dev/null 2>/dev/null)" 0
ok "bob, where sudo asks for the target's face" "$(at_seat bob sudo -k -S -u alice id -un </dev/null 2>/dev/null) $(gate)" " other-asker"
ok "alice's process outside every session, as at and cron run it" \
  "$(systemd-run --quiet --wait --pipe --collect -p User=alice -- sudo -k -S id -u </dev/null 2>/dev/null) $(gate)" " no-session"
printf 'account required pam_permit.so\nsession required pam_systemd.so class=background\n' >/etc/pam.d/cronlike
ok "in a session of cron's own" \
  "$(systemd-run --quiet --wait --pipe --collect -p User=alice -p PAMName=cronlike -E XDG_SEAT=seat0 -- sudo -k -S id -u </dev/null 2>/dev/null) $(gate | sed 's/no-session/background/')" " background"
seatless() { systemd-run --quiet --wait --pipe --collect -p User=alice -p PAMName=seat \
  -E XDG_SESSION_TYPE=x11 -E XDG_SESSION_CLASS=user "$@" </dev/null 2>/dev/null; }
ok "in a session without a seat" "$(seatless -- sudo -k -S id -u) $(gate)" " no-seat"
remotely() { python3 $S/guest/terminal.py 20 "\$ =$1; exit\n" -- login -f -h 192.0.2.7 alice | tr -d '\r'; }
ok "in a session from another machine" "$(remotely 'sudo -k -S id -u </dev/null' | grep -c '^0$') $(gate)" "0 remote"

echo "# polkit: the setuid helper, and one that a socket starts, as from version 127 on (it names the subject in PAM_RUSER)"
polkit() { "$@" suid-pamtester -I ruser=alice polkit-1 alice authenticate </dev/null 2>&1 | grep -ac "$IN"; }
ok "control: alice herself, setuid" "$(polkit at_seat alice)" 1
ok "bob, setuid" "$(polkit runuser -u bob --) $(gate)" "0 unclear-asker"
ok "www-data, setuid" "$(polkit runuser -u www-data --) $(gate)" "0 unclear-asker"
cat >/run/systemd/system/helper.socket <<'UNIT'
[Socket]
ListenStream=/run/helper.socket
SocketMode=0666
Accept=yes
UNIT
cat >/run/systemd/system/helper@.service <<'UNIT'
[Service]
StandardInput=socket
StandardOutput=socket
ExecStart=/usr/bin/pamtester -I ruser=alice polkit-1 alice authenticate
ProtectSystem=strict
ProtectHome=yes
PrivateDevices=yes
PrivateNetwork=yes
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX
MemoryDenyWriteExecute=yes
SystemCallFilter=@system-service
UNIT
systemctl daemon-reload
systemctl start helper.socket
helped() { "$@" socat -u -t15 UNIX-CONNECT:/run/helper.socket - 2>/dev/null </dev/null | grep -ac "$IN"; }
ok "control: alice herself, by the socket" "$(helped at_seat alice)" 1
ok "bob, by the socket" "$(helped runuser -u bob --) $(gate)" "0 unclear-asker"
ok "www-data, by the socket" "$(helped runuser -u www-data --) $(gate)" "0 unclear-asker"
ok "alice from another machine, by the socket" \
  "$(remotely 'socat -u -t15 UNIX-CONNECT:/run/helper.socket - </dev/null' | grep -ac "$IN") $(gate)" "0 remote"
ok "alice outside every session, by the socket" "$(helped runuser -u alice --) $(gate)" "0 no-session"
systemctl stop helper.socket
rm /run/systemd/system/helper.socket /run/systemd/system/helper@.service

echo "# services, terminals, namespaces"
for service in postgresql openvpn nginx jupyterhub squid vsftpd dovecot proftpd cyrus xrdp-sesman chsh cron; do
  cp /etc/pam.d/faceonly "/etc/pam.d/$service"
  ok "$service gets no face" "$(pamtester "$service" alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 unlisted"
done
ok "control: the same stack under a name that is listed" "$(asked alice faceonly)" "$IN"
ok "on a serial line" "$(at_seat alice suid-pamtester -I tty=/dev/ttyS0 faceonly alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 terminal"
ok "login on a serial line" "$(pamtester -I tty=/dev/ttyS0 login alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 terminal"
ok "login on a terminal that is not in front" "$(pamtester -I tty=/dev/tty5 login alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 not-shown"
ok "root's own program under a listed name" "$(pamtester faceonly alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 root-alone"
ok "and it is understood in another pid namespace" "$(unshare --pid --fork pamtester faceonly alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 root-alone"
echo 'lightdm = { mode = "auto", only = "unlock", console = "seat" }' >/tmp/greeter
sed -i '/^\[services\]/r /tmp/greeter' /etc/facelock/config.toml
cp /etc/pam.d/faceonly /etc/pam.d/lightdm
at_seat alice sleep 30 </dev/null >/dev/null 2>&1 &
sleep 1
ok "a greeter, while the user's own session is shown" "$(pamtester lightdm alice authenticate </dev/null 2>&1 | grep -ac "$IN")" 1
at_seat bob sleep 10 </dev/null >/dev/null 2>&1 &
sleep 1
ok "while bob's is" "$(pamtester lightdm alice authenticate </dev/null 2>&1 | grep -ac "$IN") $(gate)" "0 not-shown"
ok "status shows the gates" "$(facelockctl status --user alice --json | python3 -c 'import json, sys; print({s["service"]: s["gate"] for s in json.load(sys.stdin)["services"]}["sudo"])')" inactive
ok "nothing of it counted" "$(facelockctl status --user alice --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["misses"])')" 0
rm -f /etc/sudoers.d/bob
