"""Locks GNOME's screen and types at it.   gnome-lock.py SECONDS KEY…   (as the user, on the bus of their session)

Keys are those of gnome_keys.py. Prints "open MS" or "locked": how long after the last key went down the screen was open
again. What the probe of the Shell wrote meanwhile is in $XDG_RUNTIME_DIR/shell-said, a line each: milliseconds since the last
key, what it is, the service, the text. Leaves it open."""

import os
import subprocess
import sys
import time

from gnome_keys import Keyboard, call

SAVER = ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver")
runtime = os.environ["XDG_RUNTIME_DIR"]
probe = f"{runtime}/shell-probe"
shown = subprocess.check_output(["loginctl", "show-user", str(os.getuid()), "-P", "Display"], text=True).strip()


def now():
    return time.monotonic() * 1000


def becomes(locked, within):
    until = now() + within
    while now() < until:
        if call(SAVER, "GetActive")[0] is locked:
            return True
        time.sleep(0.02)
    return False


def loginctl(verb):
    subprocess.run(["loginctl", verb, shown], check=True)


def told(since):
    with open(probe) as lines, open(f"{runtime}/shell-said", "w") as said:
        for line in lines:
            when, rest = line.rstrip("\n").split(" ", 1)
            print(round(int(when) - since), rest, file=said)


open(probe, "w").close()
with Keyboard() as keyboard:
    loginctl("lock-session")
    if not becomes(True, 10_000):
        sys.exit("never locked")
    time.sleep(1.5)  # the Shell must have drawn the shield before the first key
    since = now()
    for key in sys.argv[2:]:
        since = now()
        keyboard.type(key)
    opened = becomes(False, int(sys.argv[1]) * 1000)
    print(f"open {round(now() - since)}" if opened else "locked")
    told(since)
# The next one finds it open: what the Shell still shows holds up even this.
loginctl("unlock-session")
if not becomes(False, 20_000):
    sys.exit("it cannot be opened")
time.sleep(1)
