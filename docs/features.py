"""Writes docs/features.md from docs/features.toml: each feature, its keys in the live key map, and its test.

`python docs/features.py` writes it, `--check` only says what is wrong or out of date.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docs.keys import code  # noqa: E402
from tui.keys import KeyMap  # noqa: E402

DATA = ROOT / "docs" / "features.toml"
PAGE = ROOT / "docs" / "features.md"
KEY = re.compile(r"\{([a-z0-9-]+)\}")
HEAD = """\
# Every feature

What the best consoles of the field have, and what their users ask for, by the names that are usual for it; how it
is done here, and the test that presses the key and sees the effect. Tests are below `tests/`. [Every key](keys.md)
has a page of its own.

Written by `python docs/features.py` from `docs/features.toml` and the live key map.
"""


@dataclass(frozen=True, slots=True)
class Feature:
    """`use` is how one gets it, `{id}` in it the key of an action; `tests` are ids below tests/."""

    name: str
    use: str
    what: str
    tests: tuple[str, ...]

    @property
    def ids(self) -> list[str]:
        return KEY.findall(self.use)


@dataclass(frozen=True, slots=True)
class Table:
    """The groups in their order, and what was left out with the reason."""

    groups: tuple[tuple[str, tuple[Feature, ...]], ...]
    left_out: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def features(self) -> list[Feature]:
        return [feature for _, features in self.groups for feature in features]


def table() -> Table:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    groups = tuple(
        (
            group["title"],
            tuple(Feature(name, use, what, tuple(tests.split())) for name, use, what, tests in group["rows"]),
        )
        for group in data["group"]
    )
    left_out, missing = (
        tuple((each["name"], each["reason"]) for each in data.get(part, ())) for part in ("left_out", "missing")
    )
    return Table(groups, left_out, missing)


@cache
def functions(file: str) -> frozenset[str]:
    """The test functions of a file below tests/."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def problems(features: Iterable[Feature], keymap: KeyMap) -> list[str]:
    """Keys and tests that are not there, and features without what, or without a test."""
    wrong = []
    for feature in features:
        wrong += [f"{feature.name}: no action {id}" for id in feature.ids if keymap.spec(id) is None]
        wrong += [f"{feature.name}: no test {test}" for test in feature.tests if not _is_there(test)]
        if not feature.what or not feature.tests:
            wrong.append(f"{feature.name}: says nothing, or has no test")
    return wrong


def _is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    return name in functions(file)


def page(found: Table, keymap: KeyMap) -> str:
    parts = [HEAD]
    for title, features in found.groups:
        lines = [f"## {title}\n", "| feature | key, verb or setting | what it does here | test |", "|-|-|-|-|"]
        lines += [
            f"| {each.name} | {used(each.use, keymap)} | {each.what} | {_tests(each.tests)} |" for each in features
        ]
        parts.append("\n".join(lines) + "\n")
    for title, named in (("Left out on purpose", found.left_out), ("Not there", found.missing)):
        if named:
            parts.append(f"## {title}\n\n" + "\n".join(f"- {name}: {why}." for name, why in named) + "\n")
    return "\n".join(parts)


def used(use: str, keymap: KeyMap) -> str:
    """What one presses, or the verb where there is no key."""

    def shown(id: str) -> str:
        spec = keymap.spec(id)
        return keymap.key(id) or f":{spec.verb if spec is not None and spec.verb else id}"

    return KEY.sub(lambda match: code(shown(match[1])), use)


def _tests(tests: Sequence[str]) -> str:
    return "<br>".join(code(test) for test in tests)


def main(arguments: list[str]) -> int:
    found, keymap = table(), KeyMap()
    wrong = problems(found.features, keymap)
    text = page(found, keymap)
    if "--check" in arguments:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
            wrong.append(f"{PAGE.relative_to(ROOT)} is out of date; run python docs/features.py")
    else:
        PAGE.write_text(text, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
