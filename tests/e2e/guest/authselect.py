"""Renders an authselect template as authselect-profiles(5) says.   authselect.py TEMPLATE [FEATURE]..."""
import re
import sys

template, features = sys.argv[1], set(sys.argv[2:])


def chosen(match):
    negated, name, then, otherwise = match.group(1), match.group(2), match.group(3), match.group(4) or ""
    return then if (name in features) != bool(negated) else otherwise


for line in open(template):
    condition = re.search(r'\{(include|exclude) if "([^"]+)"\}', line)
    if condition and (condition.group(2) in features) != (condition.group(1) == "include"):
        continue
    line = re.sub(r'\{(?:include|exclude) if "[^"]+"\}', "", line)
    print(re.sub(r'\{if (not )?"([^"]+)":([^|}]*)(?:\|([^}]*))?\}', chosen, line).rstrip())
