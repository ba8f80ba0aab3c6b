"""Write the generated parts of README.md: the keys to begin with, from the live map; what `make bench` measured.

python docs/readme.py          rewrite README.md
python docs/readme.py --check  exit 1 when it is out of date
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tui.keys import KEYS, KeySpec, shown

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "bench" / "RESULTS.md"
GROUPS = {
    "MOVE": "Move",
    "LOOK": "Look",
    "ACT": "Act",
    "FIND": "Find",
    "TABLE": "Table",
    "SESSION": "Session",
}
FIRST = frozenset(
    (
        *(
            "down",
            "up",
            "top",
            "bottom",
            "next-fault",
            "back",
            "history-back",
            "open",
            "describe",
            "raw",
            "logs",
            "why",
        ),
        *(
            "timeline",
            "tree",
            "host",
            "pulse",
            "digest",
            "retry",
            "abort",
            "drain",
            "menu",
            "mark",
            "mark-all",
            "diff",
        ),
        *(
            "filter",
            "group",
            "command",
            "sort-by",
            "columns",
            "faults",
            "wide",
            "export",
            "pause",
            "read-only",
            "help",
        ),
    )
)
"""What somebody needs on the first day; docs/keys.md has them all."""


def _keys(spec: KeySpec) -> str:
    return " ".join("`" + shown(key).replace("|", "\\|") + "`" for key in spec.keys)


def key_table() -> str:
    """A Markdown table of the keys to begin with, in the groups of the help screen."""
    lines = ["| | key | what it does |", "|-|-|-|"]
    for group, title in GROUPS.items():
        for spec in (spec for spec in KEYS if spec.group == group and spec.id in FIRST):
            lines.append(f"| {title} | {_keys(spec)} | {spec.title} |")
            title = ""
    return "\n".join(lines)


def bench_table() -> str:
    """When, on what and by which command it was measured, and each figure with its target."""
    found = RESULTS.read_text(encoding="utf-8").splitlines()
    taken = next(line for line in found if line[:2] == "20" and " cores" in line)
    date, machine, command, took = re.split(r" {3,}", taken)
    met = next(line for line in found if "targets met" in line)
    lines = [f"{date}, {machine}, {command} in {took}: {met}.", "", "| what | measured | target | |", "|-|-|-|-|"]
    heads, _, *rows = (line for line in found[: found.index("", found.index(met) + 2)] if line.startswith("|"))
    names = [cell.strip() for cell in heads.strip("|").split("|")]
    for row in rows:
        cells = dict(zip(names, (cell.strip() for cell in row.strip("|").split("|")), strict=True))
        what = f"{cells['group']}: {cells['what']}" + (f", to {cells['against']}" if cells["against"] else "")
        lines.append(f"| {what} | {cells['ratio']} | {cells['target']} | {cells['']} |")
    return "\n".join(lines)


def rendered(text: str) -> str:
    """README.md with its generated parts made anew."""
    for name, made in (("keys", key_table()), ("bench", bench_table())):
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        text = f"{before}{start}{made}\n{end}{after}" if end else text
    return text


def main() -> int:
    text = README.read_text(encoding="utf-8")
    wanted = rendered(text)
    if "--check" in sys.argv:
        return int(text != wanted)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
