"""A greeter for LightDM, by its protocol.   lightdm.py USER FOLDER   (started by LightDM as its greeter)

Plays FOLDER/typed and writes FOLDER/shown, as greetd.py does."""

import os
import struct
import sys
import time

user, folder = sys.argv[1:3]
with open(f"{folder}/typed") as typed:
    answers = typed.read().splitlines()
to_server = int(os.environ["LIGHTDM_TO_SERVER_FD"])
from_server = int(os.environ["LIGHTDM_FROM_SERVER_FD"])


def number(value):
    return struct.pack(">I", value)


def text(value):
    return number(len(value.encode())) + value.encode()


def send(kind, *parts):
    payload = b"".join(parts)
    os.write(to_server, number(kind) + number(len(payload)) + payload)


def exactly(length):
    data = b""
    while len(data) < length:
        more = os.read(from_server, length - len(data))
        if not more:
            sys.exit("LightDM went away")
        data += more
    return data


def receive():
    kind, length = struct.unpack(">II", exactly(8))
    return kind, exactly(length)


def numbers_and_texts(payload, pattern):
    values = []
    for part in pattern:
        (value,) = struct.unpack(">I", payload[:4])
        payload = payload[4:]
        if part == "t":
            value, payload = payload[:value].decode(), payload[value:]
        values.append(value)
    return values, payload


CONNECT, AUTHENTICATE, CONTINUE, START_SESSION = 0, 1, 3, 4
PROMPT, END, SESSION_RESULT = 1, 2, 3
STYLES = {1: "secret", 2: "visible", 3: "error", 4: "info"}
send(CONNECT, text("1.32.0"), number(1), number(1))
receive()
started = time.monotonic()
send(AUTHENTICATE, number(1), text(user))
with open(f"{folder}/shown", "w") as shown:

    def show(*what):
        print(round((time.monotonic() - started) * 1000), *what, file=shown, flush=True)

    while True:
        kind, payload = receive()
        if kind == PROMPT:
            (_, _, count), payload = numbers_and_texts(payload, "ntn")
            replies = []
            for _ in range(count):
                (style, message), payload = numbers_and_texts(payload, "nt")
                show(STYLES.get(style, style), message)
                if style in (1, 2):
                    replies.append(answers.pop(0) if answers else "")
            # A greeter answers the prompts alone, and nothing where there were but messages.
            if replies:
                send(CONTINUE, number(len(replies)), *map(text, replies))
        elif kind == END:
            (_, _, result), _ = numbers_and_texts(payload, "ntn")
            show("success" if result == 0 else "error", result)
            if result == 0:
                send(START_SESSION, text("probe"))
        elif kind == SESSION_RESULT:
            break
time.sleep(600)
