"""The contexts: how each answers and is asked, its colour and guard; one, several or all of them are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.errors import Unavailable
from adapters.kfp.settings import KfpSettings
from adapters.model import State
from tests.tui.conftest import Open
from tests.tui.data import run, runs
from tests.tui.fake import NOW, Clock, FakeAdapter, Tester
from tui.config import Config, ConfigError, ContextConfig, parse
from tui.core.plan import OPEN, Guard
from tui.screens.contexts import ContextsScreen
from tui.styles import tokens

pytestmark = pytest.mark.anyio


def configured(*names: str, **more: object) -> Config:
    settings = KfpSettings(url="http://127.0.0.1:1", requests_per_second=5)
    return Config(contexts={name: ContextConfig(name, "kfp", settings, OPEN) for name in names})


async def contexts(t: Tester) -> None:
    await t.press("colon")
    await t.type("ctx")
    await t.press("enter")
    await t.until(lambda: isinstance(t.app.screen, ContextsScreen))


def line_of(t: Tester, name: str) -> str:
    return next(line for line in t.lines[2:-2] if f" {name} " in line)


async def test_a_wide_terminal_shows_how_each_answers_and_is_asked(console: Open) -> None:
    clock = Clock()
    one, two = FakeAdapter("prod-kfp", runs()), FakeAdapter("peloton", runs("peloton"))
    one.stats.latencies, one.stats.requests, one.stats.auth, one.stats.auth_expires = (
        [0.061],
        120,
        "token",
        NOW + 180,
    )
    two.error = Unavailable("refused by 10.2.0.9:5297", executed=False)
    two.stats.requests, two.stats.errors = 40, 6
    guard = {"prod-kfp": Guard(confirm_typed=True), "peloton": Guard(read_only=True)}
    async with console(
        one, two, size=(160, 48), clock=clock, guard=guard, config=configured("prod-kfp", "peloton")
    ) as t:
        await t.see("ocr-detector-train-87")
        await contexts(t)
        await t.see("ERRORS")
        heads = t.lines[2].split()
        assert heads[:8] == ["STATE", "CONTEXT↑", "BACKEND", "LATENCY", "ERRORS", "AUTH", "AS", "OF"]
        assert heads[8:] == ["MODE", "EVERY", "REQ/S", "URL"]
        first = line_of(t, "prod-kfp")
        for said in ("✓ ok", "61ms", "0/120", "token 3m00s", "14:32:07", "typed", "30s", "http://prod-kfp.example"):
            assert said in first
        second = line_of(t, "peloton")
        for said in ("✗ down", "6/40", "read-only"):
            assert said in second
        one.stats.requests += 12
        clock.now += 5
        await t.see("2.4 of 5")


async def test_a_small_terminal_says_the_rest_on_the_line_below(console: Open) -> None:
    clock = Clock()
    one = FakeAdapter("prod-kfp", runs())
    one.stats.requests, one.stats.errors = 120, 3
    async with console(one, clock=clock, config=configured("prod-kfp")) as t:
        await t.see("ocr-detector-train-87")
        await contexts(t)
        await t.see("120 requests, 3 failed, 0 in flight, every 30s")
        assert "ERRORS" not in t.lines[2]


async def test_a_context_has_its_own_colour_wherever_its_name_stands(console: Open) -> None:
    one, two = (
        FakeAdapter("prod", [run("prod", State.RUNNING, "a")]),
        FakeAdapter("lab", [run("lab", State.RUNNING, "b")]),
    )
    async with console(one, two, scope=("prod", "lab")) as t:
        infos = t.app.services.contexts
        infos["prod"] = replace(infos["prod"], color="red")

        def red(text: str, line: int) -> bool:
            strip = t.app.screen._compositor.render_strips()[line]
            wanted = tokens.style("hue:red").color
            return any(
                text in each.text and each.style is not None and each.style.color == wanted for each in strip
            )

        await t.see(" a ")
        await t.press("colon")
        await t.type("runs @all")
        await t.press("enter")
        await t.until(lambda: any(red("prod", line) for line in (3, 4)))
        assert not any(red("lab", line) for line in (3, 4))
        await contexts(t)
        await t.until(lambda: any(red("prod", line) for line in (3, 4)))
        await t.press("G", "enter")
        await t.see("prod › runs")
        assert red("prod", 0)


@pytest.mark.parametrize(("theme", "bold"), [("mono", True), ("16", False), ("dark", False), ("light", False)])
def test_a_colour_of_ones_own_keeps_to_what_the_theme_can(theme: str, bold: bool) -> None:
    style = tokens.Palette(tokens.THEMES[theme]).style(tokens.hued("208"))
    assert bool(style.bold) is bold
    if theme == "mono":
        assert style.color is None
    if theme == "16":
        assert style.color is not None
        assert style.color.number is not None
        assert style.color.number < 16


def test_what_is_no_colour_is_refused_at_load() -> None:
    body = {"backend": "kfp", "url": "http://127.0.0.1:1", "color": "reddish"}
    with pytest.raises(ConfigError, match=r"contexts.c.color: 'reddish' is not a colour"):
        parse({"contexts": {"c": body}})
    assert parse({"contexts": {"c": {**body, "color": "208"}}}).contexts["c"].color == "color(208)"


async def test_one_several_and_all(console: Open) -> None:
    names = ("a", "b", "c")
    adapters = [FakeAdapter(name, [run(name, State.RUNNING, f"in-{name}")]) for name in names]
    async with console(*adapters) as t:
        await t.see("in-c")
        await contexts(t)
        await t.press("j", "enter")
        await t.see("b › runs")
        await t.gone("in-a")
        await contexts(t)
        await t.press("g", "space")  # a joins b
        assert t.app.scope == ("a", "b")
        await t.press("colon")
        await t.type("runs")
        await t.press("enter")
        await t.see("a,b › runs")
        await t.see("in-a")
        await t.see("in-b")
        assert not any("in-c" in line for line in t.lines)
        await t.press("0")
        await t.see("all › runs")
        await t.see("in-c")
        await t.press("0")
        await t.see("a,b › runs")
        await t.press("colon")
        await t.type("ctx c,b")
        await t.press("enter")
        await t.see("c,b › runs")
        await t.press("colon")
        await t.type("ctx all")
        await t.press("enter")
        await t.see("all › runs")
        await t.press("colon")
        await t.type("ctx @a")
        await t.press("enter")
        await t.see("a › runs")


async def test_refresh_checks_every_context(console: Open) -> None:
    one = FakeAdapter("prod-kfp", runs())
    async with console(one) as t:
        await t.see("ocr-detector-train-87")
        await contexts(t)
        await t.see("1 of 1 reachable")
        one.error = Unavailable("refused by 10.2.0.9:5297", executed=False)
        await t.press("ctrl+r")
        await t.see("0 of 1 reachable")
        one.error = None
        await t.press("ctrl+r")
        await t.see("1 of 1 reachable")
