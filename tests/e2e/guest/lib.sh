# sourced in the guest
S=/opt/share
passed=0 failed=0
ok() { # name, what it is, what it should be
  if [ "$2" = "$3" ]; then
    echo "ok   $1"; passed=$((passed + 1))
  else
    echo "FAIL $1: got '$2', want '$3'"; failed=$((failed + 1))
  fi
}
holds() { # name, command…
  local name=$1; shift
  if "$@" >/tmp/holds 2>&1; then
    echo "ok   $name"; passed=$((passed + 1))
  else
    echo "FAIL $name: $* → $(tail -n 3 /tmp/holds | tr '\n' ' ')"; failed=$((failed + 1))
  fi
}
instances() { systemctl list-units --all --no-legend --plain 'facelock@*' | wc -l; }
# The last instance may still be on its way out.
settled() { for _ in $(seq 100); do [ "$(instances)" = 0 ] && return 0; sleep 0.05; done; return 1; }
before() { # who or what is in front of the camera
  rm -rf /run/frames-new; mkdir /run/frames-new
  cp "$S/samples/$1"/*.png /run/frames-new/
  printf 'name = "camera"\n%s\n' "${2:-}" >/run/frames-new/timeline.toml
  chmod -R a+rX /run/frames-new
  rm -rf /run/frames/now; mv /run/frames-new /run/frames/now
}
asked() { # user, service → pamtester's last line
  pamtester "$2" "$1" authenticate </dev/null 2>&1 | grep -a '^pamtester:' | tail -1 | sed 's/^pamtester: //'
}
IN='successfully authenticated'
UNAVAILABLE='Authentication service cannot retrieve authentication info'
NO='Authentication failure'
