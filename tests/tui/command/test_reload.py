"""The config is read again while the console is open."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.tui.fake import Tester
from tests.tui.keys.proof import do
from tui.app import ConsoleApp
from tui.config import load, parse
from tui.styles import tokens
from tui.wiring import build_services

pytestmark = pytest.mark.anyio

ONE = """
[contexts.one]
backend = "kfp"
url = "http://127.0.0.1:9"
"""
MORE = """
[ui]
theme = "light"
[ui.filters]
3 = "state=failed"
[aliases]
red = "runs state=failed"
[keys]
pulse = "f7"
[contexts.two]
backend = "kfp"
url = "http://127.0.0.1:10"
"""


def written(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@pytest.mark.presses("reload", ":reload")
async def test_keys_filters_aliases_theme_and_new_contexts_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    written(path, ONE)
    app = ConsoleApp(build_services(load(path))[0])
    async with app.run_test(size=(100, 24)) as pilot:
        t = Tester(app, pilot)
        await t.see("one › runs")
        written(path, ONE + MORE)
        await do(t, ":", "'reload", "enter", "=reloaded; added two")
        assert tokens.active().theme.name == "light"
        await do(t, "3", "=state=failed", "escape", "f7", "=› pulse", "escape")
        await do(t, ":", "'red @two", "enter", "=two › runs", "=/ state=failed")
        written(path, ONE.replace(":9", ":11"))
        await do(t, ":", "'reload", "enter", "=one, two as changed only after a restart")
        assert set(app.services.adapters) == {"one", "two"}
        assert app.services.keys.key("pulse") == "P"


async def test_what_is_wrong_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    written(path, ONE)
    app = ConsoleApp(build_services(load(path))[0])
    async with app.run_test(size=(100, 24)) as pilot:
        t = Tester(app, pilot)
        await t.see("one › runs")
        written(path, ONE + MORE.replace('theme = "light"', 'theme = "lihgt"').replace("f7", "j"))
        await do(t, ":", "'reload", "enter", "=2 wrong in the config, nothing is reloaded")
        await do(t, "!", "=nearest: light", "escape")
        assert app.services.keys.key("pulse") == "P"
        assert set(app.services.adapters) == {"one"}


async def test_a_console_without_a_file_takes_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    written(path, ONE + MORE)
    monkeypatch.setenv("RUNYARD_CONFIG", str(path))
    app = ConsoleApp(build_services(parse(tomllib.loads(ONE)))[0])
    async with app.run_test(size=(100, 24)) as pilot:
        t = Tester(app, pilot)
        await t.see("one › runs")
        await do(t, ":", "'reload", "enter", "=no config file was read")
        assert set(app.services.adapters) == {"one"}
