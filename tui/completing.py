"""What the word before the cursor of the command line could become, best first; with nothing typed: everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from adapters.fields import FieldType
from adapters.model import ALL_CONTEXTS, KIND_ALIASES, Kind, Ref, Resource
from adapters.port import Schema
from tui.core import format
from tui.core.apicall import completions as api_completions
from tui.core.commandline import expanded, scoped
from tui.core.exportfile import ENDINGS
from tui.core.grouping import FIELDS as GROUPS
from tui.core.query import as_value, completions
from tui.core.saved import NUMBERS, saved_filters
from tui.core.text import safe
from tui.core.values import Field, fields_for
from tui.keys import KeySpec
from tui.styles import tokens

if TYPE_CHECKING:
    from tui.screens.base import GridScreen

MOST = 200
MOST_ROWS = 500
"""So many loaded rows are looked at for values; names and ids are looked for in more."""

MOST_NAMED = 2_000

MOST_VALUES = 3
MOST_TOLD = 12
"""Of so many fields values are shown; a key press must not wait for more."""

SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Option:
    """A word that could stand there, what it is, and what more there is to say of it."""

    word: str
    what: str
    detail: str = ""


class Completer:
    """Options for one screen; it reads what is loaded and asks nobody."""

    def __init__(self, screen: GridScreen, verbs: Iterable[str]) -> None:
        self.screen = screen
        self.services = screen.services
        self.verbs = list(verbs)
        self.aliases = self.services.config.aliases

    def options(self, text: str, cursor: int) -> list[Option]:
        start = word_start(text, cursor)
        word = text[start:cursor]
        if not text[:start].strip():
            return self._first(word)[:MOST]
        before = expanded(text[:start], self.aliases)
        head, _, rest = before.partition(" ")
        head = head.lower()
        if word.startswith("@"):
            return self._contexts(word, KIND_ALIASES.get(head))[:MOST]
        if head == "api":
            return self._api(rest, word)[:MOST]
        if head in KIND_ALIASES:
            return self._filter(KIND_ALIASES[head], text[start:], cursor - start)[:MOST]
        return self._argument(head, word)[:MOST]

    # the first word

    def _first(self, word: str) -> list[Option]:
        """Those that begin with it, then those that have it somewhere, in their name or in what they do."""
        if "/" in word:
            return list(self._refs(word))
        low = word.lower()
        every = list(self._words())
        begin = [option for option in every if option.word.startswith(low)]
        inside = [each for each in every if each not in begin and low in each.word]
        about = [each for each in every if each not in begin and each not in inside and low in each.detail.lower()]
        names = [Option(f"{name}/", "object", "an object by its reference") for name in self.services.adapters]
        return [*begin, *(each for each in names if low and each.word.lower().startswith(low)), *inside, *about]

    def _words(self) -> Iterator[Option]:
        seen: set[str] = set()
        for option in self._every_word():
            if option.word not in seen:
                seen.add(option.word)
                yield option

    def _every_word(self) -> Iterator[Option]:
        yield from (Option(name, "alias", safe(meant, 60)) for name, meant in self.aliases.items())
        schemas = list(self.services.schemas.values())
        here = {kind for schema in schemas for kind in schema.kinds}
        for kind in Kind:
            if kind in here:
                yield Option(kind.plural, "kind", self._loaded(kind))
        yield Option("contexts", "go", "switch, choose several, check")
        yield Option("help", "look", "every key of this screen")
        for spec in (spec for schema in schemas for spec in schema.actions):
            yield Option(spec.id, "action", spec.title.lower())
        yield Option("cli", "copy", "the command that prints this")
        yield Option("api", "call", "any method of a backend")
        keymap = self.services.keys
        specs, saved = keymap.verbs, self.saved()
        for verb in sorted(self.verbs, key=lambda verb: not self._works(specs[verb])):
            key = keymap.key(specs[verb].id)
            title = saved.get(verb.removeprefix("saved-"), specs[verb].title)
            yield Option(verb, "key", f"{key:<4} {title}" if key else title)
        yield Option("quit", "session", "ends the console")

    def saved(self) -> dict[str, str]:
        kind = getattr(self.screen, "kind", None)
        return saved_filters(self.services.saved, self.services.memory, kind) if kind is not None else {}

    def _works(self, spec: KeySpec) -> bool:
        screen = self.screen
        return hasattr(screen, spec.method) or hasattr(screen.app, spec.method) or spec.action

    def _loaded(self, kind: Kind) -> str:
        count = sum(self._count(kind, name) for name in self.services.adapters)
        return f"{format.count(count)} loaded" if count else ""

    def _count(self, kind: Kind, context: str) -> int:
        """How many are loaded; of several lists of one kind the longest has the others in it, mostly."""
        store = self.services.store
        keys = [key for key in store.held if (key.kind, key.context) == (kind, context)]
        return max((store.snapshot(key).loaded for key in keys), default=0)

    # behind it

    def _contexts(self, word: str, kind: Kind | None) -> list[Option]:
        typed = word[1:].rsplit(",", 1)[-1].lower()
        lead = word[: len(word) - len(typed)]
        health = self.services.sync.contexts()
        found = []
        for name in self.services.adapters:
            rows = self._count(kind, name) if kind is not None else 0
            state = health[name].state if name in health else ""
            noun = kind.plural if kind is not None else ""
            loaded = f"{format.count(rows)} {noun}, " if rows else ""
            found.append(Option(lead + name, "context", loaded + state))
        found.append(Option(lead + ALL_CONTEXTS, "context", "every context"))
        return [option for option in found if option.word[len(lead) :].lower().startswith(typed)]

    def _api(self, rest: str, word: str) -> list[Option]:
        """Methods of the contexts that are named or shown, then the parameters of the one that was typed."""
        named, tail = scoped(rest)
        adapters = self.services.adapters
        scope = [name for name in named if name in adapters] or self.screen.console.scope or tuple(adapters)
        methods = [spec for name in scope for spec in adapters[name].methods()]
        return [Option(found, what) for found, what in api_completions(methods, tail, word)]

    def _filter(self, kind: Kind, text: str, cursor: int) -> list[Option]:
        """Fields, their values, and what is loaded by its name."""
        word = text[:cursor]
        fields = fields_for(self.services.schemas.values(), kind)
        if not word:
            common = ("state=", "owner=", "pool=", "host=", "age<", "@")
            return [Option(each, "filter") for each in common]
        found = completions(text, cursor, fields, lambda field: self._values(fields[field], kind))
        if _compares(word):
            return [Option(each, "value") for each in found]
        named = {each: fields[each.lstrip("-")] for each in found}
        own_first = sorted(named, key=lambda each: named[each].id != each.lstrip("-"))  # aliases come last
        options = [
            Option(f"{each}=", "field", self._about(named[each], kind) if index < MOST_TOLD else "")
            for index, each in enumerate(own_first)
        ]
        return options + (self._names(kind, word) if len(word) >= SHORTEST_NAME else [])

    def _about(self, field: Field, kind: Kind) -> str:
        values = self._values(field, kind) if field.type is FieldType.TEXT else []
        more = f", {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else ""
        return f"{field.type:<9} {', '.join(safe(each, 30) for each in values[:MOST_VALUES])}{more}".rstrip()

    def _names(self, kind: Kind, word: str) -> list[Option]:
        low = word.lower()
        rows = self._rows(kind, most=MOST_NAMED)
        found = dict.fromkeys(row.name for row in rows if low in row.name.lower())
        return [Option(as_value(safe(name, 200)), kind.value) for name in islice(found, MOST)]

    def _argument(self, head: str, word: str) -> list[Option]:
        if "/" in word or (
            head in self.verbs and any(name.startswith(word) for name in self.services.adapters if word)
        ):
            return list(self._refs(word))
        find = ARGUMENTS.get(head)
        return (
            [option for option in find(self, word) if option.word.lower().startswith(word.lower())] if find else []
        )

    # what is loaded

    def _rows(self, kind: Kind | None, context: str = "", most: int = MOST_ROWS) -> Iterator[Resource]:
        """Rows that are loaded, of whatever list; some may come twice, at most so many are looked at."""
        store = self.services.store
        keys = [key for key in store.held if kind in (None, key.kind) and context in ("", key.context)]
        return islice((row for key in keys for row in store.snapshot(key).rows.values()), most)

    def _values(self, field: Field, kind: Kind) -> list[str]:
        now = self.services.clock()
        found = {str(value) for row in self._rows(kind) if (value := field.get(row, now)) not in (None, "")}
        return sorted(safe(value, 200) for value in found)

    def _refs(self, word: str) -> Iterator[Option]:
        context, slash, _ = word.partition("/")
        if not slash:
            yield from (Option(f"{n}/", "context") for n in self.services.adapters if n.startswith(word))
            return
        low, seen = word.lower(), set[Ref]()
        for row in self._rows(None, context, MOST_NAMED):
            if row.ref not in seen and str(row.ref).lower().startswith(low):
                seen.add(row.ref)
                yield Option(str(row.ref), row.ref.kind.value, safe(row.name, 60))


def word_start(text: str, cursor: int) -> int:
    return text.rfind(" ", 0, cursor) + 1


def _compares(word: str) -> bool:
    return any(sign in word for sign in "=~<>")


def _groups(completer: Completer, word: str) -> list[Option]:
    return [Option(field, "group") for field in GROUPS]


def _sorts(completer: Completer, word: str) -> list[Option]:
    """Fields, with a minus for downwards, several with commas."""
    before, comma, last = word.rpartition(",")
    sign = "-" if last.startswith("-") else ""
    schemas: Iterable[Schema] = completer.services.schemas.values()
    fields = fields_for(schemas, getattr(completer.screen, "kind", None))
    lead = f"{before}{comma}{sign}"
    return [Option(f"{lead}{field.id}", "sort") for field in dict.fromkeys(fields.values())]


def _files(completer: Completer, word: str) -> list[Option]:
    """Endings say how a table is written; folders are the operator's to know."""
    kind = getattr(completer.screen, "kind", None)
    name = word.rpartition(".")[0] or word or (kind.plural if kind is not None else "rows")
    return [Option(f"{name}{ending}", "file") for ending in ENDINGS]


def _names_of_contexts(completer: Completer, word: str) -> list[Option]:
    return [Option(name, "context") for name in (*completer.services.adapters, ALL_CONTEXTS)]


def _here(completer: Completer, word: str) -> list[Option]:
    kind = getattr(completer.screen, "kind", None)
    return completer._filter(kind, word, len(word)) if kind is not None else []


def _numbers(completer: Completer, word: str) -> list[Option]:
    saved = completer.saved()
    return [Option(number, "number", saved.get(number, "")) for number in NUMBERS]


def _themes(completer: Completer, word: str) -> list[Option]:
    return [Option(name, "theme") for name in tokens.named(completer.services.config.themes)]


def _spans(completer: Completer, word: str) -> list[Option]:
    return [Option(span, "since", f"{span} ago until now") for span in ("8h", "24h", "3d", "7d")]


def _moments(completer: Completer, word: str) -> list[Option]:
    """Written as they are read; a time of day is typed faster than chosen."""
    said = {"-5m": "before this line", "+5m": "after this line", "1h": "before the last line"}
    return [Option(text, "time", what) for text, what in said.items()]


def _reset(completer: Completer, word: str) -> list[Option]:
    return [Option("reset", "columns", "as they are usually")]


ARGUMENTS: Mapping[str, Callable[[Completer, str], list[Option]]] = {
    "group": _groups,
    "sort-by": _sorts,
    "export": _files,
    "columns": _reset,
    "filter": _here,
    "save-filter": _numbers,
    "digest": _spans,
    "at": _moments,
    "theme": _themes,
    **dict.fromkeys(("contexts", "context", "ctx"), _names_of_contexts),
}
"""What a word of command mode takes behind it."""
