#!/bin/bash
# Locks a headless sway by swaylock and types at it.   sway-lock.sh SECONDS KEY…    (in the user's session)
# A key is Return or a text. Prints "open MS" or "locked": how long after the last key the screen was open again.
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
typed="-s 500" # swaylock must have seen the keyboard before the first key
for key in "${@:2}"; do
  case $key in Return) typed+=" -k Return" ;; *) typed+=" $key" ;; esac
done
inside=$(mktemp) out=$(mktemp)
cat >"$inside" <<INSIDE
#!/bin/bash
mkfifo $out.ready
swaylock --ready-fd 3 3>$out.ready 2>$out.swaylock & lock=\$!
read -r -t 10 <$out.ready
sleep 0.5
wtype $typed
since=\$(date +%s%3N)
for _ in \$(seq $(($1 * 20))); do
  kill -0 \$lock 2>/dev/null || { echo "open \$((\$(date +%s%3N) - since))" >$out; break; }
  sleep 0.05
done
swaymsg exit
INSIDE
chmod +x "$inside"
printf 'exec %s\n' "$inside" >"$inside.config"
timeout 40 sway -c "$inside.config" >"$out.sway" 2>&1
[ -s "$out" ] && cat "$out" || { echo locked; tail -n 3 "$out.swaylock" >&2; }
