#!/bin/bash
# In the guest: holds the installed package against everything it promises, topic by topic.   test.sh [TOPIC…]
# The topics setup and notify run by name only, to keep the whole run short. The topics keyring and gnome need a root file system
# each (scripts/e2e keyring, gnome).
# Each topic is a file with its own set-up and tear-down. One that fails, or that dies, stops no other.
set -u
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
echo "# systemd $version, $manager"
made_ready || exit 1
cp -a /etc/pam.d /tmp/pam.d
topics=("$@")
[ ${#topics[@]} -gt 0 ] || topics=(package sandbox isolation logins hosts access presence unit failures ends flood stacks switches)
counts=() broken=0
for topic in "${topics[@]}"; do
  file=$S/guest/topics/$topic.sh
  [ -e "$file" ] || { echo "no topic $topic; there are: $(cd $S/guest/topics && echo *.sh)"; exit 64; }
  echo "## $topic"
  rm -f /run/counts
  bash -c '. "$1"; echo "$passed $failed" >/run/counts' topic "$file" || true
  read -r passed failed </run/counts || { echo "FAIL the topic $topic ended early"; passed=0 failed=1; }
  counts+=("$topic $passed $failed")
  broken=$((broken + (failed > 0)))
  torn_down
done
if [ "$broken" -gt 0 ]; then journalctl --no-pager -q -t facelock -t systemd -u 'facelock*' -n 60 2>/dev/null | tail -60; fi
printf '%s\n' "${counts[@]}" | awk '{print "#", $1 ": " $2 " passed, " $3 " failed"; p += $2; f += $3} END {print p " passed, " f " failed"}'
[ "$broken" = 0 ]
