# shellcheck shell=bash
# sourced in the virtual machine, after lib.sh: cameras, the TPM, and attempts
mkdir -p /run/camera
log=/run/camera/log
: >$log
before() { # who or what is in front of the camera
  for function in color yuyv infrared; do
    cp "$S/frames/$1/$function" "/run/camera/$function.new"
    mv "/run/camera/$function.new" "/run/camera/$function"
  done
}
# Root's program on the console that is in front, as login asks. The VM has no other terminal, and no seat's session.
face() { pamtester -I tty=/dev/tty1 "$@" authenticate; } # service, user
begin_face() { # service, user, where it tells; pamtester itself is $!, so that it can be hung up on
  pamtester -I tty=/dev/tty1 "$1" "$2" authenticate </dev/null >"$3" 2>&1 &
}
asked() { face "$2" "$1" </dev/null 2>&1 | tr -d '\r' | sed -nE 's/^pamtester: //p' | tail -1; } # user, service
# The capture node of a function: the metadata node beside it has another index.
node() { # color or infrared
  for class in /sys/class/video4linux/video*; do
    if [ "$(cat "$class/index" 2>/dev/null)" = 0 ] && grep -qi "camera: $1" "$class/name"; then echo "/dev/${class##*/}"; return; fi
  done
}
# How many handles of a node a process has that are not closed on exec.
handles_kept_on_exec() { # pid, node
  local fd kept=0
  for fd in /proc/"$1"/fd/*; do
    [ "$(readlink "$fd")" = "$2" ] || continue
    (($(awk '$1 == "flags:" {print "8#" $2}' "/proc/$1/fdinfo/${fd##*/}") & 8#2000000)) || kept=$((kept + 1))
  done
  echo $kept
}
plug() { # serial, functions…
  # It stands for hardware, which does not wait for a processor.
  nice -n -15 "$S/camera" 0 "$1" /run/camera "${@:2}" >>$log &
  camera=$!
  for function in "${@:2}"; do
    [ "$function" = yuyv ] && function=color
    for _ in $(seq 200); do [ -n "$(node "$function")" ] && break; sleep 0.1; done
  done
  udevadm settle
}
unplug() {
  kill "$camera"
  wait "$camera" 2>/dev/null
  for _ in $(seq 100); do grep -q 'Emulated camera' /sys/class/video4linux/*/name 2>/dev/null || break; sleep 0.1; done
  udevadm settle
}
# How often the camera told of something.
told() { grep -c "^$1\$" $log; }
# Waits until the camera has told of something that many times.
until_told() { # line, times, tenths of a second at most
  for _ in $(seq "$3"); do
    [ "$(told "$1")" -ge "$2" ] && return 0
    sleep 0.1
  done
  return 1
}
light() { grep '^infrared light' $log | tail -1 | sed 's/infrared light //'; }

# The networks that judge a color frame work once, at an enrollment: not every picture of a portrait is live to them, and in the
# longest attempt there is this processor comes to two or three. Where they are off, a color frame is live only if every other detector is
# off as well.
configure() { # lines before the sections that an emulated processor needs, milliseconds for an attempt and of them without a face
  cat >/etc/facelock/config.toml <<CONFIG
${1:-}
[match]
frames = 1        # two within three seconds are more than this processor looks at
[pad]
cnn = ${cnn:-false}
infrared = ${infrared:-true}
motion = false    # the portraits are flat
[deadline]
attempt_ms = ${2:-30000}
no_face_ms = ${3:-${2:-30000}}
dark_ms = ${3:-${2:-30000}}
enroll_s = 300
[enroll]
samples = 1
[services]
faceonly = { mode = "auto", console = "terminal" }
facetest = { mode = "auto", console = "terminal" }
CONFIG
}
field() { python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$1"; }
# One attempt by the same path as PAM's, with its reason told: match, no_match, or why there is none.
tried() { # user
  settled
  facelockctl --json test --user "$1" 2>/dev/null | python3 -c 'import json, sys
reply = json.load(sys.stdin)
print(reply.get("reason", reply["outcome"]))'
}
begun=$(date +%s)
seconds() { echo "#    $(($(date +%s) - begun)) s"; begun=$(date +%s); }
know_emitter() { # the emulated camera's emitter, as a quirk of this machine
  mkdir -p /etc/facelock/quirks.d
  cat >/etc/facelock/quirks.d/emulated.toml <<'QUIRK'
[[camera]]
usb = "04f2:b6d9"
interface = 2
source = "tests/e2e/guest/camera.c"
[camera.emitter]
unit = 4
selector = 6
on = [1, 3, 2, 0, 0, 0, 0, 0, 0]
off = [1, 3, 1, 0, 0, 0, 0, 0, 0]
QUIRK
}
