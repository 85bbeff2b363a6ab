"""Has a camera's stream, as another program would.   hold.py NODE     Says when it has, and keeps it."""

import fcntl
import os
import struct
import sys
import time

REQBUFS = 0xC0145608
CAPTURE, MMAP = 1, 1

node = os.open(sys.argv[1], os.O_RDWR)
fcntl.ioctl(node, REQBUFS, bytearray(struct.pack("=IIIII", 4, CAPTURE, MMAP, 0, 0)))
print("held", flush=True)
time.sleep(1000)
