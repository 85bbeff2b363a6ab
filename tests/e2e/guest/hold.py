"""Holds a video node as another program would.   hold.py NODE [stream]

With `stream` the node's buffers are asked for, which makes it busy; without, it is merely open. Says so, and waits.
"""

import fcntl
import os
import struct
import sys
import time

REQBUFS = 0xC0145608
CAPTURE, MMAP = 1, 1

node = os.open(sys.argv[1], os.O_RDWR)
if "stream" in sys.argv:
    fcntl.ioctl(node, REQBUFS, bytearray(struct.pack("=IIIII", 4, CAPTURE, MMAP, 0, 0)))
print("held", flush=True)
time.sleep(1000)
