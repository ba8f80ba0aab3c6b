"""Writes docs/keys.md: each key of the live key map, what it does, and the tests that press it.

`python docs/keys.py` writes it, `--check` only says what is missing or out of date. A test says which key it
presses by the mark `presses`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docs.readme import GROUPS  # noqa: E402
from tui.keys import KEYS, KeySpec, shown  # noqa: E402

PAGE = ROOT / "docs" / "keys.md"
TESTS = ROOT / "tests" / "tui"
HEAD = """\
# Every key

The key map as it is dispatched, with the id by which a key is rebound in the config's `[keys]`. Each id is a `:`
verb too, but for three that mean something else there: `:go-host`, `:pause-refresh` and `:refresh-now`. The tests,
below `tests/tui/`, press the key and see what it does; a self-check takes keys away and sees them fail.

Written by `python docs/keys.py`; `make test` fails when a key lacks a test.
"""

Proofs = Mapping[str, Sequence[tuple[str, str]]]
"""id of an action -> the keys that are pressed for it, each with the id of the test."""


def proofs() -> Proofs:
    """What the tests say that they press."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for id, key, test in _marked(module):
            found.setdefault(id, []).append((key, f"{path.relative_to(ROOT)}::{test}"))
    return found


def _marked(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    """(id, key, test) of each mark `presses` in a module, on a test or on its parameters."""
    for name, function in vars(module).items():
        if not name.startswith("test_") or getattr(function, "__module__", "") != module.__name__:
            continue
        for mark in getattr(function, "pytestmark", ()):
            if mark.name == "presses":
                yield *mark.args, name
            elif mark.name == "parametrize":
                for each in mark.args[1]:
                    for inner in getattr(each, "marks", ()):
                        if inner.name == "presses":
                            yield *inner.args, f"{name}[{each.id}]".replace("\\", "\\\\")  # as pytest has it


def problems(found: Proofs, specs: Sequence[KeySpec] = KEYS) -> list[str]:
    """Keys without a test, and tests of keys that are not there."""
    pressed = {(id, key) for id, each in found.items() for key, _ in each}
    there = {(spec.id, key) for spec in specs for key in spec.keys or (f":{spec.id}",)}
    return [
        *(f"no test presses {key} ({id})" for id, key in sorted(there - pressed)),
        *(f"a test presses {key} for {id}, which it is not" for id, key in sorted(pressed - there)),
    ]


def page(found: Proofs, specs: Sequence[KeySpec] = KEYS) -> str:
    parts = [HEAD]
    for group, title in GROUPS.items():
        lines = [f"## {title}\n", "| key | id | what it does | where | tests |", "|-|-|-|-|-|"]
        lines += [_row(spec, found.get(spec.id, ())) for spec in specs if spec.group == group]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _row(spec: KeySpec, tests: Sequence[tuple[str, str]]) -> str:
    keys = " ".join(code(shown(key)) for key in spec.keys)
    where = "everywhere" if spec.where == ("any",) else ", ".join(spec.where)
    functions = dict.fromkeys(test.removeprefix("tests/tui/").partition("[")[0] for _, test in tests)
    named = "<br>".join(map(code, functions))
    return f"| {keys} | `{spec.id}` | {spec.title} | {where} | {named} |"


def code(text: str) -> str:
    """Text in code type within a table."""
    return "`" + text.replace("|", "\\|") + "`"


def main(arguments: list[str]) -> int:
    found = proofs()
    wrong = problems(found)
    text = page(found)
    if "--check" in arguments:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
            wrong.append(f"{PAGE.relative_to(ROOT)} is out of date; run python docs/keys.py")
    else:
        PAGE.write_text(text, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
