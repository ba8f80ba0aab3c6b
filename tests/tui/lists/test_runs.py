"""The table of runs, line by line as in the mock-up, and every key of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import many_runs, pods, run, runs
from tests.tui.fake import FakeAdapter
from tui.core.plan import Guard

pytestmark = pytest.mark.anyio

PROTECTED = {"prod-kfp": Guard(protected=True)}


def prod() -> FakeAdapter:
    return FakeAdapter("prod-kfp", runs())


async def test_the_screen_is_the_mock_up(console: Open) -> None:
    async with console(prod(), guard=PROTECTED) as t:
        await t.see("ocr-detector-train-87")
        await t.press("j", "j", "j")
        await t.see("OOMKilled")
        lines = t.lines
    assert lines[0] == " prod-kfp protected › runs                                      as of 14:32:07Z "
    assert lines[1] == " 11 runs   ✗ 2 failed   ▸ 4 running   ◦ 2 waiting   ✓ 3 ended                   "
    assert lines[2] == "  STATE        NAME                       EXPERIMENT      TASKS     AGE↑    DUR "
    assert lines[3] == "  ▸ running    llm-eval-mmlu-sweep-14     eval             6/24   1m04s   1m04s "
    assert lines[4] == "  · pending    churn-xgb-weekly-34        growth            0/9   1m40s       - "
    assert lines[6] == "▌ ✗ failed     fraud-gbdt-nightly-0822    fraud            9/14  48m19s  41m18s "
    assert lines[22] == " ✗ FAILED  train: OOMKilled, exit 137, used 31.8Gi of 32Gi, attempt 2 of 2      "
    assert lines[23] == " enter pods  l logs  r retry  X why              / filter  : go  x menu  ? help "
    assert all(len(line) == 80 for line in lines)


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["j"], "churn-xgb-weekly-34"),
        (["down", "down"], "ads-ctr-backfill-0821"),
        (["j", "j", "k"], "churn-xgb-weekly-34"),
        (["j", "up"], "llm-eval-mmlu-sweep-14"),
        (["G"], "ocr-detector-train-87"),
        (["end"], "ocr-detector-train-87"),
        (["G", "g"], "llm-eval-mmlu-sweep-14"),
        (["ctrl+f"], "ocr-detector-train-87"),
        (["pagedown", "ctrl+b"], "llm-eval-mmlu-sweep-14"),
        (["e"], "fraud-gbdt-nightly-0822"),
        (["e", "e"], "ocr-detector-train-88"),
        (["e", "e", "e"], "fraud-gbdt-nightly-0822"),
        (["E"], "ocr-detector-train-88"),
    ],
)
async def test_moving(console: Open, keys: list[str], row: str) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press(*keys)
        assert t.cursor == row


async def test_marks_stay_on_their_objects_and_count_legal_targets(console: Open) -> None:
    adapter = prod()
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        await t.press("space", "e", "space")
        await t.see("2 marked, 0 hidden")
        await t.see("^d abort 1  r retry 1  ^\\ unmark")
        assert [ref.id for ref in t.screen.targets()] == ["llm-eval-mmlu-sweep-14", "fraud-gbdt-nightly-0822"]
        adapter.rows = {r.ref: r for r in [run("prod-kfp", State.RUNNING, "newest", age="2s", dur="1s"), *runs()]}
        await t.press("ctrl+r")
        await t.see("newest")
        assert {ref.id for ref in t.screen.model.marks} == {"llm-eval-mmlu-sweep-14", "fraud-gbdt-nightly-0822"}
        await t.press("ctrl+backslash")
        await t.gone("marked")


async def test_range_marks_and_marking_all(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("space", "j", "j", "ctrl+@")
        assert len(t.screen.model.marks) == 4
        await t.press("asterisk")
        assert len(t.screen.model.marks) == 11


@pytest.mark.presses("mark-invert", "I")
async def test_inverting_marks_leaves_those_that_a_filter_hides(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("space", "slash")
        await t.type("state=failed")
        await t.press("enter")
        await t.see("2 of 11 runs")
        await t.press("space")
        await t.see("2 marked, 1 hidden")
        await t.press("I")
        await t.see("2 marked, 1 hidden")
        assert [ref.id for ref in t.screen.targets()] == ["ocr-detector-train-88", "llm-eval-mmlu-sweep-14"]
        await t.press("escape", "I")
        await t.see("9 marked, 0 hidden")


async def test_marks_hidden_by_a_filter_are_counted(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("space")
        await t.press("slash")
        await t.type("fraud")
        await t.press("enter")
        await t.see("1 marked, 1 hidden")


async def test_filter_is_live_and_escape_gives_everything_back(console: Open) -> None:
    async with console(FakeAdapter("prod-kfp", many_runs(120))) as t:
        await t.see("120 runs")
        await t.press(*["j"] * 40)
        before, top = t.cursor, t.screen.table.top
        assert top > 0
        await t.press("slash")
        await t.type("state=failed")
        await t.see("24 of 120 runs")
        await t.see(" / state=failed")
        await t.press("escape")
        await t.see("120 runs   ")
        assert (t.cursor, t.screen.table.top) == (before, top)


async def test_filter_kept_then_escape_clears_it(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("slash")
        await t.type("state=failed")
        await t.press("enter")
        await t.see("2 of 11 runs")
        assert t.lines[1].rstrip().endswith("/ state=failed")
        await t.press("escape")
        await t.see(" 11 runs")


async def test_a_filter_that_cannot_be_read_leaves_the_rows_and_points(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("slash")
        await t.type("state=failed ownr~ana")
        await t.see("filter not applied")
        await t.see("▾ no field")
        await t.see(" 11 runs")
        pointer = next(line for line in t.lines if "▾ no field" in line)
        assert "nearest: owner" in pointer
        assert pointer.index("▾") == len(" / state=failed ")
        await t.press("escape")
        await t.gone("▾ no field")


async def test_no_match_says_what_is_loaded(console: Open) -> None:
    async with console(prod(), FakeAdapter("other", [])) as t:
        await t.see("ocr-detector-train-87")
        await t.press("slash")
        await t.type("state=failed nobody")
        await t.press("enter")
        await t.see("No run matches  state=failed nobody")
        await t.see("11 runs are loaded and complete; 2 match state=failed alone.")
        await t.see("esc clears the filter")


async def test_tab_completes_a_field(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("slash")
        await t.type("sta")
        await t.press("tab")
        prompt = t.screen.peek.prompt
        assert prompt is not None
        assert prompt.edit.text.startswith("state")


async def test_saved_filters_are_number_keys(console: Open) -> None:
    async with console(prod(), saved={"1": "state=failed"}) as t:
        await t.see("ocr-detector-train-87")
        await t.press("1")
        await t.see("2 of 11 runs")
        await t.press("1")
        await t.see(" 11 runs")
        await t.press("2")
        await t.see("no saved filter 2")


async def test_sorting_by_key_twice_turns_it(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("N")
        await t.see("NAME↑")
        assert "ads-ctr-backfill-0820" in t.lines[3]
        await t.press("N")
        await t.see("NAME↓")
        await t.press("S")
        await t.see("STATE↓")
        assert "failed" in t.lines[3]
        await t.press("A")
        await t.see("AGE↑")


async def test_sort_by_any_column(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("O")
        await t.see("SORT by")
        await t.type("dur")
        await t.press("enter")
        await t.see("DUR↑")


async def test_faults_only_and_back(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+z")
        await t.see("only faults")
        assert len(t.screen.model.refs) == 2
        await t.press("ctrl+z")
        await t.gone("only faults")


async def test_wide_shows_every_column_and_scrolls_beside_the_first(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+w")
        await t.see("NATIVE")
        await t.press("right", "right", "right")
        assert t.lines[2].startswith("  STATE        NAME ")
        assert "NATIVE" not in t.lines[2]
        await t.press("ctrl+w")
        await t.see("EXPERIMENT")


async def test_times_turn_ages_into_clock_times(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("1m04s")
        await t.press("t")
        await t.until(lambda: "14:31:03Z" in t.lines[3])
        await t.press("t")
        await t.see("1m04s")


async def test_pause_and_refresh(console: Open) -> None:
    adapter = prod()
    async with console(adapter) as t:
        await t.see("as of")
        await t.press("equals_sign")
        await t.see("paused, as of")
        await t.press("equals_sign")
        await t.gone("paused, as of")
        asked = len(adapter.queries)
        await t.press("ctrl+r")
        await t.until(lambda: len(adapter.queries) > asked)


async def test_enter_drills_down_and_escape_returns_to_the_row(console: Open) -> None:
    adapter = prod()
    parent = Ref("prod-kfp", Kind.RUN, "fraud-gbdt-nightly-0822")
    adapter.rows |= {pod.ref: pod for pod in pods(parent)}
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        await t.press("e", "enter")
        await t.see("prod-kfp › runs › fraud-gbdt-nightly-0822 › pods")
        await t.see("ctr-train-0822-7")
        await t.press("escape")
        await t.see(" 11 runs")
        assert t.cursor == "fraud-gbdt-nightly-0822"
        await t.press("q")
        await t.see("this is the first screen")
        assert t.app.is_running


async def test_new_rows_above_do_not_move_the_line_being_read(console: Open) -> None:
    adapter = FakeAdapter("prod-kfp", many_runs(100))
    async with console(adapter) as t:
        await t.see("100 runs")
        await t.press(*["j"] * 30)
        line = next(index for index, text in enumerate(t.lines) if text.startswith("▌"))
        name = t.cursor
        fresh = [run("prod-kfp", State.RUNNING, f"fresh-{index}", age="3s", dur="1s") for index in range(3)]
        adapter.rows = {row.ref: row for row in [*fresh, *many_runs(100)]}
        await t.press("ctrl+r")
        await t.see("3 new above")
        assert t.cursor == name
        assert t.lines[line].startswith("▌")
        assert name in t.lines[line]


async def test_a_changed_state_is_marked_until_the_cursor_has_rested_there(console: Open) -> None:
    adapter = prod()
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        row = adapter.rows[Ref("prod-kfp", Kind.RUN, "ads-ctr-backfill-0821")]
        adapter.rows[row.ref] = replace(row, state=State.FAILED, native_state="FAILED")
        await t.press("ctrl+r")
        await t.see(" '✗ failed     ads-ctr-backfill-0821")
        await t.press("j", "j")
        await t.see("running → failed")
        await t.press("j")
        await t.see("  ✗ failed     ads-ctr-backfill-0821")


async def test_copying_the_id_uses_osc52(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        written: list[str] = []
        monkeypatch.setattr(t.app, "copy", written.append)
        await t.press("c")
        assert written == ["llm-eval-mmlu-sweep-14"]
        await t.press("n")
        assert written[-1] == "eval"
        await t.press("Y")
        await t.see("COPY")
        await t.type("state")
        await t.press("enter")
        assert written[-1] == "▸ running"


async def test_pasting_an_id_goes_there(console: Open) -> None:
    from textual import events

    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        t.app.post_message(events.Paste("ocr-detector-train-88\n"))
        await t.until(lambda: t.cursor == "ocr-detector-train-88")


async def test_the_mouse_selects_sorts_opens_and_filters(console: Open) -> None:
    adapter = prod()
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        await t.pilot.click(offset=(20, 6))
        assert t.cursor == "fraud-gbdt-nightly-0822"
        await t.pilot.click(offset=(16, 2))
        await t.see("NAME↑")
        await t.pilot.click(offset=(14, 1))
        await t.see("2 of 11 runs")
        await t.pilot.click(offset=(18, 1))
        await t.see(" 11 runs")
        await t.pilot.click(offset=(20, 4), times=2)
        await t.see("› pods")


async def test_history_goes_back_on_and_between_the_last_two(console: Open) -> None:
    adapter = prod()
    adapter.rows |= {pod.ref: pod for pod in pods(Ref("prod-kfp", Kind.RUN, "llm-eval-mmlu-sweep-14"))}
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        await t.press("enter")
        await t.see("› pods")
        await t.press("left_square_bracket")
        await t.see("11 runs")
        await t.press("right_square_bracket")
        await t.see("› pods")
        await t.press("minus")
        await t.see("11 runs")
        await t.press("minus")
        await t.see("› pods")
        await t.press("escape", "right_square_bracket", "right_square_bracket")
        await t.see("there is nothing to go on to")


async def test_header_and_crumbs_can_go(console: Open) -> None:
    adapter = prod()
    async with console(adapter) as t:
        await t.see("ocr-detector-train-87")
        await t.press("enter")
        await t.see("runs › llm-eval-mmlu-sweep-14 › pods")
        await t.press("ctrl+g")
        await t.see("prod-kfp › pods")
        await t.press("ctrl+e")
        await t.gone("prod-kfp › pods")
        assert t.lines[0].strip() == ""
        await t.press("ctrl+e")
        await t.see("prod-kfp › pods")


async def test_the_owner_of_a_pod_is_its_run(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = Ref("prod-kfp", Kind.RUN, "fraud-gbdt-nightly-0822")
    async with console(FakeAdapter("prod-kfp", pods(parent)), view=Kind.POD) as t:
        opened: list[Ref] = []
        monkeypatch.setattr(t.app, "open_detail", lambda ref, tab=None: opened.append(ref))
        await t.see("ctr-train-0822-10")
        await t.press("J")
        assert opened == [parent]


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("d", ("document", "describe")),
        ("y", ("document", "yaml")),
        ("l", ("logs", None)),
        ("X", ("detail", "Why")),
        ("v", ("detail", "Events")),
        ("T", ("detail", "Timeline")),
    ],
)
async def test_looking_keys(
    console: Open, monkeypatch: pytest.MonkeyPatch, key: str, call: tuple[str, str | None]
) -> None:
    async with console(prod()) as t:
        calls: list[tuple[str, str | None]] = []
        monkeypatch.setattr(t.app, "open_detail", lambda ref, tab=None: calls.append(("detail", tab)))
        monkeypatch.setattr(t.app, "open_document", lambda ref, mode: calls.append(("document", mode)))
        monkeypatch.setattr(t.app, "open_logs", lambda refs, attempt=None: calls.append(("logs", attempt)))
        await t.see("ocr-detector-train-87")
        await t.press(key)
        assert calls == [call]


async def test_every_key_of_a_list_does_something(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the table without a handler would be a promise not kept."""
    from tui.keys import LIST

    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        for spec in t.app.services.keys.here(LIST):
            handled = hasattr(t.screen, spec.method) or hasattr(t.app, spec.method)
            assert handled or spec.action or spec.id.startswith("saved-"), spec.id
