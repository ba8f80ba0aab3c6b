"""Whatever a client sends, the server answers as a YARPC server does: with a message, or with a code."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.peloton.mock_wire import STATUS
from tests.mock.peloton.client import Peloton, check, tables

pytestmark = pytest.mark.anyio

CALLS = [
    (service, method, described["request"], described["response"])
    for service, methods in tables()["services"].items()
    for method, described in methods.items()
    if not described["stream"]
]
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=12),
    st.sampled_from(["", "/", "/ml/ads", "root", "1-1-1", "gpu-a100-0388", "a\r\nb: c"]),
)  # fmt: skip


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)


JUNK = st.recursive(LEAVES, _nested, max_leaves=5)


@st.composite
def nearly(draw: st.DrawFn, kind: str, depth: int = 0) -> Any:
    """Something of that type, now and then something else."""
    if draw(st.integers(0, 11)) == 0 or depth > 5:
        return draw(JUNK)
    if kind.startswith("r "):
        return [draw(nearly(kind[2:], depth + 1)) for _ in range(draw(st.integers(0, 2)))]
    if kind.startswith("map<"):
        return {draw(st.sampled_from(["0", "x"])): draw(nearly(kind[4:-1].split(",")[1], depth + 1))}
    if kind in tables()["enums"]:
        return draw(st.sampled_from(tables()["enums"][kind]) | st.integers(-1, 20))
    fields = tables()["messages"].get(kind)
    if fields is None:
        return draw(LEAVES)
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=4)) if fields else []
    return {name: draw(nearly(fields[name], depth + 1)) for name in chosen}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, str, Any]:
    service, method, request, response = draw(st.sampled_from(CALLS))
    return service, method, response, draw(nearly(request))


# One world for all examples: making one for each would take half a minute.
WORLD = Peloton()


@settings(max_examples=150, deadline=None)
@given(sent=st.lists(calls(), min_size=1, max_size=4), target=st.sampled_from(["rank-serving", "ctr-train-0822"]))
def test_nothing_breaks_the_server(sent: list[tuple[str, str, str, Any]], target: str) -> None:
    mock = WORLD

    async def run() -> None:
        job = await mock.job(target)
        version = await mock.version(job)
        for service, method, response_type, body in sent:
            if isinstance(body, dict) and method not in ("DeleteJob", "CreateJob"):
                body = {
                    "jobId": {"value": job},
                    "podName": {"value": f"{job}-1"},
                    "version": {"value": version},
                    **body,
                }
            response = await mock.send(f"{service}::{method}", body, Rpc_Accepts_Both_Response_Error="true")
            if response.status_code == 200:
                check(response_type, response.json())
            else:
                assert STATUS[response.headers["Rpc-Error-Code"]] == response.status_code

    asyncio.run(run())
    mock.clock.advance(1)
