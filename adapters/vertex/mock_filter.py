"""Google's filter language (AIP-160), as list methods and Cloud Logging read it.

NOT binds tighter than OR, OR tighter than AND; blanks between terms mean AND. Truth has three values: a test may
answer None, "cannot tell from this", so that a filter can be tried on part of a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Truth = bool | None
Test = Callable[[Any], Truth]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<paren>[()])
    | (?P<op><=|>=|!=|=~|!~|=|<|>|:)
    | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<word>[^\s()<>=!:"']+)
    )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")


class FilterError(ValueError):
    """The text is no filter; one sentence."""


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Restriction:
    """`field op value`; `quoted` values are never keywords."""

    field: str
    op: str
    value: str


def parse(text: str, test_of: Callable[[Restriction], Test]) -> Test:
    """The filter as a test of rows; an empty one is true of all. `test_of` makes the test of one restriction, and
    raises FilterError where the field, operator or value is not known."""
    tokens = _tokens(text)
    if not tokens:
        return lambda row: True
    parser = _Parser(tokens, test_of)
    found = parser.conjunction()
    parser.expect_end()
    return found


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"unexpected character {text[at:].strip()[0]!r} in the filter")
        kind = str(match.lastgroup)
        token = match[kind]
        if kind == "quoted":
            token = _ESCAPE.sub(r"\1", token[1:-1])
        found.append(Token(kind, token))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[Token], test_of: Callable[[Restriction], Test]) -> None:
        self._tokens = tokens
        self._at = 0
        self._test_of = test_of

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _is(self, kind: str, text: str) -> bool:
        token = self._peek()
        return token is not None and (token.kind, token.text) == (kind, text)

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise FilterError("the filter ends too early")
        self._at += 1
        return token

    def expect_end(self) -> None:
        token = self._peek()
        if token is not None:
            raise FilterError(f"unexpected {token.text!r} in the filter")

    def conjunction(self) -> Test:
        parts = [self._disjunction()]
        while self._peek() is not None and not self._is("paren", ")"):
            if self._is("word", "AND"):
                self._at += 1
            parts.append(self._disjunction())
        return parts[0] if len(parts) == 1 else lambda row: all_of(part(row) for part in parts)

    def _disjunction(self) -> Test:
        parts = [self._negation()]
        while self._is("word", "OR"):
            self._at += 1
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda row: any_of(part(row) for part in parts)

    def _negation(self) -> Test:
        if self._is("word", "NOT") or self._is("word", "-"):
            self._at += 1
            inner = self._negation()
            return lambda row: None if (truth := inner(row)) is None else not truth
        return self._simple()

    def _simple(self) -> Test:
        token = self._next()
        if token == Token("paren", "("):
            found = self.conjunction()
            if not self._is("paren", ")"):
                raise FilterError("a parenthesis is not closed")
            self._at += 1
            return found
        if token.kind not in ("word", "quoted") or token.text in ("AND", "OR"):
            raise FilterError(f"unexpected {token.text!r} in the filter")
        field, negated = token.text, False
        if token.kind == "word" and field.startswith("-") and len(field) > 1:
            field, negated = field[1:], True
        operator = self._next()
        if operator.kind != "op":
            raise FilterError(f"{field!r} stands without a comparison")
        value = self._next()
        if value.kind not in ("word", "quoted"):
            raise FilterError(f"{field!r} is compared with nothing")
        test = self._test_of(Restriction(field, operator.text, value.text))
        return (lambda row: None if (truth := test(row)) is None else not truth) if negated else test


def all_of(truths: Any) -> Truth:
    found: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            found = None
    return found


def any_of(truths: Any) -> Truth:
    found: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            found = None
    return found


def compared(op: str, found: Any, wanted: Any) -> bool:
    """An ordering or equality of two values of one type. Raises FilterError for an operator that does neither."""
    match op:
        case "=":
            return bool(found == wanted)
        case "!=":
            return bool(found != wanted)
        case "<":
            return bool(found < wanted)
        case "<=":
            return bool(found <= wanted)
        case ">":
            return bool(found > wanted)
        case ">=":
            return bool(found >= wanted)
    raise FilterError(f"operator {op!r} is not supported here")


def wildcard(pattern: str) -> re.Pattern[str]:
    """`my_job_*` as an expression for the whole text."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
