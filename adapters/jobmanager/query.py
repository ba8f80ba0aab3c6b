"""Which part of a query this server can answer, in its own words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.frozen import dataclass
from adapters.jobmanager.fields import EXTENSIONS
from adapters.jobmanager.mapping import ACTIVE, JOB_STATES
from adapters.jobmanager.wire import moment
from adapters.model import Json
from adapters.port import Op, Query, SortKey, Term

PATTERNS = {
    "id": re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]+", re.ASCII),
    "name": re.compile(r"[a-zA-Z][a-zA-Z0-9_-]*", re.ASCII),
}
"""What the server takes for an id or a name; anything else is a bad request."""
AFTER = {"created": "submission", "started": "start"}
NO = frozenset({"false", "no", "0"})
CONFLICTS = (("submission", "start", False), ("start", "end", True), ("submission", "end", True))
"""Pairs that some servers refuse when the first is later than the second, or as late: the second is left out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The body of one query without its page, which wishes it fulfils, and whether the order is as wished.

    `exact` says that a term compares texts letter by letter, where the console does not mind their case.
    """

    body: Mapping[str, Json]
    applied: frozenset[Term]
    sorted: bool
    exact: bool
    project: str | None
    hide_archived: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the server lets a query say, and what the context's config wants of every one.

    `labels`: it can compare labels. `exact`: it may be asked to compare texts.
    """

    extensions: frozenset[str] = frozenset()
    labels: bool = True
    exact: bool = True
    project: str | None = None
    hide_archived: bool = False


def ask(query: Query, allowed: Allowed) -> Asked:
    body: dict[str, Json] = {}
    extensions: dict[str, Json] = {}
    labels: dict[str, Json] = {}
    applied: set[Term] = set()
    said_by: dict[str, Term] = {}
    if query.active:
        body["status"] = list(ACTIVE)
    for term in query.terms:
        target = extensions if term.field in EXTENSIONS else body
        found = _of(term, allowed)
        if term.field.startswith("label.") and found:
            target = labels
        # The same key twice cannot be said: the first one goes to the server, both are tested afterwards.
        if found and not found.keys() & target.keys():
            target.update(found)
            applied.add(term)
            said_by[next(iter(found))] = term
    for first, second, or_equal in CONFLICTS:
        if first in body and second in body:
            left, right = str(body[first]), str(body[second])
            if left > right or (or_equal and left == right):
                del body[second]
                applied.discard(said_by[second])
    wants_archived = any(term.field == "archived" for term in query.terms)
    if allowed.hide_archived and not wants_archived and "hideArchived" in allowed.extensions:
        extensions["hideArchived"] = True
    if allowed.project and "projectId" in allowed.extensions:
        extensions.setdefault("projectId", allowed.project)
    if labels:
        body["labels"] = labels
    if extensions:
        body["extensions"] = extensions
    project = extensions.get("projectId")
    return Asked(
        body,
        frozenset(applied),
        all(_newest_first(key) for key in query.sort[:1]) and len(query.sort) < 2,
        exact=bool(labels) or bool({"id", "name"} & body.keys()) or "userId" in extensions,
        project=project if isinstance(project, str) else None,
        hide_archived=allowed.hide_archived and not wants_archived,
    )


def _newest_first(key: SortKey) -> bool:
    return (key.field, key.descending) in (("created", True), ("age", False))


def _of(term: Term, allowed: Allowed) -> dict[str, Any] | None:
    """The part of a body that answers a superset of what the term keeps; None where there is none."""
    if term.op is Op.EQ and term.field == "state":
        return _states(term)
    one = term.values[0] if len(term.values) == 1 else ""
    if term.field in AFTER and term.op in (Op.GE, Op.GT):
        return _time(AFTER[term.field], one, math.floor)
    if term.field == "finished" and term.op in (Op.LE, Op.LT):
        return _time("end", one, math.ceil)
    if term.op is not Op.EQ or not one:
        return None
    extension = EXTENSIONS.get(term.field)
    if extension is None:
        return _text(term.field, one, allowed) if allowed.exact else None
    if extension not in allowed.extensions or (extension == "userId" and not allowed.exact):
        return None
    if extension == "hideArchived":
        return {extension: True} if one.lower() in NO else None
    return {extension: one}


def _text(field: str, value: str, allowed: Allowed) -> dict[str, Any] | None:
    if field in PATTERNS:
        return {field: value} if PATTERNS[field].fullmatch(value) else None
    if field.startswith("label."):
        return {field.removeprefix("label."): value} if allowed.labels else None
    return None


def _states(term: Term) -> dict[str, Any] | None:
    """By normal states or the server's own words. A word nobody knows is `unknown`, which cannot be asked for."""
    wanted = {value.lower() for value in term.values}
    if "unknown" in wanted:
        return None
    words = [word for word, state in JOB_STATES.items() if state.value in wanted or word.lower() in wanted]
    return {"status": words} if words else None


def _time(name: str, text: str, whole: Callable[[float], int]) -> dict[str, Any] | None:
    """Rounded so that no row is lost."""
    try:
        return {name: moment(whole(float(text)))}
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a list goes on. The size of the pages is that of the first one: the server counts in pages.

    `loaded` rows have come so far; `skip` of the next page's have been given already. `exact` says whether
    texts are compared by the server.
    """

    size: int
    token: str | None = None
    loaded: int = 0
    skip: int = 0
    exact: bool = True

    def __str__(self) -> str:
        return json.dumps([self.size, self.token, self.loaded, self.skip, self.exact])

    @classmethod
    def parse(cls, text: str | None, limit: int) -> Cursor:
        """Raises ValueError for what is no cursor of ours."""
        if text is None:
            return cls(limit)
        size, token, loaded, skip, exact = json.loads(text)
        return cls(int(size), token, int(loaded), int(skip), bool(exact))
