"""Every backend turns every kind of bad answer into one sentence of the right kind, and closes cleanly."""

from __future__ import annotations

import asyncio
import gc

import pytest

from adapters.errors import (
    AdapterError,
    BadPayload,
    Conflict,
    Forbidden,
    Invalid,
    RateLimited,
    Timeout,
    Unauthorized,
    Unavailable,
)
from adapters.mock.faults import parse
from adapters.model import Kind
from adapters.port import Adapter
from tests.contract.conftest import World

pytestmark = pytest.mark.anyio

ON_A_SOCKET = pytest.mark.parametrize("way", ["socket"], indirect=True, scope="module")
"""Only a socket breaks, makes wait, or is dead."""


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("status=400", (Invalid, Conflict)),
        ("status=401", (Unauthorized,)),
        ("status=403", (Forbidden,)),
        ("status=409", (Conflict,)),
        ("status=429", (RateLimited,)),
        ("rate-limit=60", (RateLimited,)),
        ("status=500", (Unavailable,)),
        ("status=503", (Unavailable,)),
        ("status=504", (Timeout, Unavailable)),
        ("malformed", (BadPayload,)),
        ("html", (BadPayload,)),
        ("html=502", (Unavailable,)),
        ("empty", (BadPayload,)),
        ("empty=500", (Unavailable,)),
        ("redirect", (Unauthorized,)),
    ],
)
async def test_bad_answers(
    world: World, adapter: Adapter, fault: str, kinds: tuple[type[AdapterError], ...]
) -> None:
    world.faults.replace([f"{world.name}:*:{fault}"])
    with pytest.raises(kinds) as caught:
        await adapter.list(Kind.RUN)
    error = caught.value
    assert error.sentence.startswith(f"{world.name}: ")
    assert "\n" not in error.sentence
    if not isinstance(error, BadPayload):  # what is wrong inside an answer is found after the client
        assert adapter.stats.errors >= 1
        assert adapter.stats.last_error
    if fault == "rate-limit=60":
        assert error.retry_after == 60.0
    world.faults.replace(())
    assert (await adapter.list(Kind.RUN)).items  # and heals by itself


@ON_A_SOCKET
@pytest.mark.parametrize("fault", ["truncate", "reset"])
async def test_broken_connections(world: World, adapter: Adapter, fault: str) -> None:
    world.faults.replace([f"{world.name}:*:{fault}"])
    with pytest.raises((Unavailable, BadPayload)):
        await adapter.list(Kind.RUN)
    world.faults.replace(())
    assert (await adapter.list(Kind.RUN)).items


@ON_A_SOCKET
async def test_an_answer_that_takes_too_long(world: World) -> None:
    world.faults.replace([f"{world.name}:*:latency=30"])
    with pytest.raises(Timeout):
        await world.adapter(call_timeout=0.1).list(Kind.RUN)


async def test_a_read_survives_a_short_outage(world: World) -> None:
    adapter = world.adapter(retries=3)
    world.faults.replace([parse(f"{world.name}:*:status=503", times=2)])
    assert (await adapter.list(Kind.RUN)).items
    assert adapter.stats.errors == 2


@ON_A_SOCKET
async def test_a_dead_server(world: World) -> None:
    adapter = world.adapter(url="http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        await adapter.list(Kind.RUN)
    assert caught.value.executed is False
    assert (await adapter.describe()).backend == world.name  # the table opens all the same


async def test_closing_leaves_nothing_behind(world: World) -> None:
    before = asyncio.all_tasks()
    adapter = world.adapter()
    for kind in world.schema.kinds:
        await adapter.list(kind, limit=10)
    await adapter.aclose()
    await adapter.aclose()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
    with pytest.raises(AdapterError):
        await adapter.list(Kind.RUN)
    del adapter
    gc.collect()  # an unclosed socket would warn here, and warnings are errors
