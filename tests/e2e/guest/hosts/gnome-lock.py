"""Locks GNOME's screen and types at it.   gnome-lock.py SECONDS KEY…   (as the user, on the bus of their session)

A key is Return, Escape, wake (a key press that types nothing), wait (five seconds), or a text. Prints "open MS" or "locked": how
long after the last key went down the screen was open again. What the probe of the Shell wrote meanwhile is in
$XDG_RUNTIME_DIR/shell-said, a line each: milliseconds since the last key, what it is, the service, the text. Leaves it open."""

import os
import subprocess
import sys
import time

from gi.repository import Gio, GLib

KEYS = {"Escape": 0xFF1B, "Return": 0xFF0D, "wake": 0xFFE3}
SAVER = ("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver")
DESKTOP = ("org.gnome.Mutter.RemoteDesktop", "/org/gnome/Mutter/RemoteDesktop", "org.gnome.Mutter.RemoteDesktop")
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
runtime = os.environ["XDG_RUNTIME_DIR"]
probe = f"{runtime}/shell-probe"
shown = subprocess.check_output(["loginctl", "show-user", str(os.getuid()), "-P", "Display"], text=True).strip()


def now():
    return time.monotonic() * 1000


def call(to, method, arguments=None):
    return bus.call_sync(*to, method, arguments, None, Gio.DBusCallFlags.NONE, -1, None).unpack()


def locked():
    return call(SAVER, "GetActive")[0]


def becomes(wanted, within):
    until = now() + within
    while now() < until:
        if locked() is wanted:
            return True
        time.sleep(0.02)
    return False


def loginctl(verb):
    subprocess.run(["loginctl", verb, shown], check=True)


def press(keyboard, keysym):
    for down in (True, False):
        call(keyboard, "NotifyKeyboardKeysym", GLib.Variant("(ub)", (keysym, down)))
        time.sleep(0.02)


def type_key(keyboard, key):
    if key == "wait":
        time.sleep(5)
    elif key in KEYS:
        press(keyboard, KEYS[key])
    else:
        for letter in key:
            press(keyboard, ord(letter))


def told(since):
    with open(probe) as lines, open(f"{runtime}/shell-said", "w") as said:
        for line in lines:
            when, rest = line.rstrip("\n").split(" ", 1)
            print(round(int(when) - since), rest, file=said)


open(probe, "w").close()
(session,) = call(DESKTOP, "CreateSession")
keyboard = (DESKTOP[0], session, "org.gnome.Mutter.RemoteDesktop.Session")
call(keyboard, "Start")
loginctl("lock-session")
if not becomes(True, 10_000):
    sys.exit("never locked")
time.sleep(1.5)  # the Shell must have drawn the shield before the first key
since = now()
for key in sys.argv[2:]:
    since = now()
    type_key(keyboard, key)
opened = becomes(False, int(sys.argv[1]) * 1000)
print(f"open {round(now() - since)}" if opened else "locked")
told(since)
call(keyboard, "Stop")
# The next one finds it open: what the Shell still shows holds up even this.
loginctl("unlock-session")
if not becomes(False, 20_000):
    sys.exit("it cannot be opened")
time.sleep(1)
