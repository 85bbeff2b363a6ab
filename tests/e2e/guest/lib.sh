# sourced by every topic
set -u
S=/opt/share
export DEBIAN_FRONTEND=noninteractive
version=$(systemctl --version | awk 'NR==1 {print $2}')
passed=0 failed=0
# shellcheck source=tests/e2e/guest/managers.sh
. $S/guest/managers.sh
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
instances() { systemctl list-units --all --no-legend --plain 'facelock@*' 'facelock-root@*' 'facelock-restore@*' | wc -l; }
# The last instance may still be on its way out.
settled() { for _ in $(seq 100); do [ "$(instances)" = 0 ] && return 0; sleep 0.05; done; return 1; }
before() { # who or what is in front of the camera
  rm -rf /run/frames-new; mkdir /run/frames-new
  cp "$S/samples/$1"/*.png /run/frames-new/
  printf 'name = "camera"\n%s\n' "${2:-}" >/run/frames-new/timeline.toml
  chmod -R a+rX /run/frames-new
  rm -rf /run/frames/now; mv /run/frames-new /run/frames/now
}
at_seat() { # user, command… → run in a session of the user's own, in front of the seat
  systemd-run --quiet --wait --pipe --collect -p User="$1" -p PAMName=seat -E XDG_SEAT=seat0 -E XDG_SESSION_TYPE=tty \
    -E PATH="$PATH" -p WorkingDirectory=/ -- "${@:2}"
}
# As sudo and su ask: started by the user, at the seat, with root's rights.
asked() { # user, service → pamtester's last line
  at_seat "$1" suid-pamtester "$2" "$1" authenticate </dev/null 2>&1 | tr -d '\r' | sed -nE 's/^(suid-)?pamtester: //p' | tail -1
}
IN='successfully authenticated'
UNAVAILABLE='Authentication service cannot retrieve authentication info'
NO='Authentication failure'
said() { # text → whether the journal has had it since the last question
  journalctl --sync 2>/dev/null
  journalctl -q --no-pager -t facelock -n 5 -o cat 2>/dev/null | grep -q "$1" && echo yes
}

# Set-up. A topic begins with one of these; each leaves the same state, whatever ran before.
absent() { # the package is not there
  pkg_purge >/tmp/purged 2>&1
}
packaged() { # the package as it is installed
  pkg_present || pkg_install >/tmp/installed 2>&1
  systemctl is-active -q facelock.socket || systemctl enable --now --quiet facelock.socket
}
enrolled() { # user, whose portrait
  before "$2"
  facelockctl enroll --user "$1" >/tmp/enrolled 2>&1 || { echo "FAIL set-up: $1 is not enrolled: $(tail -n 2 /tmp/enrolled)"; failed=$((failed + 1)); }
}
recorded() { # the packaged unit with recorded frames in place of a camera; alice is enrolled; two services to ask with
  packaged
  install -D -m 711 "$S/facelock-instance-replay" /usr/local/libexec/facelock-instance-replay
  mkdir -p /run/frames /etc/systemd/system/facelock@.service.d
  printf '[Service]\nExecStart=\nExecStart=/usr/local/libexec/facelock-instance-replay --unit %%p --frames /run/frames/now\nBindReadOnlyPaths=/run/frames\n' \
    >/etc/systemd/system/facelock@.service.d/probe.conf
  systemctl daemon-reload
  printf '%s\n' '[services]' 'faceonly = "auto"' 'facetest = "auto"' 'stack-test = "auto"' 'common-test = "auto"' >/etc/facelock/config.toml
  printf '[vault]\nprotector = "file"\n[tally]\nmisses = 5\n[pad]\nmotion = false\n' >>/etc/facelock/config.toml
  printf 'auth sufficient pam_facelock.so mode=auto\nauth requisite pam_unix.so try_first_pass\naccount required pam_permit.so\n' >/etc/pam.d/facetest
  printf 'auth required pam_facelock.so mode=auto\naccount required pam_permit.so\n' >/etc/pam.d/faceonly
  printf 'account required pam_permit.so\nsession required pam_systemd.so\n' >/etc/pam.d/seat
  install -m 4755 /usr/bin/pamtester /usr/local/bin/suid-pamtester
  printf 'alice ALL=(ALL:ALL) ALL\nDefaults lecture=never\n' >/etc/sudoers.d/alice
  enrolled alice astronaut
}
# Tear-down, the same for every topic: what it wrote outside the package goes.
torn_down() {
  pkill -KILL facelock-instan
  rm -rf /etc/systemd/system/facelock@.service.d /run/systemd/system/facelock@.service.d /var/lib/facelock/{enrollments,tally,keyring}/* /etc/sudoers.d/alice
  rm -rf /etc/pam.d && cp -a /tmp/pam.d /etc/pam.d
  systemctl daemon-reload
  systemctl reset-failed
  settled
}
