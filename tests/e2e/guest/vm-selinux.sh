#!/bin/bash
# In the virtual machine with SELinux, permissive, so that one run shows everything: what the module would deny the instance on its
# way through a login, and what it would deny those who ask. Controls beside it: what it must deny, and that denials are seen.
set -u
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
# shellcheck source=tests/e2e/guest/vm-lib.sh
. /opt/share/guest/vm-lib.sh
own=facelock_t
ours='facelock_(t|exec_t|conf_t|models_t|cache_t|var_lib_t|events_t|runtime_t)'
# What would have been denied since the last time: permission, the two types, the class, what it was about.
sysctl -q kernel.printk_ratelimit=0
denials() {
  dmesg --read-clear | sed -nE 's/.*avc:  denied  \{ ([^}]*) \}(.*) scontext=[^:]*:[^:]*:([a-z0-9_]*)[^ ]* tcontext=[^:]*:[^:]*:([a-z0-9_]*)[^ ]* tclass=([a-z0-9_]*).*/\3 \4:\5 { \1 }\2/p' |
    sed -E 's/ (pid|ino|dev)=[^ ]*//g' | sort -u
}
of() { denials >/run/denials; grep -E "^$1 " /run/denials; } # domain
# Permissive, a kernel tells of a denial once; a policy that is loaded anew is asked anew.
afresh() { load_policy && dmesg --clear; }
type_of() { cut -d: -f3; }

ok "the kernel asks SELinux, and does as it likes" "$(cat /sys/fs/selinux/enforce 2>&1)" 0
ok "the service manager has its domain" "$(tr -d '\0' </proc/1/attr/current | type_of)" init_t
cp -r "$S/policy/." /etc/selinux/default/
holds "the policy loads with the module in it" load_policy
systemctl daemon-reexec
holds "the package installs" dpkg -i "$S"/facelock.deb
pkg_present || { cat /tmp/holds; exit 1; }
seconds
restorecon -F /lost+found
restorecon -RF /usr/libexec/facelock /etc/facelock /usr/share/facelock /var/cache/facelock /var/lib/facelock /var/lib/facelock-events /run/facelock
systemctl restart facelock.socket
while read -r type path; do ok "$path is labelled" "$(stat -c %C "$path" | type_of)" "$type"; done <<'LABELS'
facelock_exec_t /usr/libexec/facelock/facelock-instance
facelock_conf_t /etc/facelock/config.toml
facelock_models_t /usr/share/facelock/models/manifest.toml
facelock_cache_t /var/cache/facelock/models
facelock_var_lib_t /var/lib/facelock
facelock_events_t /var/lib/facelock-events
facelock_runtime_t /run/facelock/facelock.sock
facelock_runtime_t /run/facelock/root.sock
tpm_device_t /dev/tpmrm0
LABELS

printf 'auth required pam_facelock.so mode=auto timeout=60\naccount required pam_permit.so\n' >/etc/pam.d/faceonly
modprobe -a vhci_hcd uvcvideo
before astronaut
plug SN1 color infrared
ok "the camera is labelled" "$(stat -c %C "$(node infrared)" | type_of)" v4l_device_t
know_emitter
configure
denials >/run/denials
echo "# what of our files would be denied to others until here:"
grep -E "$ours" /run/denials | head -20
seconds
afresh

echo "# a control: what the domain may not do is seen"
as() { # domain, command…
  case $1 in
    staff_*) runcon "staff_u:staff_r:$1:s0" "${@:2}" ;;
    user_*) runcon "user_u:user_r:$1:s0" "${@:2}" ;;
    *) runcon "system_u:system_r:$1:s0" "${@:2}" ;;
  esac
}
as $own bash -c ': </etc/shadow; echo >/dev/tcp/127.0.0.1/1; ls /home/alice; head -c 1 /dev/kmsg' >/dev/null 2>&1
of $own >/run/forbidden
while read -r what; do ok "denied: $what" "$(grep -cE "^$own $what" /run/forbidden | sed 's/[1-9][0-9]*/yes/')" yes; done <<'FORBIDDEN'
shadow_t:file .* read
facelock_t:tcp_socket .* create
shell_exec_t:file .* (entrypoint|execute|read)
user_home_dir_t:dir .* read
kmsg_device_t:chr_file .* read
FORBIDDEN
seconds

echo "# an enrollment, a login, an instance that dies"
(for _ in $(seq 600); do
  pid=$(pgrep -n facelock-instan) && tr -d '\0' <"/proc/$pid/attr/current" 2>/dev/null | type_of >/run/domain && [ "$(cat /run/domain)" = $own ] && break
  sleep 0.1
done) &
watcher=$!
facelockctl --json enroll --user alice >/run/alice
ok "alice is enrolled" "$(field outcome </run/alice)" enrolled
[ "$(field outcome </run/alice)" = enrolled ] || { cat /run/alice; journalctl --no-pager -q -t facelock -n 20 -o cat; }
kill $watcher 2>/dev/null
ok "the instance has its domain" "$(cat /run/domain 2>&1)" $own
ok "nothing of an enrollment's would be denied" "$(of $own)" ""
seconds
before astronaut-later
afresh
ok "alice gets in" "$(asked alice faceonly)" "$IN"
settled
ok "nothing of a login's would be denied" "$(of $own)" ""
ok "and others' templates are fenced off" "$(journalctl -q --no-pager FACELOCK_EVENT=fence | wc -l)" 0
seconds
before empty
afresh
lit=$(told 'infrared light every second frame') out=$(told 'infrared light out')
begin_face faceonly alice /run/attempt
until_told 'infrared light every second frame' $((lit + 1)) 600
pkill -KILL -x facelock-instan
wait $!
ok "an instance killed: its light is put out" "$(until_told 'infrared light out' $((out + 1)) 300 && light)" out
settled
ok "nothing of that would be denied" "$(of $own)" ""
systemd-run --quiet --wait systemd-tmpfiles --create
ok "nor to the service manager, with our files" \
  "$(denials | cat - /run/denials | grep -E "^(init_t .*comm=\"(systemd|\(.*)\"|systemd_tmpfiles_t)" | grep -E "^[a-z_]* $ours:")" ""
seconds
afresh

echo "# other requests: what is there, what is enrolled"
facelockctl --json devices >/dev/null
facelockctl --json status --user alice >/dev/null
facelockctl --json list --user alice >/dev/null
settled
ok "nothing of that would be denied" "$(of $own)" ""
seconds

echo "# who may connect: each domain as far as the socket, and the instance as far as its process"
# Another program stands for each: only what it does at the socket counts here.
for domain in local_login_t xdm_t policykit_auth_t staff_sudo_t user_t; do
  afresh
  as $domain facelockctl --json status --user alice >/dev/null 2>&1
  settled
  denials >/run/denials
  ok "$domain may" "$(grep -E "^$domain ($ours:|init_t:unix_stream_socket)|^$own " /run/denials)" ""
done
afresh
as httpd_t facelockctl --json status --user alice >/dev/null 2>&1
settled
ok "a web server may not" "$(of httpd_t | grep -c 'facelock_runtime_t:sock_file .* write' | sed 's/[1-9][0-9]*/no/')" no
seconds

# The asker is this test's own domain.
echo "# enforced, asked by $(tr -d '\0' </proc/self/attr/current | type_of)"
load_policy
setenforce 1
ok "the kernel forbids what is denied" "$(cat /sys/fs/selinux/enforce) $(as $own bash -c 'echo ran' 2>/dev/null)" "1 "
before astronaut-later
# Beside other work this processor shows frames too late for the emitter now and then, which is taken for an attack.
for _ in 1 2 3; do
  came=$(asked alice faceonly)
  settled
  [ "$came" != "$NO" ] && break
done
ok "alice gets in" "$came" "$IN"
before hopper
settled
ok "another person does not" "$(asked alice faceonly)" "$NO"
ok "and others' templates are fenced off" "$(journalctl -q --no-pager FACELOCK_EVENT=fence | wc -l)" 0
holds "her templates are removed" facelockctl clear --user alice --yes
settled
seconds
setenforce 0
if [ "$failed" -gt 0 ]; then
  denials | head -40
  journalctl --no-pager -q -o cat -t facelock -t systemd -n 30
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
