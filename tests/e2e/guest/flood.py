"""Keeps silent connections to the common socket open, and opens others for those that were closed.
It stays light: a program that only keeps the processors busy slows every login, whatever it asks.
flood.py SECONDS CONNECTIONS [UID…]     with uids: as each of them, with as many connections each"""

import os
import select
import socket
import sys
import time


def flood(seconds, number):
    end = time.monotonic() + seconds
    held = []
    while time.monotonic() < end:
        while len(held) < number:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(1)
            try:
                s.connect("/run/facelock/facelock.sock")
            except OSError:
                s.close()
                time.sleep(0.01)
                break
            held.append(s)
        closed, _, _ = select.select(held, [], [], 0.05)
        for s in closed:
            held.remove(s)
            s.close()
        time.sleep(0.02)


seconds, number = float(sys.argv[1]), int(sys.argv[2])
for uid in map(int, sys.argv[3:]):
    if os.fork() == 0:
        os.setgid(uid)
        os.setuid(uid)
        flood(seconds, number)
        os._exit(0)
if len(sys.argv) == 3:
    flood(seconds, number)
