"""What the console remembers of its tables: columns and order of each kind, and where it was left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adapters.model import Kind
from adapters.port import SortKey
from tui.core.column_sets import Column
from tui.statefile import load_state, save_state

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
        self.keep("filters", kind.plural, {**self.filters(kind), number: text})

    def left(self) -> Mapping[str, str]:
        """Where the console was left."""
        saved = self._state.get("left")
        found = saved if isinstance(saved, Mapping) else {}
        return {str(key): value for key, value in found.items() if isinstance(value, str)}

    def keep_left(self, place: Mapping[str, str]) -> None:
        """Raises OSError, as `keep_columns` does."""
        self._put("left", dict(place))

    def _get(self, section: str, name: str) -> object:
        table = self._state.get(section)
        return table.get(name) if isinstance(table, Mapping) else None

    def keep(self, section: str, name: str, value: Any) -> None:
        """Set one entry, None takes it away. Raises OSError, as `keep_columns` does."""
        table = self._state.get(section)
        kept = dict(table) if isinstance(table, Mapping) else {}
        kept.pop(name, None)
        self._put(section, kept if value is None else {**kept, name: value}, name)

    def _put(self, section: str, value: dict[str, Any], name: str = "") -> None:
        """Write one section, or one entry of it, over what other consoles have written meanwhile."""
        self._state[section] = value
        if self.path is None:
            return
        state = load_state(self.path)
        others = state.get(section)
        if name and isinstance(others, Mapping):
            rest = {key: kept for key, kept in others.items() if key != name}
            value = {**rest, **({name: value[name]} if name in value else {})}
        save_state(self.path, {**state, section: value})
