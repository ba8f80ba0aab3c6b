"""Repeatable chance: every draw is a pure function of its key and a word, cheap enough for 100,000 objects."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

T = TypeVar("T")
MASK = (1 << 64) - 1


@cache
def _word(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")


def mix(value: int) -> int:
    """The finaliser of splitmix64: one bijective, well-spread 64-bit number per 64-bit number."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


class Draw:
    """A source of numbers for one thing: `Draw(7, "kfp", 41).unit("duration")` is always the same."""

    __slots__ = ("key",)

    def __init__(self, *parts: int | str) -> None:
        key = 0
        for part in parts:
            key = mix(key ^ (_word(part) if isinstance(part, str) else part & MASK))
        self.key = key

    def number(self, word: str) -> int:
        """A 64-bit number."""
        return mix(self.key ^ _word(word))

    def unit(self, word: str) -> float:
        """A number in [0, 1)."""
        return self.number(word) / (MASK + 1)

    def between(self, word: str, low: float, high: float) -> float:
        return low + (high - low) * self.unit(word)

    def pick(self, word: str, choices: Sequence[T]) -> T:
        return choices[self.number(word) % len(choices)]

    def weighted(self, word: str, choices: Sequence[tuple[T, float]]) -> T:
        left = self.unit(word) * sum(weight for _, weight in choices)
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        return choices[-1][0]


_ROUNDS = (0x9E37, 0x79B9, 0x7F4A, 0x7C15)


def scramble(value: int, key: int) -> int:
    """A permutation of the 32-bit numbers (a small Feistel network), so that an id can hide an index."""
    left, right = value >> 16, value & 0xFFFF
    for salt in _ROUNDS:
        left, right = right, left ^ (mix(right ^ key ^ (salt << 20)) & 0xFFFF)
    return left << 16 | right


def unscramble(value: int, key: int) -> int:
    left, right = value >> 16, value & 0xFFFF
    for salt in reversed(_ROUNDS):
        left, right = right ^ (mix(left ^ key ^ (salt << 20)) & 0xFFFF), left
    return left << 16 | right
