"""`python -m bench.probe FILE -- arguments`: runyard itself, writing down how long its event loop was busy.

A key waits until the loop looks at the terminal again, so what counts are the stretches between two looks,
garbage collection included. Each is kept with its moment; changes of rows are counted. FILE is JSON lines.
"""

from __future__ import annotations

import json
import selectors
import sys
from array import array
from pathlib import Path
from time import perf_counter
from typing import Any

SHORT = 0.0005
"""Stretches below this are not kept; nobody waits for them."""

began, took = array("d"), array("d")
changes: list[tuple[float, int]] = []


def watch_selector() -> None:
    kind = selectors.DefaultSelector
    plain = kind.select
    left = [perf_counter()]

    def select(self: Any, timeout: float | None = None) -> Any:
        now = perf_counter()
        if now - left[0] >= SHORT:
            began.append(left[0])
            took.append(now - left[0])
        found = plain(self, timeout)
        left[0] = perf_counter()
        return found

    kind.select = select  # type: ignore[method-assign]


def watch_store() -> None:
    from tui.core.store import Store

    plain = Store.apply

    def apply(self: Store, *given: Any, **named: Any) -> Any:
        diff = plain(self, *given, **named)
        if diff.changed or diff.added:
            changes.append((perf_counter(), len(diff.changed) + len(diff.added)))
        return diff

    Store.apply = apply  # type: ignore[method-assign]


def main() -> None:
    file, _, *arguments = sys.argv[1:]
    sys.argv = ["runyard", *arguments]
    watch_selector()
    watch_store()
    from tui.__main__ import main as runyard

    try:
        runyard()
    finally:
        found = {"busy": list(zip(began, took, strict=True)), "changes": changes}
        Path(file).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
