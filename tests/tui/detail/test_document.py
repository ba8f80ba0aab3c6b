"""Describe and raw: everything is there, can be searched, copied, saved and read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from adapters.errors import Unavailable
from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.detail.world import CAUSE, RUN, TASKS_SCHEMA, World, failed_run
from tests.tui.fake import NOW, Tester
from tui.screens import document
from tui.screens.document import DocumentScreen

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


async def opened(t: Tester, mode: str = "describe", ref: Ref = RUN) -> DocumentScreen:
    t.app.open_document(ref, mode)
    await t.see("as of 14:32:07Z")
    await t.until(lambda: isinstance(t.app.screen, DocumentScreen) and t.app.screen.view.count > 0)
    assert isinstance(t.app.screen, DocumentScreen)
    return t.app.screen


async def test_describe_has_the_object_and_every_section(console: Open) -> None:
    async with console(World(), size=(100, 60)) as t:
        await opened(t)
        for text in (
            "✗ failed  FAILED",
            CAUSE,
            f"prod-kfp/run/{RUN.id}",
            "Params",
            "max_rows",
            "Artifacts",
            "Spec",
        ):
            await t.see(text)
        await t.see("2026-08-22T13:43:48Z  (48m19s ago)")


async def test_describe_writes_a_backend_s_own_fields_in_the_form_of_their_type(console: Open) -> None:
    fields = (
        FieldSpec("scheduled", "SCHEDULED", FieldType.TIME, "extra.scheduled"),
        FieldSpec("disk", "DISK", FieldType.SIZE),
    )
    kinds = {**TASKS_SCHEMA.kinds, Kind.RUN: replace(TASKS_SCHEMA.kinds[Kind.RUN], fields=fields)}
    run = failed_run(extra={"scheduled": NOW - 60, "disk": 2.0**31, "shards": 4})
    async with console(World(rows=[run], schema=replace(TASKS_SCHEMA, kinds=kinds)), size=(100, 60)) as t:
        await opened(t)
        await t.see("2026-08-22T14:31:07Z  (1m00s ago)")
        await t.see("2.0Gi")
        assert any(line.split()[-2:] == ["shards", "4"] for line in t.lines)


async def test_raw_is_the_server_s_own_json_as_yaml(console: Open) -> None:
    world = World()
    world.raw = {"run_id": "r", "z": [1, {"deep": None}], "a": "yes", "colon": "a: b", "text": "two\nlines"}
    async with console(world) as t:
        shown = await opened(t, "yaml")
        text = "\n".join(shown.view.text_of(i) for i in range(shown.view.count))
        assert yaml.safe_load(text) == world.raw
        assert list(yaml.safe_load(text)) == list(world.raw)
        await t.press("d")
        await t.see("state ")
        await t.press("y")
        await t.see("run_id: r")


async def test_search_goes_round_and_esc_goes_back(console: Open) -> None:
    async with console(World()) as t:
        shown = await opened(t)
        await t.press("/")
        await t.type("feature_")
        await t.see("/feature_ 1 of 8")
        await t.press("enter")
        first = shown.view.cursor
        await t.press("n")
        assert shown.view.cursor == first + 1
        await t.press("N", "N")
        assert shown.view.cursor == first + 7
        await t.press("/", "z", "z", "escape")
        assert shown.view.cursor == first + 7
        assert shown.view.hits == []


async def test_copy_and_save(console: Open) -> None:
    async with console(World()) as t:
        await opened(t, "yaml")
        await t.press("c")
        assert t.app.clipboard == f"run_id: {RUN.id}"
        await t.press("ctrl+s")
        await t.see("saved as")
        (path,) = Path().glob("*.yaml")
        assert yaml.safe_load(path.read_text())["run_id"] == RUN.id
        await t.press("d", "ctrl+s")
        await t.until(lambda: list(Path().glob("*.txt")))


async def test_refresh_reads_again_and_an_outage_keeps_the_text(console: Open) -> None:
    world = World()
    async with console(world) as t:
        shown = await opened(t)
        world.rows[RUN] = failed_run(owner="mallory")
        await t.press("ctrl+r")
        await t.see("mallory")
        world.error = Unavailable("refused by 10.2.0.9")
        await t.press("ctrl+r")
        await t.see("refused by 10.2.0.9")
        assert shown.view.count > 10


async def test_moving(console: Open) -> None:
    async with console(World()) as t:
        shown = await opened(t)
        await t.press("G")
        assert shown.view.cursor == shown.view.count - 1
        await t.press("g", "j", "k", "pagedown", "ctrl+b")
        assert shown.view.cursor == 0
        await t.press("e")
        await t.until(lambda: shown.view.cursor == 1)  # the cause is red


HOSTILE = ["[/red]", "\x1b]0;owned\x07", "x" * 10_000, "مرحبا ‮evil", "日本語" * 40, "a\nb\tc", "---", "&a *b"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("mode", ["describe", "yaml"])
async def test_hostile_text_cannot_break_the_screen(console: Open, text: str, mode: str) -> None:
    world = World(rows=[failed_run(name=text, owner=text, labels={text: text}, message=text)])
    world.cause, world.raw = text, {text: text, "inner": {text: [text, None]}}
    async with console(world) as t:
        await opened(t, mode)
        await t.press("G", "/", "e", "enter", "n")
        assert len(t.lines) == 24
        assert all("\x1b" not in line and "\x07" not in line and "‮" not in line for line in t.lines)
        await t.press("ctrl+s")
        await t.see("saved as")
        assert len(list(Path().glob("runyard-*"))) == 1


async def test_it_is_read_again_by_itself_unless_paused(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SLOWER", 1)
    world = World()
    async with console(world) as t:
        t.app.services.sync.set_interval(0.01, ["prod-kfp"])
        shown = await opened(t)
        await t.press("j", "j")
        world.rows[RUN] = failed_run(owner="mallory")
        await t.see("mallory")
        assert shown.view.cursor == 2
        await t.press("=")
        world.rows[RUN] = failed_run(owner="trudy")
        await t.pilot.pause(0.1)
        assert not any("trudy" in line for line in t.lines)
        await t.press("=")
        await t.see("trudy")


async def test_an_outage_is_said_once(console: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SLOWER", 1)
    world = World()
    async with console(world) as t:
        t.app.services.sync.set_interval(0.01, ["prod-kfp"])
        await opened(t)
        world.error = Unavailable("refused by 10.2.0.9")
        await t.see("out of date")
        await t.pilot.pause(0.1)
        assert len(t.app.notices()) == 1
        world.error = None
        await t.see("as of 14:32:07Z")


async def test_folds_open_where_a_search_finds_and_stay_through_a_refresh(console: Open) -> None:
    world = World()
    world.raw = {"spec": {"image": "fraud:2.31", "deep": {"needle": 1}}, "tail": 2}
    async with console(world) as t:
        await opened(t, "yaml")
        await t.press("left")
        await t.see("spec:  … 3 lines")
        world.raw = {**world.raw, "tail": 3}
        await t.press("ctrl+r")
        await t.see("tail: 3")
        await t.see("spec:  … 3 lines")
        await t.press("/")
        await t.type("needle")
        await t.press("enter")
        await t.see("/needle 1 of 1")
        await t.press("ctrl+s")
        await t.see("saved as")
        (path,) = Path().glob("*.yaml")
        assert yaml.safe_load(path.read_text()) == world.raw
