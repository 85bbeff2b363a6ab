"""A greeter for greetd, by its protocol.   greetd.py USER FOLDER   (started by greetd as its greeter)

Plays what FOLDER/typed says, a line an answer to a prompt, and writes to FOLDER/shown what a person would see: one line a
message, with its kind and the milliseconds since the session was asked for. Messages are acknowledged at once."""

import json
import os
import socket
import struct
import sys
import time

user, folder = sys.argv[1:3]
with open(f"{folder}/typed") as typed:
    answers = typed.read().splitlines()
greetd = socket.socket(socket.AF_UNIX)
greetd.connect(os.environ["GREETD_SOCK"])


def ask(request):
    data = json.dumps(request).encode()
    greetd.sendall(struct.pack("=I", len(data)) + data)
    (length,) = struct.unpack("=I", greetd.recv(4, socket.MSG_WAITALL))
    return json.loads(greetd.recv(length, socket.MSG_WAITALL))


started = time.monotonic()
with open(f"{folder}/shown", "w") as shown:
    reply = ask({"type": "create_session", "username": user})
    while reply["type"] == "auth_message":
        kind = reply["auth_message_type"]
        print(round((time.monotonic() - started) * 1000), kind, reply["auth_message"], file=shown, flush=True)
        answer = (answers.pop(0) if answers else "") if kind in ("secret", "visible") else None
        reply = ask({"type": "post_auth_message_response", "response": answer})
    print(round((time.monotonic() - started) * 1000), reply["type"], reply.get("error_type", ""), file=shown, flush=True)
    if reply["type"] == "success":
        ask({"type": "start_session", "cmd": ["/usr/local/bin/probe-session"], "env": []})
    else:
        ask({"type": "cancel_session"})
        time.sleep(600)
