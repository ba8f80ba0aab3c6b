"""What a server says it can do, as columns, heads, filters and actions."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.errors import Unavailable
from adapters.fields import FieldType
from adapters.jobmanager import SCHEMA
from adapters.model import Kind
from adapters.port import KindSpec, Schema
from tests.unit.jobmanager.server import CAPABILITIES, CRASH, SUBMITTED, Server, field, problem, row

pytestmark = pytest.mark.anyio


async def described(capabilities: dict[str, Any]) -> Schema:
    return await Server(capabilities).adapter().describe()


async def runs(*fields: dict[str, Any], **more: Any) -> KindSpec:
    return (await described({"displayFields": [*fields], **more})).kinds[Kind.RUN]


async def test_columns_are_the_display_fields_in_their_order() -> None:
    spec = await runs(*CAPABILITIES["displayFields"])
    assert [found.id for found in spec.fields[:3]] == ["label.label", "label.flag", "label.comment"]
    assert [found.title for found in spec.fields[:3]] == ["Label", "Flag", "Comment"]
    assert [found.wide for found in spec.fields[:3]] == [False, False, True]
    assert [found.editable for found in spec.fields[:3]] == [True, True, True]
    assert "Workflow ID" not in [found.title for found in spec.fields]  # the row's own id


async def test_common_columns_take_the_servers_words() -> None:
    shown = field("name", "Sample"), field("status", "Phase"), field("extensions.userId", "Submitter")
    spec = await runs(*shown)
    assert (spec.heads["name"], spec.heads["state"], spec.heads["owner"]) == ("Sample", "Phase", "Submitter")


async def test_what_a_server_does_not_know_has_no_column() -> None:
    spec = await runs(field("name"))
    assert (spec.heads["owner"], spec.heads["group"]) == ("", "")
    known = await runs(field("name"), queryExtensions=["userId", "projectId"])
    assert "owner" not in known.heads
    assert known.heads["group"] == "PROJECT"


async def test_a_type_that_is_not_said_is_text() -> None:
    spec = await runs(
        field("labels.a"), field("extensions.lastUpdate", fieldType="date"), field("end", fieldType="date")
    )
    types = {found.id: (found.type, found.path) for found in spec.fields}
    assert types["label.a"] == (FieldType.TEXT, "extra.labels.a")
    assert types["lastUpdate"] == (FieldType.TIME, "extra.extensions.lastUpdate")
    assert types["finished"] == (FieldType.TIME, "finished")


async def test_rows_hold_what_the_columns_show() -> None:
    told = {"displayFields": [field("labels.a.b"), field("extensions.lastUpdate", fieldType="date")]}
    server = Server(told).rows(row(1, labels={"a.b": "x"}, extensions={"lastUpdate": SUBMITTED}))
    (run,) = (await server.adapter().list(Kind.RUN)).items
    assert run.extra["labels.a.b"] == "x"
    assert run.extra["extensions.lastUpdate"] == 1_787_407_200.0


async def test_filters_are_labels_and_the_extensions_that_are_named() -> None:
    spec = await runs(field("labels.a"), commonLabels=["b"], queryExtensions=["userId", "frobnicate"])
    assert {"label.a", "label.b", "owner", "state", "name"} <= spec.server_filter
    assert not {"group", "archived", "frobnicate"} & spec.server_filter
    assert spec.server_sort == frozenset()


async def test_actions_are_what_can_be_edited() -> None:
    schema = await described(CAPABILITIES)
    assert [action.id for action in schema.actions] == ["abort", "set-labels", "archive", "unarchive"]
    labels = schema.action("set-labels")
    assert labels is not None
    assert labels.params[0].help == (
        "label, flag (archive|follow-up), comment one job at a time; an empty value clears a label"
    )
    assert [action.id for action in (await described({})).actions] == ["abort"]
    only = {"displayFields": [field("labels.note", editable=True)]}
    assert [action.id for action in (await described(only)).actions] == ["abort", "set-labels"]
    other = field("labels.flag", editable=True, fieldType="list", validFieldValues=["bad"])
    assert [action.id for action in (await described({"displayFields": [other]})).actions] == [
        "abort",
        "set-labels",
    ]


@pytest.mark.parametrize(
    "capabilities",
    [
        {"displayFields": None, "commonLabels": "x", "queryExtensions": 3, "authentication": []},
        {
            "displayFields": [
                None,
                3,
                {},
                {"field": ""},
                {"field": "labels.x", "display": 7, "validFieldValues": "y"},
            ]
        },
        {"displayFields": [field("labels.x", "\x1b[31mred\n[/b]" + "x" * 99), field("labels.x", "twice")]},
    ],
)
async def test_nonsense_does_no_harm(capabilities: dict[str, Any]) -> None:
    schema = await described(capabilities)
    for found in schema.kinds[Kind.RUN].fields:
        assert found.title.isprintable()
        assert len(found.title) <= 20
    ids = [found.id for found in schema.kinds[Kind.RUN].fields]
    assert len(ids) == len(set(ids))


async def test_it_is_asked_once() -> None:
    server = Server().rows()
    adapter = server.adapter()
    await adapter.describe()
    await adapter.list(Kind.RUN)
    await adapter.describe()
    assert server.paths().count("GET /api/v1/capabilities") == 1


@pytest.mark.parametrize("status", [404, 501])
async def test_a_server_without_it_is_used_as_declared(status: int) -> None:
    server = Server().on("GET", "/capabilities", problem(status)).rows(row(1))
    adapter = server.adapter()
    assert len((await adapter.list(Kind.RUN)).items) == 1
    assert (await adapter.describe()).kinds[Kind.RUN].fields == SCHEMA.kinds[Kind.RUN].fields
    await adapter.list(Kind.RUN)
    assert server.paths().count("GET /api/v1/capabilities") == 1


async def test_a_crash_is_asked_again() -> None:
    server = Server().on("GET", "/capabilities", CRASH).rows(row(1))
    adapter = server.adapter()
    assert len((await adapter.list(Kind.RUN)).items) == 1
    server.on("GET", "/capabilities", httpx.Response(200, json=CAPABILITIES))
    assert (await adapter.describe()).kinds[Kind.RUN].fields[0].id == "label.label"


async def test_a_server_that_does_not_answer_is_described_as_declared() -> None:
    server = Server().on("GET", "/capabilities", problem(503, "down")).rows(row(1))
    adapter = server.adapter()
    assert await adapter.describe() == SCHEMA
    with pytest.raises(Unavailable):
        await adapter.list(Kind.RUN)


# Health and login


async def test_health() -> None:
    server = Server().on("GET", "/health", httpx.Response(200, json={"available": True}))
    assert (await server.adapter().health()).ok
    down = Server().on("GET", "/health", httpx.Response(500, text="Internal Server Error"))
    with pytest.raises(Unavailable, match="internal server error"):
        await down.adapter().health()
    by_the_book = Server().on("GET", "/health", httpx.Response(503, json={"available": False}))
    with pytest.raises(Unavailable):
        await by_the_book.adapter().health()
    unwell = Server().on("GET", "/health", httpx.Response(200, json={"available": False}))
    assert not (await unwell.adapter().health()).ok


async def test_a_login_that_is_asked_for_is_named() -> None:
    told = {**CAPABILITIES, "authentication": {"isRequired": True}}
    server = Server(told).on("GET", "/health", httpx.Response(200, json={"available": True}))
    assert "set token" in str((await server.adapter().health()).note)
    assert (await server.adapter(token="t").health()).note is None


async def test_the_token_goes_into_both_headers() -> None:
    server = Server().rows()
    await server.adapter(token="t0ken").list(Kind.RUN)
    headers = server.asked[-1].headers
    assert headers["authentication"] == headers["authorization"] == "Bearer t0ken"
    bare = Server().rows()
    await bare.adapter().list(Kind.RUN)
    assert not {"authentication", "authorization"} & set(bare.asked[-1].headers)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"url": "http://jm.test"}, "/api/v1/capabilities"),
        ({"url": "http://jm.test/"}, "/api/v1/capabilities"),
        ({"url": "http://jm.test/api/v1"}, "/api/v1/capabilities"),
        ({"url": "http://jm.test/jobs/api/v1/"}, "/jobs/api/v1/capabilities"),
        ({"url": "http://jm.test/jobs"}, "/jobs/api/v1/capabilities"),
        ({"url": "http://jm.test/jobs", "prefix": ""}, "/jobs/capabilities"),
        ({"url": "http://jm.test", "prefix": "/v2"}, "/v2/capabilities"),
    ],
)
async def test_the_prefix_is_added_unless_it_is_there(settings: dict[str, str], path: str) -> None:
    server = Server()
    await server.adapter(**settings).describe()
    assert server.paths() == [f"GET {path}"]
