"""Every theme has every token; colours can be read on their grounds; NO_COLOR has none."""

from __future__ import annotations

import pytest
from rich.color import Color

from tui.styles import tokens
from tui.styles.tokens import THEMES, TOKENS, Palette, ThemeError, choose, custom


@pytest.mark.parametrize("name", THEMES)
def test_every_theme_has_every_token(name: str) -> None:
    palette = Palette(THEMES[name])
    for token in TOKENS:
        for selected in (False, True):
            for ground in ("body", "surface"):
                palette.style(token, selected, ground)


def luminance(color: Color) -> float:
    parts = [value / 255 for value in color.get_truecolor()]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", [name for name, theme in THEMES.items() if not theme.ansi])
@pytest.mark.parametrize(
    "token", ["text", "muted", "accent", "ok", "running", "waiting", "failed", "aborted", "stale", *tokens.SOURCES]
)
def test_every_colour_can_be_read_on_the_body(name: str, token: str) -> None:
    style = Palette(THEMES[name]).style(token)
    assert style.color is not None
    assert style.bgcolor is not None
    assert contrast(style.color, style.bgcolor) >= 4.5


def test_mono_has_no_colour_at_all() -> None:
    palette = Palette(THEMES["mono"])
    for token in TOKENS:
        for selected in (False, True):
            style = palette.style(token, selected)
            assert style.color is None, token
            assert style.bgcolor is None, token
    assert palette.style("failed").bold
    assert palette.style("stale").dim
    assert palette.style("text", True).reverse


def test_sixteen_uses_only_the_terminal_s_own() -> None:
    palette = Palette(THEMES["16"])
    for token in set(TOKENS) - {"danger"}:
        color = palette.style(token).color
        assert color is None or (color.number is not None and color.number < 16)


def test_the_indices_of_the_design() -> None:
    dark, light = Palette(THEMES["dark"]), Palette(THEMES["light"])
    wanted = {"accent": (75, 26), "ok": (71, 28), "waiting": (179, 130), "failed": (203, 160), "aborted": (139, 96)}
    for token, numbers in wanted.items():
        colors = [palette.style(token).color for palette in (dark, light)]
        assert tuple(color.number for color in colors if color is not None) == numbers


def test_a_theme_of_the_config() -> None:
    theme = custom("mine", THEMES["dark"], {"failed": "208", "body": "#000000"})
    style = Palette(theme).style("failed")
    assert style.color is not None
    assert style.color.number == 208


@pytest.mark.parametrize(
    ("colors", "said"), [({"fialed": "1"}, "nearest: failed"), ({"failed": "redish"}, "colour")]
)
def test_what_is_wrong_with_a_theme(colors: dict[str, str], said: str) -> None:
    with pytest.raises(ThemeError, match=said):
        custom("mine", THEMES["dark"], colors)
    with pytest.raises(ThemeError, match="nearest: dark"):
        tokens.use("darc")


@pytest.mark.parametrize(
    ("wanted", "no_color", "system", "theme"),
    [
        ("auto", False, "truecolor", "dark"),
        ("auto", False, "256", "dark"),
        ("auto", False, "standard", "16"),
        ("auto", False, None, "mono"),
        ("light", False, "256", "light"),
        ("light", True, "256", "mono"),
    ],
)
def test_which_theme_is_used(wanted: str, no_color: bool, system: str | None, theme: str) -> None:
    assert choose(wanted, no_color=no_color, color_system=system) == theme
