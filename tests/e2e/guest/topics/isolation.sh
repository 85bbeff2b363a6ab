#!/bin/bash
# Instances at once: none reaches into another, from its first instruction on.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
before astronaut-later
echo "# other instances"
instance=/usr/local/libexec/facelock-instance-replay
# The compromised instance is played by a program of its user outside the sandbox, which can do more than one inside.
looked_into() { # → how many of the instances of three logins, two at once, were seen and opened
  runuser -u facelock -- python3 "$S/guest/look-into.py" 5 >/run/looked 2>&1 &
  local looker=$!
  until grep -q ready /run/looked; do sleep 0.05; done
  # They take turns at the camera, and the second may find its time over on a slow machine.
  asked alice faceonly >/run/login.second & asked alice faceonly >/run/login
  wait $!
  asked alice faceonly >/dev/null
  wait $looker
  settled
  tail -n 1 /run/looked
}
ok "the packaged program cannot be read by its user" "$(stat -c '%a %U:%G' /usr/libexec/facelock/facelock-instance)" "711 root:root"
ok "and still runs" "$(runuser -u facelock -- sh -c 'cat /usr/libexec/facelock/facelock-instance >/dev/null 2>&1; echo $?')" 1
said=$(looked_into)
echo "#    $said"
ok "instances are seen, and none is opened" "$(echo "$said" | awk '{print ($2 > 0), $4}')" "1 0"
ok "while a login works" "$(cat /run/login /run/login.second | grep -m1 "$IN")" "$IN"
# systemd 257 puts each instance into a user namespace of its own, which would hold by itself.
mkdir -p /run/systemd/system/facelock@.service.d
printf '[Service]\nPrivateUsers=no\n' >/run/systemd/system/facelock@.service.d/users.conf
systemctl daemon-reload
said=$(looked_into)
echo "#    $said, without user namespaces"
ok "without user namespaces they are as safe" "$(echo "$said" | awk '{print ($2 > 0), $4}')" "1 0"
chmod 755 "$instance"
said=$(looked_into)
echo "#    $said, of a readable program"
ok "control: of a readable program they are opened" "$(echo "$said" | awk '{print ($4 > 0)}')" 1
ok "which is noticed" "$(facelockctl status --user alice --json | python3 -c 'import json, sys; print(*json.load(sys.stdin)["sandbox_missing"], sep=", ")')" \
  "other instances can read its memory (its program is not of mode 0711)"
ok "and lets nobody in" "$(asked alice faceonly)" "$UNAVAILABLE"
chmod 711 "$instance"
