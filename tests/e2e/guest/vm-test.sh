#!/bin/bash
# In the virtual machine: the package as it is, its unit under its whole sandbox, on the kernel's own camera and TPM drivers.
# Prints ok or FAIL a line, then a count. The processor is emulated: how long something takes says nothing here.
set -u
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
# shellcheck source=tests/e2e/guest/vm-lib.sh
. /opt/share/guest/vm-lib.sh
echo "# Linux $(uname -r), systemd $(systemctl --version | awk 'NR==1 {print $2}')"

echo "# install"
holds "the package installs" dpkg -i "$S"/facelock.deb
[ "$failed" = 0 ] || { cat /tmp/holds; echo "0 passed, 1 failed"; exit 1; }
ok "models are prepared for this CPU" "$(($(ls /var/cache/facelock/models/*.ort 2>/dev/null | wc -l) >= 5))" 1
ok "the unit is the packaged one" "$(systemctl show facelock@1.service -p DropInPaths --value)" ""
ok "there is a console" "$(cat /sys/class/tty/tty0/active)" tty1
ok "the kernel has Landlock" "$(grep -c landlock /sys/kernel/security/lsm)" 1
ok "there is a TPM" "$(stat -c %F /dev/tpmrm0)" "character special file"
printf 'auth required pam_facelock.so mode=auto timeout=60\naccount required pam_permit.so\n' >/etc/pam.d/faceonly
printf 'auth sufficient pam_facelock.so mode=auto timeout=60\nauth required pam_unix.so\naccount required pam_permit.so\n' \
  >/etc/pam.d/facetest
seconds

echo "# what the camera is"
modprobe -a vhci_hcd uvcvideo
before astronaut
plug SN1 color infrared
facelockctl --json devices >/run/devices
devices() { python3 -c "import json; cameras = json.load(open('/run/devices'))['cameras']; print($1)"; }
ok "both functions have their identity" "$(devices "' '.join(sorted(c['identity'] for c in cameras))")" \
  "usb:04f2:b6d9:SN1@usb-vhci_hcd.0-1:1.0/color usb:04f2:b6d9:SN1@usb-vhci_hcd.0-1:1.2/infrared"
ok "they are one physical camera" "$(devices "len({c['group'] for c in cameras})")" 1
ok "both would be used" "$(devices "[c['used'] for c in cameras]")" "[True, True]"
ok "one gives GREY, the other MJPG" "$(devices "' '.join(sorted(f for c in cameras for f in c['formats']))")" \
  "GREY 640x360 10/s MJPG 640x480 10/s"

echo "# an emitter that is tried: nothing is known of it yet"
tries() { # payload, what puts it out
  facelockctl --json emitter --camera "$(devices "cameras[1]['identity']")" --unit 4 --selector 6 --payload "$1" --off "$2" --seconds 2
}
ok "the right payload makes it brighter" "$(tries 010302000000000000 010301000000000000 | field changed)" True
ok "and is put out again" "$(told 'infrared light every second frame') $(light)" "1 out"
ok "one of another length is not sent" "$(tries 0103 0100 >/dev/null 2>&1; echo $?) $(told 'infrared light every second frame')" "3 1"

echo "# an infrared login: GREY, lit by the emitter, the key in the TPM"
know_emitter
configure
facelockctl --json enroll --user alice >/run/alice
ok "alice is enrolled" "$(field outcome </run/alice)" enrolled
ok "her key is in the TPM" "$(field protector </run/alice)" tpm
ok "her template is the infrared camera's" "$(facelockctl --json list --user alice | python3 -c \
  'import json, sys; print(*(t["camera"] for t in json.load(sys.stdin)["templates"]))')" "$(devices "cameras[1]['identity']")"
ok "the emitter was lit, and put out" "$(told 'infrared light every second frame') $(light)" "2 out"
before astronaut-later
ok "alice gets in" "$(asked alice faceonly)" "$IN"
ok "the emitter was lit again, and put out" "$(told 'infrared light every second frame') $(light)" "3 out"
before hopper
configure
ok "another person does not" "$(asked alice faceonly)" "$NO"
seconds

echo "# a color login: MJPG"
before hopper
cnn=true configure '[camera]
infrared = "none"'
facelockctl --json enroll --user bob >/run/bob
ok "bob is enrolled" "$(field outcome </run/bob)" enrolled
[ "$(field outcome </run/bob)" = enrolled ] || cat /run/bob
ok "by the color camera" "$(facelockctl --json list --user bob | grep -c '/color"')" 1
infrared=false configure
before hopper-later
ok "bob gets in" "$(asked bob faceonly)" "$IN"
ok "it was the color stream" "$(told 'color stream on') $(told 'color stream off')" "2 2"
before astronaut
infrared=false configure
ok "alice does not, as bob" "$(asked bob faceonly)" "$NO"
seconds

echo "# the same camera sends YUYV at a whole rate, which nokhwa streams"
unplug
plug SN1 yuyv infrared
facelockctl --json devices >/run/devices
ok "it gives YUYV" "$(devices "' '.join(f for c in cameras for f in c['formats'] if '/color' in c['identity'])")" "YUYV 640x480 10/s"
infrared=false configure
before empty
settled
tried bob >/run/attempt &
attempt=$!
until_told 'yuyv stream on' 1 300
sleep 2
# Our own handles are closed on exec, and nokhwa's are not.
ok "nokhwa holds the node" "$(handles_kept_on_exec "$(pgrep -x facelock-instan)" "$(node color)")" 1
unplug
wait "$attempt"
ok "unplugged while nokhwa streamed" "$(cat /run/attempt)" camera_unplugged
plug SN1 yuyv infrared
before hopper-later
ok "bob gets in by nokhwa's stream" "$(asked bob faceonly)" "$IN"
ok "it was that stream, and it ended" "$(told 'yuyv stream on') $(told 'yuyv stream off')" "2 1"
rm /run/camera/yuyv
infrared=false configure '' 8000
ok "nokhwa waits for ever, and the attempt does not" "$(tried bob)" camera_failed
unplug
plug SN1 color infrared
facelockctl --json devices >/run/devices
seconds

echo "# an attempt at work: nobody there yet"
configure
before empty
settled
streams=$(told 'infrared stream on')
begin_face faceonly alice /run/attempt
attempt=$!
ok "it streams" "$(until_told 'infrared stream on' $((streams + 1)) 300 && light)" "every second frame"
instance=$(pgrep -x facelock-instan)
status() { awk -v f="$1:" '$1 == f {print $2; exit}' "/proc/$instance/status"; }
ok "as user facelock" "$(status Uid)" "$(id -u facelock)"
ok "without capabilities" "$(for set in CapInh CapPrm CapEff CapBnd CapAmb; do status $set; done | sort -u)" 0000000000000000
ok "with no new privileges, and a system call filter" "$(status NoNewPrivs) $(status Seccomp)" "1 2"
group=/sys/fs/cgroup$(cut -d: -f3 "/proc/$instance/cgroup")
ok "within its memory and tasks" "$(cat "$group/memory.max" "$group/pids.max" | tr '\n' ' ')" "536870912 32 "
ok "its /dev has cameras and the TPM" "$(find "/proc/$instance/root/dev" -maxdepth 1 -printf '%f\n' | sort | grep -E 'video|tpm|vda|kmsg|hwrng|rtc' | tr '\n' ' ')" \
  "tpmrm0 video0 video1 video2 video3 "
ok "what is lit is marked where a login may write" "$(find /var/lib/facelock -name 'emitter*')" /var/lib/facelock/camera/emitter-on
ok "its camera is locked there" "$(find "/proc/$instance/fd" -lname '*/camera.lock.*' -printf '%l\n')" \
  /var/lib/facelock/camera/camera.lock.infrared
ok "of cameras it holds the infrared one" "$(find "/proc/$instance/fd" -lname '/dev/video*' -printf '%l\n' | sort -u)" "$(node infrared)"
begin_face faceonly alice /run/second
second=$!
for _ in $(seq 100); do [ "$(pgrep -xc facelock-instan)" = 2 ] && break; sleep 0.1; done
sleep 1 # its own time runs already, and this processor needs all of it
ok "a second instance waits" "$(pgrep -xc facelock-instan) $(told 'infrared stream on')" "2 $((streams + 1))"
kill "$attempt"
ok "hanging up closes the camera" "$(until_told 'infrared stream off' $((streams + 1)) 200 && echo closed)" closed
before astronaut-later
wait "$second"
ok "then the second has its turn" "$(grep -ac "$IN" /run/second)" 1
ok "and the emitter is out" "$(light)" out
before empty
settled
lit=$(told 'infrared light every second frame') out=$(told 'infrared light out')
begin_face faceonly alice /run/attempt
until_told 'infrared light every second frame' $((lit + 1)) 300
until_told 'infrared stream on' $((streams + 3)) 50
ok "another attempt has it lit" "$(light)" "every second frame"
pkill -KILL -x facelock-instan
wait $!
ok "its instance killed: no decision" "$(grep -ac "$UNAVAILABLE" /run/attempt)" 1
ok "and the unit puts the emitter out" "$(until_told 'infrared light out' $((out + 1)) 100 && light)" out
settled
ok "there is nothing left to put out" "$(find /var/lib/facelock -name '*emitter*' | wc -l)" 0
seconds

echo "# another program has the camera; nobody may open it; it does not answer; it sends nothing"
before astronaut
settled
for spectrum in infrared:alice color:bob; do
  rm -f /run/held
  python3 $S/guest/hold.py "$(node "${spectrum%:*}")" >/run/held &
  for _ in $(seq 100); do grep -q held /run/held 2>/dev/null && break; sleep 0.1; done
  ok "${spectrum%:*}: busy" "$(tried "${spectrum#*:}")" camera_busy
  kill $!
  wait $! 2>/dev/null
done
chmod 000 "$(node infrared)" "$(node color)"
ok "infrared: not permitted" "$(tried alice)" camera_denied
ok "color: not permitted" "$(tried bob)" camera_denied
chmod 660 "$(node infrared)" "$(node color)"
touch /run/camera/mute
ok "infrared: stopped answering" "$(tried alice)" camera_no_answer
ok "color: stopped answering" "$(tried bob)" camera_no_answer
rm /run/camera/mute
configure '' 30000 4000
before empty
ok "nobody there is no decision" "$(tried alice)" no_face
before astronaut
mv /etc/facelock/quirks.d/emulated.toml /run/
ok "without its emitter it is dark" "$(tried alice)" emitter_off
mv /run/emulated.toml /etc/facelock/quirks.d/
configure '' 8000
rm /run/camera/infrared
ok "no frame is no decision" "$(tried alice)" camera_failed
before astronaut
configure
ok "and then it works again" "$(tried alice)" match
seconds

echo "# unplugged, plugged in again"
before empty
for spectrum in infrared:alice color:bob; do
  # By color no detector of this lane decides, which an attempt would end with once its models are there.
  [ "$spectrum" = infrared:alice ] || infrared=false configure
  settled
  streams=$(told "${spectrum%:*} stream on")
  tried "${spectrum#*:}" >/run/attempt &
  attempt=$!
  until_told "${spectrum%:*} stream on" $((streams + 1)) 300
  sleep 2
  unplug
  wait "$attempt"
  ok "${spectrum%:*}: unplugged while it looked" "$(cat /run/attempt)" camera_unplugged
  [ "$spectrum" = color:bob ] || plug SN1 color infrared
done
configure
ok "no camera: alice" "$(tried alice)" no_camera
ok "no camera: bob" "$(tried bob)" no_camera
ok "then it is the password" "$(echo alicepw | face facetest alice 2>&1 | grep -ac "$IN")" 1
ok "the right one" "$(echo wrong | face facetest alice 2>&1 | grep -ac "$IN")" 0
plug SN1 color infrared
was=$(node infrared)
exec 7<"$(node color)" 8<"$(node infrared)"
unplug
plug SN1 color infrared
exec 7<&- 8<&-
ok "it comes back under another number" "$([ -n "$(node infrared)" ] && [ "$(node infrared)" != "$was" ] && echo yes)" yes
before astronaut
ok "templates open by its identity" "$(tried alice)" match
unplug
plug SN2 color infrared
ok "another camera of the same make is another" "$(tried alice)" other_camera
unplug
seconds

echo "# virtual cameras"
for module in vivid v4l2loopback; do
  case $module in
    vivid) modprobe vivid n_devs=1 node_types=1 ;;
    v4l2loopback) modprobe v4l2loopback ;;
  esac
  udevadm settle
  ok "$module is there" "$(facelockctl --json devices | grep -c '"virtual": true')" 1
  ok "$module: infrared" "$(tried alice)" camera_virtual
  ok "$module: color" "$(tried bob)" camera_virtual
  [ $module = v4l2loopback ] || {
    configure '[camera]
allow_virtual = true'
    ok "$module would work if root allowed it" "$(tried bob)" other_camera
    settled
    node=$(grep -l vivid /sys/class/video4linux/*/name | head -1)
    node=/dev/$(basename "${node%/name}")
    before_it=$(python3 $S/guest/mode.py "$node" UYVY 1280 720 5)
    ok "it can be set" "$before_it" "UYVY 1280x720 1/5"
    holds "it streams" facelockctl --json preview --seconds 1
    settled
    ok "its format and rate are given back" "$(python3 $S/guest/mode.py "$node")" "$before_it"
    configure
  }
  rmmod $module
done
seconds

echo "# the TPM"
plug SN1 color infrared
python3 $S/guest/extend.py 7
ok "another platform state: no decision" "$(tried alice)" vault_refused
ok "but the password" "$(echo alicepw | face facetest alice 2>&1 | grep -ac "$IN")" 1
ok "a wrong recovery key repairs nothing" "$(field recovery_key </run/bob | facelockctl tpm reseal --user alice >/dev/null 2>&1; echo $?)" 3
ok "the right one does" "$(field recovery_key </run/alice | facelockctl tpm reseal --user alice >/dev/null 2>&1; echo $?)" 0
ok "and alice gets in" "$(asked alice faceonly)" "$IN"
ok "bob's is another key" "$(tried bob)" vault_refused
driver=$(readlink -f /sys/class/tpm/tpm0/device/driver) device=$(basename "$(readlink -f /sys/class/tpm/tpm0/device)")
echo "$device" >"$driver/unbind"
udevadm settle
ok "no TPM: no decision" "$(tried alice)" vault_missing
seconds

echo "# afterwards"
settled
ok "nothing resident, nothing failed" "$(instances) $(pgrep -xc facelock-instan) $(systemctl --failed --no-legend | grep -c facelock)" "0 0 0"
ok "the emitter is out" "$(light)" out
ok "the fence round others' templates stood each time" "$(journalctl -q --no-pager FACELOCK_EVENT=fence | wc -l)" 0
ok "no system call was fatal, no kernel complained" \
  "$(dmesg | grep -cE 'facelock.*(segfault|sig=31)|audit.*sig=31|WARNING:|BUG:|Oops')" 0

if [ "$failed" -gt 0 ]; then
  tail -n 40 $log
  dmesg | grep -E 'usb|vhci|uvc|segfault|oom' | grep -vE 'unlink|urb->status' | tail -n 40
  journalctl --no-pager -q -o short-monotonic -t facelock -n 120
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
