"""Writes what it reads between the lines `<!-- NAME -->` and `<!-- /NAME -->` of docs/numbers.md, and shows it."""

import pathlib
import sys

name, text = sys.argv[1], sys.stdin.read()
print(text, end="")
page = pathlib.Path("docs/numbers.md")
before, found, rest = page.read_text().partition(f"<!-- {name} -->\n")
_, ended, after = rest.partition(f"<!-- /{name} -->\n")
if not found or not ended:
    sys.exit(f"docs/numbers.md has no place for {name}")
page.write_text(f"{before}{found}\n{text.strip()}\n\n{ended}{after}")
