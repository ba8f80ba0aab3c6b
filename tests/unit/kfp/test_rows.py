"""Pages of runs in pieces: what is unchanged is not parsed again, and nobody is kept waiting for a whole page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from adapters.errors import BadPayload
from adapters.kfp import mapping, wire
from adapters.kfp import rows as kfp_rows
from adapters.model import Kind, State
from adapters.port import Query
from tests.unit.kfp.server import Server

pytestmark = pytest.mark.anyio


def run(number: int, **more: Any) -> dict[str, Any]:
    return {"experiment_id": "e-fraud", "run_id": f"r{number}", "display_name": f"run {number}", **more}


def listing(runs: list[dict[str, Any]], **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"runs": runs, "total_size": 1000, **more})


def serving(answer: Callable[[], httpx.Response]) -> Server:
    return Server().on("GET", "/runs", lambda request: answer())


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs that were parsed."""
    seen: list[str] = []
    plain = wire.read

    def read(model: type[wire.M], raw: Any) -> wire.M:
        found = plain(model, raw)
        seen.extend([found.run_id] if isinstance(found, wire.RunRow) else [])
        return found

    monkeypatch.setattr(wire, "read", read)
    return seen


async def test_only_what_has_changed_is_parsed_again(parsed: list[str]) -> None:
    runs = [run(number, state="RUNNING") for number in range(100)]
    adapter = serving(lambda: listing(runs, next_page_token="t")).adapter()
    first = await adapter.list(Kind.RUN, Query(active=True), limit=200)
    assert len(parsed) == 100
    parsed.clear()
    runs[7]["state"] = "SUCCEEDED"
    runs.insert(0, run(100))
    second = await adapter.list(Kind.RUN, Query(active=True), limit=200)
    assert parsed == ["r100", "r7"]
    assert [row.name for row in second.items] == ["run 100", *(f"run {number}" for number in range(100))]
    assert second.items[8].state is State.SUCCEEDED
    assert second.items[1] is first.items[0]
    assert (second.cursor, second.total) == ("t", 1000)
    assert await adapter.list(Kind.RUN, Query(active=True), limit=200) == second
    assert parsed == ["r100", "r7"]


async def test_the_newest_page_and_the_active_ones_share_what_they_know(parsed: list[str]) -> None:
    adapter = serving(lambda: listing([run(1), run(2)])).adapter()
    await adapter.list(Kind.RUN)
    await adapter.list(Kind.RUN, Query(active=True))
    assert parsed == ["r1", "r2"]


async def test_further_pages_are_read_once_and_not_remembered(parsed: list[str]) -> None:
    adapter = serving(lambda: listing([run(1), run(2)])).adapter()
    await adapter.list(Kind.RUN, cursor="x")
    await adapter.list(Kind.RUN, cursor="x")
    assert parsed == ["r1", "r2", "r1", "r2"]


async def test_a_row_is_made_anew_once_its_experiment_is_known(parsed: list[str]) -> None:
    server = serving(lambda: listing([run(1)]))
    adapter = server.on("GET", "/experiments", httpx.Response(503)).adapter()
    assert (await adapter.list(Kind.RUN)).items[0].group == "e-fraud"
    server.on("GET", "/experiments", Server().answers["GET", "/experiments"])
    await adapter._names.learn_all()
    assert (await adapter.list(Kind.RUN)).items[0].group == "fraud"
    assert parsed == ["r1", "r1"]


async def test_others_get_a_turn_after_a_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    since, most = 0, 0

    async def give_way() -> None:
        nonlocal since
        since = 0
        await asyncio.sleep(0)

    def counted(plain: Callable[..., Any]) -> Callable[..., Any]:
        def count(*given: Any) -> Any:
            nonlocal since, most
            since += 1
            most = max(most, since)
            return plain(*given)

        return count

    monkeypatch.setattr(kfp_rows, "give_way", give_way)
    monkeypatch.setattr(wire, "read", counted(wire.read))
    monkeypatch.setattr(mapping, "to_run", counted(mapping.to_run))
    adapter = serving(lambda: listing([run(number) for number in range(200)])).adapter()
    assert len((await adapter.list(Kind.RUN, limit=200)).items) == 200
    assert most <= 2 * kfp_rows.ROWS_AT_ONCE


@pytest.mark.parametrize(
    "body",
    [
        {"runs": [run(1), {"run_id": "r2"}, run(3)]},
        {"runs": [{"run_id": "r1"}, {"run_id": "r2"}, run(3)]},
        {"runs": [run(1), run(2, state_history=[run(8), run(9)]), run(3)]},
        {"seen": {"runs": [run(8), run(9)]}, "runs": [run(1), {"run_id": "r2"}, run(3)]},
        {"runs": [run(1), run(2, description='},{"experiment_id":"x"'), run(3, error=7)]},
    ],
)
async def test_whatever_the_shape_the_rows_are_the_same(body: dict[str, Any]) -> None:
    whole = wire.read(wire.RunPage, json.dumps(body).encode())
    adapter = serving(lambda: httpx.Response(200, json=body)).adapter()
    page = await adapter.list(Kind.RUN)
    assert [row.ref.id for row in page.items] == ["r1", "r2", "r3"] == [row.run_id for row in whole.runs]


async def test_a_row_without_its_id_is_still_no_page() -> None:
    body = {"runs": [run(1), {"experiment_id": "e-fraud", "display_name": "nameless"}]}
    with pytest.raises(BadPayload, match=r"runs\.1\.run_id"):
        await serving(lambda: httpx.Response(200, json=body)).adapter().list(Kind.RUN)
