# sourced by the topics of the desktop lane
# shellcheck shell=bash
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
clock() { started=$(date +%s%3N); }
took() { echo $(($(date +%s%3N) - started)); }
switched_on() { # service: as its user does it
  facelockctl pam enable "$1" --yes >/tmp/enabled 2>&1 || { echo "FAIL set-up: pam enable $1: $(tail -n 2 /tmp/enabled)"; failed=$((failed + 1)); }
}
switched_off() { # service, a copy of its file
  facelockctl pam disable "$1" --yes >/tmp/disabled 2>&1 || { echo "FAIL pam disable $1: $(tail -n 2 /tmp/disabled)"; failed=$((failed + 1)); }
}
held() { # name, what is wanted (open or locked), at most how many ms, what happened
  local after=${4#open }
  case $2,$4 in
    open,open\ *) ok "$1 ($after ms, of $3)" "$([ "$after" -le "$3" ] && echo yes)" yes ;;
    *) ok "$1" "$4" "$2" ;;
  esac
}
