"""Hostile text end to end: from a server whose free texts are all poisoned, to each screen and each format."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment

from adapters import registry
from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind
from tests.soak.drive import VISITS
from tests.trust.cli import Cli
from tests.trust.poison import POISON, Poison
from tests.trust.test_hostile import harmless
from tests.trust.world import BACKENDS
from tests.tui.fake import Tester
from tui.app import ConsoleApp
from tui.config import load
from tui.wiring import build_services

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FORMATS = ("table", "wide", "json", "jsonl", "yaml", "csv", "name")
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module", params=BACKENDS)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, MockServer]]:
    with MockServer(seed=7, runs=25, hosts=6, clock="virtual", backends=[request.param], wrapped=Poison) as mock:
        yield request.param, mock


@asynccontextmanager
async def opened(config: Path) -> AsyncIterator[Tester]:
    made, problems = build_services(load(config))
    assert not problems
    app = ConsoleApp(made, resume=False)
    async with app.run_test(size=(100, 30)) as pilot:
        yield Tester(app, pilot)


def check(t: Tester, where: str) -> None:
    """No character that commands, no link, and as wide as the screen."""
    for strip in t.app.screen._compositor.render_strips():
        text = "".join(segment.text for segment in strip)
        assert harmless(text), (where, text)
        assert Segment.get_line_length(list(strip)) == 100, (where, text)
        assert not any(segment.style and segment.style.link for segment in strip), (where, text)


async def test_no_screen_shows_what_commands(
    server: tuple[str, MockServer], write_config: Callable[[str], Path]
) -> None:
    backend, mock = server
    async with opened(write_config(config_toml(mock.url, [backend]))) as t:
        await t.until(lambda: any("owned" in line for line in t.lines), 20)
        others = [kind.plural for kind in registry.backend(backend).schema.kinds if kind is not Kind.RUN]
        for visit in [*VISITS, *((":", *kind, "enter", "d") for kind in others)]:
            for key in visit:
                await t.press({"/": "slash", ":": "colon", "?": "question_mark"}.get(key, key))
                if len(key) > 1 or t.app.grid is None or t.app.grid.sheet is None:
                    check(t, f"{backend} {visit} {key}")
            while len(t.app.screen_stack) > 2:
                await t.press("escape")
        notes = [note.text for note in t.app.notes]
        assert all(harmless(note) for note in notes), notes


def test_no_format_prints_what_commands(
    server: tuple[str, MockServer],
    runyard: Cli,
    write_config: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend, mock = server
    write_config(config_toml(mock.url, [backend]))
    # To a pipe CSV and logs go as they are; to a terminal nothing does.
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    listed = runyard("get", "runs", "-c", backend, "-o", "json")
    rows = listed.json
    assert any("evil" in json.dumps(row) for row in rows)
    failed = next(row for row in rows if row["state"] == "failed")
    live = next(row for row in rows if row["state"] == "running")
    ref, running = (f"{backend}/run/{row['id']}" for row in (failed, live))
    calls: list[tuple[str, ...]] = [("get", "runs", "-o", form) for form in FORMATS]
    calls += [("describe", ref, "-o", form) for form in ("table", "json", "yaml")]
    calls += [("do", "abort", running, "--dry-run", "-o", form) for form in ("table", "json")]
    calls += [("logs", ref, "--tail", "40"), ("actions", ref), ("contexts", "--check"), ("get", "runs", "x\x1b[2J")]
    calls += [("get", kind, "-c", backend) for kind in ("tasks", "pods", "hosts", "pools")]
    for call in calls:
        said = runyard(*call)
        for text in (said.out, said.err):
            assert harmless(text.replace("\t", " "), lines=True), (call, text)
            assert not SGR.search(text), call
    mock.faults.replace([f"{backend}:*:status=500"])
    try:
        said = runyard("get", "runs", "-c", backend)
        assert said.code == 3
        assert harmless(said.err, lines=True)
    finally:
        mock.faults.replace(())


def test_the_poison_would_be_found() -> None:
    assert not harmless(POISON)
    spoilt: Any = json.loads(Poison.spoil(json.dumps({"display_name": "a", "id": "b"}).encode()))
    assert not harmless(spoilt["display_name"])
    assert spoilt["id"] == "b"
