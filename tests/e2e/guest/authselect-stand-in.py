#!/usr/bin/env python3
"""Stands in for authselect, which is in no Debian archive.   authselect current --raw | select PROFILE [FEATURE]...

Renders the profile's templates, as authselect-profiles(5) says, to where PAM reads them. The distribution's own profile
`local` is the packaged one without its lines for faces: that is what it was made from.
"""
import pathlib
import subprocess
import sys

SHARE = pathlib.Path("/opt/share")
CHOSEN = pathlib.Path("/etc/authselect/authselect.conf")
VENDOR = pathlib.Path("/usr/share/authselect/vendor")
STACKS = ("system-auth", "password-auth", "fingerprint-auth", "smartcard-auth", "postlogin")


def main():
    command, *rest = sys.argv[1:]
    if command == "current":
        if not CHOSEN.exists():
            sys.exit("No existing configuration detected.")
        print(" ".join(CHOSEN.read_text().split()))
    elif command == "select":
        profile, *features = rest
        source = SHARE / "authselect" if profile == "local" else VENDOR / profile
        if not source.is_dir():
            sys.exit(f"Unable to find profile [{profile}]")
        for stack in STACKS:
            rendered = subprocess.check_output([sys.executable, SHARE / "guest/authselect.py", source / stack, *features], text=True)
            lines = [line for line in rendered.splitlines() if profile != "local" or "pam_facelock" not in line]
            pathlib.Path("/etc/pam.d", stack).write_text("\n".join(lines) + "\n")
        CHOSEN.parent.mkdir(exist_ok=True)
        CHOSEN.write_text("\n".join(rest) + "\n")
    else:
        sys.exit(f"{command}: not played here")


main()
