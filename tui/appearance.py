"""How the console looks, changed while it is open: the theme, and whether times are in UTC."""

from __future__ import annotations

from textual.theme import Theme as TextualTheme

from adapters.names import nearest
from tui.core import zone
from tui.core.text import safe
from tui.painting import Painter
from tui.presence import PresentApp
from tui.screens.base import GridScreen
from tui.styles import tokens
from tui.widgets.table import ResourceTable


class Appearance(PresentApp, inherit_bindings=False):
    """What is drawn takes theme and zone from where they are kept; here everything is drawn anew."""

    painter: Painter

    def use_theme(self, theme: tokens.Theme) -> None:
        """Textual's own styles only fill what no widget draws; they get the same grounds."""
        tokens.use(theme, ascii=self.services.ascii)
        if theme.ansi:
            self.theme = "ansi-dark" if theme.dark else "ansi-light"
        else:
            surface, ground = tokens.hex_color(theme.surface), tokens.hex_color(theme.body)
            name = f"runyard-{theme.name}"
            self.register_theme(
                TextualTheme(
                    name=name,
                    primary=surface,
                    background=ground,
                    surface=surface,
                    panel=surface,
                    foreground=tokens.hex_color(theme.colors["text"]),
                    dark=theme.dark,
                )
            )
            self.theme = name
        self.draw_anew()

    def draw_anew(self) -> None:
        """Every screen, those below the one that is seen included; what was drawn before counts no more."""
        self.painter.forget()
        for screen in self.screen_stack:
            for widget in screen.walk_children():
                widget.repaint() if isinstance(widget, ResourceTable) else widget.refresh()
            if isinstance(screen, GridScreen):
                screen.freshen()

    def do_theme(self) -> None:
        from tui.screens.choose import ChooseSheet

        if self.grid is not None:
            names = tokens.named(self.services.config.themes)
            choices = [(name, name + ("  now" if name == tokens.active().theme.name else "")) for name in names]
            self.grid.open_sheet(ChooseSheet("THEME", choices, self.verb_theme))

    def verb_theme(self, text: str) -> None:
        """`:theme light`, for this session."""
        themes = tokens.named(self.services.config.themes)
        found = themes.get(text.strip())
        if found is None:
            self._say(f"no theme {safe(text, 40)!r}{nearest(text, themes)}", "failed")
            return
        self.use_theme(found)
        self._say(f"theme {found.name}; [ui] theme in the config keeps it", "muted")

    def do_zone(self) -> None:
        """Times in UTC, or in the time of this machine."""
        zone.use_local(not zone.is_local())
        self.use_theme(tokens.active().theme)  # a new palette: lines that were kept are drawn anew
        self._say(f"times are {zone.said(self.services.clock())}", "muted")
