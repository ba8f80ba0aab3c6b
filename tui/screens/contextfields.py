"""The lines of the form that makes a context: its name, its backend, and the settings that this backend has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from adapters import registry
from adapters.discovery import Found
from adapters.settings import ContextSettings
from tui.config import GeneralSettings
from tui.configfile import WAYS, is_secret
from tui.widgets.prompt import LineEdit

VALUE = "value"
_NOTE = re.compile(r"^#? ?(\w+) = .*?[\"\w\]][ \t]+# (.+)$", re.MULTILINE)
_MASKED = "*"
_OF = " ›"


@dataclass
class Line:
    """One line. `choices` are stepped through; anything else is typed, `hidden` what is a secret."""

    key: str
    annotation: Any = str
    required: bool = False
    choices: tuple[str, ...] = ()
    note: str = ""
    hidden: bool = False
    edit: LineEdit = field(default_factory=LineEdit)

    @property
    def text(self) -> str:
        return self.edit.text.strip()

    @property
    def drawn(self) -> LineEdit:
        return LineEdit(_MASKED * len(self.edit.text), self.edit.cursor) if self.hidden else self.edit

    def step(self, by: int) -> None:
        at = self.choices.index(self.text) if self.text in self.choices else 0
        self.edit.set(self.choices[(at + by) % len(self.choices)])

    def value(self) -> Any:
        """What the config file would hold; text that is no number stays text, for the check to complain about."""
        plain = _plain(self.annotation)
        if plain is bool:
            return self.text == "true"
        if get_origin(plain) in (list, tuple):
            return [word for word in (part.strip() for part in self.text.split(",")) if word]
        if plain in (int, float):
            try:
                return plain(self.text)
            except ValueError:
                return self.text
        return self.text


class ContextFields:
    """What has been filled in so far; another backend keeps what its settings have in common with this one's."""

    def __init__(self, found: Found | None = None, taken: Container[str] = ()) -> None:
        self.name = Line("name", required=True, note="what it is called here")
        self.backend = Line("backend", required=True, choices=tuple(registry.names()))
        self.backend.edit.set(found.backend if found is not None else self.backend.choices[0])
        if found is not None:
            names = (found.backend, *(f"{found.backend}-{number}" for number in range(2, 100)))
            self.name.edit.set(next((name for name in names if name not in taken), ""))
        self.more = Line("more", choices=(HIDDEN, SHOWN), note="guardrails, timeouts, certificates, a proxy")
        self.more.edit.set(HIDDEN)
        self.settings: dict[str, Line] = {}
        self.rebuild()
        for key, value in found.body.items() if found is not None else ():
            self.fill(key, value)

    def rebuild(self) -> None:
        """The lines of the backend that is chosen now."""
        model = registry.backend(self.backend.text).load_settings()
        notes = dict(_NOTE.findall(registry.backend(self.backend.text).example))
        before = {key: line.edit.text for key, line in self.settings.items()}
        self.settings = {}
        self.usual = [*dict(_in_order(model)), *USUAL]
        general = GeneralSettings.model_fields
        usual = [(key, general[key]) for key in USUAL]
        rest = [(key, info) for key, info in general.items() if key not in USUAL]
        for key, info in [*_in_order(model), *usual, *rest, *_connection(model)]:
            for line in _lines(key, info, notes):
                line.edit.set(before.get(line.key, ""))
                self.settings[line.key] = line

    def fill(self, key: str, value: str | bool | SecretStr) -> None:
        name, _, way = key.rpartition("_")
        if way in WAYS and name in self.settings:
            self.settings[name].edit.set(way)
            key = key_of(name)
        elif isinstance(value, SecretStr):
            self.settings[key].edit.set(VALUE)
            key, value = key_of(key), value.get_secret_value()
        self.settings[key].edit.set(str(value).lower() if isinstance(value, bool) else str(value))

    def lines(self) -> list[Line]:
        """Those there are now; where a secret comes from opens a line for it."""
        there = [line for line in self.settings.values() if self._shown(line)]
        usual = [line for line in there if line.key.removesuffix(_OF) in self.usual]
        rest = [line for line in there if line not in usual and (line.text or self.more.text == SHOWN)]
        return [self.name, self.backend, *usual, self.more, *rest]

    def _shown(self, line: Line) -> bool:
        source = self.settings.get(line.key.removesuffix(_OF))
        if not line.key.endswith(_OF) or source is None:
            return True
        line.hidden = source.text == VALUE
        line.note = _ASKS.get(source.text, "")
        return bool(source.text)

    def missing(self) -> Line | None:
        """The first line that must be filled in and is not."""
        wanted = [line for line in self.lines() if line.required or line.key.endswith(_OF)]
        return next((line for line in wanted if not line.text), None)

    def line_of(self, key: str) -> Line | None:
        """The line in which a key of the config, as a problem names it, is filled in."""
        base = key.partition(".")[0]
        way = base.rpartition("_")
        if base not in self.settings and way[2] in WAYS:
            base = way[0]
        typed = self.settings.get(key_of(base))
        if typed is not None and self._shown(typed):
            return typed
        return {"backend": self.backend, **self.settings}.get(base)

    def body(self) -> dict[str, Any]:
        """The context's table as the config file would have it."""
        body: dict[str, Any] = {"backend": self.backend.text}
        for key, line in self.settings.items():
            if key.endswith(_OF) or not line.text:
                continue
            if is_secret(line.annotation):
                given = self.settings[key_of(key)].text
                name = key if line.text == VALUE else f"{key}_{line.text}"
                body[name] = _words(given) if line.text == "command" else given
            else:
                body[key] = line.value()
        return body


HIDDEN, SHOWN = "hidden", "shown"
USUAL = ("read_only", "protected", "color")
"""Of runyard's own settings those that most contexts may want; the rest is shown when it is asked for."""

_ASKS = {"env": "name of the variable", "file": "path", "command": "its arguments", VALUE: "kept in the file, 0600"}


def key_of(secret: str) -> str:
    """The line in which a secret, or where it is, is typed."""
    return secret + _OF


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _in_order(model: type[ContextSettings]) -> Iterator[tuple[str, FieldInfo]]:
    """What must be given first, then the address, then what only this backend has."""
    known = model.model_fields
    required = [key for key, info in known.items() if info.is_required() and key != "backend"]
    own = [key for key in known if key not in ContextSettings.model_fields]
    for key in dict.fromkeys([*required, "url", *own]):
        yield key, known[key]


def _connection(model: type[ContextSettings]) -> Iterator[tuple[str, FieldInfo]]:
    """The settings of every connection. Tables of headers and cookies are for the file."""
    for key in ContextSettings.model_fields:
        if key not in ("backend", "url", "headers", "cookies"):
            yield key, model.model_fields[key]


def _lines(key: str, info: FieldInfo, notes: Mapping[str, str]) -> Iterator[Line]:
    annotation = info.annotation
    if is_secret(annotation):
        yield Line(key, annotation, choices=("", *WAYS, VALUE), note="where it comes from")
        yield Line(key_of(key))
        return
    plain, default = _plain(annotation), info.default
    choices: tuple[str, ...] = ()
    if plain is bool:
        choices = ("", "true", "false")
    elif get_origin(plain) is Literal:
        choices = ("", *get_args(plain))
    note = notes.get(key, "")
    if not note and isinstance(default, str | int | float) and default:
        note = f"default {str(default).lower() if isinstance(default, bool) else default}"
    if get_origin(plain) in (list, tuple):
        note = note or "several, with commas"
    yield Line(key, annotation, info.is_required(), choices, note)


def _plain(annotation: Any) -> Any:
    """The type without `| None`."""
    if get_origin(annotation) in (Union, UnionType):
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation
