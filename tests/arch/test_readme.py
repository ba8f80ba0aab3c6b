"""The README tells the truth: its key table is the key map, its picture is there, its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_key_table_is_the_live_key_map() -> None:
    done = subprocess.run(
        [sys.executable, "docs/readme.py", "--check"], cwd=ROOT, env={"PYTHONPATH": "."}, check=False
    )
    assert done.returncode == 0, "run python docs/readme.py"


def test_pictures_and_links_are_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_every_backend_is_listed() -> None:
    from adapters import registry

    for name in registry.names():
        assert f"| `{name}` |" in README
