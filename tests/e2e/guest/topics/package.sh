#!/bin/bash
# The package: install, use, upgrade, verify, remove, come back, purge; and where no systemd runs.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
absent
echo "# install, by $manager"
cp "/etc/pam.d/$stack" /tmp/stack.before
holds "the package installs" pkg_install
[ "$failed" = 0 ] || { cat /tmp/holds; exit 1; }
complaints() { grep -iE 'scriptlet|error|fail' /tmp/holds; }
ok "no script of the package's complained" "$(complaints)" ""
ok "every file is as it was packaged" "$(pkg_verify)" ""
ok "installing changes nobody's way in" "$(cmp "/etc/pam.d/$stack" /tmp/stack.before && echo same)" same
ok "the socket listens" "$(systemctl is-active facelock.socket)" active
ok "the socket is there after a boot" "$(systemctl is-enabled facelock.socket)" enabled
ok "as the presets say" "$(systemctl list-unit-files --no-legend facelock.socket | awk '{print $3}')" enabled
ok "nothing runs" "$(instances) $(pgrep -c facelock-instan)" "0 0"
ok "the user has no way in" "$(getent passwd facelock | cut -d: -f7)" "/usr/sbin/nologin"
ok "the user is the system's" "$(($(id -u facelock) < 1000)) $(getent passwd facelock | cut -d: -f5,6)" "1 Face login:/var/lib/facelock"
ok "the user may use cameras and the TPM" "$(id -nG facelock | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' ')" "facelock tss video "
ok "the manual page" "$(pkg_files | grep -c man1/facelockctl)" 1
ok "models are prepared for this CPU" "$(( $(ls /var/cache/facelock/models/*.ort 2>/dev/null | wc -l) >= 5 ))" 1
while read -r mode owner path; do
  ok "$path: $mode, $owner" "$(stat -c '%a %U:%G' "$path" 2>&1)" "$mode $owner"
done <<FACTS
711 root:root /usr/libexec/facelock/facelock-instance
755 root:root /usr/bin/facelockctl
644 root:root $module
644 root:root /usr/lib/facelock/libonnxruntime.so
644 root:root /usr/lib/systemd/system/facelock.socket
644 root:root /usr/lib/systemd/system/facelock-root.socket
644 root:root /usr/lib/systemd/system/facelock@.service
777 root:root /usr/lib/systemd/system/facelock-root@.service
644 root:root /usr/lib/systemd/system/facelock-restore@.service
644 root:root /usr/lib/systemd/user/facelock-notify.path
644 root:root /usr/lib/systemd/user/facelock-notify.service
644 root:root /usr/lib/sysusers.d/facelock.conf
644 root:root /usr/lib/tmpfiles.d/facelock.conf
755 root:root /etc/shadow-maint/userdel-pre.d/facelock
644 root:root /usr/share/facelock/models/manifest.toml
755 root:root /etc/facelock
644 root:root /etc/facelock/config.toml
755 root:root /run/facelock
666 root:root /run/facelock/facelock.sock
600 root:root /run/facelock/root.sock
755 root:root /var/cache/facelock/models
755 root:root /var/lib/facelock-events
700 facelock:facelock /var/lib/facelock
FACTS
rmdir /var/lib/facelock-events
systemd-tmpfiles --create >/dev/null 2>&1
ok "a boot makes a folder that is gone" "$(stat -c '%a %U:%G' /var/lib/facelock-events 2>&1)" "755 root:root"
ok "nothing else may be written, or becomes its owner" \
  "$(pkg_files | while read -r file; do find "$file" -maxdepth 0 ! -type l -perm /7022 2>/dev/null; done)" ""
ok "both sockets have one template" "$(readlink /usr/lib/systemd/system/facelock-root@.service)" "facelock@.service"
ok "what follows a failed instance has its sandbox" \
  "$(cd /usr/lib/systemd/system && diff facelock@.service facelock-restore@.service | grep '^[<>] [A-Z]' | cut -d= -f1 | tr '\n' ' ')" \
  "< Description > Description < OnFailure < PrivateUsers "

recorded
enrolled bob hopper
before astronaut-later
echo "# use, upgrade, downgrade"
ok "a face lets alice in" "$(asked alice faceonly)" "$IN"
systemctl disable --now --quiet facelock.socket
holds "the package upgrades" pkg_upgrade
ok "no script of either version's complained" "$(complaints)" ""
ok "a socket that was switched off stays off" "$(systemctl is-enabled facelock.socket) $(systemctl is-active facelock.socket)" "disabled inactive"
systemctl mask --quiet facelock.socket
holds "it goes back where the socket is masked" pkg_downgrade
ok "and leaves it so" "$(systemctl is-enabled facelock.socket)" masked
systemctl unmask --quiet facelock.socket
systemctl enable --now --quiet facelock.socket
holds "the package upgrades once more" pkg_upgrade
ok "the socket listens" "$(systemctl is-active facelock.socket)" active
ok "the configuration stays" "$(grep -c 'protector = "file"' /etc/facelock/config.toml)" 1
ok "and nothing else differs from the package" "$(pkg_verify | grep -v ' c /etc/facelock/config.toml$')" ""
ok "templates survive" "$(asked alice faceonly)" "$IN"

echo "# the profile"
holds "the profile can be switched on" profile_on
ok "a face is asked for before the password" "$(grep -oE '^-?auth.*pam_(facelock|unix)' "/etc/pam.d/$stack" | grep -o 'pam_.*' | head -1)" pam_facelock
printf 'auth include %s\naccount required pam_permit.so\n' "$stack" >/etc/pam.d/common-test
ok "a face through the profile" "$(asked alice common-test)" "$IN"
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
holds "the profile can be switched off" profile_off
ok "no stack asks for a face then" "$(grep -l pam_facelock /etc/pam.d/*-auth | wc -l)" 0
holds "and on again" profile_on

echo "# remove, come back, purge"
before astronaut-later
holds "the package goes while its profile is on" pkg_remove
ok "no script of the package's complained" "$(complaints)" ""
ok "no stack names a module that is gone" "$(grep -l pam_facelock /etc/pam.d/*-auth | wc -l)" 0
ok "the password works after removal" "$(echo alicepw | pamtester common-test alice authenticate 2>&1 | grep -ac "$IN")" 1
ok "and is still needed" "$(echo wrong | pamtester common-test alice authenticate 2>&1 | grep -ac "$IN")" 0
ok "the socket is gone" "$(systemctl is-active facelock.socket) $(ls /run/facelock 2>/dev/null | wc -l)" "inactive 0"
ok "templates outlive a removal" "$(find /var/lib/facelock/enrollments -regex '.*/[0-9]+' | wc -l)" 2
holds "the package comes back" pkg_install
ok "and listens as before" "$(systemctl is-enabled facelock.socket) $(systemctl is-active facelock.socket)" "enabled active"
holds "and goes again" pkg_remove
mkdir -p /usr/share/facelock/models
touch /usr/share/facelock/models/installed-later.onnx
[ "$manager" = dpkg ] || rm -r /usr/share/facelock
holds "the package is purged" pkg_purge
ok "nothing of it is left" "$(ls -d /var/lib/facelock /var/cache/facelock /etc/facelock /usr/lib/facelock /usr/share/facelock \
  /run/facelock /usr/libexec/facelock /usr/share/authselect/vendor/facelock 2>/dev/null)" ""
# Whoever made the user, RPM's distributions keep it: a file may still be its.
[ "$manager" = rpm ] || ok "its user is gone" "$(getent passwd facelock)" ""
ok "the way in is as it was" "$(cmp "/etc/pam.d/$stack" /tmp/stack.before && echo same)" same

# Presets are RPM's way of saying what a package switches on; the administrator's come first.
if [ "$manager" = rpm ]; then
  mkdir -p /etc/systemd/system-preset
  echo 'disable facelock.socket' >/etc/systemd/system-preset/00-local.preset
  holds "the package comes back where a preset says no" pkg_install
  ok "and listens to nothing" "$(systemctl is-enabled facelock.socket) $(systemctl is-active facelock.socket)" "disabled inactive"
  rm /etc/systemd/system-preset/00-local.preset
  holds "and goes again" pkg_purge
fi

echo "# where no systemd runs, as in a chroot"
no_systemd() { unshare --mount bash -c "mount -t tmpfs none /run/systemd && S=$S && . $S/guest/managers.sh && $1"; }
holds "the package installs" no_systemd pkg_install
ok "its socket is switched on for the next boot" "$(find /etc/systemd/system/sockets.target.wants -name facelock.socket | wc -l)" 1
holds "and goes again" no_systemd pkg_purge
ok "without a trace" "$(ls -d /var/lib/facelock /etc/facelock /etc/systemd/system/sockets.target.wants/facelock.socket 2>/dev/null | wc -l)" 0
