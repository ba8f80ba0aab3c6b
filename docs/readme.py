"""Write the generated parts of README.md: the key table, from the live key map.

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


def _keys(spec: KeySpec) -> str:
    return " ".join("`" + shown(key).replace("|", "\\|") + "`" for key in spec.keys)


def key_table() -> str:
    """A Markdown table of every key, in the groups of the help screen; the nine saved filters are one row."""
    lines = ["| | key | what it does | where |", "|-|-|-|-|"]
    for group, title in GROUPS.items():
        for spec in (spec for spec in KEYS if spec.group == group and spec.keys):
            if spec.id.startswith("saved-") and spec.id != "saved-1":
                continue
            keys, what = (_keys(spec), spec.title)
            if spec.id == "saved-1":
                keys, what = "`1` … `9`", "saved filters"
            where = "" if spec.where == ("any",) else ", ".join(spec.where)
            lines.append(f"| {title} | {keys} | {what} | {where} |")
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
