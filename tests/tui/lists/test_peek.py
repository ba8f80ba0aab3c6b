"""The four lines under the table of a tall screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import OOM, runs
from tests.tui.detail.world import World, spool
from tests.tui.fake import SCHEMA
from tui.screens.logs import LogsScreen

pytestmark = pytest.mark.anyio

FRAUD = Ref("prod-kfp", Kind.RUN, "fraud-gbdt-nightly-0822")
LOG = (
    b"2026-08-22T14:25:00.000Z step 1\n"
    b"2026-08-22T14:25:03.881Z ERROR numpy.ArrayMemoryError: [/red] Unable to allocate 6.10 GiB\n"
    b"2026-08-22T14:25:03.990Z bye\n"
)


async def test_it_says_what_is_known_and_the_last_errors_of_a_log_that_was_read(
    console: Open, tmp_path: Path
) -> None:
    world = World("prod-kfp", runs(), SCHEMA)
    world.write(FRAUD.id, LOG)
    async with console(world, size=(160, 48), spool=spool(tmp_path)) as t:
        await t.see("ocr-detector-train-87")
        await t.press("e")
        await t.see("prod-kfp/run/fraud-gbdt-nightly-0822")
        first, cause, known, blank = t.lines[43:47]
        assert first.startswith(" ✗ FAILED  prod-kfp/run/fraud-gbdt-nightly-0822")
        assert cause.startswith(f"   {OOM}")
        assert known.startswith("   started 13:43:48Z  ended 14:25:06Z")
        assert not blank.strip()
        await t.press("l")
        await t.until(lambda: isinstance(t.app.screen, LogsScreen))
        await t.see("bye")
        await t.press("escape")
        await t.see("from the spool, 3 lines")
        first, cause, line, blank = t.lines[43:47]
        assert first.startswith(" ✗ FAILED  prod-kfp/run/fraud-gbdt-nightly-0822")
        assert cause.startswith(f"   {OOM}")
        assert line.startswith(" ✗ 14:25:03.881  ERROR numpy.ArrayMemoryError: [/red] Unable to allocate")
        assert not blank.strip()
        await t.press("j")
        await t.gone("from the spool")


async def test_the_last_change_has_its_time(console: Open) -> None:
    world = World("prod-kfp", runs(), SCHEMA)
    async with console(world, size=(160, 48)) as t:
        await t.see("ocr-detector-train-87")
        row = world.rows[Ref("prod-kfp", Kind.RUN, "llm-eval-mmlu-sweep-14")]

        world.rows[row.ref] = replace(row, state=State.FAILED, native_state="FAILED")
        await t.press("ctrl+r")
        await t.see("running → failed at 14:32:07Z, ")
