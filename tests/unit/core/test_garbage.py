"""Collections stay short once the console runs."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tui.core import garbage


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(garbage, "_started", False)
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Node:
    def __init__(self) -> None:
        self.me = self


def test_the_console_runs_with_pythons_own_thresholds() -> None:
    gc.set_threshold(100_000)
    garbage.started()
    assert gc.get_threshold() == garbage.USUAL


def test_a_screen_that_was_open_when_another_list_was_loaded_is_not_kept_for_ever() -> None:
    garbage.started()
    screen = Node()
    seen = weakref.ref(screen)
    garbage.started()
    del screen
    gc.collect()
    assert seen() is None


def test_what_was_there_is_not_walked_over_and_garbage_is_not_kept() -> None:
    garbage.started()
    gc.disable()
    try:
        kept, thrown = Node(), Node()
        thrown_at = id(thrown)
        del thrown
        garbage.rows_came()
        assert gc.get_freeze_count() > 0
        assert not any(id(each) == thrown_at and isinstance(each, Node) for each in gc.get_objects())
        assert all(each is not kept for each in gc.get_objects()), "frozen: no collection looks at it"
    finally:
        gc.enable()
