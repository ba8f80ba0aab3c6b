"""The fields of a plan: an action's parameters and the reason, typed, toggled or chosen. Plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adapters.actions import ActionSpec, ParamSpec, ParamType
from adapters.model import Json
from tui.core.params import BadParam, read_value
from tui.core.text import cut, pad, safe
from tui.widgets.draw import Piece
from tui.widgets.prompt import LineEdit

LABEL_WIDTH = 9
FIELD_WIDTH = 40
REASON = ParamSpec("", "reason")
CLEARS = frozenset({"backspace", "delete", "ctrl-u", "ctrl-k", "ctrl-w"})


@dataclass
class FormField:
    """One line of the form: what is typed; BOOL and CHOICE are stepped through instead.

    `held` is a value from the editor, too large for a line; it is cleared or edited again, never typed in.
    """

    param: ParamSpec
    required: bool = False
    edit: LineEdit = field(default_factory=LineEdit)
    held: Json = None

    @classmethod
    def of(cls, param: ParamSpec) -> FormField:
        made = cls(param, param.required)
        made.take(param.default)
        return made

    def take(self, value: Json) -> None:
        text = _labels(value) if self.param.type is ParamType.LABELS else _written(value)
        large = isinstance(value, dict | list) and (len(text) > FIELD_WIDTH or not text.isprintable())
        self.held = value if large else None
        self.edit.set("" if large else text)

    @property
    def value(self) -> Json:
        """What is filled in; text is read into its type by the planner."""
        return self.held if self.held is not None else self.text

    @property
    def typed(self) -> bool:
        return self.param.type not in (ParamType.BOOL, ParamType.CHOICE)

    @property
    def text(self) -> str:
        return self.edit.text

    def problem(self) -> str:
        """What is wrong with it, in a few words; empty when nothing is."""
        if self.held is None and not self.text.strip():
            return "required here" if self.required else ""
        try:
            read_value(self.param, self.value)
        except BadParam as error:
            return str(error)
        return ""

    def press(self, key: str, character: str | None) -> bool:
        """Edit, toggle or choose; False when the key means nothing here."""
        if self.held is not None:
            if key in CLEARS:
                self.held = None
            return key in CLEARS
        if self.typed:
            return self.edit.press(key, character)
        if key not in ("space", "left", "right"):
            return False
        values = ["true", "false"] if self.param.type is ParamType.BOOL else list(self.param.choices)
        if not self.required and self.param.default is None:
            values.append("")
        at = values.index(self.text) if self.text in values else -1
        self.edit.set(values[(at + (-1 if key == "left" else 1)) % len(values)])
        return True

    def line(self, width: int, *, focused: bool) -> list[Piece]:
        """` reason   disk errors on sdb____     required here`, with the caret where the focus is."""
        room = max(8, min(FIELD_WIDTH, width - LABEL_WIDTH - 20))
        label = pad(self.param.title.lower(), LABEL_WIDTH - 1) + " "
        pieces: list[Piece] = [(" ", "text"), (label, "accent" if focused else "muted")]
        if not self.typed:
            shown = self.text or "-"
            pieces.append((f"‹ {shown} ›" if focused else shown, "accent" if focused else "text"))
        elif self.held is not None:
            pieces.append((_told(self.held), "accent" if focused else "text"))
        else:
            pieces += caret(self.edit, room, focused=focused)
        problem = self.problem()
        note = problem or self.param.help
        if note:
            pieces += [("  ", "text"), (safe(note), "waiting" if problem else "muted")]
        return pieces


def caret(edit: LineEdit, room: int, *, focused: bool) -> list[Piece]:
    """The text in `room` columns, underscores behind it; where the focus is, the caret's place in reverse."""
    text = safe(edit.text, 4000)
    if not focused:
        shown = cut(text, room)
        return [(shown, "text"), ("_" * max(0, room - len(shown)), "muted")]
    first = max(0, edit.cursor - room + 1)
    shown = text[first : first + room]
    at = edit.cursor - first
    under = shown[at : at + 1] or "_"
    rest = shown[at + 1 :]
    return [
        (shown[:at], "text"),
        (under, "title"),
        (rest, "text"),
        ("_" * max(0, room - len(shown) - (0 if at < len(shown) else 1)), "muted"),
    ]


@dataclass
class Form:
    """Parameters first, the reason last."""

    params: list[FormField]
    reason: FormField | None = None

    @classmethod
    def of(cls, specs: Iterable[ActionSpec], given: Mapping[str, Json]) -> Form:
        """The parameters of all specs, each once; `given` values stand in for defaults."""
        found: dict[str, FormField] = {}
        for spec in specs:
            for param in spec.params:
                if param.id not in found:
                    found[param.id] = FormField.of(param)
        form = cls(list(found.values()))
        form.take({name: value for name, value in given.items() if name in found}, others=False)
        return form

    def take(self, values: Mapping[str, Json], *, others: bool = True) -> None:
        """Fill in; the `others` are emptied."""
        for each in self.params:
            if others or each.param.id in values:
                each.take(values.get(each.param.id))

    @property
    def fields(self) -> list[FormField]:
        return [*self.params, *([self.reason] if self.reason else [])]

    def ask_reason(self, required: bool) -> None:
        if self.reason is None:
            self.reason = FormField(REASON)
        self.reason.required = required

    def values(self) -> dict[str, Json]:
        """What is filled in, as text; the planner reads it into types."""
        return {each.param.id: each.value for each in self.params if each.held is not None or each.text.strip()}

    def problem(self) -> str:
        """The first thing that keeps the plan from being carried out."""
        return next((f"{each.param.title}: {wrong}" for each in self.fields if (wrong := each.problem())), "")

    @property
    def complete(self) -> bool:
        """Every parameter is usable; the reason does not count."""
        return not any(each.problem() for each in self.params)


def _labels(value: Json) -> str:
    """`a=b,c=d`, where that can be read back."""
    plain = isinstance(value, dict) and not any(set(",=") & set(f"{k}{v}") for k, v in value.items())
    return ",".join(f"{k}={v}" for k, v in value.items()) if plain and isinstance(value, dict) else _written(value)


def _told(value: Json) -> str:
    """A large value in a few words."""
    assert isinstance(value, dict | list)
    parts = f"{len(value)} {'key' if isinstance(value, dict) else 'item'}{'s' if len(value) != 1 else ''}"
    first = ", ".join(map(str, value)) if isinstance(value, dict) else ""
    return safe(cut(f"{parts}: {first}" if first else parts, FIELD_WIDTH))


def _written(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)
