#!/bin/bash
# What the instance makes of a unit that lacks something, and of what it may not have.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
echo "# a unit without its sandbox"
lacking() { # directives…
  mkdir -p /run/systemd/system/facelock@.service.d
  { echo '[Service]'; printf '%s\n' "$@"; } >/run/systemd/system/facelock@.service.d/lacking.conf
  systemctl daemon-reload
}
missing() {
  facelockctl status --user alice --json | python3 -c 'import json, sys; print(*json.load(sys.stdin)["sandbox_missing"], sep=", ")'
}
before astronaut-later
lacking RestrictAddressFamilies=
ok "sockets are noticed" "$(missing)" "network sockets are possible"
ok "and the vault stays shut" "$(asked alice faceonly)" "$UNAVAILABLE"
lacking MemoryDenyWriteExecute=no
ok "memory that becomes code is noticed" "$(missing)" "writable memory can be executed"
ok "and the vault stays shut" "$(asked alice faceonly)" "$UNAVAILABLE"
lacking CapabilityBoundingSet=CAP_CHOWN
ok "capabilities are noticed" "$(missing)" "capabilities are left"
lacking SystemCallFilter= SystemCallArchitectures= MemoryDenyWriteExecute=no RestrictAddressFamilies= RestrictNamespaces=no \
  RestrictRealtime=no RestrictSUIDSGID=no LockPersonality=no ProtectClock=no ProtectHostname=no ProtectKernelModules=no \
  ProtectKernelLogs=no ProtectKernelTunables=no PrivateDevices=no NoNewPrivileges=no
ok "no filter at all is noticed" "$(missing)" \
  "new privileges are possible, no system call filter, network sockets are possible, writable memory can be executed"
rm /run/systemd/system/facelock@.service.d/lacking.conf
systemctl daemon-reload
ok "the unit as it is lacks nothing" "$(missing)" ""
ok "and lets alice in" "$(asked alice faceonly)" "$IN"

echo "# what the instance may not have"
mv /etc/systemd/system/facelock@.service.d/probe.conf /run/probe.conf
systemctl daemon-reload
ok "no camera is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
ok "and the journal names it" "$(said 'camera .*error="no camera"')" yes
mv /run/probe.conf /etc/systemd/system/facelock@.service.d/probe.conf
systemctl daemon-reload
chmod 600 /usr/lib/facelock/libonnxruntime.so
ok "a file it may not read is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
ok "and the journal names it" "$(said '/usr/lib/facelock/libonnxruntime.so')" yes
chmod 644 /usr/lib/facelock/libonnxruntime.so
sed -i 's/protector = "file"/protector = "tpm"/' /etc/facelock/config.toml
ok "no TPM is no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
sed -i 's/protector = "tpm"/protector = "file"/' /etc/facelock/config.toml
ok "none of it counts, and nothing is left failed" \
  "$(facelockctl status --user alice --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["misses"])') $(systemctl --failed --no-legend | grep -c facelock)" "0 0"
