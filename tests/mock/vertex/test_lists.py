"""customJobs.list: the filter language, pages and read masks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.vertex.mock_filter import FilterError, Restriction, Test, Truth, parse
from tests.mock.vertex.calls import JOBS, POOL, listed, mock, problem


@pytest.fixture(scope="module")
def caller() -> Any:
    return mock(runs=120)


@pytest.fixture(scope="module")
def jobs(caller: Any) -> list[dict[str, Any]]:
    return listed(caller)


def test_the_documented_examples(caller: Any, jobs: list[dict[str, Any]]) -> None:
    def names(text: str) -> set[str]:
        return {job["name"] for job in listed(caller, filter=text)}

    def expected(keep: Any) -> set[str]:
        return {job["name"] for job in jobs if keep(job)}

    one, middle = jobs[5]["displayName"], jobs[60]["createTime"]
    prefix = one[:5]
    cases: list[tuple[str, Any]] = [
        (
            f'state="JOB_STATE_SUCCEEDED" AND display_name:"{prefix}*"',
            lambda job: job["state"] == "JOB_STATE_SUCCEEDED" and job["displayName"].startswith(prefix),
        ),
        (f'NOT display_name="{one}"', lambda job: job["displayName"] != one),
        (f'-display_name="{one}"', lambda job: job["displayName"] != one),
        (f'display_name!="{one}"', lambda job: job["displayName"] != one),
        (f'create_time>"{middle}"', lambda job: job["createTime"] > middle),
        (f'create_time<="{middle}"', lambda job: job["createTime"] <= middle),
        ("labels.env:*", lambda job: "env" in job["labels"]),
        ("labels.owner=ci", lambda job: job["labels"]["owner"] == "ci"),
        (
            "labels.owner=ci labels.team=etl",
            lambda job: job["labels"] | {"owner": "ci", "team": "etl"} == job["labels"],
        ),
        (
            'state="JOB_STATE_FAILED" OR state="JOB_STATE_CANCELLED" AND labels.owner=ci',
            # OR binds tighter than AND
            lambda job: (
                job["state"] in ("JOB_STATE_FAILED", "JOB_STATE_CANCELLED") and job["labels"]["owner"] == "ci"
            ),
        ),
        (
            'state="JOB_STATE_FAILED" OR (state="JOB_STATE_SUCCEEDED" AND labels.owner=ci)',
            lambda job: (
                job["state"] == "JOB_STATE_FAILED"
                or (job["state"] == "JOB_STATE_SUCCEEDED" and job["labels"]["owner"] == "ci")
            ),
        ),
        ("", lambda job: True),
    ]
    for text, keep in cases:
        assert names(text) == expected(keep), text
    assert names('labels.env!="prod"') >= expected(lambda job: "env" not in job["labels"])


@pytest.mark.parametrize(
    "text",
    [
        'displayName="x"',
        'state="RUNNING"',
        'state>"JOB_STATE_RUNNING"',
        'create_time>"yesterday"',
        'create_time:"2026-08-22T00:00:00Z"',
        'create_time>"2026-08-22T00:00:00"',  # without a zone
        "state=",
        "state",
        "(state=JOB_STATE_RUNNING",
        "state=JOB_STATE_RUNNING)",
        "AND",
        'state="JOB_STATE_RUNNING" OR',
        "end_time>1",
        'display_name="unclosed',
    ],
)
def test_filters_that_make_no_sense(caller: Any, text: str) -> None:
    assert problem(caller.get(JOBS, params={"filter": text}))[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_hold_every_job_once(caller: Any, jobs: list[dict[str, Any]], size: int) -> None:
    assert listed(caller, size) == jobs
    failed = [job for job in jobs if job["state"] == "JOB_STATE_FAILED"]
    assert listed(caller, size, filter='state="JOB_STATE_FAILED"') == failed


def test_a_page_is_a_hundred_at_most_and_by_default(caller: Any) -> None:
    assert len(caller.get(JOBS).json()["customJobs"]) == 100
    assert len(caller.get(JOBS, params={"page_size": 1000}).json()["customJobs"]) == 100


def test_a_token_belongs_to_its_filter(caller: Any) -> None:
    token = caller.get(JOBS, params={"pageSize": 5}).json()["nextPageToken"]
    answer = caller.get(JOBS, params={"pageToken": token, "filter": "labels.owner=ci"})
    assert problem(answer)[:2] == (400, "INVALID_ARGUMENT")


def test_new_jobs_do_not_move_the_pages_of_a_list_under_way() -> None:
    caller = mock()
    first = caller.get(JOBS, params={"pageSize": 10}).json()
    caller.post(JOBS, json={"displayName": "new", "jobSpec": {"workerPoolSpecs": [POOL]}})
    second = caller.get(JOBS, params={"pageSize": 10, "pageToken": first["nextPageToken"]}).json()
    names = [job["name"] for page in (first, second) for job in page["customJobs"]]
    assert len(set(names)) == 20


@pytest.mark.parametrize(
    ("mask", "keys"),
    [
        ("name,displayName", {"name", "displayName"}),
        ("name,display_name,state", {"name", "displayName", "state"}),
        ("*", {"name", "displayName", "jobSpec", "state", "createTime", "updateTime"}),
    ],
)
def test_a_read_mask_leaves_the_rest_out(caller: Any, mask: str, keys: set[str]) -> None:
    page = caller.get(JOBS, params={"readMask": mask, "pageSize": 3}).json()
    assert all(keys <= set(job) and (mask == "*" or set(job) == keys) for job in page["customJobs"])


def test_a_read_mask_reaches_into_messages(caller: Any) -> None:
    page = caller.get(JOBS, params={"readMask": "name,jobSpec.workerPoolSpecs", "pageSize": 3}).json()
    assert all(set(job["jobSpec"]) == {"workerPoolSpecs"} for job in page["customJobs"])


def letter(given: Restriction) -> Test:
    """`a=1` looks into a dictionary of truths."""

    def test(row: dict[str, Truth]) -> Truth:
        return row.get(given.field)

    return test


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("a=1 AND b=1", {"a": True, "b": False}, False),
        ("a=1 AND b=1", {"a": True}, None),
        ("a=1 AND b=1", {"a": False}, False),
        ("a=1 OR b=1", {"a": True}, True),
        ("a=1 OR b=1", {"a": False}, None),
        ("NOT a=1", {}, None),
        ("NOT NOT a=1", {"a": True}, True),
        ("NOT a=1 OR b=1", {"a": True, "b": True}, True),
        ("a=1 b=1 OR c=1", {"a": True, "b": False, "c": True}, True),
    ],
)
def test_truth_has_three_values(text: str, row: dict[str, Truth], expected: Truth) -> None:
    assert parse(text, letter)(row) is expected


@given(st.text(alphabet='ab=1"() ANDORT-:<>!~\\', max_size=30))
def test_any_text_is_a_filter_or_a_sentence(text: str) -> None:
    with suppress(FilterError):
        assert parse(text, letter)({"a": True}) in (True, False, None)
