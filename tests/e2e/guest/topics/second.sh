#!/bin/bash
# What a second unit would cost that holds the TPM and the templates alone: it starts beside the camera's, and a login
# has its answer when both are done. A second instance that opens the enrollment stands in for it. Prints, decides nothing.
# shellcheck source=tests/e2e/guest/lib.sh
. /opt/share/guest/lib.sh
recorded
before astronaut-later
cat >/run/second.py <<'SECOND'
import statistics
import subprocess
import time

quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
login = ["facelockctl", "test", "--user", "alice", "--json"]
second = ["facelockctl", "list", "--user", "alice", "--json"]


def once(*commands):
    begun = time.monotonic()
    running = [subprocess.Popen(command, **quiet) for command in commands]
    codes = [process.wait() for process in running]
    took = (time.monotonic() - begun) * 1000
    time.sleep(0.3)
    return took if codes[0] == 0 else None


alone, both = [], []
for _ in range(25):
    alone.append(once(login))
    both.append(once(login, second))
alone, both = ([took for took in times if took is not None] for times in (alone, both))
print(f"{len(alone)} {len(both)}")
pairs = sorted(b - a for a, b in zip(alone, both))
print(f"#    alone {statistics.median(alone):.0f} ms, with a second instance {statistics.median(both):.0f} ms; "
      f"price: median {statistics.median(pairs):.0f} ms, quarters {pairs[len(pairs) // 4]:.0f} to {pairs[3 * len(pairs) // 4]:.0f} ms")
SECOND
settled
python3 /run/second.py >/run/second.out
tail -n 1 /run/second.out
ok "every login got in, alone and beside a second instance" "$(head -n 1 /run/second.out)" "25 25"
rm -f /run/second.py /run/second.out
