"""KFP lists: paging, sorting, filtering, and what is left out of the JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.mock.clock import SimClock
from tests.mock.calling import Caller

RUNS = "/apis/v2beta1/runs"
NEWEST = "created_at desc"


@pytest.fixture(scope="module")
def mock() -> Caller:
    return Caller(runs=450)


def walk(mock: Caller, path: str = RUNS, key: str = "runs", **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    token: str | None = ""
    while token is not None:
        page = mock.get(path, params=query | {"page_token": token}).json()
        rows += page.get(key, [])
        token = page.get("next_page_token")
    return rows


def refused(mock: Caller, **query: Any) -> tuple[int, int, str]:
    answer = mock.get(RUNS, params=query)
    body = answer.json()
    return answer.status_code, body["code"], body["details"][0]["message"] if "details" in body else ""


def predicates(*each: dict[str, Any]) -> str:
    return json.dumps({"predicates": list(each)})


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["run_id"] for row in rows]


# Paging


@settings(max_examples=12, deadline=None)
@given(
    size=st.integers(1, 500), descending=st.booleans(), sort=st.sampled_from(["created_at", "name", "state", "id"])
)
def test_pages_cover_every_run_once_in_order(mock: Caller, size: int, descending: bool, sort: str) -> None:
    size = max(size, 40)
    rows = walk(mock, page_size=size, sort_by=f"{sort} desc" if descending else sort)
    assert len(rows) == len(set(ids(rows))) == 450
    column = {"name": "display_name", "id": "run_id"}.get(sort, sort)
    keys = [(row[column], row["run_id"]) for row in rows]
    assert keys == sorted(keys, reverse=descending)


def test_the_default_is_twenty_oldest_first(mock: Caller) -> None:
    page = mock.get(RUNS).json()
    assert len(page["runs"]) == 20
    assert page["total_size"] == 450
    assert ids(page["runs"]) == ids(walk(mock, page_size=200))[:20]
    assert page["runs"][0]["created_at"] < page["runs"][-1]["created_at"]


def test_a_page_is_clamped_to_200_without_a_word(mock: Caller) -> None:
    assert len(mock.get(RUNS, params={"page_size": 100_000}).json()["runs"]) == 200


def test_the_last_page_has_no_token_and_the_size_may_change_on_the_way(mock: Caller) -> None:
    page = mock.get(RUNS, params={"page_size": 200}).json()
    page = mock.get(RUNS, params={"page_size": 100, "page_token": page["next_page_token"]}).json()
    page = mock.get(RUNS, params={"page_size": 200, "page_token": page["next_page_token"]}).json()
    assert len(page["runs"]) == 150
    assert "next_page_token" not in page
    assert page["total_size"] == 450


def test_a_token_is_base64_of_json_that_names_the_next_row(mock: Caller) -> None:
    page = mock.get(RUNS, params={"page_size": 5, "sort_by": NEWEST}).json()
    token = json.loads(base64.b64decode(page["next_page_token"]))
    assert (token["SortByFieldName"], token["IsDesc"], token["ModelName"]) == ("created_at", True, "run")
    follow = mock.get(RUNS, params={"page_token": page["next_page_token"]}).json()
    assert follow["runs"][0]["run_id"] == token["KeyFieldValue"]


def test_a_page_continues_where_it_was_when_its_first_row_is_deleted() -> None:
    mock = Caller()
    rows = ids(walk(mock, page_size=20, sort_by=NEWEST))
    token = mock.get(RUNS, params={"page_size": 5, "sort_by": NEWEST}).json()["next_page_token"]
    mock.delete(f"{RUNS}/{rows[5]}")
    assert ids(mock.get(RUNS, params={"page_token": token, "page_size": 5}).json()["runs"]) == rows[6:11]


@pytest.mark.parametrize("token", ["garbage", "e30=", base64.b64encode(b"[1]").decode(), "é", "%00"])
def test_a_token_of_ones_own_making_is_refused(mock: Caller, token: str) -> None:
    assert refused(mock, page_token=token) == (400, 3, "Invalid page token")


def test_a_token_holds_only_for_its_own_sort_and_filter(mock: Caller) -> None:
    query = {"page_size": 5, "sort_by": NEWEST, "filter": predicates(_equals("state", "FAILED"))}
    token = mock.get(RUNS, params=query).json()["next_page_token"]
    assert mock.get(RUNS, params={**query, "page_token": token}).status_code == 200
    mismatch = (400, 3, "page token does not match the supplied sort by and/or filtering criteria")
    assert refused(mock, page_token=token, sort_by="created_at") == mismatch
    assert refused(mock, page_token=token, filter=predicates(_equals("state", "RUNNING"))) == mismatch


@pytest.mark.parametrize(("size", "code", "detailed"), [("-1", 3, True), ("abc", 3, False), ("1e3", 3, False)])
def test_a_wrong_page_size_is_refused(mock: Caller, size: str, code: int, detailed: bool) -> None:
    body = mock.get(RUNS, params={"page_size": size}).json()
    assert (body["code"], "details" in body) == (code, detailed)


def test_names_of_parameters_may_be_camel_case_and_unknown_ones_are_ignored(mock: Caller) -> None:
    assert len(mock.get(RUNS, params={"pageSize": 3, "whatever": 1}).json()["runs"]) == 3


def test_an_empty_list_is_an_empty_object() -> None:
    assert Caller(runs=0).get(RUNS).json() == {}


# Sorting


@pytest.mark.parametrize("sort", ["nope", "created_at down", "created_at desc please", "duration"])
def test_a_sort_it_does_not_know_is_refused(mock: Caller, sort: str) -> None:
    assert refused(mock, sort_by=sort)[:2] == (400, 3)


@pytest.mark.parametrize("sort", ["CREATED_AT DESC", " created_at   desc ", "Created_At Desc"])
def test_a_sort_is_lower_cased_and_split_at_blanks(mock: Caller, sort: str) -> None:
    assert mock.get(RUNS, params={"sort_by": sort}).json()["runs"] == walk(mock, page_size=200, sort_by=NEWEST)[:20]


@pytest.mark.parametrize("sort", ["experiment_id", "recurring_run_id", "state_history"])
def test_some_keys_sort_the_first_page_only(mock: Caller, sort: str) -> None:
    assert refused(mock, sort_by=sort)[:2] == (400, 3)
    few = Caller(runs=15)
    assert len(few.get(RUNS, params={"sort_by": sort}).json()["runs"]) == 15


@pytest.mark.parametrize(
    "sort", ["finished_at", "scheduled_at", "storage_state", "status", "metric:Loss", "namespace"]
)
def test_other_keys_sort_every_page(mock: Caller, sort: str) -> None:
    assert len(walk(mock, page_size=200, sort_by=sort)) == 450


# Filtering


def _equals(key: str, value: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "operation": "EQUALS", "string_value": value} | more


Holds = Callable[[dict[str, Any]], bool]
OPERATIONS: list[tuple[dict[str, Any], Holds]] = [
    (_equals("state", "FAILED"), lambda run: run["state"] == "FAILED"),
    (_equals("state", "failed"), lambda run: run["state"] == "FAILED"),
    (_equals("state", "FAILED", operation=1), lambda run: run["state"] == "FAILED"),
    ({"key": "state", "operation": 2, "stringValue": "FAILED"}, lambda run: run["state"] != "FAILED"),
    (
        {"key": "state", "operation": "IN", "string_values": {"values": ["RUNNING", "PENDING"]}},
        lambda run: run["state"] in ("RUNNING", "PENDING"),
    ),
    ({"key": "name", "operation": "IS_SUBSTRING", "string_value": "LLM"}, lambda run: "llm" in run["display_name"]),
    (_equals("storage_state", "ARCHIVED"), lambda run: run["storage_state"] == "ARCHIVED"),
    (
        {"key": "created_at", "operation": "GREATER_THAN_EQUALS", "timestamp_value": "2026-08-22T12:00:00Z"},
        lambda run: run["created_at"] >= "2026-08-22T12:00:00Z",
    ),
    (
        {"key": "created_at", "operation": 6, "string_value": "1787400000"},
        lambda run: run["created_at"] < "2026-08-22T12:00:00Z",
    ),
    (
        {"key": "finished_at", "operation": "LESS_THAN_EQUALS", "long_value": "0"},
        lambda run: run["finished_at"].startswith("1970"),
    ),
]


@pytest.mark.parametrize(("predicate", "holds"), OPERATIONS)
@pytest.mark.parametrize("twice", [False, True])
def test_a_filter_is_understood_encoded_once_or_twice(
    mock: Caller, predicate: dict[str, Any], holds: Holds, twice: bool
) -> None:
    everything = walk(mock, page_size=200)
    text = predicates(predicate)
    page = mock.get(RUNS, params={"filter": quote(text) if twice else text, "page_size": 200}).json()
    wanted = [run["run_id"] for run in everything if holds(run)]
    assert 0 < len(wanted) < 450
    assert ids(page["runs"]) == wanted[:200]
    assert page["total_size"] == len(wanted)


def test_predicates_are_anded(mock: Caller) -> None:
    both = predicates(_equals("state", "FAILED"), {"key": "name", "operation": 9, "string_value": "sweep"})
    rows = walk(mock, page_size=200, filter=both)
    assert rows
    assert all(run["state"] == "FAILED" and "sweep" in run["display_name"] for run in rows)


def test_a_plain_filter_is_decoded_again_so_plus_means_blank() -> None:
    mock = Caller()
    mock.post(RUNS, json={"display_name": "a b", "pipeline_version_id": _version(mock)})
    assert len(walk(mock, filter=predicates(_equals("name", "a+b")))) == 1
    assert len(walk(mock, filter=quote(predicates(_equals("name", "a+b"))))) == 0
    assert refused(mock, filter=predicates(_equals("name", "100%")))[:2] == (400, 3)


def _version(mock: Caller) -> str:
    pipeline = mock.get("/apis/v2beta1/pipelines").json()["pipelines"][0]["pipeline_id"]
    versions = mock.get(f"/apis/v2beta1/pipelines/{pipeline}/versions").json()["pipeline_versions"]
    return str(versions[0]["pipeline_version_id"])


@pytest.mark.parametrize(
    "predicate",
    [
        {"key": "state", "op": "EQUALS", "string_value": "FAILED"},
        {"key": "nope", "operation": "EQUALS", "string_value": "x"},
        {"operation": "EQUALS", "string_value": "x"},
        {"key": "state", "operation": "LIKE", "string_value": "x"},
        {"key": "state", "operation": 4, "string_value": "x"},
        {"key": "state", "operation": 0, "string_value": "x"},
        {"key": "state", "operation": "EQUALS"},
        {"key": "state", "operation": "EQUALS", "string_value": 1},
        {"key": "state", "operation": "IN", "string_value": "x"},
        {"key": "state", "operation": "IN", "string_values": ["x"]},
        {"key": "state", "operation": "EQUALS", "string_values": {"values": ["x"]}},
        {"key": "created_at", "operation": "IS_SUBSTRING", "int_value": 1},
        {"key": "created_at", "operation": "EQUALS", "timestamp_value": "yesterday"},
        {"key": "created_at", "operation": "EQUALS", "string_value": "yesterday"},
        "x",
    ],
)
def test_a_filter_it_cannot_use_is_refused(mock: Caller, predicate: Any) -> None:
    assert refused(mock, filter=json.dumps({"predicates": [predicate]}))[:2] == (400, 3)


@pytest.mark.parametrize("text", ["{", "[]", '{"predicate": []}', '{"predicates": 1}', "%zz"])
def test_a_filter_that_is_none_is_refused(mock: Caller, text: str) -> None:
    assert refused(mock, filter=text)[:2] == (400, 3)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=30), token=st.binary(max_size=40))
def test_no_query_breaks_the_server(mock: Caller, text: str, token: bytes) -> None:
    for query in (
        {"filter": text},
        {"sort_by": text},
        {"page_size": text},
        {"page_token": text},
        {"page_token": base64.b64encode(token).decode()},
        {"experiment_id": text},
    ):
        assert mock.get(RUNS, params=query).status_code in (200, 400, 404)


# What a run looks like


def test_lists_and_gets_give_the_same_whole_run(mock: Caller) -> None:
    for run in mock.get(RUNS, params={"sort_by": NEWEST, "page_size": 60}).json()["runs"]:
        assert mock.get(f"{RUNS}/{run['run_id']}").json() == run


def test_zero_values_are_left_out_and_times_are_never_null(mock: Caller) -> None:
    runs = walk(mock, page_size=200)
    for run in runs:
        assert "" not in run.values()
        assert None not in run.values()
        assert ("pipeline_spec" in run) != ("pipeline_version_reference" in run)
        assert not {"namespace", "pipeline_version_id", "error"} & set(run)
        ended = run["state"] in ("SUCCEEDED", "FAILED", "SKIPPED", "CANCELED")
        assert ended == (not run["finished_at"].startswith("1970-01-01T00:00:00Z"))
        assert run["state_history"][0]["state"] == "PENDING"
    heavy = [len(json.dumps(run)) for run in runs]
    assert sum(heavy) / len(heavy) > 6000


def test_archived_runs_are_listed_unless_filtered(mock: Caller) -> None:
    runs = walk(mock, page_size=200)
    archived = [run for run in runs if run["storage_state"] == "ARCHIVED"]
    active = {"key": "storage_state", "operation": "NOT_EQUALS", "string_value": "ARCHIVED"}
    assert archived
    assert len(walk(mock, page_size=200, filter=predicates(active))) == len(runs) - len(archived)


def test_an_experiment_restricts_the_list_and_must_exist(mock: Caller) -> None:
    runs = walk(mock, page_size=200)
    experiment = runs[-1]["experiment_id"]
    own = walk(mock, page_size=200, experiment_id=experiment)
    assert ids(own) == ids([run for run in runs if run["experiment_id"] == experiment])
    assert refused(mock, experiment_id="nope") == (404, 5, "Experiment nope not found")


def test_a_row_that_fails_conversion_has_an_error_and_little_else() -> None:
    mock = Caller(options={"kfp": {"unreadable": 1}})
    first, second = mock.get(RUNS, params={"sort_by": NEWEST}).json()["runs"][:2]
    assert set(first) == {"run_id", "experiment_id", "error"}
    assert first["error"]["code"] == 13
    assert "error" not in second


def test_a_page_of_many_costs_no_more_than_its_rows() -> None:
    mock = Caller(runs=100_000)
    page = mock.get(RUNS, params={"sort_by": NEWEST, "page_size": 200}).json()
    assert (len(page["runs"]), page["total_size"]) == (200, 100_000)
    page = mock.get(RUNS, params={"page_token": page["next_page_token"], "page_size": 200}).json()
    assert len(page["runs"]) == 200
    assert len(mock.cluster.timeline("kfp")._outlines) <= 402


def test_many_arrivals_at_speed_are_paged_in_order_and_never_lie_in_the_future() -> None:
    wall = [1_787_409_127.0]
    clock = SimClock(speed=60, wall=lambda: wall[0])
    mock = Caller(clock=clock, arrivals=10)
    wall[0] += 20  # 200 arrivals, ten in each second that clients can see
    for sort, descending in ((NEWEST, True), ("", False)):
        rows = walk(mock, page_size=7, sort_by=sort)
        assert len(set(ids(rows))) == len(rows) == 260
        keys = [(row["created_at"], row["run_id"]) for row in rows]
        assert keys == sorted(keys, reverse=descending)
    now = datetime.fromtimestamp(wall[0], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for row in rows:
        times = [row["created_at"], row["finished_at"], *(entry["update_time"] for entry in row["state_history"])]
        assert max(times) <= now
    newest = predicates(
        {"key": "created_at", "operation": "GREATER_THAN", "timestamp_value": rows[-50]["created_at"]}
    )
    assert len(walk(mock, filter=newest)) == len(
        [row for row in rows if row["created_at"] > rows[-50]["created_at"]]
    )
