"""Bookmarks of a log screen, and times to go to."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from adapters.errors import NotFound
from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.detail.world import spool
from tests.tui.logs.test_logs import line, many, opened, pod, quick, world

__all__ = ["quick"]
pytestmark = pytest.mark.anyio


async def test_bookmarks_are_jumped_between_and_stay_with_the_log(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(100), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 99)
        await t.press("u")
        await t.see("no bookmark here; b puts one")
        await t.press("g", "b")
        await t.see("1 bookmark here, u goes to the next")
        await t.see("▌ *14:00:00.000  step 0")
        await t.press("5", "G", "k", "b")
        for key, expected in [("u", 0), ("u", 98), ("U", 0), ("U", 98)]:
            await t.press(key)
            assert shown.view.cursor == expected
        await t.see("bookmark 2 of 2")
        await t.press("escape")
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 99)
        await t.press("U")
        assert shown.view.cursor == 98
        await t.press("b", "u", "b", "u")
        await t.see("no bookmark here")


async def test_a_marker_line_is_a_bookmark_and_hidden_ones_are_passed_over(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(20), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 19)
        await t.press("m")
        await t.see("--- marked at")
        await t.press("g", "j", "b", "g")
        for expected in (1, 20, 1):
            await t.press("u")
            assert shown.view.cursor == expected
        await t.press("&")
        await t.type("step 7")
        await t.press("enter")
        await t.see("only 1 with step 7")
        await t.press("u")
        await t.see("the filter hides every bookmark")


async def test_bookmarks_of_merged_logs(console: Open, tmp_path: Path) -> None:
    names = ("pod-7", "pod-12")
    fake = world(*(pod(name) for name in names))
    fake.attempts = {}
    fake.write("pod-7", line(1, "a") + line(3, "c"))
    fake.write("pod-12", line(2, "b"))
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-12")
        shown = await opened(t, *(Ref("peloton", Kind.POD, name) for name in names))
        await t.see("3 lines")
        await t.press("g", "j", "b", "G", "u")
        assert shown.view.cursor == 1
        assert shown.feed is not None
        assert [log.bookmarks for log in shown.feed.logs] == [set(), {0}]


@pytest.mark.parametrize(
    ("typed", "cursor"),
    [("14:05", 300), ("14:05:30", 330), ("-5m", 1500), ("1m", 1740), ("2026-08-22T14:10:00Z", 600), ("13:00", 0)],
)
async def test_at_goes_to_a_time(console: Open, tmp_path: Path, typed: str, cursor: int) -> None:
    fake = world()
    fake.write("pod-7", many(1801), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 1800)
        await t.press("at")
        await t.see("2026-08-22 14:32")
        await t.type(typed.replace(":", "\0").replace("\0", ":"))
        await t.press("enter")
        await t.until(lambda: shown.view.cursor == cursor)
        assert not shown.view.following
        await t.see(" on")


async def test_the_verb_at_and_what_is_no_time(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(1801), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 1800)
        await t.press("colon")
        await t.type("at 14:20")
        await t.press("enter")
        await t.until(lambda: shown.view.cursor == 1200)
        await t.press("colon")
        await t.type("at +5m")
        await t.press("enter")
        await t.until(lambda: shown.view.cursor == 1500)
        await t.press("@")
        await t.type("soon")
        await t.press("enter")
        await t.see("no time is meant by 'soon'")
        await t.press("@")
        await t.type("2026-08-23")
        await t.press("enter")
        await t.see("nothing at or after 08-23 00:00Z; this")
        assert shown.view.cursor == 1800


async def test_at_in_merged_logs(console: Open, tmp_path: Path) -> None:
    names = ("pod-7", "pod-12")
    fake = world(*(pod(name) for name in names))
    fake.attempts = {}
    fake.write("pod-7", many(60))
    fake.write("pod-12", many(60, 30))
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-12")
        shown = await opened(t, *(Ref("peloton", Kind.POD, name) for name in names))
        await t.see("120 lines")
        shown.verb_at("14:00:40")
        assert shown.rows is not None
        row = shown.rows.row(shown.view.cursor)
        assert (row.line.number, row.line.text[:19]) == (40, "2026-08-22T14:00:40")


async def test_reading_it_again_or_coming_back_moves_nobody(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(200), attempt=3)
    fake.write("pod-7", many(1), attempt=2)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 199)
        await t.press("&")
        await t.type("step 1")
        await t.press("enter")
        await t.until(lambda: shown.view.count == 111)
        await t.press("g", "j", "j")
        for again in (events.AppFocus(), events.Key("ctrl+r", None)):
            before = shown.feed
            t.app.post_message(again)
            await t.until(lambda before=before: shown.feed is not None and shown.feed is not before)  # type: ignore[misc]
            await t.until(lambda: shown.view.count == 111)
            assert (shown.view.cursor, shown.view.following) == (2, False)
        await t.press("p")
        await t.see("try 2 of 3")
        await t.until(lambda: shown.view.count == 1 and shown.view.following)


async def test_a_search_goes_on_after_reading_it_again(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", b"".join(line(i, "NCCL" if i % 20 == 5 else "step") for i in range(100)), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.until(lambda: shown.view.cursor == 99)
        await t.press("g", "/")
        await t.type("nccl")
        await t.press("enter")
        await t.see("/nccl 1 of 5")
        before = shown.feed
        await t.press("ctrl+r")
        await t.until(lambda: shown.feed is not before and shown.view.count == 100)
        await t.press("n")
        await t.until(lambda: shown.view.cursor == 25)


async def test_what_is_shown_stays_when_it_cannot_be_read_again(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", many(50), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        shown = await opened(t)
        await t.see("step 49")
        fake.log_error = NotFound("the sandbox is gone")
        await t.press("ctrl+r")
        await t.see("✗ the sandbox is gone")
        await t.see("step 49")
        await t.press("g", "j")
        assert shown.view.cursor == 1
