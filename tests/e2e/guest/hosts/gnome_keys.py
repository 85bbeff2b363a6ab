"""A keyboard that is not there, for whoever sits at the Shell: Mutter's own, as a remote desktop has it."""

import time

from gi.repository import Gio, GLib

KEYS = {"Escape": 0xFF1B, "Return": 0xFF0D, "wake": 0xFFE3}
DESKTOP = ("org.gnome.Mutter.RemoteDesktop", "/org/gnome/Mutter/RemoteDesktop", "org.gnome.Mutter.RemoteDesktop")
bus = Gio.bus_get_sync(Gio.BusType.SESSION)


def call(to, method, arguments=None):
    return bus.call_sync(*to, method, arguments, None, Gio.DBusCallFlags.NONE, -1, None).unpack()


class Keyboard:
    """Types keys: Escape, Return, wake (a key press that types nothing), wait (five seconds), or a text."""

    def __enter__(self):
        (session,) = call(DESKTOP, "CreateSession")
        self.session = (DESKTOP[0], session, "org.gnome.Mutter.RemoteDesktop.Session")
        call(self.session, "Start")
        return self

    def __exit__(self, *_):
        call(self.session, "Stop")

    def press(self, keysym):
        for down in (True, False):
            call(self.session, "NotifyKeyboardKeysym", GLib.Variant("(ub)", (keysym, down)))
            time.sleep(0.02)

    def type(self, key):
        if key == "wait":
            time.sleep(5)
        elif key in KEYS:
            self.press(KEYS[key])
        else:
            for letter in key:
                self.press(ord(letter))
