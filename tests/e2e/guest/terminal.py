"""Runs a command on a terminal of its own.   terminal.py SECONDS [EXPECT=ANSWER]... -- COMMAND...   prints what it showed.

In an answer, \\n is Enter, \\c is Ctrl-C and \\p a second's pause. The last line has the milliseconds from each answer to the
next, and from the last one to the end."""

import os
import pty
import select
import sys
import time

split = sys.argv.index("--")
answers = [argument.split("=", 1) for argument in sys.argv[2:split]]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])
shown, told, answered, end = "", 0, [], time.time() + float(sys.argv[1])
while time.time() < end:
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # EIO also while login(1) hangs the line up: only the child's end is the end
            data = b""
        if not data:
            if os.waitpid(pid, os.WNOHANG)[0]:
                break
            time.sleep(0.05)
            continue
        shown += data.decode(errors="replace")
    if told < len(answers) and answers[told][0] in shown[-400:]:
        time.sleep(0.1)
        for number, part in enumerate(answers[told][1].split("\\p")):
            time.sleep(min(number, 1))
            os.write(terminal, part.replace("\\n", "\n").replace("\\c", "\x03").encode())
        answered.append(time.time())
        told += 1
print(shown)
answered.append(time.time())
print("[" + " ".join(f"{(b - a) * 1000:.0f}" for a, b in zip(answered, answered[1:])) + " ms]")
