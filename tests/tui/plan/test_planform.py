"""The form of a plan and the plan as lines, without a terminal."""

from __future__ import annotations

import json
import shlex

import pytest

from adapters.actions import ActionSpec, Affected, ParamSpec, ParamType, Preview
from adapters.model import Json, Kind, Ref, Run, State
from tests.tui.detail.world import FORM
from tui.core.plan import Confirm, Outcome, Plan, PlanTarget
from tui.screens import planview
from tui.screens.planform import Form, FormField
from tui.widgets.draw import Piece

ABORT = ActionSpec("abort", "Abort", frozenset({Kind.RUN}), "ends it")


def text(pieces: list[Piece]) -> str:
    return "".join(each for each, _ in pieces)


def target(name: str, outcome: Outcome = Outcome.NOT_STARTED, context: str = "kfp", **more: object) -> PlanTarget:
    ref = Ref(context, Kind.RUN, name)
    run = Run(ref=ref, name=name, state=State.RUNNING, native_state="RUNNING", owner="ana")
    values: dict[str, object] = {"resource": run, "spec": ABORT, "preview": Preview(f"StopJob {name}"), **more}
    return PlanTarget(ref, name, outcome=outcome, **values)  # type: ignore[arg-type]


def plan(*targets: PlanTarget, confirm: Confirm = Confirm.TYPED, **more: object) -> Plan:
    return Plan("0142", "abort", targets, 1787409127.0, confirm=confirm, **more)  # type: ignore[arg-type]


def field(type: ParamType, value: str = "", **more: object) -> FormField:
    made = FormField.of(ParamSpec("p", "P", type, **more))  # type: ignore[arg-type]
    made.edit.set(value)
    return made


@pytest.mark.parametrize(
    ("type", "value", "wrong"),
    [
        (ParamType.NUMBER, "7", False),
        (ParamType.NUMBER, "seven", True),
        (ParamType.NUMBER, "nan", True),
        (ParamType.RANGES, "0-4,7", False),
        (ParamType.RANGES, "4-0", True),
        (ParamType.JSON, '{"a": 1}', False),
        (ParamType.JSON, "{", True),
        (ParamType.LABELS, "a=b", False),
        (ParamType.LABELS, "a", True),
        (ParamType.TEXT, "anything", False),
        (ParamType.TEXT, "", False),
    ],
)
def test_a_field_knows_what_is_wrong_with_it(type: ParamType, value: str, wrong: bool) -> None:
    assert bool(field(type, value).problem()) is wrong


def test_a_required_field_says_so_until_it_is_filled() -> None:
    made = field(ParamType.TEXT, required=True)
    assert made.problem() == "required here"
    made.press("x", "x")
    assert made.problem() == ""


def test_choices_and_switches_are_stepped_through() -> None:
    choice = field(ParamType.CHOICE, choices=("a", "b"), required=True)
    for expected in ("a", "b", "a"):
        choice.press("space", " ")
        assert choice.text == expected
    choice.press("left", None)
    assert choice.text == "b"
    switch = field(ParamType.BOOL)
    for expected in ("true", "false", "", "true"):
        switch.press("right", None)
        assert switch.text == expected
    assert not switch.press("x", "x")


def test_a_form_asks_each_parameter_once_and_starts_from_defaults() -> None:
    form = Form.of([FORM, FORM], {"count": 3})
    assert [each.param.id for each in form.fields] == ["count", "mode", "force", "only", "more"]
    assert form.values() == {"count": "3", "mode": "slow"}
    assert form.complete
    form.ask_reason(True)
    assert form.complete
    assert "required" in form.problem()


def test_the_title_names_one_object_or_counts_several() -> None:
    assert planview.title(plan(target("a", protected=True))) == "PLAN  abort run a in kfp, protected"
    assert planview.title(plan(target("a"), target("b", context="x"))) == "PLAN  abort 2 runs in 2 contexts"


def test_the_lines_of_several_say_what_can_what_cannot_and_what_is_hidden() -> None:
    made = plan(target("a"), target("b", protected=True, context="pel"), target("c", reason="it has ended"))
    lines = [text(row) for row in planview.summary(made, hidden=4)]
    assert lines == [
        " can      2   kfp 1, pel 1 (protected)",
        " cannot   1   1 it has ended",
        " hidden   4   are marked but the filter hides them",
        " affects  nothing beside it",
    ]


def test_affected_counts_and_says_when_the_scan_is_incomplete() -> None:
    listed = tuple(Affected(Ref("k", Kind.RUN, str(i)), str(i), "x", owner="ana", pods=3) for i in range(2))
    assert planview.affects([target("a", preview=Preview("c", affected=listed))]) == "6 pods of 2 runs, 1 owner"
    partial = Preview("c", affected=listed, complete=False)
    assert planview.affects([target("a", preview=partial)]).startswith("at least 6 pods")
    assert "incomplete" in planview.affects([target("a", preview=Preview("c", complete=False))])


def test_the_affected_come_worst_first() -> None:
    listed = (
        Affected(Ref("k", Kind.RUN, "a"), "calm", "restarts"),
        Affected(Ref("k", Kind.RUN, "b"), "dies", "killed", warn=True),
    )
    rows = [text(row) for row in planview.affected_rows(listed, 80)]
    assert rows[0].split() == ["RUN", "POOL", "OWNER", "PODS", "WHAT", "WILL", "HAPPEN"]
    assert rows[1].startswith("  ! dies")


def test_results_come_worst_first() -> None:
    made = plan(
        target("done", Outcome.DONE),
        target("waits"),
        target("bad", Outcome.FAILED, message="403 not allowed"),
        target("who", Outcome.UNKNOWN, message="timeout; re-read: it is running"),
    )
    rows = [text(row).split() for row in planview.target_rows(made, 80, started=True)][1:]
    assert [row[1] if row[0] in "✗?✓" else row[0] for row in rows] == ["bad", "who", "done", "waits"]
    progress = text(planview.progress(made))
    assert progress == "3 of 4   ✓ 1 done   ✗ 1 failed   ? 1 unknown   journal 0142"


def test_the_command_does_the_same_and_is_quoted() -> None:
    nasty = "x; rm -rf / '$(id)'"
    params: dict[str, Json] = {"count": 3, "more": {"a": [1]}}
    made = plan(target(nasty, protected=True), params=params, reason="disk's dead")
    words = shlex.split(planview.command(made))
    assert words[:4] == ["runyard", "do", "abort", f"kfp/run/{nasty}"]
    assert words[4:] == [
        *("--set", "count=3", "--set", 'more={"a": [1]}', "--reason", "disk's dead", "--confirm", "kfp"),
    ]
    assert planview.command(plan(target("a"), confirm=Confirm.KEY)).endswith("--yes")


def test_raw_is_the_json_of_the_command_line() -> None:
    made = plan(target("a"), target("b", Outcome.FAILED, message="[/red]"))
    shown = json.loads("\n".join(text(row)[1:] for row in planview.raw(made)))
    assert shown["action"] == "abort"
    assert [each["outcome"] for each in shown["targets"]] == ["not-started", "failed"]


def test_an_outcome_in_a_few_words() -> None:
    will = target("a", preview=Preview("JobService.StopJob jobId=80f2"))
    assert planview.outcome_text(will, False) == "will: StopJob"
    assert planview.outcome_text(will, True) == "not started"
    assert planview.outcome_text(target("a", Outcome.FAILED, message="403 not allowed"), True) == "403 not allowed"
    assert planview.outcome_text(target("a", Outcome.UNKNOWN, message="re-read"), True) == "unknown, re-read"
    assert planview.outcome_text(target("a", Outcome.DONE), True) == "done"
    assert planview.outcome_text(target("a", reason="no reply"), False) == "cannot: no reply"
