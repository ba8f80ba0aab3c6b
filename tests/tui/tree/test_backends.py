"""The tree against each backend's mock server: what its runs, hosts and pools have below them."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind
from tests.tui.fake import Tester
from tui.app import ConsoleApp
from tui.config import load
from tui.screens.list import ListScreen
from tui.screens.tree import TreeScreen
from tui.wiring import build_services

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BELOW = {
    "kfp": {Kind.RUN: {Kind.TASK}},
    "clearml": {Kind.RUN: set(), Kind.HOST: {Kind.RUN}, Kind.POOL: {Kind.RUN}},
    "jobmanager": {Kind.RUN: {Kind.TASK}},
    "vertex": {Kind.RUN: {Kind.TASK, Kind.POD}},
    "peloton": {Kind.RUN: {Kind.POD}, Kind.HOST: {Kind.POD}, Kind.POOL: {Kind.POOL, Kind.RUN, Kind.POD}},
}
"""What can be found below the first objects of a list, once all of it is unfolded."""


@pytest.fixture(scope="module", params=BELOW)
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, MockServer]]:
    with MockServer(seed=7, runs=30, hosts=8, clock="virtual", backends=[request.param]) as mock:
        yield request.param, mock


@asynccontextmanager
async def opened(config: Path, view: Kind) -> AsyncIterator[Tester]:
    services, problems = build_services(load(config))
    assert not problems
    app = ConsoleApp(services, view=view, resume=False)
    async with app.run_test(size=(120, 40)) as pilot:
        yield Tester(app, pilot)


async def test_everything_below_is_shown(server: tuple[str, MockServer], tmp_path: Path) -> None:
    backend, mock = server
    config = tmp_path / "config.toml"
    config.write_text(config_toml(mock.url, [backend]))
    config.chmod(0o600)
    assert tomllib.loads(config.read_text())["contexts"]
    for kind, below in BELOW[backend].items():
        async with opened(config, kind) as t:
            await t.until(lambda: isinstance(t.app.screen, ListScreen) and t.screen.model.refs, 20)
            found: set[Kind] = set()
            for _ in range(8):
                found |= await below_the_cursor(t)
                if found >= below:
                    break
                await t.press("j")
            assert found >= below, (backend, kind)


def reading(screen: TreeScreen) -> bool:
    return any(node.note.startswith("reading") for node in screen.grown.nodes)


async def below_the_cursor(t: Tester) -> set[Kind]:
    """The kinds of what is below the object of the row, all of it unfolded; and back."""
    await t.press("ctrl+t")
    await t.until(lambda: isinstance(t.app.screen, TreeScreen))
    shown = t.app.screen
    assert isinstance(shown, TreeScreen)
    await t.press("*")
    await t.until(lambda: len(shown.grown.nodes) > 1 and not reading(shown), 20)
    nodes = shown.grown.nodes[1:]
    assert not [node.note for node in nodes if node.token == "failed"]
    assert all(len(line) == 120 for line in t.lines)
    await t.press("escape")
    await t.until(lambda: isinstance(t.app.screen, ListScreen))
    return {node.resource.ref.kind for node in nodes if node.resource is not None}
