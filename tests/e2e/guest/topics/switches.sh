#!/bin/bash
# What README says of switching on, off and removing: where each service is switched on by itself (Arch, and any other system),
# and by the program that people install packages with.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
echo "# switched by hand"
cp /etc/pam.d/sudo /tmp/sudo.before
named() { grep -lE '^[^#]*pam_facelock' /etc/pam.d/* | grep -vcE '/(faceonly|facetest)$'; }
asking() { grep -lE '^-?auth[^#]*pam_facelock' /etc/pam.d/* | wc -l; }
holds "facelockctl pam enable sudo" facelockctl pam enable sudo --yes
ok "one stack names the module" "$(named)" 1
before empty
settled
ok "sudo takes the password where no face is seen" "$(echo alicepw | at_seat alice sudo -k -S id -un 2>/dev/null)" root
ok "and no other" "$(echo wrong | at_seat alice sudo -k -S id -un 2>/dev/null)" ""
holds "facelockctl pam disable sudo" facelockctl pam disable sudo --yes
ok "the stack is as it was" "$(cmp /etc/pam.d/sudo /tmp/sudo.before && echo same)" same
before astronaut-later
settled
holds "facelockctl disable" facelockctl disable
ok "nothing looks" "$(asked alice faceonly)" "$UNAVAILABLE"
holds "facelockctl enable" facelockctl enable
ok "and it does again" "$(asked alice faceonly)" "$IN"
rm /etc/pam.d/faceonly /etc/pam.d/facetest
facelockctl pam enable sudo --yes >/dev/null
holds "facelockctl uninstall" facelockctl uninstall --yes
ok "no stack names the module" "$(named)" 0
ok "and nothing listens" "$(systemctl is-enabled facelock.socket) $(systemctl is-active facelock.socket)" "disabled inactive"
holds "the package goes" pkg_purge
ok "sudo takes the password" "$(echo alicepw | at_seat alice sudo -k -S id -un 2>/dev/null)" root

echo "# installed, switched and removed by $front"
holds "$front installs the package" front_install
ok "the socket listens" "$(systemctl is-active facelock.socket)" active
ok "no stack asks yet" "$(named)" 0
holds "the profile can be switched on" front_on
ok "a stack asks then" "$(asking)" 1
holds "and off" profile_off
ok "no stack asks then" "$(named)" 0
holds "and on again" front_on
holds "$front removes the package" front_remove
ok "no stack asks, nothing listens, and the package is gone" \
  "$(named) $(systemctl is-active facelock.socket) $(pkg_present && echo there)" "0 inactive "
ok "sudo takes the password" "$(echo alicepw | at_seat alice sudo -k -S id -un 2>/dev/null)" root
