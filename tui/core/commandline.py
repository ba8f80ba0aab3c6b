"""What a line of command mode means: a kind with contexts and a filter, an object, an action, or a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.actions import ACTION_ALIASES, ACTION_IDS
from adapters.model import ALL_CONTEXTS, KIND_ALIASES, Kind, Ref
from adapters.names import nearest
from tui.keys import WORDS

NOTHING: Mapping[str, str] = {}


class CommandError(ValueError):
    """One sentence: what is wrong with a command, and the nearest right word."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a line means: exactly one of `kind`, `verb`, `action`, `ref`. `filter` is the rest of the line."""

    kind: Kind | None = None
    verb: str = ""
    action: str = ""
    ref: Ref | None = None
    contexts: tuple[str, ...] = ()
    filter: str = ""


def read(text: str, contexts: Sequence[str], verbs: Sequence[str], aliases: Mapping[str, str] = NOTHING) -> Command:
    """Parse a command line. Raises CommandError."""
    head, _, rest = expanded(text, aliases).partition(" ")
    scope, tail = scoped(rest)
    for name in scope:
        if name != ALL_CONTEXTS and name not in contexts:
            raise CommandError(f"no context {name!r}{nearest(name, [*contexts, ALL_CONTEXTS])}")
    chosen = tuple(contexts) if ALL_CONTEXTS in scope else tuple(scope)
    lower, tail = head.lower(), tail.strip()
    if "/" in head:
        return Command(ref=ref_of(head, contexts))
    if lower in WORDS:
        return Command(verb=WORDS[lower], contexts=chosen, filter=tail)
    if lower in KIND_ALIASES:
        return Command(kind=KIND_ALIASES[lower], contexts=chosen, filter=tail)
    if lower in ACTION_IDS or lower in ACTION_ALIASES:
        return Command(action=lower, contexts=chosen, filter=tail)
    if lower in verbs:
        return Command(verb=lower, contexts=chosen, filter=tail)
    raise CommandError(f"no command {head!r}{nearest(head, [*aliases, *known_words(verbs)])}")


def ref_of(word: str, contexts: Iterable[str]) -> Ref:
    """The object that `context/kind/id` names. Raises CommandError."""
    try:
        ref = Ref.parse(word)
    except ValueError as error:
        raise CommandError(str(error)) from None
    if ref.context not in contexts:
        raise CommandError(f"no context {ref.context!r}{nearest(ref.context, contexts)}")
    return ref


def expanded(text: str, aliases: Mapping[str, str]) -> str:
    """The line with an alias at its head replaced. Contexts named behind it take the place of its own."""
    head, _, rest = text.strip().partition(" ")
    meant = aliases.get(head.lower())
    if meant is None:
        return text.strip()
    word, _, more = meant.strip().partition(" ")
    own, filter = scoped(more)
    given, tail = scoped(rest)
    scope = [f"@{name}" for name in given or own]
    return " ".join(part for part in (word, *scope, filter.strip(), tail.strip()) if part)


def scoped(text: str) -> tuple[list[str], str]:
    """The contexts that `@a,b` in front names, and what follows."""
    names: list[str] = []
    rest = text.strip()
    while rest.startswith("@"):
        word, _, rest = rest.partition(" ")
        names += [name for name in word[1:].split(",") if name]
        rest = rest.lstrip()
    return names, rest


def known_words(verbs: Iterable[str]) -> list[str]:
    """Every word that may stand at the head of a line, references aside."""
    return [*WORDS, *KIND_ALIASES, *(kind.plural for kind in Kind), *ACTION_IDS, *ACTION_ALIASES, *verbs]


def alias_problem(name: str, meant: str, contexts: Sequence[str], verbs: Sequence[str]) -> str:
    """Why this cannot be an alias; an empty string when it can."""
    if not name or any(char.isspace() or char in "/@:" for char in name) or name != name.lower():
        return "a name is one word in lower case, without / @ :"
    if name in known_words(verbs):
        return f"{name!r} means something already"
    try:
        read(meant, contexts, verbs)
    except CommandError as error:
        return str(error)
    return ""
