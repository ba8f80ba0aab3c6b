"""Planted secrets are looked for on every screen of a console, and in everything it writes and copies."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.mock.server import MockServer
from adapters.model import Kind
from tests.trust.cli import Cli
from tests.trust.planted import PLANT, Planted, everywhere
from tests.tui.fake import Tester
from tests.tui.keys.proof import press
from tui.app import ConsoleApp
from tui.config import parse
from tui.screens import logs
from tui.wiring import build_services

pytestmark = pytest.mark.anyio
BACKENDS = ("kfp", "peloton")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=25, hosts=4, clock="virtual", backends=BACKENDS) as made:
        yield made


async def said(t: Tester, *keys: str) -> str:
    """What is on the screen after these keys."""
    for key in keys:
        await press(t, key)
    await t.pilot.pause(0.05)
    return "\n".join(t.lines)


@pytest.mark.parametrize("way", ["value", "command"])
async def test_no_screen_file_or_clipboard_holds_one(
    server: MockServer,
    plant: Callable[[str], Planted],
    own_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.setattr(logs, "REDRAW_EVERY", 0.01)
    work = own_home / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    planted = plant(way)
    text = "".join(planted.context(server.url, name) for name in BACKENDS)
    server.requests.clear()
    services, problems = build_services(parse(tomllib.loads(text)))
    app = ConsoleApp(services, problems=problems)
    seen: list[str] = []
    async with app.run_test(size=(160, 48), notifications=True) as pilot:
        t = Tester(app, pilot)
        await t.until(lambda: t.cursor, 20)
        seen.append(await said(t, "ctrl-s"))
        await t.see("runs in")
        seen.append(await said(t, ":"))
        await t.type("export all.json")
        seen.append(await said(t, "enter"))
        await t.see("all.json")
        for keys in (("c",), ("d",), ("escape",), ("y",), ("ctrl-s",), ("escape",), ("x",), ("escape",), ("?",)):
            seen.append(await said(t, *keys))
        seen.append(await said(t, "escape"))
        row = next(
            row
            for row in (await services.adapters["peloton"].list(Kind.RUN, limit=50)).items
            if row.state.value == "running"
        )
        app.open_detail(row.ref)
        seen.append(await said(t))
        await t.see(row.name[:12])
        seen.append(await said(t, "escape"))
        pods = (await services.adapters["peloton"].list(Kind.RUN, limit=1)).items
        app.open_logs([pods[0].ref])
        seen.append(await said(t))
        await t.until(lambda: any("lines" in line or "no log" in line for line in t.lines[:3]), 20)
        seen.append(await said(t, "ctrl-s"))
        seen.append(await said(t, "escape"))
        for verb in ("contexts", "journal", "pulse", "cli"):
            await press(t, ":")
            await t.type(verb)
            seen.append(await said(t, "enter"))
        server.app.state.faults.replace(["*:*:status=401"])
        seen.append(await said(t, "escape", "escape", "ctrl-r"))
        plan = await services.planner.make("abort", [row.ref])
        ran = await services.planner.run(plan)
        seen.append(repr(ran) + str(ran.to_json()))
        server.app.state.faults.replace([])
        seen.append(await said(t, "!"))
        seen += [app.clipboard, *app.notices()]
        seen.append(app.defect(ValueError(f"it had {planted.words[0]} in hand")))
    assert {path.suffix for path in work.iterdir()} >= {".csv", ".json", ".yaml"}, list(work.iterdir())
    heard = " ".join(str(each.headers) for each in server.requests)
    assert PLANT in heard, "what was never sent proves nothing"
    assert PLANT not in everywhere(own_home, *seen)


@pytest.mark.parametrize("way", ["value", "file"])
def test_no_log_and_no_list_in_any_form_holds_one(
    server: MockServer,
    plant: Callable[[str], Planted],
    runyard: Cli,
    write_config: Callable[[str], Path],
    own_home: Path,
    way: str,
) -> None:
    planted = plant(way)
    write_config("".join(planted.context(server.url, name) for name in BACKENDS))
    told = []
    for backend in BACKENDS:
        names = runyard("get", "runs", "-c", backend, "--limit", "3", "-o", "name").lines
        assert len(names) == 3
        for arguments in (
            *(
                ("get", "runs", "-c", backend, "--limit", "3", "-o", form)
                for form in ("json", "yaml", "csv", "wide")
            ),
            *(("describe", name, "-o", form) for name in names for form in ("text", "json", "yaml")),
            *(("logs", name, "--tail", "20") for name in names),
            ("do", "abort", names[0], "--dry-run", "-o", "json"),
            ("actions", names[0]),
            ("api", backend),
        ):
            result = runyard(*arguments)
            assert "Traceback" not in result.err
            told += [result.out, result.err]
    assert any("pl4nted" in str(each.headers) for each in server.requests)
    assert PLANT not in everywhere(own_home, *told)


def test_the_arguments_of_a_running_command_hold_none(
    server: MockServer, plant: Callable[[str], Planted], write_config: Callable[[str], Path]
) -> None:
    """Of the command and of every process it starts, as anybody on the machine can read them."""
    planted = plant("env")
    write_config("".join(planted.context(server.url, name) for name in BACKENDS))
    code = (
        "import os, sys, pathlib\n"
        "from tui.cli import run\n"
        "code = run(['get', 'runs', '--limit', '1', '-o', 'name'])\n"
        "sys.stderr.buffer.write(pathlib.Path('/proc/self/cmdline').read_bytes())\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=dict(os.environ), check=False
    )
    assert done.returncode == 0, done.stderr
    assert "cmdline" in done.stderr
    assert PLANT not in done.stdout + done.stderr


@pytest.mark.parametrize(("url", "warned"), [("http://runs.example:1", True), ("http://127.0.0.1:9", False)])
def test_a_command_warns_before_it_sends_a_secret_in_the_clear(
    plant: Callable[[str], Planted], runyard: Cli, write_config: Callable[[str], Path], url: str, warned: bool
) -> None:
    planted = plant("value")
    write_config(planted.context(url, "kfp").replace("retries = 0", "retries = 0\nconnect_timeout = 0.05"))
    for arguments in (("get", "runs"), ("describe", "kfp/run/x"), ("do", "abort", "kfp/run/x", "--yes")):
        result = runyard(*arguments, "--timeout", "2s")
        assert result.err.count(f"kfp: {url} is not encrypted") == int(warned), result
        assert "is not encrypted" not in result.out
        assert PLANT not in result.err + result.out
