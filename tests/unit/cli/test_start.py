"""What the first answers import, and what they leave out."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from tui.cli import VERBS


def imported(*arguments: str) -> set[str]:
    """The modules that a command line has imported at its end."""
    script = "import sys\nfrom tui.__main__ import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_help_of_all_says_what_each_verb_says_of_itself(verb: str) -> None:
    assert importlib.import_module(f"tui.oneshot.{verb}").command.short_help == VERBS[verb]


def test_help_imports_no_verb() -> None:
    found = imported("--help")
    assert "click" in found
    assert not {"tui.oneshot.get", "asyncio", "httpx", "pydantic", "textual"} & found


def test_httpx_comes_without_its_own_command_line() -> None:
    found = imported("get", "runs", "--config", "/nonexistent/config.toml")
    assert not {name for name in found if name.startswith("textual")}
    script = "import adapters.http, sys; print('rich' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_pydantic_looks_for_no_plugins_unless_it_is_asked_for_more_of_that() -> None:
    script = (
        "import adapters.settings, sys; print('importlib.metadata' in sys.modules); "
        "from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP as group; print(group)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "pydantic"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_that_could_not_be_written_is_no_success() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "--help"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode != 0
    assert "No space left" in done.stderr
