"""Two consoles at once, as two processes over the same home: neither hurts what the other keeps."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.model import Kind, LogMode, LogSource, Ref
from tui.core.journal import Journal
from tui.core.logspool import LogSpool
from tui.core.memory import Memory
from tui.statefile import load_state

ROOT = Path(__file__).parents[2]
EACH = 40


def both(code: str, *arguments: str) -> None:
    """Run this twice at once, as `a` and as `b`; both begin when both are ready."""
    started = []
    for name in "ab":
        text = f"import sys\nwho = {name!r}\n{code.replace('GO', 'print(flush=True); sys.stdin.readline()')}"
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", text, *arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")


def test_what_each_sets_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    both(
        "from pathlib import Path\n"
        "from adapters.model import Kind\n"
        "from tui.core.memory import Memory\n"
        "memory = Memory(Path(sys.argv[1]))\n"
        "GO\n"
        f"for n in range({EACH}):\n"
        "    memory.keep('columns', f'{who}{n}', {'order': [who]})\n"
        "    memory.keep_filter(Kind.RUN, f'{who}{n}', 'failed')\n"
        "memory.keep_left({'view': who})\n",
        str(path),
    )
    state = load_state(path)
    names = {f"{who}{n}" for who in "ab" for n in range(EACH)}
    assert set(state["columns"]) == names
    assert set(state["filters"]["runs"]) == names
    assert state["left"]["view"] in ("a", "b")
    assert [each.name for each in tmp_path.glob(".state.toml.*") if each.suffix != ".lock"] == []


def test_what_the_other_set_since_is_not_undone(tmp_path: Path) -> None:
    path = tmp_path / "state.toml"
    one, two = Memory(path), Memory(path)
    one.keep_filter(Kind.RUN, "1", "failed")
    two.keep_filter(Kind.RUN, "2", "running")
    one.keep_filter(Kind.HOST, "1", "down")
    assert Memory(path).filters(Kind.RUN) == {"1": "failed", "2": "running"}
    assert one.filters(Kind.RUN) == {"1": "failed"}  # each goes on as its operator left it


def test_every_record_of_both_is_whole(tmp_path: Path) -> None:
    both(
        "from pathlib import Path\n"
        "from adapters.model import Kind, Ref\n"
        "from tui.core.journal import Journal\n"
        "log = Journal(Path(sys.argv[1]))\n"
        "GO\n"
        f"for n in range({EACH}):\n"
        "    names = [f'c/run/{who}{n}', f'c/run/{who}{n}-2']\n"
        "    ref = Ref('c', Kind.RUN, f'{who}{n}')\n"
        "    permit = log.issue(f'{who}{n}', 'abort', ref, {'x': 'y' * 3000}, targets=names)\n"
        "    log.outcome(permit, 'done', 'z' * 1500)\n"
        "    log.end(f'{who}{n}', {names[1]: ('skipped', '')})\n",
        str(tmp_path),
    )
    log = Journal(tmp_path)
    assert [entry.outcome for entry in log.records()] == ["done"] * (2 * EACH)
    plans = log.plans()
    assert {plan.id for plan in plans} == {f"{who}{n}" for who in "ab" for n in range(EACH)}
    assert all([each.word for each in plan.targets] == ["done", "skipped"] for plan in plans)
    assert log.unfinished() == []


def test_a_log_that_both_follow_is_a_file_for_each(tmp_path: Path) -> None:
    both(
        "from pathlib import Path\n"
        "from adapters.model import Kind, LogMode, LogSource, Ref\n"
        "from tui.core.logspool import LogSpool\n"
        "log = LogSpool(Path(sys.argv[1])).open(LogSource(Ref('c', Kind.RUN, 'x'), 'main', LogMode.APPEND))\n"
        "GO\n"
        "for n in range(200):\n"
        "    log.append(f'line {n}\\n'.encode())\n"
        "    log.cursor = str(log.size)\n"
        "assert [line.text for line in log.lines(0, 500)] == [f'line {n}' for n in range(200)]\n"
        "log.close()\n",
        str(tmp_path / "logs"),
    )
    assert len(list((tmp_path / "logs").glob("*.log"))) == 2


def test_a_spool_is_not_trimmed_under_the_other(tmp_path: Path) -> None:
    source = LogSource(Ref("c", Kind.RUN, "x"), "main", LogMode.APPEND)
    mine = LogSpool(tmp_path).open(source)
    mine.append(b"x" * 5000 + b"\n")
    greedy = LogSpool(tmp_path, budget=10)
    other = greedy.open(source)
    other.append(b"y" * 5000 + b"\n")
    assert greedy.trim() == 0
    assert mine.line(0).text.startswith("xxx")
    mine.close()
    other.close()


def test_a_console_that_was_killed_locks_nothing(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from adapters.model import Kind, LogMode, LogSource, Ref\n"
        "from tui.core.logspool import LogSpool\n"
        "from tui.statefile import locked\n"
        "log = LogSpool(Path(sys.argv[1])).open(LogSource(Ref('c', Kind.RUN, 'x'), 'main', LogMode.APPEND))\n"
        "log.append(b'kept\\n')\n"
        "with locked(Path(sys.argv[1]) / 'state.toml'): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    Memory(tmp_path / "state.toml").keep("columns", "runs", {})
    log = LogSpool(tmp_path).open(LogSource(Ref("c", Kind.RUN, "x"), "main", LogMode.APPEND))
    assert [line.text for line in log.lines(0, 9)] == ["kept"]
    log.close()


@pytest.mark.parametrize("text", ["[[[", "\x00", "columns = 3\nfilters = 'x'\n"])
def test_a_state_file_that_makes_no_sense_hurts_nobody(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.toml"
    path.write_text(text)
    memory = Memory(path)
    assert (memory.filters(Kind.RUN), memory.troubles(), memory.left()) == ({}, [], {})
    memory.keep_filter(Kind.RUN, "1", "failed")
    assert Memory(path).filters(Kind.RUN) == {"1": "failed"}
