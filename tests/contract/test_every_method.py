"""Every method of every API's definition, called by its name: it arrives where the definition says, and works."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters import registry
from adapters.mock.clock import SimClock
from adapters.mock.cluster import SimCluster
from adapters.mock.server import build_app, second_ports
from tests.contract import every
from tests.contract.conftest import World
from tests.contract.every.drive import CASES, DEFINED, Drive, is_at, place_of
from tui.core.journal import Journal

pytestmark = pytest.mark.anyio

for _module in pkgutil.iter_modules(every.__path__):
    if _module.name in registry.BUILT_IN:
        importlib.import_module(f"{every.__name__}.{_module.name}")

METHODS = [pytest.param(name, id=name, marks=pytest.mark.covers(name)) for name in CASES]


@pytest.fixture
async def drive(name: str, tmp_path: Path) -> AsyncIterator[Drive]:
    backend = name.partition(".")[0]
    cluster = SimCluster(seed=7, runs=40, hosts=12, clock=SimClock(virtual=True))
    app = build_app(cluster, backends=[backend])
    world = World(backend, registry.backend(backend), "http://mock.test", app, False)
    async with second_ports(cluster, "127.0.0.1", [backend], requests=app.state.requests) as ports:
        adapter = world.adapter(transport=None, **ports.get(backend, {}))
        yield Drive(adapter, cluster, Journal(tmp_path / "journal"), app.state.requests)
        await adapter.aclose()


@pytest.mark.parametrize("name", METHODS)
async def test_every_method(name: str, drive: Drive) -> None:
    backend, _, method = name.partition(".")
    await CASES[name](drive)
    arrived = [each for each in drive.requests if is_at(place_of(each), DEFINED[backend][method])]
    done = [each for each in arrived if each.status is not None and each.status < 300]
    assert done, f"{method} did not arrive at {DEFINED[backend][method]}"
    if drive.spec(method).effect == "write":
        assert len(arrived) == drive.called[method]
        journalled = [entry for entry in drive.journal.records() if entry.action == method]
        assert [entry.outcome for entry in journalled] == ["done"] * drive.called[method]


def test_there_is_no_case_for_what_is_not_defined() -> None:
    assert set(CASES) <= {f"{backend}.{method}" for backend in DEFINED for method in DEFINED[backend]}
