"""Runs tests with a key taken away from each, to see whether they notice: a pytest plugin, and a process with it.

`python -m tests.selfcheck.unbound < pairs.json`, where pairs are [test, action id or ""]; prints [test, action id,
outcome, whether the key was pressed] as JSON. A test with parameters fails when it does with one of them. Nothing
in the product knows of this.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.tui.fake import Tester
from tui.screens.base import GridScreen

SOON = 0.5
"""Seconds that a test waits for an effect, once its key was pressed for nothing."""


class Unbound:
    """While a test runs, the keys of its action do nothing."""

    def __init__(self, action_of: dict[str, str], patch: pytest.MonkeyPatch) -> None:
        self.action_of = action_of
        self.outcomes: dict[str, tuple[str, bool]] = {}
        self.action = ""
        self.pressed = False
        self._wrap_press(patch)
        self._wrap_until(patch)

    def _wrap_press(self, patch: pytest.MonkeyPatch) -> None:
        real = GridScreen.press

        async def press(screen: GridScreen, key: str, character: str | None) -> bool:
            if self.action and screen.peek.prompt is None and screen.sheet is None:
                spec = screen.services.keys.lookup(screen.where, key)
                if spec is not None and spec.id == self.action:
                    self.pressed = True
                    return True
            return await real(screen, key, character)

        patch.setattr(GridScreen, "press", press)

    def _wrap_until(self, patch: pytest.MonkeyPatch) -> None:
        real = Tester.until

        async def until(tester: Tester, condition: Callable[[], object], seconds: float = 5.0) -> None:
            await real(tester, condition, SOON if self.pressed else seconds)

        patch.setattr(Tester, "until", until)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self._name(item.nodeid) in self.action_of]

    def _name(self, id: str) -> str:
        """The test as it was asked for: with its parameters or without them."""
        return id if id in self.action_of else id.partition("[")[0]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.action, self.pressed = self.action_of[self._name(item.nodeid)], False
        try:
            return (yield)
        finally:
            self.action = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            name = self._name(report.nodeid)
            if self.outcomes.get(name, ("", False)) != ("failed", True):
                self.outcomes[name] = (report.outcome, self.pressed)


def run(pairs: Sequence[tuple[str, str]]) -> dict[str, tuple[str, bool]]:
    """Each test once, with the keys of its action doing nothing; `""` takes none away."""
    files = sorted({test.partition("::")[0] for test, _ in pairs})
    with pytest.MonkeyPatch.context() as patch:
        plugin = Unbound(dict(pairs), patch)
        pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "--tb=no", *files], plugins=[plugin])
    return plugin.outcomes


def rounds(pairs: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The pairs, such that no test is twice in one round."""
    left, made = list(dict.fromkeys(pairs)), []
    while left:
        now = dict(reversed(left))
        made.append(list(now.items()))
        left = [pair for pair in left if now[pair[0]] != pair[1]]
    return made


def main() -> int:
    pairs: list[tuple[str, str]] = [(test, action) for test, action in json.load(sys.stdin)]
    out, sys.stdout = sys.stdout, sys.stderr
    found: list[Any] = []
    for each in rounds(pairs):
        outcomes = run(each)
        found += [[test, action, *outcomes.get(test, ("not collected", False))] for test, action in each]
    json.dump(found, out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
