"""Write the generated parts of README.md: the keys to begin with, from the live key map.

python docs/readme.py          rewrite README.md
python docs/readme.py --check  exit 1 when it is out of date
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tui.keys import KEYS, KeySpec, shown

README = Path(__file__).parents[1] / "README.md"
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


def rendered(text: str) -> str:
    """README.md with its generated parts made anew."""
    block = f"<!-- keys -->\n{key_table()}\n<!-- /keys -->"
    return re.sub(r"<!-- keys -->.*?<!-- /keys -->", lambda _: block, text, flags=re.DOTALL)


def main() -> int:
    text = README.read_text(encoding="utf-8")
    wanted = rendered(text)
    if "--check" in sys.argv:
        return int(text != wanted)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
