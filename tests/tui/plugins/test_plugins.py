"""External commands of the config: what they are given, when they are refused, what is said of them."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from adapters.model import Kind, Pod, Ref, Run, State
from tests.tui.data import run
from tests.tui.fake import FakeAdapter, Tester
from tests.tui.plugins.conftest import Told, WithPlugins
from tui import handover
from tui.core.journal import Entry
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase
from tui.screens.plugins import PluginSheet

pytestmark = pytest.mark.anyio


def lab(*names: str, host: str | None = "gpu-1") -> FakeAdapter:
    rows = [run("lab", State.RUNNING, name, owner="ana", host=host) for name in names or ("one",)]
    return FakeAdapter("lab", rows)


def plugin(told: Told, *words: str, **more: Any) -> dict[str, Any]:
    return {"probe": {"command": [told.path, *words], "key": "f5", "background": True, **more}}


def journalled(t: Tester) -> list[Entry]:
    return t.app.services.journal.records()


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)
    await t.press("enter")


# what it is given


async def test_a_key_runs_it_with_the_values_of_the_row(plugged: WithPlugins, told: Told) -> None:
    words = [
        "$HOST",
        "${NAME}.x",
        "$CONTEXT/$KIND",
        "$$HOME",
        "$1",
        "$STATE",
        "$REF",
        "$OWNER",
        "$GROUP",
        "$BACKEND",
        "$URL",
    ]
    async with plugged(lab(), plugin(told, *words), filter="state=running") as t:
        await t.press("f5")
        await t.see("probe one: said gpu-1")
        assert told.calls == [
            [
                "gpu-1",
                "one.x",
                "lab/run",
                "$HOME",
                "$1",
                "running",
                "lab/run/one",
                "ana",
                "ads",
                "kfp",
                "http://127.0.0.1:9",
            ]
        ]
        assert told.env["RUNYARD_HOST"] == "gpu-1"
        assert told.env["RUNYARD_NAME"] == "one"
        assert told.env["RUNYARD_FILTER"] == "state=running"
        assert "RUNYARD_POOL" not in told.env


async def test_a_host_is_its_own_host(plugged: WithPlugins, told: Told) -> None:
    host = Ref("lab", Kind.HOST, "h1")
    from adapters.model import Host

    adapter = FakeAdapter("lab", [Host(ref=host, name="gpu-7", state=State.UP, native_state="UP")])
    async with plugged(adapter, plugin(told, "$HOST", kinds=["hosts"]), view=Kind.HOST) as t:
        await t.press("f5")
        await t.until(lambda: told.calls)
        assert told.calls == [["gpu-7"]]


@pytest.mark.parametrize(
    "name",
    [
        "$(touch x)",
        "; touch x",
        "`touch x`",
        "a b  c",
        "*",
        "'\"",
        "| touch x",
        "&& touch x",
        "$HOST",
        "${ID}",
        "[/foo]",
    ],
)
async def test_no_value_is_ever_read_by_a_shell(
    plugged: WithPlugins, told: Told, tmp_path: Path, name: str
) -> None:
    row = replace(run("lab", State.RUNNING, "one"), name=name, host="gpu-1")
    async with plugged(FakeAdapter("lab", [row]), plugin(told, "$NAME", "$HOST")) as t:
        await t.press("f5")
        await t.until(lambda: told.calls)
        assert told.calls == [[name, "gpu-1"]]
        assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("-oProxyCommand=touch x", "its host begins with '-': a program would take it for an option"),
        ("--help", "its host begins with '-'"),
        (None, "no host in this row"),
        ("", "no host in this row"),
        ("gpu\n1", "its host holds control characters"),
        ("gpu\x1b[31m1", "its host holds control characters"),
        ("gpu\x001", "its host holds control characters"),
        ("gpu\u202e1", "its host holds control characters"),
        ("gpu\ud8001", "its host holds control characters"),
    ],
)
@pytest.mark.parametrize("way", ["key", "verb", "menu"])
async def test_what_is_no_argument_is_refused(
    plugged: WithPlugins, told: Told, tmp_path: Path, host: str | None, why: str, way: str
) -> None:
    async with plugged(lab(host=host), plugin(told, "$HOST", confirm=way == "menu")) as t:
        if way == "key":
            await t.press("f5")
        elif way == "verb":
            await command(t, "probe")
        else:
            await t.press("x")
            await t.type("probe")
            await t.see(f"- {why}")
            await t.press("enter")
        await t.see(why)
        assert told.calls == []
        assert journalled(t) == []
        assert not (tmp_path / "x").exists()


async def test_such_values_are_not_in_the_environment_either(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(host="-oProxyCommand=touch x"), plugin(told, "$NAME")) as t:
        await t.press("f5")
        await t.until(lambda: told.calls)
        assert "RUNYARD_HOST" not in told.env


# where it is offered


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"kinds": ["pods"]}, "probe is not for runs"),
        ({"backends": ["peloton"]}, "probe is not for kfp"),
        ({}, ""),
    ],
)
async def test_it_is_offered_where_the_config_says(
    plugged: WithPlugins, told: Told, more: dict[str, Any], why: str
) -> None:
    async with plugged(lab(), plugin(told, "$NAME", title="probe", **more)) as t:
        await t.press("x")
        await t.see("ACTIONS")
        assert any("f5" in line and "probe" in line for line in t.lines) is not bool(why)
        await t.press("escape", "question_mark")
        await t.see("HELP")
        assert any("PLUGINS" in line for line in t.lines) is not bool(why)
        await t.press("escape", "f5")
        if why:
            await t.see(f"probe: {why.removeprefix('probe ')}")
            assert told.calls == []
        else:
            await t.until(lambda: told.calls)


async def test_other_contexts_do_not_have_it(plugged: WithPlugins, told: Told) -> None:
    table = plugin(told, "$NAME", contexts=["lab"])
    async with plugged(lab(), table) as t:
        await t.press("f5")
        await t.until(lambda: told.calls)


async def test_the_menu_runs_it(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$NAME", title="Probe me", key="")) as t:
        await t.press("x")
        await t.type("probe me")
        await t.see("Probe me")
        await t.press("enter")
        await t.see("Probe me one: said one")
        assert told.calls == [["one"]]


async def test_command_mode_completes_its_name(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$NAME")) as t:
        await t.press("colon")
        await t.type("prob")
        await t.press("tab", "enter")
        await t.until(lambda: told.calls)


async def test_help_names_its_key_and_title(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$NAME", title="probe the host")) as t:
        await t.press("question_mark")
        await t.see("PLUGINS")
        assert any("f5" in line and "probe the host" in line for line in t.lines)


async def test_a_program_that_is_not_there(plugged: WithPlugins) -> None:
    async with plugged(lab(), {"probe": {"command": ["no-such-program-here", "$NAME"], "key": "f5"}}) as t:
        await t.press("x")
        await t.type("probe")
        await t.see("- there is no program 'no-such-program-here' on this machine")
        await t.press("escape", "f5")
        await t.see("probe: there is no program 'no-such-program-here'")


# what came of it


async def test_failing_is_said_and_kept(plugged: WithPlugins, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")
    async with plugged(lab(), plugin(told, "$NAME")) as t:
        await t.press("f5")
        await t.see("probe one: exit code 3: said one")
        await t.press("exclamation_mark")
        await t.see("ERRORS")
        await t.see("probe one: exit code 3: said one")


async def test_it_is_said_on_whatever_screen_is_shown_then(plugged: WithPlugins, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = tmp_path / "slow"
    script.write_text(
        f"#!/bin/sh\nwhile [ ! -e {shlex.quote(str(gate))} ]; do sleep 0.02; done\necho '\x1b[31mdone it'\n"
    )
    script.chmod(0o700)
    async with plugged(lab(), {"slow": {"command": [str(script)], "key": "f5", "background": True}}) as t:
        await t.press("f5")
        await t.see("slow one: started")
        await t.press("enter")
        await t.until(lambda: len(t.app.screen_stack) > 2)
        gate.touch()
        await t.see("slow one:")
        await t.see("done it")


# the journal


async def test_each_run_is_journalled_with_its_command(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST", "--token=s3cret")) as t:
        await t.press("f5")
        await t.see("said gpu-1")
        await t.until(lambda: journalled(t) and journalled(t)[0].outcome)
        (entry,) = journalled(t)
        assert (entry.action, entry.target, entry.outcome) == ("plugin:probe", "lab/run/one", "done")
        assert entry.params == {"command": [told.path, "gpu-1", "--token=***"]}


async def test_what_is_safe_is_not_journalled(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST", safe=True)) as t:
        await t.press("f5")
        await t.see("said gpu-1")
        assert journalled(t) == []


async def test_without_a_journal_nothing_is_run(plugged: WithPlugins, told: Told, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    async with plugged(lab(), plugin(told, "$HOST")) as t:
        await t.press("f5")
        await t.see("probe one: the journal ")
        assert told.calls == []


# read-only


@pytest.mark.parametrize("way", ["key", "verb", "menu", "mouse", "again", "sheet"])
@pytest.mark.parametrize("by", ["flag", "context"])
async def test_read_only_stops_what_is_not_safe(plugged: WithPlugins, told: Told, way: str, by: str) -> None:
    more = {"read_only": True} if by == "context" else {}
    async with plugged(lab(), plugin(told, "$HOST", confirm=True), read_only=by == "flag", more=more) as t:
        if way == "key":
            await t.press("f5", "y", "tab", "enter")
        elif way == "verb":
            await command(t, "probe")
            await t.press("y", "tab", "enter")
        elif way == "menu":
            await t.press("x")
            await t.type("probe")
            await t.see("- lab is read-only, and it is not marked safe")
            await t.press("enter", "y", "tab", "enter")
        elif way == "mouse":
            await t.press("x")
            await t.type("probe")
            await t.click("lab is read-only", times=2)
            await t.press("y", "tab", "enter")
        elif way == "again":
            t.app.last_plan = ("probe", (Ref("lab", Kind.RUN, "one"),))
            await t.press("full_stop", "y", "tab", "enter")
        else:
            row = t.screen.current
            assert row is not None
            t.screen.open_sheet(PluginSheet(t.app.services.config.plugins["probe"], [row]))
            await t.see("nothing will be sent")
            await t.press("y", "tab", "enter")
        await t.pilot.pause()
        assert told.calls == []
        assert journalled(t) == []


async def test_read_only_that_comes_after_the_question_is_asked(plugged: WithPlugins, told: Told) -> None:
    """The journal has the last word, whatever the sheet believed."""
    async with plugged(lab(), plugin(told, "$HOST", confirm=True)) as t:
        await t.press("f5")
        await ready(t)
        t.app.services.journal._read_only = lambda context: "lab is read-only"
        await t.press("y")
        await t.see("lab is read-only")
        assert told.calls == []


async def test_what_is_safe_runs_nevertheless(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST", safe=True), read_only=True) as t:
        await t.press("f5")
        await t.see("said gpu-1")
        assert told.calls == [["gpu-1"]]


# asking first


async def ready(t: Tester) -> PlanSheet:
    def asks() -> bool:
        sheet = t.app.screen.sheet  # type: ignore[attr-defined]
        return isinstance(sheet, PlanSheet) and sheet.phase is Phase.ASKING and sheet._ready(float("inf"))

    await t.until(asks)
    sheet = t.app.screen.sheet  # type: ignore[attr-defined]
    assert isinstance(sheet, PlanSheet)
    return sheet


async def test_confirm_asks_with_the_focus_on_cancel(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST", confirm=True)) as t:
        await t.press("f5")
        sheet = await ready(t)
        assert sheet.on == "cancel"
        await t.see(f"{told.path} gpu-1")
        await t.see("whatever the command does there")
        await t.press("enter")
        assert t.screen.sheet is None
        await t.press("f5")
        sheet = await ready(t)
        await t.press("y")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        await t.see("said gpu-1")
        assert told.calls == [["gpu-1"]]


async def test_danger_asks_for_the_name(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST", danger=True)) as t:
        await t.press("f5")
        sheet = await ready(t)
        await t.press("y")
        await t.press("tab", "enter")
        assert told.calls == []
        sheet.on = "phrase"
        sheet.phrase.set("")
        await t.type("one")
        await t.press("enter", "enter")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert told.calls == [["gpu-1"]]


@pytest.mark.parametrize("more", [{"protected": True}, {"protected_names": ["on*"]}, {"confirm": "typed"}])
async def test_a_guarded_context_asks_whatever_the_plugin_says(
    plugged: WithPlugins, told: Told, more: dict[str, Any]
) -> None:
    async with plugged(lab(), plugin(told, "$HOST"), more=more) as t:
        await t.press("f5")
        sheet = await ready(t)
        assert sheet.plan is not None
        assert sheet.plan.phrase == "one"
        await t.press("y")
        assert told.calls == []


async def test_a_context_that_wants_reasons_gets_one(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST"), more={"require_reason": True}) as t:
        await t.press("f5")
        sheet = await ready(t)
        await t.press("y")
        assert told.calls == []
        sheet.on = "field:0"
        await t.type("disk")
        await t.press("tab", "tab", "enter")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert journalled(t)[0].reason == "disk"


# several rows


async def test_several_marked_rows_are_refused(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab("one", "two"), plugin(told, "$NAME")) as t:
        await t.press("asterisk", "f5")
        await t.see("probe: it takes one row, 2 are marked")
        await t.press("x")
        await t.see("- it takes one row, 2 are marked")
        assert told.calls == []


async def test_many_runs_it_once_for_each(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab("one", "two", "three"), plugin(told, "$NAME", many=True, safe=True)) as t:
        await t.press("asterisk", "f5")
        await t.see("probe: 3 done")
        assert sorted(told.calls) == [["one"], ["three"], ["two"]]


async def test_many_that_are_not_safe_are_asked_about(plugged: WithPlugins, told: Told) -> None:
    adapter = lab("one", "two")
    bad = replace(run("lab", State.FAILED, "-bad"), host="gpu-2")
    adapter.rows[bad.ref] = bad
    async with plugged(adapter, plugin(told, "$NAME", many=True)) as t:
        await t.press("asterisk", "f5")
        sheet = await ready(t)
        await t.see("will: ")
        await t.see("its name begins with '-'")
        sheet.on = "phrase"
        await t.type("probe 2")
        await t.press("enter", "enter")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert sorted(told.calls) == [["one"], ["two"]]
        assert len(journalled(t)) == 2


async def test_what_failed_is_run_again(plugged: WithPlugins, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "1")
    async with plugged(lab(), plugin(told, "$NAME", confirm=True)) as t:
        await t.press("f5")
        sheet = await ready(t)
        await t.press("y")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        await t.press("escape", "full_stop")
        sheet = await ready(t)
        await t.press("y")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert told.calls == [["one"], ["one"]]


# with the terminal


async def test_it_gets_the_terminal_unless_it_runs_in_the_background(
    plugged: WithPlugins, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    lent: list[tuple[list[str], Mapping[str, str]]] = []

    async def hand_over(app: App[Any], argv: Sequence[str], *, env: Mapping[str, str], say: str, wait: bool) -> int:
        lent.append((list(argv), env))
        return 255

    monkeypatch.setattr(handover, "hand_over", hand_over)
    async with plugged(lab(), plugin(told, "$HOST", background=False)) as t:
        await t.press("f5")
        await t.see("probe one: exit code 255")
        ((words, env),) = lent
        assert words == [told.path, "gpu-1"]
        assert env["RUNYARD_ID"] == "one"
        assert "PATH" in env
        await t.until(lambda: journalled(t)[0].outcome == "failed")


async def test_one_after_the_other_has_the_terminal(
    plugged: WithPlugins, monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    said: list[str] = []

    async def hand_over(app: App[Any], argv: Sequence[str], **options: Any) -> int:
        said.append(f"begin {argv[1]}")
        await asyncio.sleep(0)
        said.append(f"end {argv[1]}")
        return 0

    monkeypatch.setattr(handover, "hand_over", hand_over)
    async with plugged(lab("one", "two"), plugin(told, "$NAME", background=False, many=True, safe=True)) as t:
        await t.press("asterisk", "f5")
        await t.see("probe: 2 done")
        assert [line.split()[0] for line in said] == ["begin", "end", "begin", "end"]
        assert {line.split()[1] for line in said} == {"one", "two"}


async def test_where_no_terminal_can_be_lent_it_is_said(plugged: WithPlugins, told: Told) -> None:
    async with plugged(lab(), plugin(told, "$HOST", background=False)) as t:
        await t.press("f5")
        await t.see("this terminal cannot be given to another program")
        assert told.calls == []


async def test_a_pod_tells_its_attempt_and_its_run(plugged: WithPlugins, told: Told) -> None:
    parent = Ref("lab", Kind.RUN, "one")
    pod = Pod(
        ref=Ref("lab", Kind.POD, "one/0"),
        name="one-0",
        state=State.RUNNING,
        native_state="R",
        parent=parent,
        attempt=2,
    )
    adapter = FakeAdapter("lab", [pod, Run(ref=parent, name="one", state=State.RUNNING, native_state="R")])
    async with plugged(adapter, plugin(told, "$PARENT", "$ATTEMPT", "$ID"), view=Kind.POD) as t:
        await t.press("f5")
        await t.until(lambda: told.calls)
        assert told.calls == [["one", "2", "one/0"]]
