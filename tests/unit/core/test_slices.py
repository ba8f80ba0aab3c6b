"""Long work gives way to keys; names are put in order as people count."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import turns
from adapters.port import SortKey
from tests.unit.core.fakes import make_run
from tui.core.slices import TURNS, Pace
from tui.core.sortkeys import fields_of, key_maker
from tui.core.values import natural

pytestmark = pytest.mark.anyio


async def turns_within(pace: Pace) -> int:
    """How many turns of the loop others have while a piece of work gives way."""
    seen = 0

    async def others() -> None:
        nonlocal seen
        while True:
            await asyncio.sleep(0)
            seen += 1

    other = asyncio.ensure_future(others())
    await asyncio.sleep(0)
    before = seen
    await pace.step()
    other.cancel()
    return seen - before


async def test_a_key_pressed_meanwhile_is_done_before_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 5.0
    monkeypatch.setattr(turns, "_until", moment)
    pace = Pace(budget=0.0)
    assert await turns_within(pace) <= 2, "the key that asked for the work is not waited for"
    monkeypatch.setattr(turns, "_until", moment + 1)
    assert await turns_within(pace) >= TURNS
    assert await turns_within(pace) <= 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("run-9", "run-10"),
        ("a-2-b", "a-10-a"),
        ("v1-run-2", "v1-run-10"),
        ("run", "run-1"),
        ("9", "10"),
        ("x-٩", "x-10"),
    ],
)
def test_numbers_in_names_count(first: str, second: str) -> None:
    assert natural(first) < natural(second)


@given(st.text("ab-0123456789", max_size=12), st.text("ab-0123456789", max_size=12))
def test_names_that_differ_in_more_than_zeros_have_different_keys(one: str, other: str) -> None:
    assert (natural(one) == natural(other)) == (unpadded(one) == unpadded(other))


def unpadded(text: str) -> list[str]:
    return [part.lstrip("0") or "0" if part.isdecimal() else part for part in re.split(r"(\d+)", text)]


def test_names_are_in_the_order_in_which_people_count_whatever_their_case() -> None:
    by_name = key_maker(fields_of([SortKey("name")]))
    rows = [make_run(0, name=name) for name in ("b-10", "B-9", "a")]
    assert [row.name for row in sorted(rows, key=lambda row: by_name(row, 0.0))] == ["a", "B-9", "b-10"]
