"""What stands in front of the emulated camera: pictures of it, as its two functions send them.

usage: vm-frames.py SAMPLES OUT NAME...

OUT/NAME/color: JPEG pictures, each behind its length, without Huffman tables, which webcams leave out. OUT/NAME/yuyv: YUYV
640x480, BT.601 with limited range. OUT/NAME/infrared: GREY 640x360 as an emitter beside the lens lights a scene: what is near
is bright, and what is behind it is dark.
"""

import io
import pathlib
import struct
import sys

from PIL import Image, ImageChops, ImageDraw, ImageFilter

PICTURES = 6


def jpeg(image):
    """A JPEG picture without its tables, which are the standard ones."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85, subsampling="4:2:2")
    data, at, kept = buffer.getvalue(), 2, b"\xff\xd8"
    while data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        kept += b"" if data[at + 1] == 0xC4 else data[at:end]
        at = end
    return kept + data[at:]


def yuyv(image):
    """Two pixels share the color of the first."""
    y, cb, cr = (band.tobytes() for band in image.convert("YCbCr").split())
    limited = bytearray(2 * len(y))
    limited[0::2] = bytes(16 + value * 219 // 255 for value in y)
    for at, band in ((1, cb), (3, cr)):
        limited[at::4] = bytes(128 + (value - 128) * 112 // 128 for value in band[0::2])
    return bytes(limited)


def infrared(image):
    near = Image.new("L", image.size, 36)
    ImageDraw.Draw(near).ellipse((215, 90, 425, 390), fill=255)
    lit = ImageChops.multiply(image.convert("L"), near.filter(ImageFilter.GaussianBlur(14)))
    return lit.crop((0, 60, 640, 420))


def main():
    samples, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for name in sys.argv[3:]:
        files = sorted((samples / name).glob("*.png"))
        pictures = [Image.open(file).convert("RGB") for file in files[:: len(files) // PICTURES][:PICTURES]]
        (out / name).mkdir(parents=True, exist_ok=True)
        color = [jpeg(picture) for picture in pictures]
        (out / name / "color").write_bytes(b"".join(struct.pack("<I", len(data)) + data for data in color))
        (out / name / "yuyv").write_bytes(b"".join(map(yuyv, pictures)))
        (out / name / "infrared").write_bytes(b"".join(infrared(picture).tobytes() for picture in pictures))


main()
