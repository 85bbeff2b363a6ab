"""The format and rate that a video node is set to.   mode.py NODE [FOURCC WIDTH HEIGHT FRAMES]
Sets them first where they are named: FRAMES a second."""

import fcntl
import struct
import sys

G_FMT, S_FMT, G_PARM, S_PARM = 0xC0D05604, 0xC0D05605, 0xC0CC5615, 0xC0CC5616
CAPTURE = 1


def asked(node, request, size, *fields):
    """One call; what the driver made of it."""
    raw = bytearray(size)
    struct.pack_into("<I", raw, 0, CAPTURE)
    for offset, value in fields:
        struct.pack_into("<I", raw, offset, value)
    fcntl.ioctl(node, request, raw)
    return raw


def read(raw, offset):
    return struct.unpack_from("<I", raw, offset)[0]


with open(sys.argv[1], "rb+", buffering=0) as node:
    if len(sys.argv) > 2:
        code = int.from_bytes(sys.argv[2].encode(), "little")
        width, height, frames = map(int, sys.argv[3:])
        asked(node, S_FMT, 208, (8, width), (12, height), (16, code))
        asked(node, S_PARM, 204, (12, 1), (16, frames))
    form, rate = asked(node, G_FMT, 208), asked(node, G_PARM, 204)
    name = read(form, 16).to_bytes(4, "little").decode()
    print(name, f"{read(form, 8)}x{read(form, 12)}", f"{read(rate, 12)}/{read(rate, 16)}")
