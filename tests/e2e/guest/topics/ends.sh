#!/bin/bash
# How an instance may end. However it does, a light that it left on is put out and its attempt stays charged; after a good end
# nothing more starts. The light is a marker of a camera that is gone: what restores takes it away.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
echo "# what follows an instance's end"
marker=/var/lib/facelock/camera/emitter-on
tally=/var/lib/facelock/tally/$(id -u alice)
slow='first_frame_ms = 4000'
lit() { printf '14 6 00 usb:0000:0000:-@none:1.0/infrared\n' >$marker && chown facelock: $marker; }
light() { for _ in $(seq 30); do [ -e $marker ] || { echo out; return; }; sleep 0.1; done; echo on; }
restored() { journalctl --sync; journalctl -q --no-pager -o cat -u 'facelock-restore@*' 2>/dev/null | grep -c '^Started'; }
charged() { od -An -tu1 -j3 -N1 "$tally" 2>/dev/null | tr -d ' '; }
lacking() { # directive
  mkdir -p /run/systemd/system/facelock@.service.d
  printf '[Service]\n%s\n' "$1" >/run/systemd/system/facelock@.service.d/ends.conf
  systemctl daemon-reload
}
whole() { rm -rf /run/systemd/system/facelock@.service.d; systemctl daemon-reload; settled; }
ended() { # name, the light afterwards, command that ends it
  before astronaut-later "$slow"
  facelockctl unlock --user alice >/dev/null 2>&1
  (sleep 1.5; lit; eval "$3") &
  ok "$1: no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
  wait
  ok "$1: the light is $2" "$(light)" "$2"
  ok "$1: the attempt stays charged" "$(charged)" 1
  settled
}
count=$(restored)
ended "kill -9" out 'pkill -KILL facelock-instan'
ended "SIGTERM" out 'pkill -TERM facelock-instan'
ended "SIGHUP" out 'pkill -HUP facelock-instan'
ended "systemctl stop" out "systemctl stop 'facelock@*' 'facelock-root@*'"
lacking SuccessExitStatus=1
ended "control, SIGTERM taken for a good end" on 'pkill -TERM facelock-instan'
whole
lacking RuntimeMaxSec=2
ended "the service manager's deadline" out true
whole
lit
lacking MemoryMax=8M
before astronaut-later
ok "out of memory: no decision" "$(asked alice faceonly)" "$UNAVAILABLE"
ok "out of memory: the light is out" "$(light)" out
whole
lit
facelockctl unlock --user alice >/dev/null 2>&1
before astronaut-later
ok "a good login that finds a light on" "$(asked alice faceonly)" "$IN"
ok "has it put out" "$(light)" out
# One more than these: the next request after the control found its light on.
ok "the journal has each time" "$(($(restored) - count))" 8
settled
count=$(restored)
ok "a good login" "$(asked alice faceonly)" "$IN"
settled
ok "starts nothing more" "$(restored)" "$count"
ok "and a failed one is not left in the list" "$(systemctl --failed --no-legend | grep -c facelock)" 0
