"""Run detail against its mock-up, and every key of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind, Pod, Ref, State
from tests.tui.conftest import Open
from tests.tui.detail.world import BEGAN, LOG, RUN, World, failed_run, spool, task, tasks
from tests.tui.fake import Clock, Tester
from tui.core.plan import Guard
from tui.screens.detail import DetailScreen
from tui.screens.document import DocumentScreen
from tui.screens.logs import LogsScreen

pytestmark = pytest.mark.anyio

PROTECTED = {"prod-kfp": Guard(protected=True)}


def detail(t: Tester) -> DetailScreen:
    assert isinstance(t.app.screen, DetailScreen)
    return t.app.screen


async def opened(t: Tester, ref: Ref = RUN, tab: str | None = None) -> DetailScreen:
    t.app.open_detail(ref, tab)
    await t.until(lambda: isinstance(t.app.screen, DetailScreen) and t.app.screen.detail is not None)
    await t.see("as of")
    return detail(t)


async def test_the_screen_is_the_mock_up(console: Open) -> None:
    async with console(World(), guard=PROTECTED) as t:
        await opened(t)
        await t.see("try 2")
        lines = t.lines
    assert lines[0] == " prod-kfp protected › runs › fraud-gbdt-nightly-0822            as of 14:32:07Z "
    assert lines[1] == " ✗ failed FAILED   ran 41m18s, ended 7m01s ago   16 tasks  ✗ 3  » 4  ✓ 9        "
    assert lines[2] == " Why  train try 2: OOMKilled, exit 137; main used 31.8Gi of 32Gi          X why "
    assert lines[3] == " experiment fraud            pipeline fraud-gbdt v31      started 13:43:48Z     "
    assert lines[4] == " owner      pipeline-runner  id       0b3e7a52…5f1d9c41   ended   14:25:06Z     "
    assert lines[5].startswith(" [Tasks]  Params 11  Pods 0  Events 3  Logs  Artifacts 2  Spec  Fields 3  Raw")
    assert lines[6] == "  TASK                TRY     DUR  13:43      13:54      14:04      14:14 14:25 "
    assert lines[7] == "  ✓ ingest              -   6m12s  ──────✓                                      "
    assert lines[13] == "  ✓ └ 4 shards  ✓✓✓✓    1  13m22s           ·━━━━━━━━━━━━━━✓                    "
    assert lines[14] == "  ✗ train               2  16m46s                           ──────────────────✗ "
    assert lines[16].startswith("▌ ✗ └ try 2             2   7m46s")
    assert lines[22] == " ✗ try 2  pod fraud-gbdt-x7k2p-train-1893  exit 137, no log after 14:25:04      "
    assert lines[23].startswith(" enter detail  l logs  r retry  tab Params")
    assert all(len(line) == 80 for line in lines)


async def test_a_wide_screen_has_the_side_pane(console: Open) -> None:
    async with console(World(), size=(160, 48)) as t:
        await opened(t)
        await t.see("│ Why")
        await t.see("max_rows")
        await t.see("(3 more)")
        await t.see("Events 3")
        await t.press("tab")
        await t.gone("│ Why")


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["j"], "evaluate"),
        (["k"], "try 1"),
        (["g"], "ingest"),
        (["G"], "notify"),
        (["g", "e"], "train"),
        (["g", "e", "e"], "try 1"),
        (["E"], "try 1"),
        (["home", "down"], "read-events"),
        (["pagedown"], "notify"),
        (["G", "ctrl+b"], "ingest"),
        (["k", "k", "left", "j"], "evaluate"),
        (["k", "k", "left", "right", "j"], "try 1"),
        (["left"], "train"),
        (["k", "k", "enter", "j"], "evaluate"),
    ],
)
async def test_moving_and_folding(console: Open, keys: list[str], row: str) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        await t.until(lambda: screen.tasks.row is not None)
        await t.press(*keys)
        assert screen.tasks.row is not None
        assert screen.tasks.row.label == row


async def test_enter_unfolds_the_shards_and_opens_a_leaf(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        await t.see("4 shards")
        await t.press("g", *["j"] * 6, "enter")
        await t.see("shard-3")
        await t.press("G", "enter")
        await t.until(lambda: t.app.screen is not screen)
        assert detail(t).ref.id == "notify"
        await t.press("q")
        await t.until(lambda: t.app.screen is screen)
        assert screen.tasks.row is not None
        assert screen.tasks.row.label == "notify"


async def test_zoom_shows_only_the_row_and_comes_back(console: Open) -> None:
    async with console(World()) as t:
        await opened(t)
        await t.see("13:54")
        await t.press("z")
        await t.gone("13:54")
        await t.press("z")
        await t.see("13:54")


async def test_t_shows_clock_times(console: Open) -> None:
    async with console(World()) as t:
        await opened(t)
        await t.see("DUR")
        await t.press("t")
        await t.see("START")
        await t.see("13:43:")


async def test_tab_goes_round_every_pane(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        seen = [screen.tab]
        for _ in screen.tabs:
            await t.press("tab")
            seen.append(screen.tab)
        assert seen[0] == seen[-1] == "task"
        assert seen[1:4] == ["section:Params", "pod", "events"]
        await t.press("shift+tab")
        assert screen.tab == "raw"
        await t.see("run_id")


async def test_each_pane_shows_what_it_is_about(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        for tab, text in [
            ("section:Params", "max_rows"),
            ("pod", "no pods"),
            ("events", "run RUNNING → FAILED"),
            ("logs", "opens the logs"),
            ("section:Artifacts", "model"),
            ("section:Spec", "components:"),
            ("section:Fields", "display_name"),
            ("raw", "display_name: fraud"),
        ]:
            screen.show_tab(tab)
            await t.see(text)


async def test_a_tab_may_be_asked_for_and_the_event_and_time_keys_turn_to_theirs(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t, tab="Events")
        await t.until(lambda: screen.tab == "events")
        await t.press("T")
        assert screen.tab == "task"
        await t.press("v")
        assert screen.tab == "events"


async def test_pods_open_from_their_pane(console: Open) -> None:
    pod = Pod(
        ref=Ref("prod-kfp", Kind.POD, "pod-1"), name="pod-1", state=State.RUNNING, native_state="R", parent=RUN
    )
    async with console(World(rows=[failed_run(), *tasks(), pod])) as t:
        screen = await opened(t)
        screen.show_tab("pod")
        await t.see("pod-1")
        await t.press("enter")
        await t.until(lambda: t.app.screen is not screen)
        assert detail(t).ref == pod.ref


@pytest.mark.parametrize(("key", "kind"), [("d", DocumentScreen), ("y", DocumentScreen), ("l", LogsScreen)])
async def test_looking_at_the_task_under_the_cursor(console: Open, tmp_path: Path, key: str, kind: type) -> None:
    async with console(World(), spool=spool(tmp_path)) as t:
        screen = await opened(t)
        await t.until(lambda: screen.current is not None)
        await t.press(key)
        await t.until(lambda: isinstance(t.app.screen, kind))
        opened_screen = t.app.screen
        assert isinstance(opened_screen, DocumentScreen | LogsScreen)
        assert opened_screen.ref.id == "train.try 2"


async def test_p_opens_the_earlier_try(console: Open, tmp_path: Path) -> None:
    async with console(World(), spool=spool(tmp_path)) as t:
        screen = await opened(t)
        await t.until(lambda: screen.current is not None)
        await t.press("p")
        await t.until(lambda: isinstance(t.app.screen, LogsScreen))
        assert isinstance(t.app.screen, LogsScreen)
        assert t.app.screen.attempt == 1


async def test_actions_are_about_the_run_when_tasks_have_none(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        await t.until(lambda: screen.current is not None)
        assert screen.targets() == [RUN]
        await t.press("r")
        await t.see("PLAN  retry run fraud-gbdt-nightly-0822")


async def test_x_opens_the_menu_of_the_object(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        await t.until(lambda: screen.current is not None)
        await t.press("x")
        await t.see("ACTIONS  fraud-gbdt-nightly-0822  ✗ failed")
        await t.press("escape")
        await t.gone("ACTIONS")


async def test_copy_id_and_owner_and_host(console: Open) -> None:
    async with console(World()) as t:
        screen = await opened(t)
        await t.until(lambda: screen.current is not None)
        await t.press("c")
        assert t.app.clipboard == "train.try 2"
        await t.press("o")
        await t.see("no host is known here")
        t.app.open_detail(Ref("prod-kfp", Kind.TASK, "train"))
        await t.until(lambda: detail(t).detail is not None and detail(t).ref.id == "train")
        await t.press("J")
        await t.until(lambda: detail(t).ref == RUN)


async def test_without_a_cause_it_says_so(console: Open) -> None:
    world = World()
    world.cause = None
    async with console(world) as t:
        await opened(t)
        await t.see("no cause reported, X searches the logs")


async def test_a_running_run_says_what_runs_and_its_axis_ends_now(console: Open) -> None:
    world = World(
        rows=[
            failed_run(state=State.RUNNING, native_state="RUNNING", finished=None),
            task("ingest", State.SUCCEEDED, 0, 0, 372),
            task("train", State.RUNNING, 372, 400),
        ]
    )
    world.cause = None
    async with console(world) as t:
        await opened(t)
        await t.see("Now  train")
        await t.see("running for 48m19s")
        await t.see("14:32")
        await t.see("▸ train")


async def test_it_is_read_again_on_refresh_and_keeps_the_cursor(console: Open) -> None:
    world = World()
    async with console(world) as t:
        screen = await opened(t)
        await t.until(lambda: screen.tasks.row is not None)
        await t.press("k")
        row = next(each for each in tasks() if each.name == "validate")
        world.rows[row.ref] = replace(row, state=State.LOST)
        world.rows[RUN] = failed_run(message=None, owner="mallory")
        await t.press("ctrl+r")
        await t.see("mallory")
        await t.see("! validate")
        assert screen.tasks.row is not None
        assert screen.tasks.row.label == "try 1"


async def test_an_outage_keeps_what_is_known_and_says_how_old_it_is(console: Open) -> None:
    world, clock = World(), Clock()
    async with console(world, clock=clock) as t:
        screen = await opened(t)
        await t.see("try 2")
        world.error = Unavailable("no answer: 10.2.0.9:5297 refused")
        clock.now += 41
        await t.press("ctrl+r")
        await t.see("stale 41s, last 14:32:07Z")
        await t.see("refused")
        await t.see("try 2")
        world.error = None
        await t.press("ctrl+r")
        await t.see("as of 14:32:48Z")
        assert screen.error is None


async def test_what_is_not_there_says_so(console: Open) -> None:
    async with console(World()) as t:
        t.app.open_detail(Ref("prod-kfp", Kind.RUN, "nope"))
        await t.see("not found")
        await t.see("is not there")


async def test_why_finds_the_line_and_opens_the_log_there(console: Open, tmp_path: Path) -> None:
    world = World()
    world.write("train.try 2", LOG)
    async with console(world, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.press("X")
        await t.see("the first of 2 error lines, line 3 of 5")
        await t.see("Unable to allocate 6.10 GiB")
        await t.see("task     try 2")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, LogsScreen) and t.app.screen.view.cursor == 2)


async def test_why_does_not_cut_the_line_it_has_chosen(console: Open, tmp_path: Path) -> None:
    world = World()
    world.write("train.try 2", b"2026-08-22T14:25:03Z ERROR " + b"words " * 30 + b"the very end\n")
    async with console(world, spool=spool(tmp_path)) as t:
        await opened(t, tab="Why")
        await t.see("the only error line, line 1 of 1")
        await t.see("the very end")


async def test_why_is_honest_when_nothing_is_found(console: Open, tmp_path: Path) -> None:
    world = World()
    world.cause = None
    world.write("train.try 2", b"all is well\n" * 10)
    async with console(world, spool=spool(tmp_path)) as t:
        await opened(t)
        await t.press("X")
        await t.see("reports no cause")
        await t.see("no line of 10 names an error; the last are")
        await t.see("the log is empty")  # the other try
        await t.press("escape")
        await t.gone("WHY")


async def test_why_says_when_no_log_can_be_had(console: Open, tmp_path: Path) -> None:
    world = World()
    world.log_error = Unavailable("the agent of gpu-a100-0417 does not answer")
    async with console(world, spool=spool(tmp_path)) as t:
        await opened(t, tab="Why")
        await t.see("the agent of gpu-a100-0417 does not answer")


HOSTILE = ["[/red]", "\x1b]0;owned\x07\x1b[31mred", "x" * 10_000, "", "مرحبا ‮evil", "日本語の名前" * 20, "a\nb\tc"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_cannot_break_the_screen(console: Open, text: str) -> None:
    bad = replace(
        failed_run(name=text, owner=text, group=text, message=text, native_state=text), extra={"pipeline": text}
    )
    world = World(
        rows=[bad, replace(tasks()[-6], name=text, message=text), task(text or "-", State.FAILED, 0, 1, 2)]
    )
    world.cause = text
    world.raw = {text: text, "inner": {text: [text, None]}}
    async with console(world) as t:
        screen = await opened(t)
        for tab in list(screen.tabs):
            screen.show_tab(tab.id)
            await t.pilot.pause()
            lines = t.lines
            assert len(lines) == 24
            for line in lines:
                assert "\x1b" not in line
                assert "\x07" not in line
                assert "‮" not in line


@pytest.mark.parametrize("size", [(60, 20), (45, 12), (100, 30), (200, 60), (39, 9)])
async def test_every_size_draws(console: Open, size: tuple[int, int]) -> None:
    async with console(World(), size=size) as t:
        t.app.open_detail(RUN)
        await t.until(lambda: isinstance(t.app.screen, DetailScreen) and t.app.screen.detail is not None)
        await t.pilot.pause()
        assert len(t.lines) == size[1]


def test_the_run_began_when_the_mock_up_says() -> None:
    assert BEGAN % 86400 == 13 * 3600 + 43 * 60 + 48


async def test_pods_of_a_pane_keep_the_end_of_their_names(console: Open) -> None:
    refs = [Ref("prod-kfp", Kind.POD, f"a-very-long-name-of-a-training-job-{number}") for number in range(3)]
    pods = [Pod(ref=ref, name=ref.id, state=State.RUNNING, native_state="R", parent=RUN) for ref in refs]
    async with console(World(rows=[failed_run(), *tasks(), *pods])) as t:
        screen = await opened(t)
        screen.show_tab("pod")
        await t.see("a-very")
        shown = [line for line in t.lines if "a-very" in line]
        assert [next(word for word in line.split() if word.startswith("a-very"))[-1] for line in shown] == [
            "0",
            "1",
            "2",
        ]
