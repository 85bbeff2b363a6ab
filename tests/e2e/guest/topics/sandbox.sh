#!/bin/bash
# What the unit takes away, and what the instance gives up itself.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
packaged
echo "# the unit as installed"
# On systemd 252 the score may be 0.4; on 257, 0.3. What follows a failed instance has no peer, and its users need no mapping.
limit=4; [ "$version" -ge 257 ] && limit=3
exposed() { # unit, tenths at most
  local score
  score=$(systemd-analyze security "$1" --no-pager 2>/dev/null | awk '/Overall exposure/ {print $(NF-2)}')
  echo "#    exposure of $1: $score"
  ok "$1: exposure at most 0.$2" "$(awk -v s="$score" -v l="0.$2" 'BEGIN {print (s != "" && s <= l) ? "yes" : "no: " s}')" yes
}
exposed facelock@1.service $limit
exposed facelock-restore@1.service 4
shown() { systemctl show "$unit" -p "$1" --value; }
for unit in facelock@1.service facelock-restore@1.service; do
  while read -r directive value; do ok "$unit: $directive=$value" "$(shown "$directive")" "$value"; done <<'DIRECTIVES'
User facelock
NoNewPrivileges yes
CapabilityBoundingSet
AmbientCapabilities
PrivateNetwork yes
PrivateTmp yes
PrivateDevices yes
PrivateIPC yes
ProtectSystem strict
ProtectHome yes
ProtectClock yes
ProtectHostname yes
ProtectKernelTunables yes
ProtectKernelModules yes
ProtectKernelLogs yes
ProtectControlGroups yes
ProtectProc invisible
ProcSubset pid
RestrictAddressFamilies AF_UNIX
RestrictNamespaces yes
RestrictRealtime yes
RestrictSUIDSGID yes
LockPersonality yes
MemoryDenyWriteExecute yes
RemoveIPC yes
KeyringMode private
UMask 0077
SystemCallArchitectures native
SystemCallErrorNumber 1
DevicePolicy closed
LimitCORE 0
MemoryMax 536870912
TasksMax 32
CollectMode inactive-or-failed
PrivateMounts yes
StartLimitIntervalUSec 0
LimitMEMLOCK 0
MemorySwapMax 0
OOMPolicy kill
RuntimeMaxUSec 5min 30s
TimeoutStopUSec 2s
DIRECTIVES
  ok "$unit: devices: cameras and the TPM" "$(shown DeviceAllow | tr "\n" " " | grep -o "char-[a-z0-9]* rw" | sort | tr "\n" " ")" \
    "char-tpm rw char-video4linux rw "
  ok "$unit: no address" "$(shown IPAddressDeny | tr '\n' ' ' | grep -c '::/0')" 1
  ok "$unit: system calls are an allow list" "$(shown SystemCallFilter | grep -cwE '^~.*|ptrace|mount|bpf')" 0
done
ok "one follows the other where that failed" "$(systemctl show facelock@1.service facelock-restore@1.service -p OnFailure | tr '\n' ' ')" \
  "OnFailure=facelock-restore@1.service  OnFailure= "
while read -r property value; do
  ok "socket: $property=$value" "$(systemctl show facelock.socket -p "$property" --value)" "$value"
done <<'PROPERTIES'
Accept yes
MaxConnections 16
TriggerLimitIntervalUSec 0
SocketMode 0666
PROPERTIES

echo "# what the sandbox blocks (a probe in the instance's place; the same probe without the unit, as a control)"
mkdir -p /etc/systemd/system/facelock@.service.d
printf '[Service]\nType=exec\nExecStart=\nExecStart=/opt/share/probe\n' >/etc/systemd/system/facelock@.service.d/probe.conf
systemctl daemon-reload
# A raw device that file permissions would let the instance open: the kernel's log.
install -d -o facelock -g facelock -m 700 /var/lib/facelock
mknod -m 666 /var/lib/facelock/raw c 1 11
socat -u -t5 UNIX-CONNECT:/run/facelock/facelock.sock - </dev/null >/run/inside 2>/dev/null
runuser -u alice -- socat -u -t5 UNIX-CONNECT:/run/facelock/facelock.sock - </dev/null >/run/inside-alice 2>/dev/null
CONTROL=1 unshare --mount --uts /opt/share/probe 3>/run/outside
rm /var/lib/facelock/raw
for name in inet inet6 netlink packet wx-map wx-protect memfd others-processes home shadow raw-device set-clock kmsg write-etc write-usr mount \
  new-user-namespace hostname keyring setuid-file personality bpf; do
  ok "blocked: $name" "$(awk -v n="$name" '$1 == n {print $2}' /run/inside)" blocked
  case $name in
    setuid-file | bpf | kmsg | packet | hostname | set-clock) ;;
    *) ok "control: $name" "$(awk -v n="$name" '$1 == n {print $2}' /run/outside)" open ;;
  esac
done
ok "blocked: tty" "$(awk '$1 == "tty" {print $2}' /run/inside)" blocked
ok "blocked: become-root" "$(awk '$1 == "become-root" {print $2}' /run/inside)" blocked
ok "its own state is writable" "$(awk '$1 == "state" {print $2}' /run/inside)" open
ok "no capability" "$(awk '/^Cap/ {print $2}' /run/inside | sort -u)" 0000000000000000
ok "seccomp and no new privileges" "$(awk '/^Seccomp:|^NoNewPrivs:/ {printf "%s ", $2}' /run/inside)" "1 2 "
ok "it is user facelock" "$(awk '$1 == "uid" {print $2}' /run/inside)" "$(id -u facelock)"
ok "the peer stays knowable: root" "$(awk '$1 == "peer-uid" {print $2}' /run/inside)" 0
ok "the peer stays knowable: alice" "$(awk '$1 == "peer-uid" {print $2}' /run/inside-alice)" "$(id -u alice)"

echo "# what the instance gives up itself (the code it runs, in its place; the same without giving up, as a control)"
install -d -o facelock -g facelock -m 700 /var/lib/facelock/enrollments
for user in alice bob; do install -o facelock -g facelock -m 600 /dev/null "/var/lib/facelock/enrollments/$(id -u $user)"; done
for arguments in '' "sealed $(id -u alice)"; do
  printf '[Service]\nType=exec\nExecStart=\nExecStart=/opt/share/sandbox-probe %s\nStandardOutput=file:/run/probed-%s\n' \
    "$arguments" "${arguments%% *}" >/etc/systemd/system/facelock@.service.d/probe.conf
  systemctl daemon-reload
  socat -u -t5 UNIX-CONNECT:/run/facelock/facelock.sock - </dev/null >/dev/null 2>&1
  settled
done
for name in unix fork vfork exec sendmsg recvmsg sendmmsg recvmmsg; do
  ok "given up: $name" "$(awk -v n="$name" '$1 == n {print $2}' /run/probed-sealed)" 1
  ok "control: $name" "$(awk -v n="$name" '$1 == n {print $2}' /run/probed-)" open
done
for name in thread read write; do
  ok "still there: $name" "$(awk -v n="$name" '$1 == n {print $2}' /run/probed-sealed)" open
done
# This kernel has Landlock, as Debian's have.
echo "#    the fence round other users' templates took $(awk '$1 == "fence-us" {print $2}' /run/probed-sealed) µs"
ok "of two users' templates one can be read" "$(awk '$1 == "templates" {print $2}' /run/probed-sealed)" 1
ok "control: both can" "$(awk '$1 == "templates" {print $2}' /run/probed-)" 2
