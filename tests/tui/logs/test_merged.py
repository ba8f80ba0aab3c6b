"""Every log of a run, or of a pod, in one view: merged by time, told apart by name and hue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.model import Kind, LogMode, LogSource, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.detail.world import World, spool
from tests.tui.fake import SCHEMA
from tests.tui.logs.test_logs import POD, line, opened, pod, quick, world
from tui.screens import logfeed
from tui.styles import tokens

__all__ = ["quick"]
pytestmark = pytest.mark.anyio

RUN = Ref("peloton", Kind.RUN, "ctr-train")


class RunWorld(World):
    """A run whose logs are those of its pods, two of each."""

    async def log_sources(self, ref: Ref, *, attempt: int | None = None) -> Sequence[LogSource]:
        if ref.kind is not Kind.RUN:
            return await super().log_sources(ref, attempt=attempt)
        refs = [each for each in self.rows if each.kind is Kind.POD]
        return [LogSource(each, name, LogMode.APPEND, None, True, name) for each in refs for name in self.names]


def run_world(*names: str) -> RunWorld:
    made = RunWorld("peloton", [pod(name) for name in names], SCHEMA)
    for index, name in enumerate(names):
        made.write(name, line(index, "out"))
        made.write(name, line(index, "err"), "stderr")
    return made


async def test_a_merges_the_logs_of_a_whole_run_in_time_order(console: Open, tmp_path: Path) -> None:
    fake = run_world("pod-3", "pod-1", "pod-2")
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-2")
        await opened(t, RUN)
        await t.see("stdout   1 of 3 logs   1 line")
        await t.press("a")
        await t.see("3 logs, merged by time   3 lines")
        rows = [each[17:40].split() for each in t.lines[3:6]]
        assert rows == [["pod-3", "out", "0"], ["pod-1", "out", "1"], ["pod-2", "out", "2"]]
        await t.press("tab")
        await t.see("pod-1         err 1")
        await t.press("a")
        await t.see("stderr   1 of 3 logs   1 line")
        await t.gone("pod-1 ")


async def test_the_sources_have_different_hues(console: Open, tmp_path: Path) -> None:
    async with console(run_world("pod-3", "pod-1"), view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-1")
        shown = await opened(t, RUN)
        await t.see("1 of 2 logs")
        await t.press("a")
        await t.see("pod-1         out 1")
        strips = [shown.view.render_line(y) for y in range(2)]
        hues = [segment.style for strip in strips for segment in strip if segment.text.startswith("pod-")]
        assert len(hues) == 2
        assert None not in hues
        assert hues[0].color != hues[1].color  # type: ignore[union-attr]
        assert [tokens.style(name).color for name in tokens.SOURCES[:1]] == [hues[0].color]  # type: ignore[union-attr]


async def test_of_one_pod_a_merges_stdout_and_stderr(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.write("pod-7", line(1, "one"), attempt=3)
    fake.write("pod-7", line(2, "two"), "stderr", attempt=3)
    async with console(fake, view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-7")
        await opened(t, POD)
        await t.see("one 1")
        await t.press("colon")
        await t.type("all-sources")
        await t.press("enter")
        await t.see("stdout        one 1")
        await t.see("stderr        two 2")


async def test_a_single_log_has_nothing_to_merge(console: Open, tmp_path: Path) -> None:
    fake = world()
    fake.names = ("stdout",)
    fake.write("pod-7", line(1, "one"), attempt=3)
    async with console(fake, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.see("one 1")
        await t.press("a")
        await t.see("there is no other log here")


async def test_of_very_many_logs_the_first_are_merged_and_it_says_so(
    console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfeed, "MOST_MERGED", 2)
    async with console(run_world("pod-1", "pod-2", "pod-3"), view=Kind.POD, spool=spool(tmp_path)) as t:
        await t.see("pod-3")
        await opened(t, RUN)
        await t.see("1 of 3 logs")
        await t.press("a")
        await t.see("2 logs, merged by time   2 of 3 logs")


async def test_l_on_a_run_leads_to_its_logs(console: Open, tmp_path: Path) -> None:
    fake = run_world("pod-1", "pod-2")
    row = run("peloton", State.RUNNING, "ctr-train")
    fake.rows[row.ref] = row
    async with console(fake, spool=spool(tmp_path)) as t:
        await t.see("ctr-train")
        await t.press("l")
        await t.see("1 of 2 logs")
        await t.press("a")
        await t.see("2 logs, merged by time")
