"""Another process of the same user, as a compromised instance is.   look-into.py SECONDS
Opens the memory of every process of its user that it sees, as soon as it sees it. Says how many it saw and how many it
opened for writing, and reads a byte of each, which is what makes it count."""

import os
import sys
import time

end = time.monotonic() + float(sys.argv[1])
seen, opened = set(), set()
own = os.getpid()
before = set(os.listdir("/proc"))
print("ready", flush=True)
while time.monotonic() < end:
    for name in os.listdir("/proc"):
        if name in before or name in opened or not name.isdigit() or int(name) == own:
            continue
        try:
            if os.stat(f"/proc/{name}").st_uid not in (os.getuid(), 0):
                continue
            with open(f"/proc/{name}/comm") as comm:
                if not comm.read().startswith("facelock-instan"):
                    continue
            seen.add(name)
            memory = os.open(f"/proc/{name}/mem", os.O_RDWR)
            with open(f"/proc/{name}/maps") as maps:
                start = int(maps.readline().split("-")[0], 16)
            if os.pread(memory, 1, start):
                opened.add(name)
        except OSError:
            pass
print("seen", len(seen), "opened", len(opened), flush=True)
