"""What the next start says of how the last console ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import NOW, FakeAdapter
from tests.unit.journal.test_unfinished import killed
from tui.core.journal import Journal

pytestmark = pytest.mark.anyio


def world() -> FakeAdapter:
    return FakeAdapter("one", [run("one", State.RUNNING, "a"), run("one", State.ABORTED, "b")])


async def test_a_write_that_was_cut_off_is_announced_with_what_its_object_is_now(
    console: Open, tmp_path: Path
) -> None:
    log = killed(tmp_path / "journal", "a")
    async with console(world(), journal=log) as t:
        await t.see("cut off, unknown if done: abort a, now running; W shows it")
        await t.press("exclamation_mark")
        await t.see("abort one/run/a was cut off")
    (entry,) = log.records()
    assert entry.message.endswith("later seen as running (RUNNING)")
    async with console(world(), journal=Journal(log.directory)) as t:
        await t.until(lambda: t.cursor)
        await t.press("exclamation_mark")
        await t.see("nothing went wrong so far")  # it was told once


async def test_several_are_one_sentence_and_a_note_each(console: Open, tmp_path: Path) -> None:
    log = killed(tmp_path / "journal", "a", "b", "c")
    async with console(world(), journal=log, size=(160, 30)) as t:
        await t.see("3 changes cut off: abort a, now running, …; W shows them")
        await t.press("exclamation_mark")
        await t.see("abort one/run/b was cut off, nobody knows whether it was done; it is aborted (ABORTED) now")
        await t.see("it is gone now")


async def test_a_backend_that_is_down_leaves_it_for_the_next_start(console: Open, tmp_path: Path) -> None:
    log = killed(tmp_path / "journal", "a")
    adapter = world()
    adapter.error = Unavailable("one: connection refused")
    async with console(adapter, journal=log, size=(160, 30)) as t:
        await t.see("abort a, now not known; W shows it")
        await t.press("exclamation_mark")
        await t.see("what it is now is unknown: one: connection refused")
    assert len(log.unfinished()) == 1


async def test_what_another_console_does_at_this_moment_is_not_announced(console: Open, tmp_path: Path) -> None:
    log = Journal(tmp_path / "journal")
    log.issue("p", "abort", Ref("one", Kind.RUN, "a"), {})  # this process lives
    async with console(world(), journal=Journal(log.directory)) as t:
        await t.until(lambda: t.cursor)
        await t.press("exclamation_mark")
        await t.see("nothing went wrong so far")


@pytest.mark.parametrize("name", ["[/red]", "\x1b]0;x\x07", "a" * 500])
async def test_hostile_references_are_harmless(console: Open, tmp_path: Path, name: str) -> None:
    log = killed(tmp_path / "journal", "a")
    (file,) = (tmp_path / "journal").iterdir()
    file.write_text(file.read_text().replace("one/run/a", json.dumps(f"one/run/{name}")[1:-1]))
    async with console(world(), journal=log) as t:
        await t.see("unknown if done: abort")
        await t.press("exclamation_mark")
        await t.see("abort one/run/")
        assert all("\x1b" not in line and "\x07" not in line for line in t.lines)


async def test_a_torn_journal_is_said_and_goes_on(console: Open, tmp_path: Path) -> None:
    log = Journal(tmp_path / "journal", clock=lambda: NOW)
    log.outcome(log.issue("p", "abort", Ref("one", Kind.RUN, "a"), {}), "done")
    (file,) = (tmp_path / "journal").iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    async with console(world(), journal=Journal(log.directory)) as t:
        await t.see("the last line of the journal was cut off")


async def test_a_journal_that_cannot_be_read_is_said(
    console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = killed(tmp_path / "journal", "a")

    def denied(*given: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(log, "unfinished", denied)
    async with console(world(), journal=log) as t:
        await t.see("the journal cannot be read: Permission denied")
