"""Extends a platform register, as another boot would have.   extend.py PCR     (TPM 2.0 Library, part 3, TPM2_PCR_Extend)"""

import os
import struct
import sys

PCR_EXTEND, SHA256, PASSWORD = 0x182, 0x000B, 0x40000009
SESSIONS = 0x8002

authorization = struct.pack(">IHBH", PASSWORD, 0, 0, 0)
digests = struct.pack(">IH", 1, SHA256) + b"\x01" * 32
body = struct.pack(">II", int(sys.argv[1]), len(authorization)) + authorization + digests
tpm = os.open("/dev/tpm0", os.O_RDWR)
os.write(tpm, struct.pack(">HII", SESSIONS, 10 + len(body), PCR_EXTEND) + body)
sys.exit(struct.unpack(">I", os.read(tpm, 4096)[6:10])[0] != 0)
