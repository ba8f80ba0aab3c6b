"""How the console looks is changed while it is open: themes, UTC or local time, header and footer."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from adapters.model import Kind, Ref
from tests.tui.conftest import Open
from tests.tui.data import hosts, pods, pools, runs
from tests.tui.fake import NOW, FakeAdapter, Tester
from tui.config import Config, UiSettings
from tui.core import format, zone
from tui.core.moments import read_moment
from tui.screens.help import HelpSheet
from tui.screens.list import ListScreen
from tui.styles import tokens

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that is two hours ahead in summer; theme and zone are put back."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    zone.use_local(False)
    tokens.use("dark")
    monkeypatch.undo()
    time.tzset()


def prod() -> FakeAdapter:
    return FakeAdapter("prod-kfp", runs())


async def command(t: Tester, text: str) -> None:
    await t.press("colon")
    await t.type(text)
    await t.press("enter")


def colors(t: Tester) -> set[str]:
    """Foregrounds on the line of the cursor row and below."""
    strips = t.app.screen._compositor.render_strips()
    found = (
        segment.style.color for strip in strips[3:14] for segment in strip if segment.style and segment.text.strip()
    )
    return {color.name for color in found if color is not None}


@pytest.mark.parametrize("name", tokens.THEMES)
async def test_a_theme_is_switched_to_at_once_and_all_is_drawn_in_it(console: Open, name: str) -> None:
    first = "light" if name == "dark" else "dark"
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await command(t, f"theme {first}")
        await t.see(f"theme {first};")
        before = colors(t)
        await command(t, f"theme {name}")
        await t.see(f"theme {name}; [ui] theme in the config keeps it")
        palette = tokens.active()
        assert palette.theme.name == name
        await t.until(lambda: colors(t) != before)
        wanted = {palette.style(token).color for token in (*tokens.TOKENS, "text")}
        styles = {palette.style(token, selected=True).color for token in tokens.TOKENS}
        assert colors(t) <= {color.name for color in wanted | styles if color is not None}


@pytest.mark.presses("theme", ":theme")
async def test_a_theme_of_the_config_is_one_of_the_choices(console: Open) -> None:
    config = Config(themes={"mine": {"base": "light", "failed": "201"}})
    async with console(prod(), config=config) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "theme")
        await t.see("THEME")
        await t.see("colorblind-light")
        await t.type("mine")
        await t.press("enter")
        await t.see("theme mine;")
        await t.until(lambda: "color(201)" in colors(t))


async def test_screens_below_are_in_the_new_theme_as_well(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "hosts")
        await t.see("› hosts")
        await command(t, "theme light")
        await t.see("theme light;")
        await t.press("escape")
        await t.see("ocr-detector-train-87")
        assert "color(203)" not in colors(t)
        assert "color(160)" in colors(t)


async def test_a_theme_that_is_not_there_names_the_nearest(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        await command(t, "theme ligth")
        await t.see("no theme 'ligth'; nearest: light")
        assert tokens.active().theme.name == "dark"


@pytest.mark.presses("zone", "Z")
async def test_capital_z_tells_times_of_this_machine_and_again_utc(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("as of 14:32:07Z")
        await t.press("t")
        await t.see("13:43:48Z")
        await t.press("Z")
        await t.see("as of 16:32:07 CEST")
        await t.see("times are CEST, 2h ahead of UTC")
        await t.see(" 15:43:48 ")
        await t.press("Z")
        await t.see("times are UTC")
        await t.see("as of 14:32:07Z")
        await t.see("13:43:48Z")


async def test_the_config_says_in_which_zone_it_starts(console: Open) -> None:
    async with console(prod(), config=Config(ui=UiSettings(zone="local"))) as t:
        await t.see("as of 16:32:07 CEST")


def test_a_time_is_read_as_times_are_told() -> None:
    assert format.clock(NOW, NOW) == "14:32:07Z"
    assert read_moment("14:00", NOW) == NOW - 1927
    zone.use_local(True)
    assert format.clock(NOW, NOW) == "16:32:07"
    assert format.clock(NOW - 86400, NOW) == "08-21 16:32"
    assert read_moment("16:00", NOW) == NOW - 1927
    assert read_moment("14:00Z", NOW) == NOW - 1927
    assert read_moment("08-21 16:32", NOW) == NOW - 86400 - 7
    assert read_moment("08-21 14:32Z", NOW) == NOW - 86400 - 7


@pytest.mark.parametrize("stamp", [float("nan"), float("inf"), 1e300, -1e300, None])
def test_what_is_no_time_is_no_trap_in_either_zone(stamp: float | None) -> None:
    for local in (False, True):
        zone.use_local(local)
        assert format.clock(stamp, NOW) == "-"


@pytest.mark.parametrize("kind", [Kind.RUN, Kind.POD, Kind.HOST, Kind.POOL])
async def test_help_of_every_list_fits_a_small_terminal(console: Open, kind: Kind) -> None:
    rows = [*runs(), *hosts("prod-kfp"), *pools("prod-kfp"), *pods(Ref("prod-kfp", Kind.RUN, "x"))]
    async with console(FakeAdapter("prod-kfp", rows), view=kind) as t:
        await t.see("as of")
        await t.press("e", "question_mark")
        await t.see("HELP")
        text = "\n".join(t.lines)
        assert "MOVE" in text
        assert "- the server did not say" in text  # the last line
        sheet = t.screen.sheet
        assert isinstance(sheet, HelpSheet)
        assert len(sheet.rows) <= sheet.room


async def test_help_of_contexts_and_detail_fits_a_small_terminal(console: Open) -> None:
    async with console(prod()) as t:
        await t.see("ocr-detector-train-87")
        for line in ("prod-kfp/run/fraud-gbdt-nightly-0822", "ctx"):
            await command(t, line)
            await t.until(lambda: not isinstance(t.app.screen, ListScreen))
            await t.press("question_mark")
            await t.see("- the server did not say")
            await t.press("escape", "escape")


@pytest.mark.presses("footer", "F")
async def test_header_and_footer_go_and_stay_away_on_other_screens(console: Open) -> None:
    async with console(prod(), view=Kind.RUN) as t:
        await t.see("ocr-detector-train-87")
        assert t.screen.table.size.height == 20
        await t.press("F")
        await t.gone("? help")
        await t.press("ctrl+e")
        await t.until(lambda: t.screen.table.size.height == 23)
        await command(t, "hosts")
        await t.until(lambda: t.screen.kind is Kind.HOST)
        await t.gone("prod-kfp › ")
        assert not any("? help" in line for line in t.lines)
        await t.press("F")
        await t.see("? help")
        await t.press("ctrl+e")
        await t.see("prod-kfp › hosts")
        await t.press("escape")
        await t.see("prod-kfp › runs")
        await t.until(lambda: t.screen.table.size.height == 20)
