"""In the guest: what each directive of facelock@.service costs between connect and main().

usage: startcost.py SHARE ROUNDS
Every variant of the unit is a socket of its own. A round asks each variant once, in a new order, so that whatever else the
machine does falls on all of them alike. Costs are differences of lower quartiles, of the time that passed and of the
processor time the new process used before main(): the first moves with whatever else runs, the second hardly does, but
does not see what the service manager itself does, nor waiting.
"""
import pathlib
import random
import re
import socket
import statistics
import struct
import subprocess
import sys
import time

SHARE, ROUNDS = pathlib.Path(sys.argv[1]), int(sys.argv[2])
UNITS = pathlib.Path("/run/systemd/system")
# What the stand-in cannot do, or what is no part of a sandbox.
NOT_MEASURED = {"Type", "NotifyAccess", "ExecStart", "StandardInput", "StandardOutput", "StandardError", "SyslogIdentifier"}
IDENTITY = {"User", "Group"}
# Directives that are one thing.
TOGETHER = {
    "limits and times": r"UMask|Limit.*|Memory.*Max|TasksMax|OOM.*|RuntimeMaxSec|TimeoutStopSec",
    "StateDirectory, RuntimeDirectory": r"(State|Runtime)Directory.*",
    "SystemCallFilter": r"SystemCall(Filter|ErrorNumber)",
    "DevicePolicy, DeviceAllow": r"Device.*",
    "the small system call filters": "RestrictNamespaces|RestrictRealtime|RestrictSUIDSGID|LockPersonality",
    "capabilities, NoNewPrivileges": "CapabilityBoundingSet|AmbientCapabilities|NoNewPrivileges",
    "RemoveIPC, KeyringMode": "RemoveIPC|KeyringMode",
}
# A unit without processes that holds namespaces for others to join.
HOLDER = "startcost-namespaces.service"


def added(lines):
    return lambda unit: f"{unit}\n{lines}"


# Not in the unit: measured so that leaving them out rests on a number.
EXTRA = {
    "NoExecPaths= with ExecPaths=": added("NoExecPaths=/\nExecPaths=/opt/share/stand-in /usr/lib /usr/libexec"),
    "InaccessiblePaths=": added("InaccessiblePaths=-/run/dbus -/run/systemd/private -/run/user"),
    "TemporaryFileSystem=/run": added("TemporaryFileSystem=/run:ro\nBindPaths=-/run/facelock-state"),
    "LoadCredential=": added("LoadCredential=key:/etc/hostname"),
    "PrivateUsers=yes": lambda unit: unit.replace("PrivateUsers=identity", "PrivateUsers=yes"),
    "four camera nodes, not sixteen": lambda unit: re.sub(
        r" -/dev/video([4-7]|1[0-5])\b|^BindPaths=-/dev/video8.*$", "", unit, flags=re.M),
    "network and IPC of a holder": added(f"[Unit]\nJoinsNamespaceOf={HOLDER}"),
}


def directives():
    """The unit's [Service] lines as (name, lines), those that are one thing together, in the order of the file."""
    found, service = {}, False
    for line in (SHARE / "units/facelock@.service").read_text().splitlines():
        if line.startswith("["):
            service = line == "[Service]"
        elif service and line and not line.startswith("#"):
            key = line.split("=", 1)[0]
            if key not in NOT_MEASURED:
                name = next((name for name, keys in TOGETHER.items() if re.fullmatch(keys, key)), key)
                found.setdefault(name, []).append(line)
    return [(name, "\n".join(lines)) for name, lines in found.items()]


def write_variant(number, body, program):
    """One socket and its service; returns the socket's address."""
    address = f"/run/startcost/{number}.sock"
    (UNITS / f"startcost-{number}.socket").write_text(
        f"[Socket]\nListenStream={address}\nAccept=yes\nTriggerLimitIntervalSec=0\n")
    (UNITS / f"startcost-{number}@.service").write_text(
        "[Unit]\nCollectMode=inactive-or-failed\nStartLimitIntervalSec=0\n"
        f"[Service]\nType=simple\nExecStart={program}\nStandardInput=null\nStandardOutput=null\nStandardError=null\n{body}\n")
    return address


def exposure(number):
    text = subprocess.run(["systemd-analyze", "security", "--no-pager", f"startcost-{number}@1.service"],
                          capture_output=True, text=True, check=False).stdout
    score = re.search(r"Overall exposure.*?: ([0-9.]+)", text)
    return score.group(1) if score else "?"


def ask(address, real):
    """Milliseconds from connect to main(), and of processor time; of the instance itself, to its closing on a request that
    is none, and 0."""
    used = 0
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(5)
        begun = time.monotonic_ns()
        peer.connect(address)
        if real:
            try:
                peer.sendall(b"\xff" * 8)
                while peer.recv(4096):
                    pass
            except ConnectionError:
                pass
            ended = time.monotonic_ns()
        else:
            answer = peer.recv(16)
            if len(answer) != 16:
                return None
            ended, used = struct.unpack("=QQ", answer)
    time.sleep(0.02)
    return (ended - begun) / 1e6, used / 1e6


def main():
    parts = directives()
    bare = "\n".join(body for name, body in parts if name in IDENTITY)
    full = "\n".join(body for _, body in parts)
    stand_in, instance = SHARE / "stand-in", SHARE / "facelock-instance"
    variants = [("root", "", stand_in), ("bare", bare, stand_in), ("full", full, stand_in)]
    names = [name for name, _ in parts if name not in IDENTITY]
    for name, body in parts:
        if name not in IDENTITY:
            variants.append((f"only {name}", f"{bare}\n{body}", stand_in))
            variants.append((f"less {name}", "\n".join(b for n, b in parts if n != name), stand_in))
    variants += [(f"more {name}", changed(full), stand_in) for name, changed in EXTRA.items()]
    if instance.exists():
        variants.append(("instance bare", bare, instance))
        variants.append(("instance full", full, instance))

    address = {key: write_variant(number, body, program) for number, (key, body, program) in enumerate(variants)}
    number = {key: number for number, (key, _, _) in enumerate(variants)}
    (UNITS / HOLDER).write_text(
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=true\nPrivateNetwork=yes\nPrivateIPC=yes\n")
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "start", HOLDER], check=True)
    sockets = [f"startcost-{n}.socket" for n in number.values()]
    subprocess.run(["systemctl", "start", *sockets], check=True)

    taken = {key: [] for key in address}
    for _ in range(ROUNDS):
        for key in random.sample(list(address), len(address)):
            taken[key].append(ask(address[key], key.startswith("instance")))
    for key, times in taken.items():
        if None in times:
            subprocess.run(["journalctl", "--no-pager", "-q", "-n", "15", "-u", f"startcost-{number[key]}@*"], check=False)
            sys.exit(f"the variant '{key}' did not start in {times.count(None)} rounds")

    def passed(key):
        return sorted(time for time, _ in taken[key])

    def summary(key):
        times, used = passed(key), sorted(used for _, used in taken[key])
        return (f"{times[0]:6.1f} {times[len(times) // 4]:7.1f} {statistics.median(times):7.1f} "
                f"{times[len(times) * 9 // 10]:6.1f} {statistics.median(used):9.1f}")

    def cost(key, than):
        """Differences of the lower quartiles: of time passed, of processor time."""
        return [sorted(column)[len(taken[key]) // 4] - sorted(other)[len(taken[than]) // 4]
                for column, other in zip(zip(*taken[key]), zip(*taken[than]))]

    def columns(key, than):
        return "{:10.1f} {:9.1f}".format(*cost(key, than))

    version = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    print(f"systemd {version}, n={ROUNDS} each, load {load}, milliseconds\n")
    print(f"{'connect to main()':40}    min     p25  median    p90 processor  exposure")
    for key, label in (("root", "no directive, as root"), ("bare", "User= and Group= only"), ("full", "the unit")):
        print(f"{label:40} {summary(key)}  {exposure(number[key])}")
    if instance.exists():
        print(f"\n{'connect to the end of a refused request':40}    min     p25  median    p90")
        print(f"{'the instance, User= and Group= only':40} {summary('instance bare')[:-10]}")
        print(f"{'the instance, the unit':40} {summary('instance full')[:-10]}")
    print(f"\n{'':34} alone it adds      taking it out saves   exposure")
    print(f"{'directive':34}  passed processor   passed processor   without it")
    for name in sorted(names, key=lambda name: -cost(f"only {name}", "bare")[1]):
        alone, saves = columns(f"only {name}", "bare"), columns("full", f"less {name}")
        print(f"{name:32} {alone}{saves}   {exposure(number[f'less {name}'])}")
    print(f"\n{'not in the unit':34}  would add")
    print(f"{'':34}  passed processor   exposure with it")
    for name in EXTRA:
        print(f"{name:32} {columns(f'more {name}', 'full')}   {exposure(number[f'more {name}'])}")


main()
