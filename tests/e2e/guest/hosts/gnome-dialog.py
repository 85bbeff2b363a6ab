"""Runs a command that polkit asks for, and types at the Shell's dialog.   gnome-dialog.py COMMAND KEY…   (as the user)

Keys are those of gnome_keys.py. Prints the command's exit status, or "waiting" where the dialog still waits five seconds after
the last key; it is then cancelled."""

import subprocess
import sys
import time

from gnome_keys import Keyboard

with Keyboard() as keyboard:
    # In the user's session, as what is started there by a click.
    inside = ["systemd-run", "--user", "--wait", "--quiet", "--collect", "--", "sh", "-c", sys.argv[1]]
    running = subprocess.Popen(inside)
    for key in sys.argv[2:]:
        keyboard.type(key)
        time.sleep(0.1)
    try:
        print(running.wait(5))
    except subprocess.TimeoutExpired:
        print("waiting")
        keyboard.type("Escape")
        running.wait(10)
