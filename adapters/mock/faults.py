"""Bad weather on demand: which requests are delayed, refused, cut short or garbled, and how often."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from adapters.mock.chance import Draw
from adapters.names import nearest

# Kind -> what its value is, and the default; None where a value is required.
KINDS: dict[str, tuple[str, float | None]] = {
    "latency": ("seconds", None),  # waits, then answers as usual
    "status": ("an HTTP status from 400 to 599", None),  # in the API's own envelope
    "rate-limit": ("seconds", 5),  # 429 with Retry-After
    "reset": ("", 0),  # the connection breaks and nothing was executed
    "lost": ("", 0),  # it was executed, but the connection breaks before the answer
    "truncate": ("bytes", -1),  # the body stops there, by default half-way; then the connection breaks
    "malformed": ("", 0),  # a whole body that is not JSON
    "html": ("an HTTP status", 200),  # what a proxy or login page answers
    "redirect": ("", 0),  # 302 to a login page
    "empty": ("an HTTP status", 200),  # no body
    "slow": ("seconds", 5),  # the body drips for that long
}
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(ms|s)?")


class FaultError(ValueError):
    """A fault that cannot be understood; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of failure for the requests of a backend (`*` for all) whose path matches a glob.

    `times` is how often it may still strike, None for ever.
    """

    backend: str
    path: str
    kind: str
    value: float
    probability: float = 1.0
    times: int | None = None

    def __str__(self) -> str:
        value = f"={self.value:g}" if KINDS[self.kind][0] and self.value >= 0 else ""
        chance = f"@{self.probability:g}" if self.probability < 1 else ""
        return f"{self.backend}:{self.path}:{self.kind}{value}{chance}"

    def matches(self, backend: str, path: str) -> bool:
        return self.backend in ("*", backend) and fnmatchcase(path, self.path)


def parse(text: str, times: int | None = None) -> Fault:
    """Read `backend:path-glob:kind[=value][@probability]`; the path may hold colons. Raises FaultError."""
    backend, first, rest = text.partition(":")
    path, second, what = rest.rpartition(":")
    if not (first and second and backend and path):
        raise FaultError(f"fault {text!r}: write backend:path-glob:kind[=value][@probability]")
    what, at, chance = what.partition("@")
    kind, equals, value = what.partition("=")
    if kind not in KINDS:
        raise FaultError(f"fault {text!r}: no kind {kind!r}{nearest(kind, KINDS)}")
    return Fault(
        backend, path, kind, _value(text, kind, value if equals else None), _chance(text, at, chance), times
    )


def _value(text: str, kind: str, value: str | None) -> float:
    meaning, default = KINDS[kind]
    if value is None:
        if default is None:
            raise FaultError(f"fault {text!r}: {kind} needs {meaning}, as in {kind}=503")
        return default
    if not meaning:
        raise FaultError(f"fault {text!r}: {kind} takes no value")
    match = _SECONDS.fullmatch(value)
    if match is None or (match[2] and meaning != "seconds"):
        raise FaultError(f"fault {text!r}: {value!r} is not {meaning}")
    number = float(match[1]) / (1000 if match[2] == "ms" else 1)
    low = 400 if kind == "status" else 200
    if "status" in meaning and not low <= number <= 599:
        raise FaultError(f"fault {text!r}: {value!r} is not {meaning}")
    return number


def _chance(text: str, at: str, chance: str) -> float:
    if not at:
        return 1.0
    try:
        found = float(chance)
    except ValueError:
        found = math.nan
    if not 0 < found <= 1:
        raise FaultError(f"fault {text!r}: the probability {chance!r} is not a number above 0 and up to 1")
    return found


class Faults:
    """The faults in force. Chance is seeded: the same requests in the same order meet the same faults."""

    def __init__(self, faults: Iterable[Fault | str] = (), *, seed: int = 0) -> None:
        self.seed = seed
        self._asked = 0
        self._left: list[tuple[Fault, int | None]] = []
        self.replace(faults)

    def replace(self, faults: Iterable[Fault | str]) -> None:
        """Forget the present ones; raises FaultError before anything is changed."""
        read = [parse(fault) if isinstance(fault, str) else fault for fault in faults]
        self._left = [(fault, fault.times) for fault in read]

    def add(self, fault: Fault | str) -> None:
        read = parse(fault) if isinstance(fault, str) else fault
        self._left.append((read, read.times))

    def active(self) -> list[str]:
        return [str(fault) for fault, left in self._left if left != 0]

    def strike(self, backend: str, path: str) -> list[Fault]:
        """The faults this request meets; each kind at most once."""
        struck: dict[str, Fault] = {}
        for place, (fault, left) in enumerate(self._left):
            if left == 0 or fault.kind in struck or not fault.matches(backend, path):
                continue
            self._asked += 1
            if Draw(self.seed, "faults", self._asked).unit(fault.kind) >= fault.probability:
                continue
            struck[fault.kind] = fault
            self._left[place] = (fault, None if left is None else left - 1)
        return list(struck.values())
