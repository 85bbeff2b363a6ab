"""Moves and relights two portraits into short sequences of 640x480 frames, as a person in front of a camera would look.

usage: sample_sequences.py PORTRAITS OUT
"""

import math
import pathlib
import sys

from PIL import Image, ImageEnhance, ImageFilter

SIZE = (640, 480)
FRAMES = 45


def affine(image, center, scale, angle, yaw, shift):
    """The frame whose middle (plus shift) shows `center`; yaw squeezes one axis, as a turned head looks from the front."""
    c, s = math.cos(angle), math.sin(angle)
    mid = (SIZE[0] / 2 + shift[0], SIZE[1] / 2 + shift[1])
    a, b = c / scale / math.cos(yaw), s / scale
    d, e = -s / scale, c / scale
    coefficients = (a, b, center[0] - a * mid[0] - b * mid[1], d, e, center[1] - d * mid[0] - e * mid[1])
    background = image.resize(SIZE).filter(ImageFilter.GaussianBlur(24))
    mask = Image.new("L", image.size, 255).transform(SIZE, Image.AFFINE, coefficients, Image.BILINEAR)
    background.paste(image.transform(SIZE, Image.AFFINE, coefficients, Image.BICUBIC), mask=mask)
    return background


def light(frame, gain, tint):
    """Brighter or darker, with light from one side and a little sensor noise."""
    frame = ImageEnhance.Brightness(frame).enhance(gain)
    ramp = Image.linear_gradient("L").rotate(90).resize(SIZE)
    side = Image.blend(frame, ImageEnhance.Brightness(frame).enhance(1 + tint), 0.5)
    frame = Image.composite(side, frame, ramp)
    noise = Image.effect_noise(SIZE, 12).convert("RGB")
    return Image.blend(frame, noise, 0.02)


def sequence(image, center, scale, phase, gain=1.0):
    for i in range(FRAMES):
        t = i / FRAMES * 2 * math.pi
        yield light(
            affine(
                image,
                center,
                scale * (1 + 0.06 * math.sin(t + phase)),
                math.radians(7 * math.sin(t * 2 + phase)),
                math.radians(22) * math.sin(t + 2 * phase),
                (28 * math.sin(t * 1.5 + phase), 14 * math.cos(t + phase)),
            ),
            gain * (1 + 0.12 * math.sin(t + 1)),
            0.5 * math.cos(t),
        )


def write(frames, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for i, frame in enumerate(frames):
        frame.convert("RGB").save(folder / f"{i:03}.png", compress_level=1)


def main():
    portraits, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    people = {
        "astronaut": (Image.open(portraits / "astronaut.png").convert("RGB"), (224, 130), 1.5),
        "hopper": (Image.open(portraits / "grace_hopper.jpg").convert("RGB"), (256, 205), 1.0),
    }
    for name, (image, center, scale) in people.items():
        write(sequence(image, center, scale, 0.0), out / name)
        write(sequence(image, center, scale * 1.08, 1.3, 0.9), out / f"{name}-later")
        write(sequence(image, center, scale, 0.0, 0.04), out / f"{name}-dark")
    # An empty chair: the same room without anybody in it.
    room = people["astronaut"][0].crop((330, 0, 512, 140)).resize((900, 900)).filter(ImageFilter.GaussianBlur(6))
    write(sequence(room, (450, 450), 1.0, 0.0), out / "empty")


main()
