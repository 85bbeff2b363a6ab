#!/bin/bash
# From nothing to services that ask for a face, by facelockctl setup; and back, byte for byte.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
facelockctl clear --user alice --yes >/dev/null
sed -i '/^\[vault\]/d; /^protector/d' /etc/facelock/config.toml
printf '#%%PAM-1.0\n@include common-auth\naccount required pam_permit.so' >/etc/pam.d/swaylock # no newline at the end
chmod 640 /etc/pam.d/swaylock
stacks() { # every file of PAM's: content, mode, owner, links
  (cd /etc/pam.d && find . -printf '%P %m %u:%g %y %l\n' | LC_ALL=C sort && find . -type f -exec sha256sum {} + | LC_ALL=C sort)
}
as_before() { diff /tmp/stacks <(stacks) >/tmp/differ && echo same || head -n 5 /tmp/differ; }
set_up() { facelockctl setup --user alice --service sudo --service swaylock "$@" >/tmp/setup 2>&1 </dev/null; echo $?; }
# The lane's own stacks name the module by hand: uninstall rightly stops at them.
mkdir /run/own-stacks && mv /etc/pam.d/face{only,test} /run/own-stacks/
stacks >/tmp/stacks
before astronaut

echo "# a dry run, and what stops it"
ok "a dry run ends well" "$(set_up --dry-run)" 0
ok "and shows the change" "$(grep -c '^+auth.*pam_facelock.so' /tmp/setup)" 2
ok "and makes none" "$(as_before)" same
ok "a user is told how" "$(runuser -u alice -- facelockctl setup --yes 2>&1)" \
  "facelockctl: this needs root: sudo facelockctl setup --yes"
ok "without a TPM it stops and says what helps" "$(set_up --yes) $(grep -c 'facelockctl setup --key-file' /tmp/setup)" "3 1"
ok "and no stack is touched" "$(as_before)" same
before empty
timeout -s INT 4 facelockctl setup --user alice --yes --key-file --service sudo >/tmp/setup 2>&1 </dev/null
ok "Ctrl-C while it enrolls leaves no template" "$(settled; facelockctl list --user alice)" \
  "No face is enrolled for alice: sudo facelockctl enroll --user alice"
ok "and no stack touched" "$(as_before)" same

echo "# from nothing to sudo and the locker"
before astronaut
ok "setup ends well" "$(set_up --yes --key-file) $(tail -n 1 /tmp/setup | cut -c 1-5)" "0 Done."
rm -f /var/lib/facelock/tally/*
ok "two stacks ask for a face" "$(grep -l pam_facelock /etc/pam.d/* | xargs -n1 basename | tr '\n' ' ')" "sudo swaylock "
ok "doctor sees them" "$(facelockctl pam status --json | python3 -c 'import json, sys; print(*(s["service"] for s in json.load(sys.stdin)["services"] if s["face"]))')" \
  "sudo swaylock"
sudo_by() { at_seat alice sudo -k -S id -un 2>/dev/null; } # what is typed at its prompts
ok "sudo by face, confirmed with Enter" "$(echo | sudo_by)" root
before empty
ok "sudo by password, where no face is seen" "$(echo alicepw | sudo_by)" root
ok "and by no other" "$(printf 'wrong\nwrong\nwrong\n' | sudo_by)" ""
rm -f /var/lib/facelock/tally/*
before astronaut
played=$(echo | facelockctl test --user alice --service sudo 2>&1)
ok "a service can be played, and this test's own place is no session" \
  "$(echo "$played" | grep -cE 'looks at once; Enter confirms|runs in no login session')" 2
stacks >/tmp/stacks.after
ok "setup can run again" "$(set_up --yes --key-file)" 0
ok "and changes nothing" "$(diff /tmp/stacks.after <(stacks) && echo same)" same

echo "# and back"
facelockctl pam disable sudo --yes >/tmp/undo 2>&1
facelockctl pam disable swaylock --yes >>/tmp/undo 2>&1
ok "pam disable gives every file back, byte for byte" "$(as_before)" same
rm -f /var/lib/facelock/tally/*
ok "setup once more" "$(set_up --yes --key-file) $(as_before | grep -c .)" "0 5"
ok "uninstall shows what it would do" "$(facelockctl uninstall --dry-run | grep -c 'pam disable s')" 2
ok "uninstall" "$(facelockctl uninstall --yes >/tmp/undo 2>&1; echo $?)" 0
ok "gives every file back, byte for byte" "$(as_before)" same
ok "and nothing listens" "$(systemctl is-active facelock.socket)" inactive
systemctl enable --now --quiet facelock.socket

echo "# every service of this system, on and off again"
wrong="" on=0
for service in $(cd /etc/pam.d && ls) $(cd /usr/lib/pam.d 2>/dev/null && ls); do
  facelockctl pam enable "$service" --yes >/tmp/undo 2>&1 || { [ "$(as_before)" = same ] || wrong+=" $service:half"; continue; }
  # What names the module by other hands is not ours to take out.
  [ "$(as_before)" != same ] || continue
  on=$((on + 1))
  facelockctl pam disable "$service" --yes >>/tmp/undo 2>&1 || wrong+=" $service:stays"
  [ "$(as_before)" = same ] || wrong+=" $service:differs"
done
ok "each is as it was" "$wrong" ""
ok "ten or more were switched on" "$((on >= 10))" 1
rm -f /etc/pam.d/swaylock
mv /run/own-stacks/* /etc/pam.d/ && rmdir /run/own-stacks
