"""Lists, rows and single objects of every backend keep the port's promises."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from adapters.errors import NotFound, Unsupported
from adapters.model import ENDED, Kind, Ref, Resource, State
from adapters.port import ANY, Adapter, Op, Query, Scope, SortKey, Term
from adapters.sections import Fields
from tests.contract.conftest import World, everything, pages

pytestmark = pytest.mark.anyio
STRANGE = "FROBNICATING"
STATE_WORD = re.compile(
    rb'"(?:[A-Z]+_STATE_)?(?:RUNNING|SUCCEEDED|FAILED|PENDING|UP|DRAINING|CREATED|Running|Succeeded|Failed)"'
)


async def samples(adapter: Adapter, kind: Kind, most: int = 8) -> list[Resource]:
    """Rows of a kind, one of each state first."""
    page = await adapter.list(kind, ANY, limit=100)
    by_state = {row.state: row for row in reversed(page.items)}
    rest = [row for row in page.items if row not in by_state.values()]
    return [*by_state.values(), *rest][:most]


async def test_the_schema(world: World, adapter: Adapter) -> None:
    schema = await adapter.describe()
    assert schema.backend == world.name
    assert set(schema.kinds) | set(schema.absent) == set(Kind)
    assert not set(schema.kinds) & set(schema.absent)
    assert all(reason and not reason.endswith(".") for reason in schema.absent.values())
    assert (await adapter.health()).ok
    asked = world.arrived()
    await adapter.describe()
    assert world.arrived() == asked
    for spec in schema.kinds.values():
        assert set(spec.children) <= set(schema.kinds)
        ids = [field.id for field in spec.fields]
        assert len(ids) == len(set(ids))


async def test_small_pages_hold_what_large_ones_do_once(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        small = await pages(adapter, kind, limit=7)
        refs = [row.ref for page in small for row in page.items]
        assert len(refs) == len(set(refs)), kind
        assert set(refs) == {row.ref for row in await everything(adapter, kind)}, kind
        assert refs, kind
        if spec.scope is Scope.GLOBAL:
            assert all(len(page.items) <= 7 for page in small)
            assert all(page.total in (None, len(refs)) for page in small)


async def test_runs_are_newest_first(adapter: Adapter) -> None:
    created = [run.created for run in await everything(adapter, Kind.RUN, limit=13) if run.created]
    assert created == sorted(created, reverse=True)


async def test_rows_are_what_get_returns_and_their_refs_are_text(world: World, adapter: Adapter) -> None:
    for kind in world.schema.kinds:
        for row in await samples(adapter, kind):
            assert (row.ref.context, row.ref.kind) == (world.name, kind)
            assert Ref.parse(str(row.ref)) == row.ref
            again = await adapter.get(row.ref)
            for field in dataclasses.fields(row):
                listed, read = getattr(row, field.name), getattr(again, field.name)
                if isinstance(listed, Mapping):  # a list may know less, never otherwise
                    listed = {key: value for key, value in listed.items() if value is not None}
                    read = {key: read[key] for key in listed}
                assert listed is None or listed == read, (row.ref, field.name)


async def test_children_name_their_parent(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        for child in spec.children:
            found = []
            for row in await samples(adapter, kind, 4):
                rows = await everything(adapter, child, Query(parent=row.ref))
                found += [row.ref for row in rows]
                assert len({row.ref for row in rows}) == len(rows)
            assert found or kind in (Kind.TASK, Kind.POOL), (kind, child)


async def test_declared_fields_are_found_in_rows(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        for row in await samples(adapter, kind, 2):
            for field in spec.fields:
                assert field.path.startswith("extra.") or hasattr(row, field.path or field.id), field


async def test_active_lists_are_what_has_not_ended(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        if spec.active_list:
            live = await everything(adapter, kind, Query(active=True))
            assert {row.state for row in live} & ENDED == set()
            known = {row.ref for row in await everything(adapter, kind) if row.state not in ENDED | {State.UNKNOWN}}
            assert {row.ref for row in live} >= known
            assert live


async def test_server_sorting_is_the_order_asked_for(world: World, adapter: Adapter) -> None:
    for kind, spec in world.schema.kinds.items():
        for key in sorted(spec.server_sort):
            for descending in (False, True):
                query = Query(sort=(SortKey(key, descending),))
                found = await pages(adapter, kind, query, limit=15)
                assert all(page.sorted for page in found), key
                values = [value_of(row, key) for page in found for row in page.items]
                known = [value for value in values if value is not None]
                assert known == sorted(known, reverse=descending), (kind, key)


def value_of(row: Resource, key: str) -> Any:
    if key == "age":
        return None if row.created is None else -row.created
    value = row.ref.id if key == "id" else getattr(row, key) if hasattr(row, key) else row.extra.get(key)
    return value.casefold() if isinstance(value, str) else value


async def test_what_the_server_filters_is_a_superset(world: World, adapter: Adapter) -> None:
    rows = await everything(adapter, Kind.RUN)
    for state in sorted({row.state for row in rows} - {State.UNKNOWN}):
        query = Query(terms=(Term("state", Op.EQ, (state.value,)),))
        wanted = {row.ref for row in rows if row.state is state}
        assert {row.ref for row in await everything(adapter, Kind.RUN, query)} >= wanted
    part = rows[0].name[2:7]
    for term in (Term("name", Op.MATCH, (part,)), Term("group", Op.EQ, (rows[0].group or "",))):
        wanted = {row.ref for row in rows if part in row.name} if term.field == "name" else set()
        wanted = wanted or {row.ref for row in rows if row.group == rows[0].group}
        assert {row.ref for row in await everything(adapter, Kind.RUN, Query(terms=(term,)))} >= wanted


async def test_details_hide_nothing(world: World, adapter: Adapter) -> None:
    for kind in world.schema.kinds:
        for row in await samples(adapter, kind, 5):
            detail = await adapter.detail(row.ref)
            assert detail.resource.ref == row.ref
            assert isinstance(detail.raw, dict)
            assert detail.raw
            assert isinstance(detail.sections[-1], Fields)
            titles = [section.title for section in detail.sections]
            assert len(titles) == len(set(titles))
            assert detail.cause is None or detail.cause.strip()


async def test_a_missing_object_is_not_found(world: World, adapter: Adapter) -> None:
    for kind in world.schema.kinds:
        present = (await samples(adapter, kind, 1))[0].ref
        head, slash, _ = present.id.rpartition("/")
        for native in (f"{head}{slash}no-such-thing", "no-such-thing", "a b/[/red]"):
            with pytest.raises(NotFound) as caught:
                await adapter.get(Ref(world.name, kind, native))
            assert caught.value.sentence


async def test_what_is_not_declared_is_refused_unasked(world: World, adapter: Adapter) -> None:
    asked = world.arrived()
    for kind, reason in world.schema.absent.items():
        ref = Ref(world.name, kind, "x")
        calls = (
            adapter.list(kind),
            adapter.get(ref),
            adapter.detail(ref),
            adapter.events(ref),
            adapter.log_sources(ref),
        )
        for call in calls:
            with pytest.raises(Unsupported) as caught:
                await call
            assert reason in caught.value.sentence
    for kind, spec in world.schema.kinds.items():
        ref = Ref(world.name, kind, "x")
        if not spec.logs.supported:
            with pytest.raises(Unsupported):
                await adapter.log_sources(ref)
        if not spec.events.supported:
            with pytest.raises(Unsupported):
                await adapter.events(ref)
    assert world.arrived() == asked


@pytest.mark.parametrize("way", ["asgi"], indirect=True, scope="module")  # the answers are rewritten on the way
async def test_a_state_nobody_knows_is_unknown(world: World) -> None:

    class Rewriting(httpx.AsyncBaseTransport):
        inner = httpx.ASGITransport(app=world.app)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await self.inner.handle_async_request(request)
            body = STATE_WORD.sub(f'"{STRANGE}"'.encode(), await answer.aread())
            headers = {"content-type": answer.headers.get("content-type", "")}
            return httpx.Response(answer.status_code, headers=headers, content=body)

    adapter = world.adapter(transport=Rewriting())
    for kind in world.schema.kinds:
        rows = (await adapter.list(kind, limit=100)).items
        strange = [row for row in rows if STRANGE in row.native_state]
        assert all(row.state is State.UNKNOWN for row in strange)
        known = (await world.adapter().list(kind, limit=100)).items
        assert strange or not any(STATE_WORD.fullmatch(f'"{row.native_state}"'.encode()) for row in known), kind
