"""A defect inside a screen: one line, a report with the traceback and without secrets, exit code 70."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.errors import Unavailable
from tests.tui.conftest import Open
from tests.tui.data import runs
from tests.tui.fake import FakeAdapter
from tui.crash import redacted, write_report
from tui.screens.list import ListScreen

SECRET = "s3cr3t-of-the-cluster"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "runyard" / "crashes"


IN_A_TERMINAL = """
import os, pty, sys
code = pty.spawn([sys.executable, "-c", sys.argv[1]])
sys.exit(os.waitstatus_to_exitcode(code))
"""
RAISES = """
import sys
from tui import cli
from tui.screens.list import ListScreen
def broken(self): raise ValueError("it broke, token=abcdef and {secret}")
ListScreen.{method} = broken
sys.exit(cli.run(["--config", sys.argv[1] if len(sys.argv) > 1 else {config!r}]))
"""


@pytest.mark.parametrize("method", ["_subscribe", "update_view", "_peek_now"])
def test_a_screen_that_raises_ends_the_console_with_one_line(tmp_path: Path, state: Path, method: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f'[contexts.kfp]\nbackend = "kfp"\nurl = "http://127.0.0.1:9"\ntoken = "{SECRET}"\n')
    config.chmod(0o600)
    script = RAISES.format(method=method, config=str(config), secret=SECRET)
    done = subprocess.run(
        [sys.executable, "-c", IN_A_TERMINAL, script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        env={**os.environ, "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"},
    )
    shown = done.stdout.decode(errors="replace")
    after = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", shown.rsplit("\x1b[?1049l", 1)[-1])
    assert done.returncode == 70, after
    assert "Traceback" not in shown
    assert "─" not in after, "Textual draws tracebacks in boxes"
    said = [line for line in after.splitlines() if line.strip()]
    assert len(said) == 1, after
    assert said[0].startswith("runyard: the console has ended: ValueError: it broke, token=*** and ***; the report")
    (report,) = state.glob("*.txt")
    assert str(report) in said[0]
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    assert "Traceback (most recent call last)" in text
    assert "in broken" in text
    assert "ListScreen" in text
    assert SECRET not in text
    assert "abcdef" not in text


@pytest.mark.anyio
async def test_work_in_the_background_that_fails_is_said_and_reported(
    console: Open, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with console(FakeAdapter("prod-kfp", runs())) as t:
        await t.see("ocr-detector-train-87")

        async def broken() -> None:
            raise KeyError("nobody expected this")

        t.screen.run_worker(broken(), exit_on_error=False)
        await t.see("runyard: KeyError: 'nobody expected this'; the report is")
        assert "in broken" in next(state.glob("*.txt")).read_text()

        async def refused() -> None:
            raise Unavailable("nobody answers", executed=False)

        t.screen.run_worker(refused(), exit_on_error=False)
        await t.see("nobody answers")
        assert len(list(state.glob("*.txt"))) == 1, "a backend's failure is no defect"
        assert isinstance(t.app.screen, ListScreen)


def test_reports_are_private_and_few(state: Path) -> None:
    for _ in range(25):
        path = write_report(ValueError("x"))
        assert path is not None
    kept = list(state.iterdir())
    assert len(kept) == 20
    assert path in kept
    assert state.stat().st_mode & 0o777 == 0o700


def test_nowhere_to_write_is_no_second_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert write_report(ValueError("x")) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
        ("headers={'Cookie': 'a=b'}", "headers={'Cookie': '***'}"),
        ('"password": "hunter2", "user": "ana"', '"password": "***", "user": "ana"'),
        ("GET http://ana:pw@host/x", "GET http://***@host/x"),
        ("sent bearer 0123456789ab", "sent bearer ***"),
        ("tokens are counted, secretly", "tokens are counted, secretly"),
        (f"said {SECRET}!", "said ***!"),
    ],
)
def test_what_looks_like_a_secret_is_not_written(text: str, shown: str) -> None:
    assert redacted(text, [SECRET, "x"]) == shown
