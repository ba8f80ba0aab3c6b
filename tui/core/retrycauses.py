"""Failures grouped by cause for a retry: which groups are worth one, and why another is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapters.model import FAULTY, Ref, Resource
from tui.core.causes import KNOWN, NOT_SAID, cause_of

OWN_CODE = "the code itself failed, and would again"
_ERRORS = (
    *("Arithmetic", "Assertion", "Attribute", "Import", "Indentation", "Index", "Key", "Lookup", "ModuleNotFound"),
    *("Name", "NotImplemented", "Recursion", "Syntax", "Type", "Unbound\\w+", "Unicode\\w*", "Value"),
    "ZeroDivision",
)
USER_CODE = re.compile(
    rf"\b(?:{'|'.join(_ERRORS)})Error\b|\bTraceback \(most recent|\bsegmentation fault\b|\bSIGSEGV\b"
    r"|\b(?:exit(?:ed)?(?: with)?(?: code| status)?|exitcode)[ :=]+[12]\b",
    re.IGNORECASE,
)
"""What a program says of itself. A cause that is known to come from where it ran goes before."""


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """`off` says why its rows are not retried unless somebody says so; empty: they are. `cannot` counts those
    for which no retry is legal, and `why` is the reason of one."""

    title: str
    refs: tuple[Ref, ...]
    off: str = ""
    cannot: int = 0
    why: str = ""


def own_code(message: str | None) -> bool:
    """Whether a failure comes from what the user runs, not from where it ran."""
    return cause_of(message).title not in KNOWN and USER_CODE.search((message or "")[:2000]) is not None


def failures_by_cause(rows: Iterable[Resource], against: Callable[[Resource], str | None]) -> list[CauseGroup]:
    """The failed rows by cause, the largest group first. `against` says why a row cannot be retried, or None."""
    refs: dict[str, list[Ref]] = {}
    cannot: dict[str, list[str]] = {}
    own: dict[str, bool] = {}
    for row in rows:
        if row.state not in FAULTY:
            continue
        title = cause_of(row.message).title
        why = against(row)
        if why is None:
            refs.setdefault(title, []).append(row.ref)
        else:
            cannot.setdefault(title, []).append(why)
        own[title] = own.get(title, False) or own_code(row.message)
    found = []
    for title, user in own.items():
        legal, whys = tuple(refs.get(title, ())), cannot.get(title, [])
        off = whys[0] if not legal else OWN_CODE if user else ""
        found.append(CauseGroup(title, legal, off, len(whys), whys[0] if whys else ""))
    return sorted(found, key=lambda each: (bool(each.off), -len(each.refs), each.title == NOT_SAID, each.title))
