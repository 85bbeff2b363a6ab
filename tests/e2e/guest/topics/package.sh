#!/bin/bash
# The package: install, upgrade, remove, come back, purge; and where no systemd runs.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
absent
echo "# install"
cp /etc/pam.d/common-auth /tmp/common-auth.before
holds "the package installs" dpkg -i "$S"/facelock.deb
[ "$failed" = 0 ] || { cat /tmp/holds; exit 1; }
ok "installing changes nobody's way in" "$(cmp /etc/pam.d/common-auth /tmp/common-auth.before && echo same)" same
ok "the socket listens" "$(systemctl is-active facelock.socket)" active
ok "the socket is there after a boot" "$(systemctl is-enabled facelock.socket)" enabled
ok "nothing runs" "$(instances) $(pgrep -c facelock-instan)" "0 0"
ok "the user has no way in" "$(getent passwd facelock | cut -d: -f7)" "/usr/sbin/nologin"
ok "the manual page" "$(dpkg -L facelock | grep -c man1/facelockctl)" 1
ok "models are prepared for this CPU" "$(( $(ls /var/cache/facelock/models/*.ort 2>/dev/null | wc -l) >= 5 ))" 1

recorded
enrolled bob hopper
before astronaut-later
echo "# upgrade, remove, purge"
systemctl disable --now --quiet facelock.socket
holds "the package upgrades" dpkg -i --force-confold "$S"/facelock-next.deb
ok "a socket that was switched off stays off" "$(systemctl is-enabled facelock.socket) $(systemctl is-active facelock.socket)" "disabled inactive"
systemctl mask --quiet facelock.socket
holds "the package upgrades where the socket is masked" dpkg -i --force-confold "$S"/facelock.deb
ok "and leaves it so" "$(systemctl is-enabled facelock.socket)" masked
systemctl unmask --quiet facelock.socket
systemctl enable --now --quiet facelock.socket
holds "the package upgrades once more" dpkg -i --force-confold "$S"/facelock-next.deb
ok "the socket listens" "$(systemctl is-active facelock.socket)" active
ok "the configuration stays" "$(grep -c 'protector = "file"' /etc/facelock/config.toml)" 1
ok "templates survive" "$(asked alice faceonly)" "$IN"
holds "the profile can be switched on" pam-auth-update --enable facelock
ok "it stands before the password" "$(grep -n pam_ /etc/pam.d/common-auth | grep -v '#' | head -1 | grep -c pam_facelock)" 1
printf 'auth include common-auth\naccount required pam_permit.so\n' >/etc/pam.d/common-test
ok "a face through the profile" "$(asked alice common-test)" "$IN"
holds "passwords can be reported" pam-auth-update --enable facelock-password
before empty
settled
sed -i '/^\[tally\]/a password_after_boot = "always"' /etc/facelock/config.toml
refusal() { facelockctl status --user "${1:-alice}" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["lockout"])'; }
authenticate() { # password → how often it let in
  echo "$1" | at_seat alice suid-pamtester common-test alice authenticate 'setcred(PAM_ESTABLISH_CRED)' 2>&1 | grep -ac "$IN"
}
ok "a password is wanted first" "$(refusal)" password_required
ok "a wrong one through the profile" "$(authenticate wrong) $(refusal)" "0 password_required"
ok "a password through the profile" "$(authenticate alicepw) $(refusal)" "1 None"
before astronaut-later
ok "a face after it, in the same boot" "$(asked alice common-test)" "$IN"
rm -f /var/lib/facelock/tally/*
before empty
ok "a password typed at sudo is its user's, not the one's whom sudo becomes" \
  "$(refusal) $(refusal bob) $(echo alicepw | at_seat alice sudo -k -S -u bob id -un 2>/dev/null) $(refusal) $(refusal bob)" \
  "password_required password_required bob None password_required"
before astronaut-later
holds "the package goes while its profiles are on" dpkg -r facelock
ok "no stack names a module that is gone" "$(grep -rl pam_facelock /etc/pam.d/common-* | wc -l)" 0
ok "the password works after removal" "$(echo alicepw | pamtester common-test alice authenticate 2>&1 | grep -ac "$IN")" 1
ok "and is still needed" "$(echo wrong | pamtester common-test alice authenticate 2>&1 | grep -ac "$IN")" 0
ok "templates outlive a removal" "$(find /var/lib/facelock/enrollments -regex '.*/[0-9]+' | wc -l)" 2
holds "the package comes back" dpkg -i "$S"/facelock.deb
ok "and listens as before" "$(systemctl is-enabled facelock.socket) $(systemctl is-active facelock.socket)" "enabled active"
holds "and goes again" dpkg -r facelock
touch /usr/share/facelock/models/installed-later.onnx 2>/dev/null || { mkdir -p /usr/share/facelock/models; touch /usr/share/facelock/models/installed-later.onnx; }
holds "the package is purged" dpkg -P facelock
ok "nothing of it is left" "$(ls -d /var/lib/facelock /var/cache/facelock /etc/facelock /usr/lib/facelock /usr/share/facelock 2>/dev/null | wc -l)" 0
ok "its user is gone" "$(getent passwd facelock)" ""
ok "the way in is as it was" "$(cmp /etc/pam.d/common-auth /tmp/common-auth.before && echo same)" same

echo "# where no systemd runs, as in a chroot"
no_systemd() { unshare --mount sh -c 'mount -t tmpfs none /run/systemd && "$@"' sh "$@"; }
holds "the package installs" no_systemd dpkg -i "$S"/facelock.deb
ok "its socket is switched on for the next boot" "$(find /etc/systemd/system/sockets.target.wants -name facelock.socket | wc -l)" 1
holds "and goes again" no_systemd dpkg -P facelock
ok "without a trace" "$(ls -d /var/lib/facelock /etc/facelock /etc/systemd/system/sockets.target.wants/facelock.socket 2>/dev/null | wc -l)" 0
