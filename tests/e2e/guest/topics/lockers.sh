#!/bin/bash
# Screen lockers, each locked and typed at: swaylock on a headless sway, i3lock and xscreensaver on an X server without a screen.
# shellcheck source=tests/e2e/guest/desktop.sh
. /opt/share/guest/desktop.sh
recorded
sway() { at_seat alice bash $S/guest/hosts/sway-lock.sh "$@" </dev/null 2>/tmp/said; }
x() { at_seat alice bash $S/guest/hosts/x-lock.sh "$@" </dev/null 2>/tmp/said; }
asks_on_enter() { # locker, command that locks and types
  cp "/etc/pam.d/$1" "/tmp/$1.before"
  switched_on "$1"
  before astronaut-later
  held "$1: Enter, and the face opens it" open 3000 "$("${@:2}" 6 Return)"
  before empty
  held "$1: a typed password with no face there is not held up" open 1500 "$("${@:2}" 6 alicepw Return)"
  before hopper
  held "$1: Enter before another's face" locked 0 "$("${@:2}" 5 Return)"
  before astronaut-later
  held "$1: a wrong password before the own face" locked 0 "$("${@:2}" 4 wrong Return)"
  switched_off "$1"
  ok "$1: its file is as it was" "$(cmp "/etc/pam.d/$1" "/tmp/$1.before" && echo same)" same
  held "$1: and Enter opens nothing any more" locked 0 "$("${@:2}" 4 Return)"
}
echo "# swaylock $(dpkg-query -W -f='${Version}' swaylock)"
asks_on_enter swaylock sway
echo "# i3lock $(dpkg-query -W -f='${Version}' i3lock)"
asks_on_enter i3lock x i3lock
echo "# xscreensaver $(dpkg-query -W -f='${Version}' xscreensaver)"
cp /etc/pam.d/xscreensaver /tmp/xscreensaver.before
switched_on xscreensaver
before astronaut-later
held "xscreensaver: awake, and the face opens it, without a word to click away" open 4000 "$(x xscreensaver 8 wake)"
before empty
held "xscreensaver: a typed password with no face there" open 8000 "$(x xscreensaver 12 wake wait alicepw Return)"
before hopper
held "xscreensaver: another's face" locked 0 "$(x xscreensaver 6 wake)"
switched_off xscreensaver
ok "xscreensaver: its file is as it was" "$(cmp /etc/pam.d/xscreensaver /tmp/xscreensaver.before && echo same)" same
