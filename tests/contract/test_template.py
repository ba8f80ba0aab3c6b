"""The backend of docs/template, of which docs/write-a-backend.md tells, passes what every backend must."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.arch.test_imports import imports, offence
from tests.contract.copied import NAME, TEMPLATE

ROOT = TEMPLATE.parents[1]
PAGE = ROOT / "docs" / "write-a-backend.md"


def test_the_template_passes_the_contract(tmp_path: Path) -> None:
    suites = [f"tests/contract/test_{name}.py" for name in ("lists", "actions", "weather")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.contract.copied", "-p", "no:cacheprovider", *suites],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    found = re.search(r"(\d+) passed", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > 50
    assert "skipped" not in done.stdout


def test_the_template_keeps_the_import_rule() -> None:
    files = sorted((TEMPLATE / NAME).glob("*.py"))
    assert files
    for path in files:
        module = f"adapters.{NAME}" + ("" if path.stem == "__init__" else f".{path.stem}")
        assert not [why for name in imports(path, module) if (why := offence(module, name))], path


def test_the_page_tells_of_every_file_and_of_no_other() -> None:
    page = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+\.py)` \|", page, re.MULTILINE))
    assert named == {path.name for path in (TEMPLATE / NAME).glob("*.py")}
