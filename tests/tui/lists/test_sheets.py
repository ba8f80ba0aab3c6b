"""Menu, help, command mode, contexts, first start: what lists or asks."""

from __future__ import annotations

import pytest

from adapters.errors import Unavailable
from adapters.model import Kind, Ref, State
from tests.tui.conftest import Open
from tests.tui.data import hosts, run, runs
from tests.tui.fake import FakeAdapter, screen_text
from tui.core.plan import Guard
from tui.core.services import Services
from tui.keys import bind
from tui.oneshot.failure import WANTS_DEMO
from tui.screens.contexts import ContextsScreen

pytestmark = pytest.mark.anyio


def prod() -> FakeAdapter:
    return FakeAdapter("prod-kfp", runs())


async def test_the_menu_says_what_can_be_done_and_why_not(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("e", "x")
        await t.see("ACTIONS  fraud-gbdt-nightly-0822  ✗ failed")
        rows = [line for line in t.lines if line[9:16].strip() in ("Retry", "Delete", "Abort")]
        assert [row[9:16].strip() for row in rows] == ["Retry", "Delete", "Abort"]
        assert "danger: the run" in rows[1]
        assert "- it has already ended" in rows[2]
        assert "fraud-gbdt-nightly-0822" in "".join(t.lines[3:10]), "the cursor row stays in view"


async def test_letters_search_the_menu_and_only_enter_acts(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(prod()) as t:
        planned: list[tuple[str, tuple[Ref, ...]]] = []
        monkeypatch.setattr(t.app, "open_plan", lambda action, refs: planned.append((action, tuple(refs))))
        await t.see("ocr-detector-train-87")
        await t.press("x")
        await t.see("ACTIONS")
        await t.type("abor")
        await t.see("find abor")
        assert planned == []
        await t.press("enter")
        assert planned == [("abort", (Ref("prod-kfp", Kind.RUN, "llm-eval-mmlu-sweep-14"),))]
        await t.gone("ACTIONS")


async def test_an_illegal_action_is_not_planned_from_the_menu(
    console: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(prod(), guard={"prod-kfp": Guard(read_only=True)}) as t:
        planned: list[str] = []
        monkeypatch.setattr(t.app, "open_plan", lambda action, refs: planned.append(action))
        await t.see("prod-kfp read-only › runs")
        await t.press("x")
        await t.type("abort")
        await t.see("- prod-kfp is read-only")
        await t.press("enter")
        assert planned == []


@pytest.mark.parametrize(
    ("view", "key", "action"),
    [
        (Kind.RUN, "ctrl+d", "abort"),
        (Kind.RUN, "ctrl+k", "delete"),
        (Kind.RUN, "r", "retry"),
        (Kind.HOST, "C", "drain"),
        (Kind.HOST, "U", "undrain"),
    ],
)
async def test_action_keys_open_a_plan(
    console: Open, monkeypatch: pytest.MonkeyPatch, view: Kind, key: str, action: str
) -> None:
    adapter = FakeAdapter("prod-kfp", [*runs(), *hosts("prod-kfp")])
    async with console(adapter, view=view) as t:
        planned: list[str] = []
        monkeypatch.setattr(t.app, "open_plan", lambda action, refs: planned.append(action))
        await t.until(lambda: t.cursor)
        await t.press(key)
        assert planned == [action]
        assert adapter.performed == []


async def test_r_never_drains_a_host(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(FakeAdapter("peloton", hosts()), view=Kind.HOST) as t:
        planned: list[str] = []
        monkeypatch.setattr(t.app, "open_plan", lambda action, refs: planned.append(action))
        await t.until(lambda: t.cursor)
        await t.press("r")
        assert planned == []
        await t.see("no such action")


async def test_help_shows_the_live_keys(console: Open) -> None:
    keymap, problems = bind({"filter": ["f", "/"], "wide": "ctrl-y"})
    assert problems == []
    async with console(prod(), keymap=keymap) as t:
        await t.see("ocr-detector-train-87")
        await t.press("e", "question_mark")
        await t.see("HELP  runs in prod-kfp")
        await t.see("2 rebound by you")
        text = "\n".join(t.lines)
        assert "ACT on ✗ failed" in text
        assert "f /" in text
        assert "^y ^z" in text
        assert "abort - it has" in text
        assert "gutter  * marked" in text
        await t.press("escape")
        await t.press("f")
        await t.see("enter keep")


async def test_command_goes_to_a_kind_with_contexts_and_filter(console: Open) -> None:
    one, two = prod(), FakeAdapter("lab", [run("lab", State.FAILED, "in-lab"), run("lab", State.RUNNING, "other")])
    async with console(one, two, scope=("prod-kfp",)) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("runs @lab state=failed")
        await t.press("enter")
        await t.see("lab › runs")
        await t.see("in-lab")
        await t.see("1 of 2 runs")


async def test_command_completes_with_ghost_text(console: Open) -> None:
    async with console(prod(), FakeAdapter("lab")) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("ru")
        await t.see(" :runs")
        await t.press("tab")
        await t.type("@l")
        await t.see(" :runs @lab")
        await t.press("tab", "enter")
        await t.see("lab › runs")


async def test_command_errors_name_the_nearest(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        for text, said in [("rnus", "nearest: runs"), ("runs @prd-kfp", "nearest: prod-kfp")]:
            await t.press("colon")
            await t.type(text)
            await t.press("enter")
            await t.see(said)
        await t.press("exclamation_mark")
        await t.see("ERRORS  of this session")
        await t.see("no command 'rnus'")


async def test_every_action_and_key_is_a_verb(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(prod()) as t:
        planned: list[str] = []
        monkeypatch.setattr(t.app, "open_plan", lambda action, refs: planned.append(action))
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("abort")
        await t.press("enter")
        assert planned == ["abort"]
        await t.press("colon")
        await t.type("faults")
        await t.press("enter")
        await t.see("only faults")


async def test_quit_is_a_command_or_ctrl_c_twice(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+c")
        await t.see("ctrl-c again quits")
        await t.press("ctrl+c")
        await t.until(lambda: not t.app.is_running)
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await t.press("ctrl+q")
        assert t.app.is_running
        await t.press("colon")
        await t.type("q")
        await t.press("enter")
        await t.until(lambda: not t.app.is_running)


async def test_cli_copies_the_command_line_of_this_screen(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(prod()) as t:
        written: list[str] = []
        monkeypatch.setattr(t.app, "copy", written.append)
        await t.see("ocr-detector-train-87")
        await t.press("slash")
        await t.type("state=failed")
        await t.press("enter", "colon")
        await t.type("cli")
        await t.press("enter")
        assert written == ["runyard get runs -c prod-kfp --filter state=failed"]


async def test_contexts_show_health_and_switch(console: Open) -> None:
    one, two = prod(), FakeAdapter("peloton", runs("peloton"))
    two.error = Unavailable("refused by 10.2.0.9:5297", executed=False)
    async with console(one, two) as t:
        await t.see("ocr-detector-train-87")
        await t.press("colon")
        await t.type("ctx")
        await t.press("enter")
        await t.until(lambda: isinstance(t.app.screen, ContextsScreen))
        await t.see("1 of 2 reachable")
        await t.see("✗ down")
        assert [line[1] for line in t.lines[3:5]] == ["*", "*"]
        await t.press("e")
        await t.see("refused by 10.2.0.9:5297")
        await t.press("g", "space")
        assert [line[1] for line in t.lines[3:5]] == [" ", "*"]
        assert t.app.scope == ("prod-kfp",)
        await t.press("enter")
        await t.see("prod-kfp › runs")


async def test_without_contexts_the_demo_is_offered_and_nothing_contacted() -> None:
    from tests.tui.fake import services_of
    from tui.app import ConsoleApp

    services: Services = services_of()
    app = ConsoleApp(services)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = "\n".join(screen_text(app))
        assert "no context yet" in text
        assert "▌ Demo" in text
        await pilot.press("j", "k", "enter")
        await pilot.pause()
    assert app.return_value == WANTS_DEMO
