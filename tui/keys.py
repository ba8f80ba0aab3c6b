"""Every key as data: one table from which dispatch, help, footer and the config's [keys] are made.

A key is written as in the config: `j`, `E`, `/`, `ctrl-d`, `enter`, `space`, `f5`, `left`. Each entry has an
id, by which it is rebound; screens answer to it with a method `do_<id>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from adapters.frozen import dataclass
from adapters.names import nearest

ANY = "any"
LIST, DETAIL, LOGS, DOCUMENT, CONTEXTS = "list", "detail", "logs", "document", "contexts"
PULSE, TREE, DIGEST, JOURNAL = "pulse", "tree", "digest", "journal"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """`where` names the screens that have it; `action` marks keys that open a plan for that action id.

    `verb` is its name in command mode, the id unless given. `plugin` marks those that run an external command.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    group: str
    where: tuple[str, ...] = (ANY,)
    action: bool = False
    verb: str = ""
    plugin: bool = False

    @property
    def method(self) -> str:
        return "do_" + self.id.replace("-", "_")


VERBS = {"host": "go-host", "pause": "pause-refresh", "refresh": "refresh-now"}
"""The names in command mode of those whose id means a kind or an action there."""


def _specs(group: str, where: tuple[str, ...], *rows: tuple[str, str, str], action: bool = False) -> list[KeySpec]:
    return [
        KeySpec(id, tuple(keys.split()), title, group, where, action, VERBS.get(id, id)) for id, keys, title in rows
    ]


_ROWS = (LIST, CONTEXTS, DETAIL, TREE)
_SCROLL = (LIST, CONTEXTS, DETAIL, LOGS, DOCUMENT, PULSE, TREE, DIGEST, JOURNAL)
_SIDEWAYS = (LIST, DETAIL, LOGS, DOCUMENT, PULSE, TREE)
_OBJECT = (LIST, DETAIL, TREE)

KEYS: tuple[KeySpec, ...] = (
    *_specs(
        "MOVE",
        _SCROLL,
        ("down", "j down", "row"),
        ("up", "k up", "row"),
        ("top", "g home", "first"),
        ("bottom", "G end", "last"),
        ("page-down", "ctrl-f pagedown", "page"),
        ("page-up", "ctrl-b pageup", "page"),
        ("next-fault", "e", "next red"),
        ("previous-fault", "E", "previous red"),
    ),
    *_specs("MOVE", _SIDEWAYS, ("left", "left h", "columns, fold"), ("right", "right", "columns, unfold")),
    *_specs(
        "MOVE",
        (ANY,),
        ("back", "escape q", "up one level"),
        ("history-back", "[", "back"),
        ("history-forward", "]", "on"),
        ("history-last", "-", "last"),
    ),
    *_specs("LOOK", (*_ROWS, LOGS, PULSE, DIGEST, JOURNAL), ("open", "enter", "open")),
    *_specs("LOOK", (*_OBJECT, DOCUMENT), ("describe", "d", "all fields"), ("raw", "y", "raw")),
    *_specs(
        "LOOK",
        _OBJECT,
        ("logs", "l", "logs"),
        ("why", "X", "why"),
        ("events", "v", "events"),
        ("timeline", "T", "time"),
        ("host", "o", "host"),
        ("used-by", "u", "users"),
        ("owner", "J", "owner"),
        ("tree", "ctrl-t", "tree"),
    ),
    *_specs("LOOK", (TREE,), ("unfold-all", "*", "unfold all")),
    *_specs("LOOK", (PULSE,), ("span-shorter", "<", "a shorter span"), ("span-longer", ">", "a longer span")),
    *_specs("LOOK", (*_OBJECT, LOGS), ("attempts", "p", "earlier tries")),
    *_specs("LOOK", (ANY,), ("errors", "!", "error list"), ("pulse", "P", "pulse")),
    *_specs("LOOK", (ANY,), ("digest", "D", "since last look")),
    *_specs("LOOK", (DIGEST,), ("look-earlier", "<", "an earlier look"), ("look-later", ">", "a later look")),
    *_specs(
        "ACT",
        _OBJECT,
        ("retry", "r", "retry, restart"),
        ("abort", "ctrl-d", "abort"),
        ("delete", "ctrl-k", "delete"),
        ("drain", "C", "drain"),
        ("undrain", "U", "undrain"),
        action=True,
    ),
    *_specs("ACT", (*_OBJECT, LOGS, CONTEXTS), ("menu", "x", "every action")),
    *_specs("ACT", _OBJECT, ("tell", "b", "tell when it ends")),
    *_specs("ACT", (*_OBJECT, JOURNAL), ("again", ".", "last plan again")),
    *_specs("ACT", (LIST, CONTEXTS), ("mark", "space", "mark")),
    *_specs("ACT", (LIST, CONTEXTS), ("login", "L", "log in again")),
    *_specs("ACT", (CONTEXTS,), ("add-context", "a", "new context")),
    *_specs(
        "ACT",
        (LIST,),
        ("mark-range", "ctrl-space", "mark range"),
        ("mark-all", "*", "mark shown"),
        ("retry-cause", "R", "retry by cause"),
        ("diff", "V", "compare two"),
        ("mark-invert", "I", "invert marks"),
        ("unmark", "ctrl-\\", "clear marks"),
    ),
    *_specs("FIND", (LIST, CONTEXTS, LOGS, DOCUMENT, JOURNAL), ("filter", "/", "filter")),
    *(KeySpec(f"saved-{n}", (str(n),), f"saved filter {n}", "FIND", (LIST,)) for n in range(1, 10)),
    *_specs("FIND", (LIST,), ("save-filter", "", "save the filter on a number")),
    *_specs("FIND", (LIST, PULSE, DIGEST), ("all-contexts", "0", "all contexts")),
    *_specs("FIND", (LIST,), ("warp", "w", "same pool or group"), ("group", "B", "group by")),
    *_specs("FIND", (ANY,), ("command", ":", "go or do"), ("aliases", "ctrl-a", "aliases")),
    *_specs("FIND", (ANY,), ("find", "", "in every kind of list")),
    *_specs("LOOK", (ANY,), ("usual", "", "what takes longer than usual")),
    *_specs("FIND", (LOGS, DOCUMENT), ("next-match", "n", "next match"), ("previous-match", "N", "previous match")),
    *_specs(
        "TABLE",
        (LIST,),
        ("sort-name", "N", "sort name"),
        ("sort-age", "A", "sort age"),
        ("sort-state", "S", "sort state"),
        ("sort-by", "O", "sort by"),
        ("columns", ",", "columns"),
        ("wide", "ctrl-w", "wide"),
        ("faults", "ctrl-z", "only faults"),
        ("copy-scope", "n", "copy scope"),
        ("copy-name", "", "copy name"),
        ("copy-row", "", "copy row as JSON"),
        ("copy-cell", "Y", "copy cell, row"),
        ("resource-left", "<", "resource"),
        ("resource-right", ">", "resource"),
    ),
    *_specs("TABLE", (LIST, JOURNAL), ("export", "ctrl-s", "export")),
    *_specs("TABLE", (*_OBJECT, JOURNAL), ("copy-id", "c", "copy id")),
    *_specs("TABLE", (*_OBJECT, LOGS), ("times", "t", "ages or clock times")),
    *_specs(
        "LOOK",
        (DETAIL, LOGS, PULSE),
        ("next-pane", "tab", "next pane, source"),
        ("previous-pane", "shift-tab", "previous pane"),
    ),
    *_specs(
        "LOOK",
        (DETAIL,),
        ("zoom", "z", "zoom to the row"),
        ("zoom-in", ")", "zoom in"),
        ("zoom-out", "(", "zoom out"),
        ("time-back", "<", "earlier"),
        ("time-on", ">", "later"),
    ),
    *_specs(
        "LOOK",
        (LOGS,),
        ("follow", "s", "follow"),
        ("wrap", "w", "wrap"),
        ("matches-only", "&", "only matches"),
        ("minute-back", "<", "a minute back"),
        ("minute-on", ">", "a minute on"),
        ("marker", "m", "marker line"),
        ("bookmark", "b", "bookmark"),
        ("all-sources", "a", "all sources"),
        ("pager", "o", "in $PAGER"),
        ("editor", "v", "in $EDITOR"),
    ),
    *_specs(
        "MOVE",
        (LOGS,),
        ("next-bookmark", "u", "next bookmark"),
        ("previous-bookmark", "U", "previous bookmark"),
        ("at", "@", "to a time"),
        ("log-end", "0", "end, follow"),
        ("log-beginning", "1", "beginning"),
        ("log-1m", "2", "last minute"),
        ("log-5m", "3", "last 5 minutes"),
        ("log-15m", "4", "last 15 minutes"),
        ("log-30m", "5", "last 30 minutes"),
        ("log-1h", "6", "last hour"),
    ),
    *_specs("TABLE", (LOGS, DOCUMENT), ("save", "ctrl-s", "save"), ("copy", "c", "copy")),
    *_specs(
        "SESSION",
        (ANY,),
        ("pause", "=", "pause refresh"),
        ("every", "", "refresh every so many seconds"),
        ("read-only", "ctrl-o", "read-only"),
        ("journal", "W", "what was changed"),
        ("refresh", "ctrl-r", "refresh now"),
        ("header", "ctrl-e", "header"),
        ("footer", "F", "footer"),
        ("crumbs", "ctrl-g", "crumbs"),
        ("zone", "Z", "UTC or local time"),
        ("reload", "", "read the config again"),
        ("theme", "", "theme"),
        ("help", "? f1", "help"),
        ("interrupt", "ctrl-c", "quit, twice"),
        ("suspend", "", "to the shell"),
        ("quit", "", "quit"),
    ),
)

WORDS = {
    "q": "quit",
    "quit": "quit",
    "exit": "quit",
    "ctx": "contexts",
    "context": "contexts",
    "contexts": "contexts",
    "help": "help",
    "keys": "help",
    "cli": "cli",
    "all": "all-contexts",
    "api": "api",
}
"""What command mode understands beside kinds, actions and the ids of keys."""

FIXED = frozenset({"interrupt", "back", "quit"})
"""Ways out that the config may add to but never take away."""

_NAMED = {
    "ctrl+@": "ctrl-space",
    "ctrl+backslash": "ctrl-\\",
    "ctrl+right_square_bracket": "ctrl-]",
    "ctrl+circumflex_accent": "ctrl-^",
    "ctrl+underscore": "ctrl-_",
}
_SPECIAL = frozenset(
    (
        *("enter", "escape", "tab", "space", "backspace", "delete", "insert"),
        *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    )
)
_SHOWN = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "up": "↑", "down": "↓", "left": "←", "right": "→"}
_MODIFIERS = ("ctrl-", "shift-", "alt-")


def key_name(key: str, character: str | None) -> str:
    """The name, as the table writes it, of a key as Textual reports it."""
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return _NAMED.get(key, key.replace("+", "-"))


def shown(key: str) -> str:
    """How a key is written on the screen: `^d`, `esc`, `^space`."""
    if key.startswith("ctrl-"):
        return "^" + key[5:]
    return _SHOWN.get(key, key)


def unshown(text: str) -> str:
    """The name of a key from how it is written on the screen."""
    if len(text) > 1 and text.startswith("^"):
        return "ctrl-" + text[1:]
    return next((key for key, written in _SHOWN.items() if written == text), text)


def valid_key(name: str) -> bool:
    rest = name
    for modifier in _MODIFIERS:
        if rest.startswith(modifier) and len(rest) > len(modifier):
            rest = rest[len(modifier) :]
    return (len(rest) == 1 and rest.isprintable() and rest != " ") or rest in _SPECIAL


class KeyMap:
    """The live bindings: the table with the config's [keys] applied. Immutable; see `bind` for problems."""

    def __init__(self, specs: Sequence[KeySpec] = KEYS, *, rebound: int = 0) -> None:
        self.specs = tuple(specs)
        self.rebound = rebound
        self._by_id = {spec.id: spec for spec in specs}
        self.verbs = {spec.verb or spec.id: spec for spec in specs}
        self._by_key: dict[tuple[str, str], KeySpec] = {}
        for spec in specs:
            for where in spec.where:
                for key in spec.keys:
                    self._by_key.setdefault((where, key), spec)

    def lookup(self, where: str, key: str) -> KeySpec | None:
        return self._by_key.get((where, key)) or self._by_key.get((ANY, key))

    def spec(self, id: str) -> KeySpec | None:
        return self._by_id.get(id)

    def key(self, id: str) -> str:
        """The first key of an id as it is shown, or the empty string."""
        spec = self._by_id.get(id)
        return shown(spec.keys[0]) if spec and spec.keys else ""

    def here(self, where: str) -> list[KeySpec]:
        return [spec for spec in self.specs if where in spec.where or ANY in spec.where]


def bind(rebinds: Mapping[str, str | Sequence[str]], specs: Sequence[KeySpec] = KEYS) -> tuple[KeyMap, list[str]]:
    """The table with `rebinds` (id -> key or keys) applied, and every reason why one was refused.

    A refused entry keeps its default. Refused are unknown ids and keys, and clashes: a key that another entry
    of the same screens has, whether it would be lost or would shadow the other.
    """
    problems: list[str] = []
    by_id = {spec.id: spec for spec in specs}
    wanted: dict[str, KeySpec] = {}
    for id, value in rebinds.items():
        keys = tuple(value.split() if isinstance(value, str) else value)
        if id not in by_id:
            problems.append(f"keys: no action {id!r}{nearest(id, by_id)}")
            continue
        bad = [key for key in keys if not valid_key(key)]
        if bad:
            problems.append(f"keys.{id}: {bad[0]!r} is not a key; write j, ctrl-d, enter, f5")
            continue
        if id in FIXED:
            keys = by_id[id].keys + tuple(key for key in keys if key not in by_id[id].keys)
        wanted[id] = replace(by_id[id], keys=keys)
    accepted = dict(wanted)
    for id in list(wanted):
        table = [accepted.get(spec.id, spec) for spec in specs]
        taken = clash(accepted[id], table)
        if taken is not None:
            key, other = taken
            problems.append(f"keys.{id}: {shown(key)} is {other.id} ({other.title}) on the same screen")
            del accepted[id]
    changed = sum(1 for id, spec in accepted.items() if spec.keys != by_id[id].keys)
    return KeyMap([accepted.get(spec.id, spec) for spec in specs], rebound=changed), problems


def clash(spec: KeySpec, table: Iterable[KeySpec]) -> tuple[str, KeySpec] | None:
    for other in table:
        if other.id == spec.id or not _overlap(spec.where, other.where):
            continue
        for key in spec.keys:
            if key in other.keys:
                return key, other
    return None


def clashes(specs: Sequence[KeySpec] = KEYS) -> list[str]:
    """Every clash in a table; the default one has none, and a test says so."""
    found = []
    for index, spec in enumerate(specs):
        taken = clash(spec, specs[index + 1 :])
        if taken:
            found.append(f"{taken[0]}: {spec.id} and {taken[1].id}")
    return found


def _overlap(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return ANY in left or ANY in right or bool(set(left) & set(right))
