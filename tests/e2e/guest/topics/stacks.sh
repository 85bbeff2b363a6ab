#!/bin/bash
# The stacks that packages bring, with the real modules.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
echo "# the authselect profile"
stack() { # template, feature…
  python3 $S/guest/authselect.py "$S/authselect/$1" "${@:2}" >/etc/pam.d/stack-test
}
typed() { # user, password → how often it let in
  echo "$2" | at_seat "$1" suid-pamtester stack-test "$1" authenticate 2>&1 | grep -ac "$IN"
}
before astronaut-later
stack system-auth with-facelock
ok "a face through the profile" "$(asked alice stack-test)" "$IN"
before empty
ok "a password where no face is seen" "$(typed alice alicepw)" 1
ok "a wrong one is still wrong" "$(typed alice wrong)" 0
before hopper
ok "another person is asked for the password" "$(typed alice alicepw) $(typed alice wrong)" "1 0"
before astronaut-later
stack system-auth
ok "without the feature, nobody is looked at" "$(typed alice wrong) $(typed alice alicepw)" "0 1"
stack password-auth with-facelock
ok "nor at a greeter without its own" "$(typed alice wrong) $(typed alice alicepw)" "0 1"
stack password-auth with-facelock-greeter
ok "a greeter with it" "$(asked alice stack-test)" "$IN"
stack system-auth with-facelock with-faillock without-nullok
ok "a face, with faillock" "$(asked alice stack-test)" "$IN"
before empty
ok "a password, with faillock" "$(typed alice wrong) $(typed alice alicepw)" "0 1"
faillock --user alice --reset
for _ in 1 2 3; do typed alice wrong >/dev/null; done
before astronaut-later
ok "an account that faillock locked stays locked for a face" "$(asked alice stack-test | grep -c "$IN") $(typed alice alicepw)" "0 0"
faillock --user alice --reset
rm -f /var/lib/facelock/tally/*
