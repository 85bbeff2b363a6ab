"""Writes what it reads between the lines `<!-- NAME -->` and `<!-- /NAME -->` of docs/numbers.md, and shows it.

A page that has no such lines gets a section of that name at its end.
"""

import pathlib
import sys

name, text = sys.argv[1], sys.stdin.read()
print(text, end="")
page = pathlib.Path("docs/numbers.md")
start, end, old = f"<!-- {name} -->\n", f"<!-- /{name} -->\n", page.read_text()
if start not in old:
    old += f"\n## {name}\n\n{start}{end}"
before, _, rest = old.partition(start)
_, _, after = rest.partition(end)
page.write_text(f"{before}{start}\n{text.strip()}\n\n{end}{after}")
