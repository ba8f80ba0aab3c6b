"""Lines H-1 (four lines on tall screens): why the cursor row is as it is; also messages and prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.styles import tokens
from tui.widgets.draw import Piece, blank, in_ascii, laid_out, line, piece_at
from tui.widgets.prompt import Prompt


class Peek(Widget):
    """Shows, on its last line, the prompt if there is one, else the message, else its own lines."""

    DEFAULT_CSS = "Peek { height: 1; }"
    can_focus = False

    @dataclass
    class Clicked(Message):
        """A piece of the lines was clicked."""

        text: str
        token: str

    def __init__(self) -> None:
        super().__init__()
        self.content: Sequence[Sequence[Piece]] = ()
        self.message: Sequence[Piece] | None = None
        self.prompt: Prompt | None = None

    def show(self, lines: Sequence[Sequence[Piece]]) -> None:
        if list(lines) != list(self.content):
            self.content = list(lines)
            self.refresh()

    def say(self, pieces: Sequence[Piece] | None) -> None:
        if pieces != self.message:
            self.message = pieces
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.size.width, self.size.height
        if y == height - 1:
            if self.prompt is not None:
                return self._prompt(self.prompt, width)
            if self.message is not None:
                return line([(" ", "text"), *self.message], width)
        if y < len(self.content):
            left, right = _split(self.content[y])
            return line([(" ", "text"), *left], width, right, margin=1)
        return blank(width)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        said = self.message is not None and event.y == self.size.height - 1
        if self.prompt is not None or said or event.y >= len(self.content):
            return
        left, right = _split(self.content[event.y])
        found = piece_at(laid_out([(" ", "text"), *left], self.size.width, right, margin=1), event.x)
        if found is not None:
            self.post_message(self.Clicked(*found))

    def _prompt(self, prompt: Prompt, width: int) -> Strip:
        palette = tokens.active()
        text, at = prompt.edit.text, prompt.edit.cursor
        if prompt.secret:
            text = "*" * len(text)
        lead = f" {prompt.lead}"
        room = width - len(lead) - 2
        first = max(0, at - room + 1) if at >= room else 0
        plain, accent = palette.style("text"), palette.style("accent")
        cursor = plain + Style(reverse=True)
        body = text[first : first + room]
        body = in_ascii(body) if palette.ascii else body
        here = at - first
        under = body[here] if here < len(body) else (prompt.ghost[:1] or " ")
        segments = [Segment(lead, accent), Segment(body[:here], plain), Segment(under, cursor)]
        if here < len(body):
            segments.append(Segment(body[here + 1 :], plain))
        elif prompt.ghost:
            segments.append(Segment(prompt.ghost[1:], palette.style("muted")))
        if prompt.hint:
            used = sum(segment.cell_length for segment in segments)
            hint = prompt.hint[: max(0, width - used - 4)]
            segments += [Segment(" " * max(1, width - used - len(hint) - 1), plain)]
            segments += [Segment(hint, palette.style("muted"))]
        return Strip(segments).adjust_cell_length(width, plain)


def _split(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Pieces after a `("", "right")` marker go to the right edge."""
    for index, (text, token) in enumerate(pieces):
        if token == "right" and not text:
            return list(pieces[:index]), list(pieces[index + 1 :])
    return list(pieces), []


RIGHT: Piece = ("", "right")
"""What follows this piece stands at the right edge."""
