"""What the console remembers of its tables: columns and order of each kind, and where it was left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from adapters.frozen import dataclass
from adapters.model import Kind
from adapters.port import SortKey
from tui.core.column_sets import Column
from tui.statefile import load_state, locked, save_state

NARROWEST, WIDEST = 3, 200
LEAST_REST = 12
MOST_SORT_KEYS = 4


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """How somebody wants the columns of a kind, as differences from what is usual.

    Columns that `order` does not know stay behind the one that they usually follow, so that a column which
    another backend or a later version brings is seen.
    """

    order: tuple[str, ...] = ()
    show: frozenset[str] = frozenset()
    hide: frozenset[str] = frozenset()
    widths: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.order or self.show or self.hide or self.widths)

    def ordered(self, columns: Sequence[Column]) -> list[Column]:
        """The columns in the order chosen."""
        there = {column.id: column for column in columns}
        result = [there[id] for id in self.order if id in there]
        for index, column in enumerate(columns):
            if column.id not in self.order:
                before = columns[index - 1] if index else None
                result.insert(result.index(before) + 1 if before in result else 0, column)
        return result

    def shows(self, column: Column, usual: Collection[str]) -> bool:
        """Whether a column is in the table; the name always is."""
        return column.main or column.id in self.show or (column.id in usual and column.id not in self.hide)

    def sized(self, column: Column) -> Column:
        width = self.widths.get(column.id)
        if width is not None:
            return replace(column, min=width, max=width, want=width, rest=False)
        if column.id in self.show and column.rest:  # it was asked for, so it takes what there is
            return replace(column, min=min(column.min, LEAST_REST))
        return column

    def applied(self, usual: Sequence[Column], every: Sequence[Column]) -> list[Column]:
        """Of `every` column those wanted, where `usual` are shown unless said otherwise."""
        names = {column.id for column in usual}
        return [self.sized(column) for column in self.ordered(every) if self.shows(column, names)]


def read_choice(saved: object) -> ColumnChoice:
    """A choice as it was saved; what cannot be understood is left out, for losing it loses nothing."""
    table: Mapping[str, Any] = saved if isinstance(saved, Mapping) else {}
    widths = table.get("widths")
    return ColumnChoice(
        tuple(dict.fromkeys(_texts(table.get("order")))),
        frozenset(_texts(table.get("show"))),
        frozenset(_texts(table.get("hide"))),
        {
            str(id): max(NARROWEST, min(width, WIDEST))
            for id, width in (widths.items() if isinstance(widths, Mapping) else ())
            if isinstance(width, int) and not isinstance(width, bool)
        },
    )


def written_choice(choice: ColumnChoice) -> dict[str, Any]:
    return {
        "order": list(choice.order),
        "show": sorted(choice.show),
        "hide": sorted(choice.hide),
        "widths": dict(choice.widths),
    }


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


class Memory:
    """The state file by sections. Without a path everything is forgotten with the session."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._state = load_state(path) if path is not None else {}

    def columns(self, kind: Kind) -> ColumnChoice:
        return read_choice(self._get("columns", kind.plural))

    def keep_columns(self, kind: Kind, choice: ColumnChoice) -> None:
        """Raises OSError when it cannot be written; it holds for this session all the same."""
        self.keep("columns", kind.plural, written_choice(choice) if choice else None)

    def sort(self, kind: Kind, fields: Collection[str]) -> tuple[SortKey, ...] | None:
        """The order a kind was last put in; None when it never was, or names a field that is not there."""
        words = _texts(self._get("sort", kind.plural))[:MOST_SORT_KEYS]
        keys = tuple(SortKey(word.removeprefix("-"), word.startswith("-")) for word in words)
        return keys if keys and all(key.field in fields for key in keys) else None

    def keep_sort(self, kind: Kind, keys: Sequence[SortKey] | None) -> None:
        """Raises OSError, as `keep_columns` does."""
        words = [f"-{key.field}" if key.descending else key.field for key in keys or ()]
        self.keep("sort", kind.plural, words or None)

    def filters(self, kind: Kind) -> Mapping[str, str]:
        """The filters that were saved on numbers in the console; an empty one takes away that of the config."""
        saved = self._get("filters", kind.plural)
        found = saved if isinstance(saved, Mapping) else {}
        return {number: text for number, text in found.items() if isinstance(text, str)}

    def keep_filter(self, kind: Kind, number: str, text: str) -> None:
        """Raises OSError, as `keep_columns` does."""

        def change(table: dict[str, Any]) -> dict[str, Any]:
            saved = table.get(kind.plural)
            return {**table, kind.plural: {**(saved if isinstance(saved, Mapping) else {}), number: text}}

        self._change("filters", change)

    def left(self) -> Mapping[str, str]:
        """Where the console was left."""
        saved = self._state.get("left")
        found = saved if isinstance(saved, Mapping) else {}
        return {str(key): value for key, value in found.items() if isinstance(value, str)}

    def keep_left(self, place: Mapping[str, str]) -> None:
        """Raises OSError, as `keep_columns` does."""
        self._change("left", lambda table: dict(place))

    def troubles(self) -> list[str]:
        """What went wrong with a disk in sessions before this one, and was not told since."""
        saved = self._state.get("trouble")
        return [text for text in saved.values() if isinstance(text, str)] if isinstance(saved, Mapping) else []

    def keep_trouble(self, what: str, text: str) -> None:
        """For the next start to tell. Nobody is helped when this cannot be written either."""
        with contextlib.suppress(OSError):
            self.keep("trouble", what, text)

    def forget_troubles(self) -> None:
        """Raises OSError."""
        if self.troubles():
            self._change("trouble", lambda table: {})

    def _get(self, section: str, name: str) -> object:
        table = self._state.get(section)
        return table.get(name) if isinstance(table, Mapping) else None

    def keep(self, section: str, name: str, value: Any) -> None:
        """Set one entry, None takes it away. Raises OSError, as `keep_columns` does."""

        def change(table: dict[str, Any]) -> dict[str, Any]:
            rest = {key: kept for key, kept in table.items() if key != name}
            return rest if value is None else {**rest, name: value}

        self._change(section, change)

    def _change(self, section: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change one section, here and over what other consoles have written meanwhile."""
        self._state[section] = change(_table(self._state.get(section)))
        if self.path is None:
            return
        with locked(self.path):
            state = load_state(self.path)
            save_state(self.path, {**state, section: change(_table(state.get(section)))})


def _table(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
