"""Which part of a query this server can answer, in its own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.frozen import dataclass
from adapters.kfp.api import Predicate
from adapters.kfp.fields import FILTER_KEYS, SORT_KEYS
from adapters.kfp.mapping import ACTIVE_STATES, STATE_MAP
from adapters.model import Json
from adapters.port import Op, Query, SortKey, Term

NEWEST_FIRST = "created_at desc"
TIMES = frozenset({"created", "finished", "scheduled"})
REGEX = re.compile(r"[.^$*+?{}\[\]\\|()]")
"""What makes a pattern more than its text; the server knows no patterns."""
COMPARISONS = {
    Op.GT: "GREATER_THAN",
    Op.GE: "GREATER_THAN_EQUALS",
    Op.LT: "LESS_THAN",
    Op.LE: "LESS_THAN_EQUALS",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one list, and which wishes they fulfil."""

    predicates: tuple[Predicate, ...]
    experiment_id: str | None
    sort_by: str
    applied: frozenset[Term]
    sorted: bool


def ask(query: Query, *, show_archived: bool, experiments: Sequence[tuple[str, str]] = ()) -> Asked:
    """`experiments` are the known names with their ids, for terms on the group."""
    predicates: list[Predicate] = []
    applied: set[Term] = set()
    experiment_id = None
    if query.active:
        predicates.append(_one_of("state", ACTIVE_STATES))
    for term in query.terms:
        if term.field == "group":
            wanted = {value.casefold() for value in term.values}
            ids = [native for name, native in experiments if name.casefold() in wanted]
            if term.op is Op.EQ and len(term.values) == 1 and len(ids) == 1 and experiment_id is None:
                experiment_id = ids[0]
                applied.add(term)
            continue
        predicate = _predicate(term)
        if predicate is not None:
            predicates.append(predicate)
            applied.add(term)
    if not show_archived and not any(term.field == "archived" for term in applied):
        predicates.append(_is("storage_state", "NOT_EQUALS", "ARCHIVED"))
    sort_by, kept = _sort(query.sort)
    return Asked(tuple(predicates), experiment_id, sort_by, frozenset(applied), kept)


def _sort(wishes: Sequence[SortKey]) -> tuple[str, bool]:
    """One key at most; ties follow the run id on the server, which no second wish may contradict."""
    if not wishes:
        return NEWEST_FIRST, True
    field, descending = wishes[0].field, wishes[0].descending
    if field == "age":  # the youngest first is the newest first
        field, descending = "created", not descending
    key = SORT_KEYS.get(field)
    if key is None:
        return NEWEST_FIRST, False
    return f"{key} {'desc' if descending else 'asc'}", len(wishes) == 1


def _predicate(term: Term) -> Predicate | None:
    """None where the server cannot answer a superset of what the term keeps."""
    key = FILTER_KEYS.get(term.field)
    if key is None or not term.values:
        return None
    if term.field == "archived":
        return _archived(term)
    if term.field == "state":
        return _states(term)
    if term.field in TIMES:
        return _time(key, term)
    if term.op is Op.MATCH and len(term.values) == 1 and not REGEX.search(term.values[0]):
        return _is(key, "IS_SUBSTRING", term.values[0])
    if term.op is Op.EQ and term.field in ("id", "experiment_id", "recurring_run"):
        return _one_of(key, term.values)
    return None


def _archived(term: Term) -> Predicate | None:
    wish = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    value = wish.get(term.values[0].lower()) if len(term.values) == 1 else None
    if value is None or term.op not in (Op.EQ, Op.NE):
        return None
    return _is("storage_state", "EQUALS" if value is (term.op is Op.EQ) else "NOT_EQUALS", "ARCHIVED")


def _states(term: Term) -> Predicate | None:
    """By normal states or by the server's own words. Words nobody knows map to `unknown`, so that one cannot
    be asked for."""
    if term.op is not Op.EQ or "unknown" in (value.lower() for value in term.values):
        return None
    wanted = {value.lower() for value in term.values}
    words = [word for word, state in STATE_MAP.items() if state.value in wanted or word.lower() in wanted]
    return _one_of("state", words) if words else None


def _time(key: str, term: Term) -> Predicate | None:
    operation = COMPARISONS.get(term.op)
    if operation is None or len(term.values) != 1:
        return None
    try:
        moment = datetime.fromtimestamp(float(term.values[0]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    # Whole seconds on the server: LT and GT could lose rows of the same second, their inclusive forms cannot.
    inclusive = {"GREATER_THAN": "GREATER_THAN_EQUALS", "LESS_THAN": "LESS_THAN_EQUALS"}.get(operation, operation)
    return {
        "key": key,
        "operation": inclusive,
        "timestamp_value": moment.replace(microsecond=0).isoformat().replace("+00:00", "Z"),
    }


def _is(key: str, operation: str, value: str) -> Predicate:
    return {"key": key, "operation": operation, "string_value": value}


def _one_of(key: str, values: Sequence[str]) -> Predicate:
    given: list[Json] = list(values)
    return {"key": key, "operation": "IN", "string_values": {"values": given}}
