"""Which part of a query the tasks service can answer, in its own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.clearml.fields import SORT_KEYS
from adapters.clearml.mapping import ACTIVE_STATUSES, ARCHIVED, statuses_for
from adapters.frozen import dataclass
from adapters.model import Json
from adapters.port import Op, Query, SortKey, Term

TYPES = frozenset(
    (
        *("training", "testing", "inference", "data_processing", "application", "monitor", "controller"),
        *("report", "optimizer", "service", "qc", "custom"),
    )
)
NEWEST_FIRST = "-created"
REGEX = re.compile(r"[.^$*+?{}\[\]\\|()]")
"""What makes a pattern more than its text. The server's patterns are of another kind than those here."""
TIME_KEYS = {"updated": "last_update", "changed": "status_changed"}
TIME_OPS = {Op.GT: ">=", Op.GE: ">=", Op.LT: "<=", Op.LE: "<="}
PLAIN_ID = re.compile(r"[0-9a-fA-F]{32}")
"""Only such ids are sent as filters: a leading `-` would exclude, `__$` would be an operator."""

ROW_FIELDS = (
    *("id", "name", "type", "status", "status_reason", "status_message", "status_changed", "user.name"),
    *("project.name", "parent", "created", "started", "completed", "published", "last_update", "last_worker"),
    *("last_iteration", "tags", "system_tags", "comment", "execution.queue", "output.error", "last_metrics"),
)
NEWER_ROW_FIELDS = ("active_duration", "runtime.progress")
"""Servers of the first API versions do not know these, and refuse the whole request for one of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of one list, without its page, and which wishes it fulfils."""

    body: dict[str, Json]
    applied: frozenset[Term]
    sorted: bool


def ask(query: Query, *, show_archived: bool, projects: Mapping[str, str], within: Sequence[str] | None) -> Asked:
    """`projects` are the known ids with their names, for terms on the group; `within` the only ids allowed."""
    body: dict[str, Json] = {}
    applied: set[Term] = set()
    if query.active:
        body["status"] = list(ACTIVE_STATUSES)
    for term in query.terms:
        found = _group(term, projects) if term.field == "group" else _term(term)
        if found is not None and not found.keys() & body.keys():
            body.update(found)
            applied.add(term)
    if within is not None:
        body["project"] = [native for native in _texts(body.get("project", list(within))) if native in within]
        if not body["project"]:  # an empty list would be no filter at all
            body["project"] = ["none"]
    if not show_archived and "system_tags" not in body:
        body["system_tags"] = [f"-{ARCHIVED}"]
    order, kept = _order(query.sort)
    body["order_by"] = [order]
    return Asked(body, frozenset(applied), kept)


def _order(wishes: Sequence[SortKey]) -> tuple[str, bool]:
    """One key; the server orders ties by id, which no second wish may contradict."""
    if not wishes:
        return NEWEST_FIRST, True
    field, descending = wishes[0].field, wishes[0].descending
    if field == "age":  # the youngest first is the newest first
        field, descending = "created", not descending
    key = SORT_KEYS.get(field)
    if key is None:
        return NEWEST_FIRST, False
    return f"{'-' if descending else ''}{key}", len(wishes) == 1


def _term(term: Term) -> dict[str, Json] | None:
    """None where the server cannot answer a superset of what the term keeps."""
    if not term.values:
        return None
    if term.field in TIME_KEYS:
        return _time(term)
    if term.field == "archived":
        return _archived(term)
    if term.field == "name":
        plain = term.op is Op.MATCH and len(term.values) == 1 and not REGEX.search(term.values[0])
        # `name` would be case-sensitive; `_any_` is not.
        return {"_any_": {"pattern": term.values[0], "fields": ["name"]}} if plain else None
    if term.op is not Op.EQ:
        return None
    match term.field:
        case "state" | "native_state":
            words = statuses_for(term.values)
            return {"status": list(words)} if words else None
        case "id" | "project_id" if all(PLAIN_ID.fullmatch(value) for value in term.values):
            return {"id" if term.field == "id" else "project": [value.lower() for value in term.values]}
        case "task_type":
            known = [value.lower() for value in term.values if value.lower() in TYPES]
            return {"type": list(known)} if len(known) == len(term.values) else None
    return None


def _group(term: Term, projects: Mapping[str, str]) -> dict[str, Json] | None:
    wanted = {value.casefold() for value in term.values}
    ids: list[Json] = [native for native, name in projects.items() if name.casefold() in wanted]
    return {"project": ids} if term.op is Op.EQ and ids else None


def _archived(term: Term) -> dict[str, Json] | None:
    wish = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    value = wish.get(term.values[0].lower()) if len(term.values) == 1 else None
    if value is None or term.op not in (Op.EQ, Op.NE):
        return None
    return {"system_tags": [ARCHIVED if value is (term.op is Op.EQ) else f"-{ARCHIVED}"]}


def _time(term: Term) -> dict[str, Json] | None:
    """Always an ISO date: seconds since the epoch are ignored without a word, and everything comes back."""
    operation = TIME_OPS.get(term.op)
    if operation is None or len(term.values) != 1:
        return None
    try:
        moment = datetime.fromtimestamp(float(term.values[0]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return {TIME_KEYS[term.field]: [f"{operation}{moment.isoformat()}"]}


def _texts(given: Json) -> list[str]:
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []


def page_of(offset: int, limit: int) -> tuple[int, int]:
    """Page number and size for the rows from `offset` on: the size must divide the offset."""
    size = max(1, min(limit, 500))
    while offset % size:
        size -= 1
    return offset // size, size
