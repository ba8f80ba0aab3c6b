"""What the first answers import, and what they leave out."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from tui.cli import VERBS


def imported(*arguments: str) -> set[str]:
    """The modules that a command line has imported at its end."""
    script = (
        "import sys, atexit; sys.argv[1:] = sys.argv[1:]; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
        "from tui.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_the_help_of_all_says_what_each_verb_says_of_itself(verb: str) -> None:
    assert importlib.import_module(f"tui.oneshot.{verb}").command.short_help == VERBS[verb]


def test_help_imports_no_verb() -> None:
    found = imported("--help")
    assert "click" in found
    assert not {name for name in found if name.startswith(("tui.oneshot.get", "asyncio", "httpx", "textual"))}


def test_httpx_comes_without_its_own_command_line() -> None:
    found = imported("get", "runs", "--config", "/nonexistent/config.toml")
    assert not {name for name in found if name.startswith("textual")}
    script = "import adapters.http, sys; print('rich' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
