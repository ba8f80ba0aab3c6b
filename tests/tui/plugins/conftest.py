"""A console with plugins, and a program that tells what it was given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.tui.fake import FakeAdapter, Tester
from tui.app import ConsoleApp
from tui.config import parse
from tui.screens import plan as plan_module
from tui.wiring import build_services

SCRIPT = """#!/bin/sh
{ printf '%s\\n' "$@"; env | grep ^RUNYARD_ | sort | sed 's/^/env /'; echo end; } > "$0.$$"; mv "$0.$$" "$0.$$.told"
echo "said $1"
echo
exit "${CODE:-0}"
"""


@dataclass(frozen=True)
class Told:
    """The program, and what it was told."""

    path: str

    def lines(self) -> list[str]:
        path = Path(self.path)
        return [line for file in sorted(path.parent.glob("*.told")) for line in file.read_text().splitlines()]

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each run."""
        found: list[list[str]] = [[]]
        for line in self.lines():
            if line == "end":
                found.append([])
            elif not line.startswith("env "):
                found[-1].append(line)
        return found[:-1]

    @property
    def env(self) -> dict[str, str]:
        pairs = (line[4:].partition("=") for line in self.lines() if line.startswith("env "))
        return {name: value for name, _, value in pairs}


@pytest.fixture
def told(tmp_path: Path) -> Told:
    path = tmp_path / "tell"
    path.write_text(SCRIPT)
    path.chmod(0o700)
    return Told(str(path))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)
    monkeypatch.setattr("tui.core.pluginrun.LOOK_EVERY", 0.01)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


WithPlugins: TypeAlias = Callable[..., AbstractAsyncContextManager[Tester]]


@pytest.fixture
def plugged() -> WithPlugins:
    """`async with plugged(adapter, {"ssh": {...}}, read_only=True) as t:`, from a config to a console."""

    @asynccontextmanager
    async def open_console(
        adapter: FakeAdapter,
        plugins: dict[str, Any],
        *,
        read_only: bool = False,
        size: tuple[int, int] = (120, 40),
        more: dict[str, Any] | None = None,
        **options: Any,
    ) -> AsyncIterator[Tester]:
        context = {"backend": "kfp", "url": "http://127.0.0.1:9", **(more or {})}
        config = parse({"contexts": {adapter.context: context}, "plugins": plugins})
        services, problems = build_services(config, read_only=read_only, adapters={adapter.context: adapter})
        assert problems == []
        app = ConsoleApp(services, **options)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            t = Tester(app, pilot)
            await t.until(lambda: t.cursor)
            yield t

    return open_console
