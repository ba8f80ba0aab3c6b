"""Line 1 says in one slot whether the rows are true: as of when, live, stale, loading or paused."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind
from tui.core.store import Key, Snapshot
from tui.screens.listtext import freshness

NOW = 1_787_409_127.0  # 2026-08-22T14:32:07Z


def snapshot(context: str = "one", **more: object) -> Snapshot:
    return Snapshot(Key(context, Kind.RUN), as_of=more.pop("as_of", NOW), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("snapshots", "paused", "said"),
    [
        ([snapshot()], False, "as of 14:32:07Z"),
        ([snapshot(live=True)], False, "live 14:32:07Z"),
        ([snapshot()], True, "paused, as of 14:32:07Z"),
        ([snapshot("one"), snapshot("two", as_of=NOW - 2)], False, "2 of 2 as of 14:32:05Z"),
        ([snapshot("one", live=True), snapshot("two")], False, "2 of 2 as of 14:32:07Z"),
        ([snapshot(as_of=NOW - 41, stale_since=NOW - 41)], False, "stale 41s, last 14:31:26Z"),
        ([snapshot(as_of=None, error=Unavailable("no"))], False, "no answer yet"),
        ([snapshot(loading=True, total=10_482)], False, "loading 0 of 10,482"),
        (
            [snapshot("one"), snapshot("two", as_of=NOW - 124, stale_since=NOW - 124)],
            False,
            "1 of 2 as of 14:32:07Z   two stale 2m04s",
        ),
    ],
)
def test_freshness(snapshots: list[Snapshot], paused: bool, said: str) -> None:
    assert "".join(text for text, _ in freshness(snapshots, NOW, paused=paused)) == said
