"""Which program is run with the terminal, and how its end is told; the terminal itself is in tests/tui/terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tui.handover import NotHandedOver, editor, exit_text, pager, program

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, ["vi"]),
        ({"EDITOR": "nano -w"}, ["nano", "-w"]),
        ({"EDITOR": "nano", "VISUAL": "code --wait"}, ["code", "--wait"]),
        ({"EDITOR": "'/opt/my editor' -x"}, ["/opt/my editor", "-x"]),
        ({"EDITOR": "vim; touch x"}, ["vim;", "touch", "x"]),
        ({"EDITOR": "  ", "VISUAL": ""}, ["vi"]),
    ],
)
def test_the_editor_is_split_as_a_shell_would_and_never_run_by_one(
    environ: Mapping[str, str], words: list[str]
) -> None:
    assert editor(environ) == words


def test_the_pager_is_less_unless_said() -> None:
    assert pager({}) == ["less"]
    assert pager({"PAGER": "less -R"}) == ["less", "-R"]


def test_what_cannot_be_split_is_a_sentence() -> None:
    with pytest.raises(NotHandedOver, match=r"\$EDITOR cannot be read"):
        editor({"EDITOR": "vi '"})


@pytest.mark.parametrize("argv", [[], ["no-such-program-here"], ["/no/such/program"]])
def test_a_program_that_is_missing_is_a_sentence(argv: list[str]) -> None:
    with pytest.raises(NotHandedOver, match="no program"):
        program(argv)


@pytest.mark.parametrize(
    ("code", "text"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-200, "signal 200")]
)
def test_an_end_in_words(code: int, text: str) -> None:
    assert exit_text(code) == text


@pytest.mark.parametrize("alone", [True, False])
def test_only_a_group_that_somebody_can_continue_is_stopped(alone: bool) -> None:
    """Alone in its session nobody could; as a job of the test's own group's child somebody can."""
    code = "from tui.jobcontrol import somebody_continues; print(somebody_continues())"
    options: dict[str, object] = {"start_new_session": True} if alone else {"process_group": 0}
    found = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
        env=os.environ,
        **options,
    )
    assert found.stdout.strip() == str(not alone)
