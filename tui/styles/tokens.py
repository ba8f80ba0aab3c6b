"""Tokens to rich styles, per theme. Everything that is drawn names a token, never a colour.

256-colour indices are used throughout, so that the same screen looks the same over SSH; `16` leaves the
colours to the terminal, `mono` has none at all (NO_COLOR).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from functools import lru_cache
from types import MappingProxyType

from rich.color import Color, ColorParseError, ColorSystem
from rich.errors import StyleSyntaxError
from rich.style import Style

from adapters.frozen import dataclass

TOKENS = (
    *("text", "muted", "accent", "key", "ok", "running", "waiting", "failed", "aborted", "stale", "changed"),
    *("danger", "title", "bold"),
    *(SOURCES := ("source1", "source2", "source3", "source4", "source5", "source6")),
)
"""`key` is accent and bold; `title` the one reversed line of a sheet; `bold` what must stand out without a hue.
`source1` to `source6` tell merged logs apart and mean nothing."""


@dataclass(frozen=True)
class Theme:
    """Foregrounds by token (a rich colour or style, "" for the terminal's own) and the three grounds."""

    name: str
    dark: bool
    colors: Mapping[str, str]
    body: str = ""
    surface: str = ""
    selection: str = ""
    ansi: bool = False
    reverse_cursor: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)


HUE = "hue:"


def hued(color: str) -> str:
    """The token of a colour that is no theme's but the operator's own: a context's. Raises ThemeError."""
    return HUE + read_color(color)


def read_color(color: str) -> str:
    """A colour as rich reads it; a number is one of the 256. Raises ThemeError."""
    text = _index(int(color)) if color.isdigit() else color.strip()
    try:
        Color.parse(text)
    except ColorParseError as error:
        raise ThemeError(f"{color!r} is not a colour") from error
    return text


def _index(number: int) -> str:
    return f"color({number})"


def _theme(name: str, dark: bool, grounds: tuple[int, int, int], **tokens: int | str) -> Theme:
    colors = {token: value if isinstance(value, str) else _index(value) for token, value in tokens.items()}
    body, surface, selection = (_index(number) for number in grounds)
    return Theme(name, dark, MappingProxyType(colors), body, surface, selection)


def _sources(*numbers: int) -> dict[str, int]:
    return dict(zip(SOURCES, numbers, strict=True))


_DARK = _theme(
    "dark",
    True,
    (234, 235, 237),
    text=252,
    muted=246,
    accent=75,
    ok=71,
    running=252,
    waiting=179,
    failed=203,
    aborted=139,
    stale=245,
    **_sources(110, 150, 180, 175, 116, 147),
)
_LIGHT = _theme(
    "light",
    False,
    (231, 255, 253),
    text=235,
    muted=241,
    accent=26,
    ok=28,
    running=235,
    waiting=130,
    failed=160,
    aborted=96,
    stale=242,
    **_sources(25, 22, 94, 89, 23, 55),
)
_CONTRAST = _theme(
    "contrast",
    True,
    (16, 233, 238),
    text=231,
    muted=252,
    accent=117,
    ok=120,
    running=231,
    waiting=227,
    failed="bold color(210)",
    aborted=219,
    stale=250,
    **_sources(153, 157, 223, 218, 159, 189),
)
_SIXTEEN = Theme(
    "16",
    True,
    MappingProxyType(
        {
            "muted": "bright_black",
            "accent": "bright_blue",
            "ok": "green",
            "waiting": "yellow",
            "failed": "bright_red",
            "aborted": "magenta",
            "stale": "bright_black",
            **dict(
                zip(
                    SOURCES, ("cyan", "blue", "bright_cyan", "bright_magenta", "bright_green", "white"), strict=True
                )
            ),
        }
    ),
    ansi=True,
    reverse_cursor=True,
)
_MONO = Theme(
    "mono",
    True,
    MappingProxyType({"failed": "bold", "stale": "dim", "accent": "bold"}),
    ansi=True,
    reverse_cursor=True,
)


def _recolored(base: Theme, name: str, **tokens: int) -> Theme:
    colors = {**base.colors, **{token: _index(number) for token, number in tokens.items()}}
    return replace(base, name=name, colors=MappingProxyType(colors))


THEMES: Mapping[str, Theme] = MappingProxyType(
    {
        theme.name: theme
        for theme in (
            _DARK,
            _LIGHT,
            _CONTRAST,
            _SIXTEEN,
            _MONO,
            _recolored(_DARK, "colorblind", ok=39, failed=208),
            _recolored(_LIGHT, "colorblind-light", ok=25, failed=130, waiting=94),
        )
    }
)


class ThemeError(ValueError):
    """A theme of the config is wrong; the message names the token or colour."""


def custom(name: str, base: Theme, colors: Mapping[str, str]) -> Theme:
    """A theme of the config: `base` with some tokens or grounds replaced. Raises ThemeError."""
    from adapters.names import nearest

    grounds: dict[str, str] = {}
    tokens = dict(base.colors)
    for token, value in colors.items():
        color = _index(int(value)) if str(value).isdigit() else str(value)
        try:
            Style.parse(color)
        except (ColorParseError, StyleSyntaxError) as error:
            raise ThemeError(f"theme {name}: {token} = {value!r} is not a colour") from error
        if token in ("body", "surface", "selection"):
            grounds[token] = color
        elif token in TOKENS:
            tokens[token] = color
        else:
            raise ThemeError(f"theme {name}: no token {token!r}{nearest(token, TOKENS)}")
    return replace(base, name=name, colors=MappingProxyType(tokens), **grounds)  # type: ignore[arg-type]


def named(own: Mapping[str, Mapping[str, str]]) -> dict[str, Theme]:
    """Every theme by its name, those of the config last. Raises ThemeError."""
    found = dict(THEMES)
    for name, colors in own.items():
        base = THEMES[colors.get("base", "dark")]
        found[name] = custom(name, base, {token: value for token, value in colors.items() if token != "base"})
    return found


class Palette:
    """The styles of one theme, and whether symbols are ASCII. One is active at a time, see `use`."""

    def __init__(self, theme: Theme, *, ascii: bool = False) -> None:
        self.theme = theme
        self.ascii = ascii
        self._cache: dict[tuple[str, bool, str], Style] = {}

    def style(self, token: str, selected: bool = False, ground: str = "body") -> Style:
        """The style of a token on a ground (`body` or `surface`); `selected` puts it on the cursor line."""
        key = (token, selected, ground)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._make(token, selected, ground)
        return found

    def _make(self, token: str, selected: bool, ground: str) -> Style:
        theme = self.theme
        names = token.split()
        if "danger" in names:
            return Style.parse("bold reverse" if theme.name == "mono" else "bold color(231) on color(160)")
        if "title" in names:
            return self._ground("body") + self._fg("text") + Style(bold=True, reverse=True)
        if selected and theme.reverse_cursor:
            return Style(reverse=True, bold="failed" in names, underline="changed" in names)
        result = self._ground("selection" if selected else ground)
        for name in names:
            result += self._fg(name)
        return result

    def _fg(self, name: str) -> Style:
        if name.startswith(HUE):
            return self._hue(name.removeprefix(HUE))
        if name == "changed":
            return Style(underline=True)
        if name == "bold":
            return Style(bold=True)
        if name == "key":
            return self._fg("accent") + Style(bold=True)
        found = self.theme.colors.get(name)
        if found is None:
            found = self.theme.colors.get("text", "")
        return Style.parse(found) if found else Style.null()

    def _hue(self, color: str) -> Style:
        """A colour that the operator has chosen, as far as this theme has colours."""
        if self.theme.name == "mono":
            return Style(bold=True)
        found = Color.parse(color)
        return Style(color=found.downgrade(ColorSystem.STANDARD) if self.theme.ansi else found)

    def _ground(self, name: str) -> Style:
        ground = {"surface": self.theme.surface, "selection": self.theme.selection}.get(name, self.theme.body)
        return _on(ground)


@lru_cache(32)
def _on(ground: str) -> Style:
    return Style.parse(f"on {ground}") if ground else Style.null()


def hex_color(color: str) -> str:
    """A rich colour as `#rrggbb`, for Textual's own styles."""
    from rich.color import Color

    return Color.parse(color.split()[-1]).get_truecolor().hex


_active = Palette(_DARK)


def use(theme: Theme | str, *, ascii: bool = False) -> Palette:
    """Make a theme the active one. Raises ThemeError with the nearest name."""
    global _active
    if isinstance(theme, str):
        if theme not in THEMES:
            from adapters.names import nearest

            raise ThemeError(f"no theme {theme!r}{nearest(theme, THEMES)}")
        theme = THEMES[theme]
    _active = Palette(theme, ascii=ascii)
    return _active


def active() -> Palette:
    return _active


def style(token: str, selected: bool = False, ground: str = "body") -> Style:
    """The active theme's style of a token; several tokens are joined by blanks (`failed changed`)."""
    return _active.style(token, selected, ground)


def choose(wanted: str, *, no_color: bool, color_system: str | None) -> str:
    """The theme to use: `auto` looks at NO_COLOR and at how many colours the terminal has."""
    if no_color or color_system is None:
        return "mono"
    if wanted in ("", "auto"):
        return "16" if color_system in ("standard", "windows") else "dark"
    return wanted
