"""Which part of a query Vertex AI can answer, in its filter language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from adapters.frozen import dataclass
from adapters.port import Op, Query, Term
from adapters.vertex.mapping import ENDED_STATES, STATE_MAP

LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]*")
PREFIX = "job_state_"
INCLUSIVE = {Op.GT: ">=", Op.GE: ">=", Op.LT: "<=", Op.LE: "<="}
# What is not known to have ended: a state that only newer servers have is among them.
ACTIVE = " AND ".join(f'state!="{word}"' for word in ENDED_STATES)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter of one list, and which wishes it fulfils."""

    filter: str
    applied: frozenset[Term]


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def ask(query: Query, owner_label: str) -> Asked:
    """Names are not asked for: whether the server minds their case is not documented, and here nobody does."""
    parts = [ACTIVE] if query.active else []
    applied: set[Term] = set()
    for term in query.terms:
        part = _part(term, owner_label)
        if part is not None:
            parts.append(part)
            applied.add(term)
    return Asked(" AND ".join(parts), frozenset(applied))


def _part(term: Term, owner_label: str) -> str | None:
    """None where the server cannot answer a superset of what the term keeps."""
    if not term.values or not all(term.values):
        return None
    if term.field == "state":
        return _states(term)
    if term.field == "created":
        return _created(term)
    key = owner_label if term.field == "owner" else term.field.removeprefix("label.")
    if (term.field == "owner" or term.field.startswith("label.")) and LABEL_KEY.fullmatch(key):
        return _label(key, term)
    return None


def _states(term: Term) -> str | None:
    """By normal states or by the server's own words, with or without their prefix. Words nobody knows map to
    `unknown`, so that one cannot be asked for."""
    wanted = {value.lower() for value in term.values}
    names = {
        word: {word.lower(), word.lower().removeprefix(PREFIX), state.value} for word, state in STATE_MAP.items()
    }
    known = {name for found in names.values() for name in found} - {"unknown"}
    if term.op is not Op.EQ or not wanted <= known:
        return None
    return _any_of(f"state={quoted(word)}" for word, found in names.items() if found & wanted)


def _created(term: Term) -> str | None:
    operator = INCLUSIVE.get(term.op)
    if operator is None or len(term.values) != 1:
        return None
    try:
        moment = datetime.fromtimestamp(float(term.values[0]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return f"create_time{operator}{quoted(moment.isoformat().replace('+00:00', 'Z'))}"


def _label(key: str, term: Term) -> str | None:
    """Values of labels are lower case by the API's own rule, so asking in lower case loses none."""
    if term.op is not Op.EQ:
        return None
    return _any_of(f"labels.{key}={quoted(value.lower())}" for value in term.values)


def _any_of(parts: Iterable[str]) -> str:
    found = list(parts)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"
