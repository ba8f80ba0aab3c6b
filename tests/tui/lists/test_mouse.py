"""The mouse on a list: rows, heads, counts, crumbs, key hints and menu rows."""

from __future__ import annotations

import pytest

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.data import many_runs, pods, runs
from tests.tui.fake import FakeAdapter
from tui.screens.contexts import ContextsScreen
from tui.screens.document import DocumentScreen

pytestmark = pytest.mark.anyio

FIRST = Ref("prod-kfp", Kind.RUN, "llm-eval-mmlu-sweep-14")


def prod() -> FakeAdapter:
    adapter = FakeAdapter("prod-kfp", runs())
    adapter.rows |= {pod.ref: pod for pod in pods(FIRST)}
    return adapter


async def test_a_click_selects_and_a_double_click_opens(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.click("fraud-gbdt-nightly-0822")
        assert t.cursor == "fraud-gbdt-nightly-0822"
        await t.click("llm-eval-mmlu-sweep-14", times=2)
        await t.see("› llm-eval-mmlu-sweep-14 › pods")


async def test_two_quick_clicks_on_two_rows_open_nothing(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.click("churn-xgb-weekly-34")
        await t.click("fraud-gbdt-nightly-0822")
        assert t.cursor == "fraud-gbdt-nightly-0822"
        assert t.screen.kind is Kind.RUN


async def test_the_wheel_moves_through_the_rows(console: Open) -> None:
    from textual import events

    async with console(FakeAdapter("prod-kfp", many_runs(60))) as t:
        await t.see("job-00000")
        for kind, times in ((events.MouseScrollDown, 9), (events.MouseScrollUp, 2)):
            for _ in range(times):
                t.app.post_message(
                    kind(None, 5, 8, 0, 0, button=0, shift=False, meta=False, ctrl=False, screen_x=5, screen_y=8)
                )
        await t.until(lambda: t.cursor == "job-00021")
        assert t.screen.table.top > 0


async def test_a_click_on_a_head_sorts_and_again_turns_it_round(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.click("NAME", line=2)
        await t.see("NAME↑")
        await t.click("NAME↑", line=2)
        await t.see("NAME↓")


@pytest.mark.parametrize(
    ("slot", "sign", "shown"),
    [("failed", "✗", 2), ("running", "▸", 4), ("waiting", "◦", 2), ("ended", "✓", 3)],
)
async def test_a_click_on_a_count_filters_to_it_and_again_undoes_it(
    console: Open, slot: str, sign: str, shown: int
) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.click(slot, line=1)
        await t.see(f" {shown} of 11 runs")
        assert len(t.screen.model.refs) == shown
        await t.click(sign, line=1)
        await t.see(" 11 runs")


async def test_a_click_on_a_crumb_goes_back_there(console: Open) -> None:
    async with console(prod(), size=(120, 30)) as t:
        await t.see("ocr-detector-train-87")
        await t.press("j", "k", "enter")
        await t.see("› pods")
        await t.press("d")
        await t.until(lambda: isinstance(t.app.screen, DocumentScreen))
        await t.see("› describe")
        assert t.lines[0].startswith(" prod-kfp › runs › llm-eval-mmlu-sweep-14")
        await t.click("runs", line=0)
        await t.see("11 runs")
        assert t.cursor == FIRST.id
        await t.click("prod-kfp", line=0)
        await t.until(lambda: isinstance(t.app.screen, ContextsScreen))


async def test_key_hints_are_keys(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.click("filter", line=23)
        await t.see("enter keep")
        await t.type("fraud")
        await t.click("keep", line=23)
        await t.see("1 of 11 runs")
        await t.click("x menu", line=23)
        await t.see("ACTIONS  fraud-gbdt-nightly-0822")
        await t.click("esc close", line=23)
        await t.gone("ACTIONS")
        await t.click("enter pods", line=23)
        await t.see("› pods")


async def test_each_key_of_a_joint_hint_is_itself(console: Open) -> None:
    async with console(prod(), size=(70, 20)) as t:
        await t.see("ocr-detector-t")
        y = len(t.lines) - 1
        x = t.lines[y].index("/ : x ?")
        await t.click_at(x + 4, y)
        await t.see("ACTIONS")


async def test_rows_of_the_menu_are_clicked_and_those_behind_it_are_not(
    console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(prod(), size=(80, 48)) as t:
        planned: list[str] = []
        monkeypatch.setattr(t.app, "open_plan", lambda action, refs: planned.append(action))
        await t.see("ocr-detector-train-87")
        await t.press("x")
        await t.see("ACTIONS")
        await t.click("churn-xgb-weekly-34")
        assert t.cursor == FIRST.id
        await t.click("ended", line=1)
        await t.click("- ", line=next(y for y, line in enumerate(t.lines) if "Retry" in line))
        assert planned == [], "what cannot be done is not done by a click either"
        assert len(t.screen.model.refs) == 11
        await t.click("Abort", times=2)
        assert planned == ["abort"]
        assert t.screen.sheet is None


async def test_a_key_named_on_the_line_of_the_cause_is_a_key(console: Open) -> None:
    from adapters.errors import Unavailable

    adapter = prod()
    adapter.error = Unavailable("refused by 10.2.0.9:5297", executed=False)
    async with console(adapter) as t:
        await t.see("^r now")
        adapter.error = None
        await t.click("^r", line=22)
        await t.see("ocr-detector-train-87")


async def test_a_word_that_command_mode_offers_is_taken_by_a_click(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("p")
        await t.see("kind      pools")
        await t.click("kind      pools")
        await t.see(" :pools ")
        await t.press("enter")
        await t.see("› pools")
