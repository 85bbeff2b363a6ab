#!/bin/bash
# Locks an X server without a screen and types at it.   x-lock.sh i3lock|xscreensaver SECONDS KEY…    (in the user's session)
# A key is Return, wake (a key press that types nothing), wait (five seconds), or a text. Prints "open MS" or "locked", as sway-lock.sh does.
locker=$1 seconds=$2
export DISPLAY=:9 HOME=${HOME:-/home/$(id -un)}
Xvfb :9 -screen 0 800x600x24 -nolisten tcp >/tmp/xvfb.$UID 2>&1 & server=$!
trap 'kill $server; wait $server 2>/dev/null' EXIT
for _ in $(seq 50); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
case $locker in
  i3lock)
    i3lock -n >/tmp/locker.$UID 2>&1 & lock=$!
    locked() { kill -0 $lock 2>/dev/null; } ;;
  xscreensaver)
    xscreensaver --no-splash >/tmp/locker.$UID 2>&1 & lock=$!
    sleep 2
    xscreensaver-command -lock >/dev/null
    locked() { xscreensaver-command -time 2>/dev/null | grep -q 'screen locked'; } ;;
esac
sleep 2.5 # xscreensaver takes no key for activity that comes with the lock
locked || { echo "never locked"; exit; }
since=$(date +%s%3N)
for key in "${@:3}"; do
  case $key in
    Return) xdotool key Return ;;
    wake) xdotool key Shift_L ;;
    wait) sleep 5 ;;
    *) xdotool type --delay 20 "$key" ;;
  esac
  since=$(date +%s%3N)
done
for _ in $(seq $((seconds * 20))); do
  locked || { echo "open $(($(date +%s%3N) - since))"; kill $lock 2>/dev/null; exit; }
  sleep 0.05
done
echo locked
kill $lock 2>/dev/null
