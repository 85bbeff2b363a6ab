#!/bin/bash
# Who gets in, and who does not.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
echo "# logins, by the packaged unit with recorded frames in place of a camera"
ok "the sandbox is in force" "$(facelockctl status --user alice --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["sandbox_missing"])')" "[]"
before astronaut-later
ok "alice gets in" "$(asked alice faceonly)" "$IN"
before hopper
ok "another person does not" "$(asked alice faceonly)" "$NO"
before empty
ok "an empty chair is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
before astronaut-later
ok "bob is not enrolled" "$(asked bob faceonly)" "$UNAVAILABLE"
ok "a locker running as alice" "$(at_seat alice pamtester faceonly alice authenticate </dev/null 2>&1 | grep -ac "$IN")" 1
ok "alice may not ask for bob" "$(at_seat alice pamtester faceonly bob authenticate </dev/null 2>&1 | grep -ac "$UNAVAILABLE")" 1
holds "root enrolls bob as the other person" bash -c '. /opt/share/guest/lib.sh; before hopper; facelockctl enroll --user bob'
before hopper
ok "bob gets in with his face" "$(asked bob faceonly)" "$IN"
ok "alice does not get in with bob's" "$(asked alice faceonly)" "$NO"
before astronaut-later
ok "bob does not get in with alice's" "$(asked bob faceonly)" "$NO"
ok "a face too close to another user's is refused" "$(before astronaut; facelockctl enroll --user root >/dev/null 2>&1; echo $?)" 3
ok "alice may not enroll" "$(runuser -u alice -- facelockctl enroll >/dev/null 2>&1; echo $?)" 4
ok "alice may not look through the camera" "$(runuser -u alice -- facelockctl preview --seconds 1 >/dev/null 2>&1; echo $?)" 4
ok "bob's status is not alice's business" "$(runuser -u alice -- facelockctl status --user bob >/dev/null 2>&1; echo $?)" 4
ok "alice may see her own" "$(runuser -u alice -- facelockctl status >/dev/null 2>&1; echo $?)" 0

echo "# a user who is deleted and made again"
settled
uid=$(id -u bob)
home=$(getent passwd bob | cut -d: -f6)
held() { find /var/lib/facelock/enrollments /var/lib/facelock/tally -name "$uid" | wc -l; }
ok "bob has templates and a tally" "$(held)" 2
cp -a "/var/lib/facelock/enrollments/$uid" /run/bobs-face
userdel bob >/dev/null 2>&1
ok "userdel takes both away" "$(held)" 0
ok "and the journal has it" "$(said 'clear user=bob')" yes
useradd -u "$uid" -d "$home" -s /bin/bash bob
before hopper
ok "a new bob with the same number has no face" "$(asked bob faceonly)" "$UNAVAILABLE"
cp -a /run/bobs-face "/var/lib/facelock/enrollments/$uid"
ok "control: with the old file he would" "$(asked bob faceonly)" "$IN"
rm -f /run/bobs-face "/var/lib/facelock/enrollments/$uid"
echo bob:bobpw | chpasswd
