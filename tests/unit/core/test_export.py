"""Records have the documented keys, all of them, always."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from adapters.model import Capacity, Instant, Json, Kind, Pod, Pool, Progress, Ref, State
from tests.unit.core.fakes import START, make_run
from tui.core.export import KEYS, csv_cell, csv_row, to_record

DOCUMENTED = (
    "context kind id name state native_state owner group parent created started finished duration_s progress "
    "message labels host pool stale_s extra"
)


def test_keys_are_the_documented_ones_in_their_order_and_null_is_kept() -> None:
    bare = Pod(ref=Ref("p", Kind.POD, "a/b"), name="", state=State.UNKNOWN, native_state="")
    record = to_record(bare, 100.0)
    assert " ".join(record) == DOCUMENTED == " ".join(KEYS)
    assert record["owner"] is None
    assert record["created"] is None
    assert record["stale_s"] is None
    assert record["labels"] == {}
    assert json.loads(json.dumps(record)) == record


def test_times_are_utc_and_durations_count_to_now() -> None:
    run = make_run(0, State.RUNNING, created=0.0, started=10.0, progress=Progress(6, 24), labels={"a": "b"})
    record = to_record(run, 70.5, stale_s=3.0)
    assert record["created"] == "1970-01-01T00:00:00Z"
    assert record["duration_s"] == 60.5
    assert record["progress"] == {"done": 6, "total": 24}
    assert record["labels"] == {"a": "b"}
    assert record["stale_s"] == 3.0


def test_what_only_the_kind_has_is_in_extra_beside_the_backends_own() -> None:
    pool = Pool(
        ref=Ref("p", Kind.POOL, "/ml"),
        name="/ml",
        state=State.UP,
        native_state="",
        capacity=(Capacity("gpu", limit=160.0),),
        extra={"type": "elastic"},
    )
    extra = to_record(pool, 0.0)["extra"]
    assert isinstance(extra, dict)
    assert extra["type"] == "elastic"
    assert extra["waiting"] is None
    capacity = extra["capacity"]
    assert isinstance(capacity, list)
    assert capacity[0] == {
        "kind": "gpu",
        "reservation": None,
        "limit": 160.0,
        "share": None,
        "allocation": None,
        "slack": None,
    }


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t=1"),
        ("plain=1", "plain=1"),
        (-5, "-5"),
        (None, ""),
        (True, "true"),
        ({"done": 6, "total": 24}, "6/24"),
        ({}, ""),
        ({"b": 1}, '{"b":1}'),
    ],
)
def test_csv_cells_cannot_be_formulas(value: Json, cell: str) -> None:
    assert csv_cell(value) == cell


def test_csv_rows_follow_the_keys() -> None:
    row = csv_row(to_record(make_run(1, name="=evil"), 0.0))
    assert len(row) == len(KEYS)
    assert row[KEYS.index("name")] == "'=evil"


def test_a_backends_own_times_are_written_as_times() -> None:
    row = replace(make_run(1), extra={"updated": Instant.of(0.0), "iteration": 12.0, "never": Instant.of(None)})
    assert to_record(row, START)["extra"] == {
        "updated": "1970-01-01T00:00:00Z",
        "iteration": 12.0,
        "never": None,
        "gpus": None,
    }
