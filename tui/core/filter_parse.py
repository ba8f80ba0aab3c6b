"""The grammar of the filter language: text to a small tree, every node knowing where it stands."""

from __future__ import annotations

import re
from typing import TypeAlias

from adapters.frozen import dataclass
from adapters.port import Op

LONGEST = 2000
DEEPEST = 40

_COMPARE = re.compile(r"([A-Za-z_][\w.\-/]*)(!=|!~|>=|<=|=|~|>|<)")


class FilterError(ValueError):
    """A filter that cannot be read: `column` is where, counted from 0; `nearest` a name that exists, or ""."""

    def __init__(self, message: str, column: int, nearest: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start: int
    end: int
    fuzzy: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """`values` with the column of each."""

    field: str
    op: Op
    values: tuple[tuple[str, int], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    node: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Group:
    """All of the nodes, or with `either` one of them."""

    nodes: tuple[Node, ...]
    either: bool
    start: int
    end: int


Node: TypeAlias = Word | Compare | Not | Group


def parse_tree(text: str) -> Group:
    """The whole filter as one group; an empty text is an empty group. Raises FilterError."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter is at most {LONGEST} characters long", LONGEST)
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Group:
        node = self.either()
        if self.at < len(self.text):
            raise FilterError("nothing is open that ) could close", self.at)
        return node

    def either(self) -> Group:
        start = self.at
        branches = [self.all()]
        while self.keyword("or"):
            branches.append(self.all())
        if len(branches) == 1:
            return branches[0]
        for index, branch in enumerate(branches):
            if not branch.nodes:
                where = branch.start if index else branches[1].start - 3
                raise FilterError("or needs something on both sides", max(0, min(where, len(self.text))))
        return Group(tuple(branches), True, start, self.at)

    def all(self) -> Group:
        self.blanks()
        start, nodes = self.at, list[Node]()
        while self.at < len(self.text) and not (self.depth and self.text[self.at] == ")"):
            if self.peek_word() == "or":
                break
            if self.peek_word() == "and" and nodes:
                self.at += 3
            elif self.text[self.at] == ")":
                break
            else:
                nodes.append(self.one())
            self.blanks()
        return Group(tuple(nodes), False, start, nodes[-1].end if nodes else start)

    def one(self) -> Node:
        start = self.at
        char = self.text[start]
        if char == "-":
            self.at += 1
            if self.at >= len(self.text) or self.text[self.at] in " \t)":
                raise FilterError("- leaves out what follows; nothing follows", start)
            if self.text[self.at] == "-":
                raise FilterError("one - is enough", self.at)
            inner = self.one()
            return Not(inner, start, inner.end)
        if char == "(":
            return self.group()
        if self.text.startswith("~~", start):
            self.at += 2
            text = self.value(",")
            if not text:
                raise FilterError("~~ needs a word", start)
            return Word(text, start, self.at, fuzzy=True)
        found = _COMPARE.match(self.text, start)
        if found:
            return self.compare(found)
        return Word(self.value(""), start, self.at)

    def group(self) -> Group:
        start = self.at
        self.depth += 1
        if self.depth > DEEPEST:
            raise FilterError("too many parentheses", start)
        self.at += 1
        node = self.either()
        if self.at >= len(self.text):
            raise FilterError("( is never closed", start)
        self.at += 1
        self.depth -= 1
        if not node.nodes:
            raise FilterError("nothing stands between ( and )", start)
        return Group((node,), False, start, self.at)

    def compare(self, found: re.Match[str]) -> Compare:
        op = Op(found[2])
        self.at = found.end()
        values: list[tuple[str, int]] = []
        listed = op in (Op.EQ, Op.NE)
        while True:
            column = self.at
            quoted = self.text.startswith('"', column)
            text = self.value("," if listed else "")
            if not text and not quoted:
                raise FilterError(f"a value is missing after {found[1]}{found[2]}", column)
            values.append((text, column))
            if not (listed and self.text.startswith(",", self.at)):
                break
            self.at += 1
        return Compare(found[1], op, tuple(values), found.start(), self.at)

    def value(self, stops: str) -> str:
        """Up to a blank, a stop, or the parenthesis that closes the group; quotes hold anything."""
        if self.text.startswith('"', self.at):
            return self.quoted()
        start, inner = self.at, 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char.isspace() or char in stops:
                break
            if char == ")" and inner == 0 and self.depth:
                break
            inner += (char == "(") - (char == ")" and inner > 0)
            self.at += 1
        return self.text[start : self.at]

    def quoted(self) -> str:
        start = self.at
        kept: list[str] = []
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\" and self.text[self.at + 1 : self.at + 2] in ('"', "\\"):
                self.at += 1
            kept.append(self.text[self.at])
            self.at += 1
        if self.at >= len(self.text):
            raise FilterError("the quote is never closed", start)
        self.at += 1
        return "".join(kept)

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def peek_word(self) -> str:
        end = self.at
        while end < len(self.text) and not self.text[end].isspace() and self.text[end] not in "()":
            end += 1
        return self.text[self.at : end].lower()

    def keyword(self, word: str) -> bool:
        self.blanks()
        if self.peek_word() != word:
            return False
        self.at += len(word)
        return True
