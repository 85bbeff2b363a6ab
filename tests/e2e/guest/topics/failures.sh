#!/bin/bash
# Floods, and everything that can break below a login.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
before astronaut-later
echo "# floods and failures"
settled
python3 - <<'FLOOD'
import socket
held = []
for i in range(2000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(2)
    try: s.connect("/run/facelock/facelock.sock")
    except OSError: pass
    if i % 20 == 0: held.append(s)
    else: s.close()
FLOOD
ok "2,000 connections leave the socket listening" "$(systemctl is-active facelock.socket)" active
for _ in $(seq 30); do [ "$(asked alice faceonly)" = "$IN" ] && break; sleep 1; done
ok "and the next login works" "$(asked alice faceonly)" "$IN"
runuser -u bob -- python3 - <<'GARBAGE'
import os, socket, time
end = time.time() + 10
while time.time() < end:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        s.connect("/run/facelock/facelock.sock"); s.sendall(os.urandom(64))
    except OSError: pass
    s.close()
GARBAGE
settled
ok "ten seconds of garbage, then a login" "$(asked alice faceonly)" "$IN"
before astronaut-later 'first_frame_ms = 4000'
(sleep 1.5; pkill -9 facelock-instan) &
ok "an instance that is killed is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
wait
(sleep 1.5; pkill -STOP facelock-instan) &
begun=$(date +%s)
ok "an instance that is frozen is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
took=$(( $(date +%s) - begun ))
ok "and the login ends by its deadline" "$(( took <= 10 )) after $took s" "1 after $took s"
pkill -KILL facelock-instan
wait
settled
before astronaut-later
mkdir -p /run/systemd/system/facelock@.service.d
printf '[Service]\nMemoryMax=8M\n' >/run/systemd/system/facelock@.service.d/oom.conf
systemctl daemon-reload
ok "out of memory is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
rm /run/systemd/system/facelock@.service.d/oom.conf
systemctl daemon-reload
mount -t tmpfs -o size=64k tmpfs /var/lib/facelock/tally
chown facelock: /var/lib/facelock/tally; chmod 700 /var/lib/facelock/tally
dd if=/dev/zero of=/var/lib/facelock/tally/full bs=4k 2>/dev/null
ok "a full disk is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
umount /var/lib/facelock/tally
printf '[Service]\nSystemCallFilter=~flock\n' >/run/systemd/system/facelock@.service.d/blocked.conf
systemctl daemon-reload
ok "a blocked system call is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
ok "and the journal names it" "$(said 'Operation not permitted')" yes
rm /run/systemd/system/facelock@.service.d/blocked.conf
systemctl daemon-reload
systemctl stop facelock.socket
ok "without the socket: the password" "$(echo alicepw | pamtester facetest alice authenticate 2>&1 | grep -ac "$IN")" 1
systemctl start facelock.socket
ok "and back again" "$(asked alice faceonly)" "$IN"
settled
ok "nothing resident, nothing failed" "$(instances) $(pgrep -c facelock-instan) $(systemctl --failed --no-legend | grep -c facelock)" "0 0 0"
