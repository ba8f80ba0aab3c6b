"""The elements of a long list in a JSON body, one by one: a megabyte parsed at once stops everything else.

Elements are told apart by the key that all of them begin with. That is a guess: whoever parses a piece finds out
when it was wrong, and takes the whole body instead.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import blake2b
from typing import Generic, TypeVar

from adapters.frozen import dataclass

T = TypeVar("T")
_DECODER = json.JSONDecoder()
_STRING = rb'"(?:[^"\\]|\\.)*"'
_END = re.compile(rb"\s*\]")


@dataclass(frozen=True, slots=True)
class Cut:
    """The elements as they came, and the body without them."""

    items: tuple[bytes, ...]
    rest: bytes


def cut(raw: bytes, name: str) -> Cut | None:
    """The elements of the list called `name`; None when they cannot be told apart, or there are none."""
    head = _head(name).search(raw)
    if head is None:
        return None
    items, start = [], head.end()
    for between in _between(head[1]).finditer(raw, start):
        items.append(raw[start : between.start() + 1])
        start = between.end()
    end = _end_of(raw, start)
    if end is None or _END.match(raw, end) is None:
        return None
    return Cut((*items, raw[start:end]), raw[: head.end()] + raw[end:])


@lru_cache(maxsize=16)
def _head(name: str) -> re.Pattern[bytes]:
    """Up to the first element, which is an object; its first key is the group."""
    return re.compile(rb'"%s"\s*:\s*\[\s*(?=\{\s*(%s)\s*:)' % (re.escape(name.encode()), _STRING))


@lru_cache(maxsize=16)
def _between(key: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\}\s*,\s*(?=\{\s*%s\s*:)" % re.escape(key))


def _end_of(raw: bytes, start: int) -> int | None:
    """Where the JSON value that begins at `start` ends."""
    try:
        text = raw[start:].decode()
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return start + (end if text.isascii() else len(text[:end].encode()))


class Recognised(Generic[T]):
    """What the pieces of the last answers were turned into, so that an unchanged one is not parsed again."""

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._known: dict[bytes, T] = {}

    def get(self, digest: bytes) -> T | None:
        found = self._known.pop(digest, None)
        if found is not None:
            self._known[digest] = found  # the last one to be forgotten
        return found

    def put(self, digest: bytes, made: T) -> None:
        self._known.pop(digest, None)
        self._known[digest] = made
        while len(self._known) > self._most:
            del self._known[next(iter(self._known))]


def digest_of(piece: bytes) -> bytes:
    """What stands for a piece: kept instead of it, for rows are many and pieces long."""
    return blake2b(piece, digest_size=16).digest()
