#!/bin/bash
# Who is at the machine, as logind knows it, and what a person at a prompt can do.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
echo "# sessions, with logind running"
accepted() { systemctl show facelock-root.socket -p NAccepted --value; }
# What `login OPTION… alice` shows whose shell runs the command: login(1) opens a session with logind.
in_session() { # command, login options
  local command=$1; shift
  XDG_SEAT=${seat-} python3 $S/guest/terminal.py 20 "\$ =$command; exit\n" -- login -p -f "$@" alice | tr -d '\r'
}
before astronaut-later
ok "logind runs" "$(systemctl is-active systemd-logind)" active
ok "a local session is one of logind's" "$(in_session 'loginctl show-session self -p Remote --value' | grep -cE '^no$')" 1
ok "in a session without a seat, none" "$(in_session 'pamtester faceonly alice authenticate' | grep -c "^pamtester: $UNAVAILABLE")" 1
ok "and the journal names the gate" "$(said 'gate=no-seat')" yes
ok "in a local session at a seat, a face" "$(seat=seat0 in_session 'pamtester faceonly alice authenticate' | grep -c "^pamtester: $IN")" 1
ok "in a remote session, none" "$(in_session 'pamtester faceonly alice authenticate' -h 192.0.2.7 | grep -c "^pamtester: $UNAVAILABLE")" 1
ok "and the journal names the gate" "$(said 'gate=remote')" yes
# Two sessions at one seat: the later one is active.
on_seat() { # command
  XDG_SEAT=seat0 python3 $S/guest/terminal.py 40 "\$ =$1; exit\n" -- login -p -f alice | tr -d '\r'
}
asks='loginctl show-session self -p Seat -p Active; pamtester faceonly alice authenticate'
on_seat "sleep 8; $asks" >/run/behind &
sleep 2
on_seat "$asks; sleep 12" >/run/front
wait
ok "a session in front of a seat is active" "$(grep -cxE 'Seat=seat0|Active=yes' /run/front)" 2
ok "a face there" "$(grep -c "^pamtester: $IN" /run/front)" 1
ok "a session behind it is not active" "$(grep -cxE 'Seat=seat0|Active=no' /run/behind)" 2
ok "no face there" "$(grep -c "^pamtester: $UNAVAILABLE" /run/behind)" 1
seen=$(accepted)
cp /etc/pam.d/login /tmp/login.before
sed -i '1i auth sufficient pam_facelock.so mode=auto' /etc/pam.d/login
ok "a login from another machine wants the password" "$(python3 $S/guest/terminal.py 25 'Password:=alicepw\n' '$ =id -un; exit\n' -- login -h 192.0.2.7 alice | tr -d '\r' | grep -c '^alice$')" 1
ok "and no instance was asked" "$(accepted)" "$seen"
cp /tmp/login.before /etc/pam.d/login

echo "# Ctrl-C, and no terminal"
for service in sudo su; do
  cp "/etc/pam.d/$service" "/tmp/$service.before"
  sed -i '1i auth sufficient pam_facelock.so mode=MODE' "/etc/pam.d/$service"
done
mode() { sed -i "s/mode=[A-Za-z]*/mode=$1/" /etc/pam.d/sudo /etc/pam.d/su; }
by_sudo() { at_seat alice sudo -k "$@"; }
mode ask
seen=$(accepted)
ok "Ctrl-C before a look" "$(at_seat alice python3 $S/guest/terminal.py 8 'Enter for face:=\c' -- sudo -k id -u | tr -d '\r' | grep -c '^0$') $(accepted)" "0 $seen"
ok "the same at su" "$(at_seat alice python3 $S/guest/terminal.py 8 'Enter for face:=\c' -- su alice -c 'echo in-$((1+1))' | tr -d '\r' | grep -c '^in-2$')" 0
mode confirm
ok "Ctrl-C instead of confirming" "$(at_seat alice python3 $S/guest/terminal.py 12 'confirm:=\c' -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 0
ok "the same at su" "$(at_seat alice python3 $S/guest/terminal.py 12 'confirm:=\c' -- su alice -c 'echo in-$((1+1))' | tr -d '\r' | grep -c '^in-2$')" 0
ok "a password instead of confirming" "$(at_seat alice python3 $S/guest/terminal.py 12 'confirm:=alicepw\n' -- sudo -k id -u | tr -d '\r' | grep -c '^0$')" 1
ok "nobody to confirm: no root" "$(by_sudo -S id -u </dev/null 2>/dev/null | grep -c '^0$')" 0
ok "a password on a pipe is taken for one" "$(echo alicepw | by_sudo -S id -u 2>/dev/null | grep -c '^0$')" 1
mode auto
before empty
# Whether a look, and the command after it, end within a second of Ctrl-C. Answers, then the command.
ended() {
  at_seat alice python3 $S/guest/terminal.py 12 "$@" >/run/ended 2>&1
  sed -nE 's/^\[([0-9 ]+) ms\]$/\1/p' /run/ended | awk '{for (i = 1; i <= NF; i++) if ($i >= 1000) slow = 1; print NF ":", slow ? "no, " $0 : "yes"}'
}
# sudo asks modules to be silent, and goes on to its password.
ok "Ctrl-C ends a look in sudo" "$(ended 'now=\p\c' 'assword=\c' -- sh -c 'echo now; exec sudo -k id -u')" "2: yes"
ok "in su" "$(ended 'Looking=\c' -- su alice -c true)" "1: yes"
# login(1) ignores the signal itself.
ok "in a program that ignores it" "$(ended 'Looking=\c' -- sh -c 'trap "" INT; exec suid-pamtester faceonly alice authenticate')" "1: yes"
settled
ok "and no instance goes on" "$(pgrep -c facelock-instan)" 0
ok "control: a look takes longer without it" "$(ended 'Looking=' -- suid-pamtester faceonly alice authenticate | cut -c 1-5)" "1: no"
before hopper
ok "Ctrl-C at the password that follows a miss" "$(at_seat alice python3 $S/guest/terminal.py 12 'assword=\c' -- su alice -c 'echo in-$((1+1))' | tr -d '\r' | grep -c '^in-2$')" 0
for service in sudo su; do cp "/tmp/$service.before" "/etc/pam.d/$service"; done
rm -f /var/lib/facelock/tally/*
before astronaut-later
