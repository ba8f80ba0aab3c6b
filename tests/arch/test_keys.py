"""docs/keys.md is what is there: each key of the table has a test that presses it, and each is a verb too."""

from __future__ import annotations

import pytest

from docs import keys as page
from tui.keys import KEYS, KeySpec


@pytest.fixture(scope="module")
def proofs() -> page.Proofs:
    return page.proofs()


def test_every_key_has_a_test_that_presses_it(proofs: page.Proofs) -> None:
    assert page.problems(proofs) == []


def test_the_page_is_up_to_date(proofs: page.Proofs) -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(proofs), "run python docs/keys.py"


def test_what_is_missing_is_named() -> None:
    specs = [KeySpec("down", ("j", "n"), "row", "MOVE")]
    assert page.problems({"down": [("j", "test"), ("x", "test")]}, specs) == [
        "no test presses n (down)",
        "a test presses x for down, which it is not",
    ]


def test_every_group_is_on_the_page(proofs: page.Proofs) -> None:
    text = page.page(proofs)
    assert [spec.id for spec in KEYS if f"| `{spec.id}` |" not in text] == []
