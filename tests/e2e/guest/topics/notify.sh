#!/bin/bash
# Notifications: a file that one user reads, a unit of that user's own, no privilege.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
uid=$(id -u alice)
file=/var/lib/facelock-events/$uid
stands() { facelockctl notify --user alice --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["notify"])'; }
as() { runuser -u "$1" -- "${@:2}" 2>/dev/null; }
left() { as alice cut -d ' ' -f 2- "$file"; }
before astronaut-later
ok "off at first" "$(stands)" off
ok "a user cannot switch it" "$(as alice facelockctl notify on; echo $?)" 4
ok "nothing is left where it is off" "$(asked alice faceonly) $(ls /var/lib/facelock-events)" "$IN "
holds "it is switched on" facelockctl notify on --user alice
ok "and is" "$(stands)" on
ok "the file is the instance's" "$(stat -c '%U %a' "$file")" "facelock 640"
ok "a match is left there" "$(asked alice faceonly) $(left)" "$IN faceonly Match"
before hopper
ok "another person's face, too" "$(asked alice faceonly) $(left)" "$NO faceonly NonMatch"
ok "bob does not read it" "$(as bob cat "$file"; echo $?)" 1
ok "alice does not write it" "$(as alice sh -c "echo x >$file"; echo $?)" 2
ok "nobody makes one" "$(as bob sh -c 'echo x >/var/lib/facelock-events/1'; echo $?)" 2
ok "who is notified can be seen, which a user's own .path unit needs" "$(as bob ls /var/lib/facelock-events)" "$uid"
ok "the unit's score" "$(systemd-analyze security --no-pager facelock@1.service 2>/dev/null | grep -oE 'facelock@[^ ]*: [0-9.]+' | grep -oE '[0-9.]+$' | awk '{print ($1 <= 0.5)}')" 1

echo "# the user's own unit"
mkdir -p /tmp/bus && printf '#!/bin/sh\necho "$*" >>/tmp/bus/said\n' >/tmp/bus/busctl && chmod 755 /tmp/bus/busctl && chmod 1777 /tmp/bus
mkdir -p /etc/systemd/user/facelock-notify.service.d
printf '[Service]\nEnvironment=PATH=/tmp/bus:/usr/bin:/bin\n' >/etc/systemd/user/facelock-notify.service.d/bus.conf
loginctl enable-linger alice
for _ in $(seq 100); do [ -S "/run/user/$uid/systemd/private" ] && break; sleep 0.1; done
user() { runuser -u alice -- env XDG_RUNTIME_DIR="/run/user/$uid" systemctl --user "$@"; }
ok "it comes with every graphical session" "$(user show -P Wants graphical-session.target | grep -c facelock-notify.path)" 1
holds "it watches" user start facelock-notify.path
spoken() { for _ in $(seq 50); do [ -s /tmp/bus/said ] && break; sleep 0.1; done; grep -o 'faceonly: .*' /tmp/bus/said 2>/dev/null | sed 's/ 0 0 5000$//' | tail -n 1; rm -f /tmp/bus/said; }
ok "and shows an attempt" "$(asked alice faceonly) $(spoken)" "$NO faceonly: Not a match"
sleep 1
facelockctl notify failures --user alice >/dev/null
rm -f /var/lib/facelock/tally/*
before astronaut-later
ok "where only failures are wanted, no match" "$(asked alice faceonly) $(spoken)" "$IN "
before hopper
ok "but a failure" "$(asked alice faceonly) $(spoken)" "$NO faceonly: Not a match"
holds "it is switched off" facelockctl notify off --user alice
ok "and nothing is left" "$(asked alice faceonly) $(ls /var/lib/facelock-events) $(stands)" "$NO  off"
user stop facelock-notify.path
loginctl disable-linger alice
rm -rf /etc/systemd/user/facelock-notify.service.d /tmp/bus
