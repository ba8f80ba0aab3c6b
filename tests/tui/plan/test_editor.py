"""Parameters of every type, in the form and in `$EDITOR`; nothing is sent but by the plan."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from textual.app import App

from adapters.actions import ActionResult, ActionSpec, ParamSpec, ParamType
from adapters.model import Json, Kind, Ref, State
from adapters.permit import Permit
from adapters.port import Params
from adapters.sections import Detail
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.fake import SCHEMA, FakeAdapter, Tester
from tui import handover
from tui.core.objecttext import NotAnObject, read_object
from tui.core.params import BadParam
from tui.core.paramtext import MARK, again, read_params_text, write_params
from tui.screens import plan as plan_module
from tui.screens.plan import PlanSheet
from tui.screens.planface import Phase

pytestmark = pytest.mark.anyio

PARAMS = (
    ParamSpec("name", "Name", help="of the new run"),
    ParamSpec("count", "Count", ParamType.NUMBER, required=True, help="how many"),
    ParamSpec("mode", "Mode", ParamType.CHOICE, default="slow", choices=("slow", "fast")),
    ParamSpec("force", "Force", ParamType.BOOL, default=False),
    ParamSpec("only", "Only", ParamType.RANGES, help="like 0-4,7"),
    ParamSpec("labels", "Labels", ParamType.LABELS),
    ParamSpec("parameters", "Parameters", ParamType.JSON, path="spec.parameters"),
)
CLONE = ActionSpec("clone", "Clone", frozenset({Kind.RUN}), "a new run", params=PARAMS, creates=True)
PRESENT: dict[str, Json] = {"lr": 0.1, "epochs": 3}
REF = Ref("lab", Kind.RUN, "one")


class Cloning(FakeAdapter):
    """Remembers what it was given."""

    def __init__(self) -> None:
        schema = replace(SCHEMA, actions=(*SCHEMA.actions, CLONE))
        super().__init__("lab", [run("lab", State.RUNNING, "one")], schema)
        self.given: list[Params] = []

    async def detail(self, ref: Ref) -> Detail:
        raw: Json = {"id": "one", "spec": {"parameters": PRESENT}, "note": "\x1b]52;c;AAAA\x07 # not: [yaml"}
        return replace(await super().detail(ref), raw=raw)

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        self.given.append(dict(params))
        return await super().perform(action, ref, params, permit)


Edit: TypeAlias = Callable[[str], str | None]
"""From the text in the editor to what is saved; None: the editor fails."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "GUARD", 0.0)
    monkeypatch.setenv("VISUAL", "my-editor --wait 'a b'")


class Editor:
    """Does one edit after the other, and remembers what it was shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *edits: Edit) -> None:
        self.edits = list(edits)
        self.texts: list[str] = []
        self.argv: list[str] = []
        self.modes: list[int] = []
        self.paths: list[Path] = []
        monkeypatch.setattr(handover, "hand_over", self.hand_over)

    async def hand_over(self, app: App[Any], argv: Sequence[str], **options: Any) -> int:
        self.argv = list(argv)
        path = Path(argv[-1])
        self.paths.append(path)
        self.modes += [stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)]
        self.texts.append(path.read_text())
        text = self.edits.pop(0)(self.texts[-1])
        if text is None:
            return 1
        path.write_text(text)
        return 0


async def opened(t: Tester) -> PlanSheet:
    await t.until(lambda: t.cursor)
    t.app.open_plan("clone", [REF])
    await t.until(lambda: isinstance(t.screen.sheet, PlanSheet) and t.screen.sheet.phase is Phase.ASKING)
    sheet = t.screen.sheet
    assert isinstance(sheet, PlanSheet)
    await t.until(lambda: sheet._ready(float("inf")))
    return sheet


def changed(**values: str) -> Callable[[str], str]:
    """Other values for some lines."""

    def edit(text: str) -> str:
        lines = text.splitlines()
        for name, value in values.items():
            at = next(index for index, line in enumerate(lines) if line.startswith(f"{name}:"))
            lines[at] = f"{name}: {value}"
        return "\n".join(lines) + "\n"

    return edit


# the form


async def test_the_form_takes_every_type(console: Open) -> None:
    adapter = Cloning()
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        assert sheet.on == "field:0"

        async def fill(text: str, *keys: str) -> None:
            await t.type(text)
            await t.press(*keys, "tab")
            await t.until(lambda: sheet.phase is Phase.ASKING)
            await t.until(lambda: sheet._ready(float("inf")))

        await fill("two")
        await fill("3")
        assert sheet.on == "field:2", "the plan was made, and the form goes on"
        await fill("", "right")
        await fill("", "space")
        await fill("0-4,7")
        await fill("a=b,c=d")
        await fill('{"lr": 0.2}')
        await t.until(lambda: sheet.plan is not None and sheet.phase is Phase.ASKING and sheet.by_key)
        await t.press("y")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        assert adapter.given == [
            {
                "name": "two",
                "count": 3,
                "mode": "fast",
                "force": True,
                "only": "0-4,7",
                "labels": "a=b,c=d",
                "parameters": {"lr": 0.2},
            }
        ]


@pytest.mark.parametrize(
    ("tabs", "typed", "wrong"),
    [
        (1, "many", "count is a number"),
        (4, "4-0", "ends before it begins"),
        (5, "a", "labels is like a=b,c=d"),
        (6, "{", "parameters is JSON"),
    ],
)
async def test_what_is_wrong_in_the_form_is_said_beside_it(
    console: Open, tabs: int, typed: str, wrong: str
) -> None:
    adapter = Cloning()
    async with console(adapter, size=(160, 40)) as t:
        sheet = await opened(t)
        await t.press(*(["tab"] * tabs))
        await t.type(typed)
        await t.see(wrong)
        assert not sheet.by_key
        assert adapter.given == []


# the editor


async def test_a_clone_with_edited_parameters(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Cloning()
    editor = Editor(monkeypatch, lambda text: changed(count="2", name="again")(text).replace("lr: 0.1", "lr: 0.5"))
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        await t.see("^t in editor")
        await t.press("ctrl+t")
        await t.until(lambda: sheet.plan is not None and sheet.phase is Phase.ASKING and sheet.by_key)
        assert editor.argv[:3] == ["my-editor", "--wait", "a b"]
        (text,) = editor.texts
        assert "parameters:\n  lr: 0.1\n  epochs: 3\n" in text
        assert "# needed; how many\ncount: null\n" in text
        assert "# one of slow, fast" in text
        assert "# spec:" in text
        assert "\x1b" not in text
        assert editor.modes == [0o600, 0o700]
        assert adapter.given == [], "nothing is sent without the plan"
        assert sheet.on == "cancel"
        await t.press("y")
        await t.until(lambda: sheet.phase is Phase.ENDED)
        (given,) = adapter.given
        assert (given["count"], given["name"]) == (2, "again")
        assert given["parameters"] == {"lr": 0.5, "epochs": 3}
        assert not editor.paths[0].parent.exists(), "the text is not left behind"


async def test_what_only_stands_there_is_not_sent(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Cloning()
    Editor(monkeypatch, changed(count="2"))
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        await t.press("ctrl+t")
        await t.until(lambda: sheet.by_key)
        await t.press("y")
        await t.until(lambda: adapter.given)
        assert "parameters" not in adapter.given[0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda text: text + "\n]: [", "neither JSON nor YAML: line"),
        (lambda text: "just words\n", "it holds no object"),
        (changed(count="many"), "count is a number"),
        (changed(mode="medium"), "mode is one of slow, fast"),
        (lambda text: text + "lerning: 1\n", "no parameter 'lerning'"),
        (changed(only="4-0"), "ends before it begins"),
    ],
)
async def test_what_cannot_be_read_is_said_and_opened_again(
    console: Open, monkeypatch: pytest.MonkeyPatch, wrong: Edit, said: str
) -> None:
    adapter = Cloning()
    editor = Editor(monkeypatch, wrong, lambda text: "count: 2\n")
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        await t.press("ctrl+t")
        await t.until(lambda: sheet.by_key)
        head = [line for line in editor.texts[1].splitlines() if line.startswith(MARK)]
        assert said in " ".join(line.removeprefix(MARK) for line in head)
        assert adapter.given == []


async def test_giving_up_takes_nothing_over(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Cloning()
    editor = Editor(monkeypatch, changed(count="many"), lambda text: text)
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        await t.press("ctrl+t")
        await t.see("not taken over: count is a number")
        assert len(editor.texts) == 2
        assert sheet.form is not None
        assert "count" not in sheet.form.values()
        await t.press("escape")
        assert t.screen.sheet is None
        assert adapter.given == []


@pytest.mark.parametrize("edit", [lambda text: text, lambda text: "", lambda text: "\n \n"])
async def test_as_it_is_or_empty_changes_nothing(
    console: Open, monkeypatch: pytest.MonkeyPatch, edit: Edit
) -> None:
    adapter = Cloning()
    Editor(monkeypatch, edit)
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        before = sheet.form.values() if sheet.form else None
        await t.press("ctrl+t")
        await t.pilot.pause()
        await t.until(lambda: not [w for w in t.app.workers if w.group == "editor" and w.is_running])
        assert sheet.form is not None
        assert sheet.form.values() == before


async def test_an_editor_that_fails_is_said(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    Editor(monkeypatch, lambda text: None)
    async with console(Cloning(), size=(120, 40)) as t:
        await opened(t)
        await t.press("ctrl+t")
        await t.see("the editor has ended with exit code 1; nothing was taken over")


async def test_without_an_editor_it_is_said(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(Cloning(), size=(120, 40)) as t:
        await opened(t)
        await t.press("ctrl+t")
        await t.see("there is no program 'my-editor' on this machine")
        monkeypatch.setenv("VISUAL", "my 'editor")
        await t.press("ctrl+t")
        await t.see("$VISUAL cannot be read")


async def test_large_values_are_held_and_cleared_as_a_whole(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Cloning()
    many = ", ".join(f'"p{n}": {n}' for n in range(500))
    Editor(monkeypatch, lambda text: f'{{"count": 2, "parameters": {{{many}}}}}')
    async with console(adapter, size=(120, 40)) as t:
        sheet = await opened(t)
        await t.press("ctrl+t")
        await t.see("500 keys: p0, p1")
        await t.until(lambda: sheet.by_key)
        sheet.on = "field:6"
        await t.type("x")
        assert sheet.form is not None
        assert sheet.form.values()["parameters"] == {f"p{n}": n for n in range(500)}
        await t.press("backspace")
        assert "parameters" not in sheet.form.values()


async def test_a_plan_without_parameters_has_no_editor(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = Editor(monkeypatch)
    async with console(Cloning(), size=(120, 40)) as t:
        await t.until(lambda: t.cursor)
        t.app.open_plan("abort", [REF])
        await t.see("PLAN  abort run one in lab")
        await t.press("ctrl+t")
        assert editor.texts == []
        assert not any("in editor" in line for line in t.lines)


# the text


def test_what_is_written_is_read_back() -> None:
    values: dict[str, Json] = {
        "name": "a: b # c",
        "count": 3,
        "force": True,
        "parameters": {"x": [1, None, "ü\x1b"]},
    }
    text = write_params("clone lab/run/\x1b[2J\nname: evil", PARAMS, values, {"status": "x\nname: evil"})
    assert read_params_text(text, PARAMS) == values
    assert text.isascii() or "──" in text
    assert "\x1b" not in text


def test_a_problem_replaces_the_one_before() -> None:
    text = again(again("count: many\n", "first"), "second")
    assert text == f"{MARK}second\ncount: many\n"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"count": 2, "name": "x"}', {"count": 2, "name": "x"}),
        ("count: 2\nname: x\n", {"count": 2, "name": "x"}),
        ('count = 2\nname = "x"\n', {"count": 2, "name": "x"}),
        ('name = "x"\n[parameters]\nlr = 0.1\n', {"name": "x", "parameters": {"lr": 0.1}}),
        ("# nothing\n", {}),
        ("when: 2026-08-22\n", {"when": "2026-08-22"}),
    ],
)
def test_json_yaml_and_toml_are_read(text: str, read: dict[str, Json]) -> None:
    assert read_object(text) == read


@pytest.mark.parametrize(
    "text", ["[1, 2]", "words", "a: [", "!!python/object/apply:os.system ['true']", "{" * 5000]
)
def test_anything_else_is_not(text: str) -> None:
    with pytest.raises(NotAnObject):
        read_object(text)


def test_a_missing_value_is_left_out() -> None:
    assert read_params_text("name: ''\ncount: null\n", PARAMS) == {}
    with pytest.raises(BadParam, match="nearest: count"):
        read_params_text("cuont: 1", PARAMS)
