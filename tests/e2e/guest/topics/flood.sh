#!/bin/bash
# What one light process of another user does to the logins of root's programs: nothing.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
before astronaut-later
# By the common socket, as before there was another: the control. A link, because root's programs know the name.
ln -sf /run/facelock/facelock.sock /run/common.sock
printf 'auth required pam_facelock.so mode=auto socket=/run/common.sock\naccount required pam_permit.so\n' >/etc/pam.d/facecommon
cat >/run/logins <<'LOGINS'
in=0
for _ in 1 2 3 4 5 6 7 8; do
  begun=$(date +%s%3N)
  suid-pamtester "$1" alice authenticate 2>&1 </dev/null | grep -q "$2" && in=$((in + 1))
  times+=($(($(date +%s%3N) - begun)))
done
echo "$in $(printf '%s\n' "${times[@]}" | sort -n | sed -n 4p)"
LOGINS
# service → how many of eight logins in one session get in, and the median of their milliseconds
logins() { at_seat alice bash /run/logins "$1" "$IN"; }
flooded() { # service, arguments of flood.py… → the same, under that flood
  local service=$1; shift
  "$@" &
  local flood=$!
  sleep 2
  logins "$service"
  kill $flood 2>/dev/null
  pkill -f guest/flood.py
  wait $flood 2>/dev/null
}
echo "# floods of the common socket"
settled
read -r in without <<<"$(logins faceonly)"
ok "without a flood, eight of eight" "$in" 8
# shellcheck disable=SC2034  # read by its name
forty=(runuser -u bob -- python3 "$S/guest/flood.py" 60 40)
ten=(python3 "$S/guest/flood.py" 60 4 100000 100001 100002 100003 100004 100005 100006 100007 100008 100009)
for flood in forty ten; do
  declare -n command=$flood
  read -r in with <<<"$(flooded faceonly "${command[@]}")"
  echo "#    $flood: median $with ms, without $without ms"
  ok "$flood: eight of eight" "$in" 8
  # A login that waited for a place would wait for the end of a silent connection: a second. A busy machine is slower by itself.
  ok "$flood: and no login waits for them" "$(( with < without * 2 + 1000 ))" 1
  for _ in $(seq 10); do settled && break; done
done
read -r in with <<<"$(flooded facecommon "${ten[@]}")"
echo "#    by the common socket: $in of 8, median $with ms"
ok "control: by the common socket not all get in" "$(( in < 8 ))" 1
for _ in $(seq 10); do settled && break; done
ok "no slot is left behind" "$(find /run/facelock-state -name '*.lock' -printf '%P ')" ""
ok "both sockets listen" "$(systemctl is-active facelock.socket facelock-root.socket | sort -u)" active
ok "root's socket is root's" "$(stat -c '%a %U' /run/facelock/root.sock)" "600 root"
rm -f /run/common.sock /run/logins
