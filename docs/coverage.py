"""Writes docs/coverage.md: each method of the five APIs' definitions, where it can be reached, what tests it.

`python docs/coverage.py` writes it, `--check` only says what is missing or out of date. Where the console and the
command line lead to a method is found by using them: everything that they offer is done once against the mock
server, and what arrives there is noted. Any method is in reach of `:api` and `runyard api`.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402

from adapters import registry  # noqa: E402
from adapters.endpoint import endpoints  # noqa: E402
from docs.reach import ways  # noqa: E402
from tests.contract.every.drive import DEFINED  # noqa: E402

PAGE = ROOT / "docs" / "coverage.md"
TESTS = "tests/contract/test_every_method.py"
HEAD = """\
# Every method of every API

A row for each method of the five APIs as their own definitions list them. "Adapter" is the method of the adapter's
api class, "mock" where the mock server takes it. Besides what is named here, any method is reached by `:api METHOD`
in the console and by `runyard api CTX METHOD` on the command line. Each test calls the method against the mock
server and reads back what it did.

Written by `python docs/coverage.py`; `make test` fails when a row lacks something.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One method; what is empty is missing."""

    method: str
    adapter: str
    mock: str
    console: str
    command: str
    test: str

    @property
    def missing(self) -> list[str]:
        return [field.name for field in fields(self) if not getattr(self, field.name)]


def covering(items: Iterable[pytest.Item]) -> dict[str, str]:
    """`backend.method` -> the id of the collected test that is marked to cover it."""
    return {name: item.nodeid for item in items for mark in item.iter_markers("covers") for name in mark.args}


def collected() -> list[pytest.Item]:
    """What pytest collects of the tests that call methods."""
    found: list[pytest.Item] = []

    class Collector:
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            found.extend(items)

    pytest.main(["--collect-only", "-qqq", "--assert=plain", str(ROOT / TESTS)], plugins=[Collector()])
    return found


def rows(backend: str, tests: Mapping[str, str]) -> list[Row]:
    """A row for each defined method of a registered backend."""
    used = asyncio.run(ways(backend, DEFINED[backend]))
    calls = adapter_calls(backend)
    return [
        Row(
            method,
            calls.get(method, ""),
            place if method in used.served else "",
            used.console(method) if method in used.offered else "",
            used.command(method) if method in used.offered else "",
            tests.get(f"{backend}.{method}", "").partition("::")[2],
        )
        for method, place in DEFINED[backend].items()
    ]


def adapter_calls(backend: str) -> dict[str, str]:
    """method -> class and method of the adapter's api that calls it."""
    package = importlib.import_module(f"adapters.{backend}")
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("mock"):
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for api in (each for each in vars(loaded).values() if isinstance(each, type)):
            if api.__module__ == loaded.__name__:
                found.update((each.name, f"{api.__name__}.{name}") for name, each in endpoints(api).items())
    return found


def everything(tests: Mapping[str, str]) -> dict[str, list[Row]]:
    """The rows of each registered backend."""
    return {backend: rows(backend, tests) for backend in DEFINED if backend in registry.BUILT_IN}


def problems(table: Mapping[str, list[Row]]) -> list[str]:
    """What registered backends lack, one line for each row."""
    return [
        f"{backend}.{row.method} lacks {', '.join(row.missing)}"
        for backend, found in table.items()
        for row in found
        if row.missing
    ]


def page(table: Mapping[str, list[Row]]) -> str:
    parts = [HEAD]
    for backend, methods in DEFINED.items():
        if backend not in table:
            parts.append(f"## {backend}\n\nNot there yet: {len(methods)} methods.\n")
            continue
        lines = [f"## {registry.backend(backend).title}: {len(methods)} methods\n"]
        lines += ["| method | adapter | mock | console | command line | test |", "|---|---|---|---|---|---|"]
        for row in table[backend]:
            cells = [f"`{row.method}`", f"`{row.adapter}`", f"`{row.mock}`", row.console, row.command]
            lines.append(f"| {' | '.join([*cells, f'`{row.test}`'])} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    table = everything(covering(collected()))
    wrong = problems(table)
    text = page(table)
    if "--check" in arguments:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
            wrong.append(f"{PAGE.relative_to(ROOT)} is out of date; run python docs/coverage.py")
    else:
        PAGE.write_text(text, encoding="utf-8")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
