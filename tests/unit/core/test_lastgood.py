"""Which run a failed one is compared with."""

from __future__ import annotations

import pytest

from adapters.model import Kind, Ref, Run, State
from tui.core.lastgood import alike, family, last_good, record


def run(name: str, state: State, started: float, **more: object) -> Run:
    ref = Ref("lab", Kind.RUN, f"{name}@{started}")
    return Run(ref=ref, name=name, state=state, native_state="", started=started, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("fraud-gbdt-nightly-0822", "fraud-gbdt-nightly"),
        ("fraud-2026-08-22", "fraud"),
        ("train 7d20b1ff", "train"),
        ("ads-ctr-backfill", "ads-ctr-backfill"),
        ("decade", "decade"),
        ("0822", "0822"),
    ],
)
def test_the_family_is_the_name_without_its_number(name: str, stem: str) -> None:
    assert family(run(name, State.FAILED, 1.0)) == stem


def test_it_is_the_latest_good_one_before_it() -> None:
    failed = run("nightly-5", State.FAILED, 50.0)
    rows = [
        failed,
        run("nightly-1", State.SUCCEEDED, 10.0),
        run("nightly-3", State.SUCCEEDED, 30.0),
        run("nightly-4", State.FAILED, 40.0),
        run("nightly-6", State.SUCCEEDED, 60.0),
        run("weekly-4", State.SUCCEEDED, 45.0),
    ]
    found = last_good(failed, rows)
    assert found is not None
    assert found.name == "nightly-3"
    assert record(failed, rows) == (2, 4)
    assert last_good(failed, [failed]) is None


def test_another_pipeline_or_group_is_another_family() -> None:
    one = run("nightly-1", State.FAILED, 1.0, group="a", extra={"pipeline": "v1"})
    assert alike(one, run("nightly-2", State.FAILED, 2.0, group="a", extra={"pipeline": "v1"}))
    assert alike(one, run("nightly-2", State.FAILED, 2.0))
    assert not alike(one, run("nightly-2", State.FAILED, 2.0, group="b"))
    assert not alike(one, run("nightly-2", State.FAILED, 2.0, extra={"pipeline": "v2"}))
