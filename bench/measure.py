"""Numbers: medians and percentiles, the time of a command, memory and CPU of a process, figures of the table."""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is what counts: below or at `target` is met; `note` has the raw numbers."""

    group: str
    what: str
    ratio: float
    target: float
    unit: str = "x"
    against: str = ""
    note: str = ""

    @property
    def met(self) -> bool:
        return self.ratio <= self.target

    @property
    def over(self) -> float:
        """By what factor the target is missed; 1 and less is met."""
        if self.target:
            return self.ratio / self.target
        return 0.0 if self.ratio <= 0 else float("inf")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something shown beside the figures, without a target: a peer, growth, an absence."""

    group: str
    what: str
    value: str


@dataclass(slots=True)
class Results:
    """What a run found, in the order in which it was found."""

    figures: list[Figure] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of samples in seconds."""

    samples: tuple[float, ...]

    @classmethod
    def of(cls, samples: Iterable[float]) -> Spread:
        found = tuple(sorted(samples))
        if not found:
            raise ValueError("nothing was measured")
        return cls(found)

    def at(self, share: float) -> float:
        """The smallest sample that is at least as large as that share of all."""
        return self.samples[min(len(self.samples) - 1, max(0, -int(-len(self.samples) * share) - 1))]

    @property
    def p50(self) -> float:
        return statistics.median(self.samples)

    @property
    def p95(self) -> float:
        return self.at(0.95)

    @property
    def most(self) -> float:
        return self.samples[-1]

    def __str__(self) -> str:
        return f"p50 {ms(self.p50)}, p95 {ms(self.p95)}"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def time_of(command: Sequence[str], env: Mapping[str, str] | None = None) -> float:
    """Seconds from start to end; CalledProcessError when it fails."""
    began = perf_counter()
    subprocess.run(
        list(command),
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return perf_counter() - began


def side_by_side(subjects: Mapping[str, Callable[[], float]], times: int) -> dict[str, Spread]:
    """Each subject in turn, `times` times over, so that a busy moment of the machine strikes all alike."""
    samples: dict[str, list[float]] = {name: [] for name in subjects}
    for subject in subjects.values():
        subject()  # the disk's cache is warm for all
    for _ in range(times):
        for name, subject in subjects.items():
            samples[name].append(subject())
    return {name: Spread.of(found) for name, found in samples.items()}


def memory(pid: int) -> int:
    """Resident bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def cpu(pid: int) -> float:
    """Seconds of CPU used so far, by all its threads."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def settle(seconds: float = 0.3) -> None:
    """Let what was started before come to rest."""
    sleep(seconds)
