"""What the journal's lines say when they are put together: writes with their outcomes, and their plans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from adapters.frozen import dataclass
from adapters.model import Json

UNKNOWN, UNDER_WAY, NOT_STARTED = "unknown", "under way", "not-started"
CUT_OFF = "its process ended before the answer came"
Lives = Callable[[Mapping[str, Json]], bool]
"""Whether the process that wrote a line is still at work."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled write. `outcome` None: it never came back; `alive` says that its process still runs."""

    record: str
    plan: str
    action: str
    target: str
    params: Mapping[str, Json]
    reason: str
    time: str
    user: str
    pid: int
    outcome: str | None = None
    message: str = ""
    created: str | None = None
    ended: str | None = None
    alive: bool = False

    @property
    def ending(self) -> str | None:
        """The outcome as output shows it: a write whose process died may have been carried out or not."""
        return self.outcome or (None if self.alive else UNKNOWN)

    @property
    def unfinished(self) -> bool:
        """Nobody will say any more how it went."""
        return self.outcome is None and not self.alive

    @property
    def word(self) -> str:
        return self.ending or UNDER_WAY

    @property
    def context(self) -> str:
        return self.target.partition("/")[0]

    @property
    def said(self) -> str:
        return CUT_OFF if self.unfinished else self.message

    def to_json(self) -> dict[str, Json]:
        return {**{name: _plain(getattr(self, name)) for name in self.__slots__}, "outcome": self.ending}


@dataclass(frozen=True, slots=True)
class JournalPlan:
    """One plan. `targets` has a write for each target, in its order, also for those of which nothing was sent
    (they have no record); `first` is its first write; `alive`: its process still works on it."""

    id: str
    targets: tuple[Entry, ...]
    first: Entry
    alive: bool = False

    @property
    def contexts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.context for each in self.targets))

    @property
    def remainder(self) -> tuple[str, ...]:
        """The targets that are worth planning again: all that were not done and could have been."""
        again = ("failed", UNKNOWN, "skipped", NOT_STARTED)
        return tuple(each.target for each in self.targets if each.word in again)

    def counts(self) -> dict[str, int]:
        """Targets by outcome, the worst first."""
        order = ("failed", UNKNOWN, "skipped", UNDER_WAY, NOT_STARTED, "illegal", "done")
        found = [each.word for each in self.targets]
        return {word: found.count(word) for word in dict.fromkeys([*order, *found]) if word in found}


def entries(lines: Iterable[Mapping[str, Json]], lives: Lives) -> list[Entry]:
    """Every write, oldest first, with its outcome; the last one said is the one that holds."""
    begun: dict[str, Mapping[str, Json]] = {}
    ended: dict[str, Mapping[str, Json]] = {}
    for line in lines:
        record = str(line.get("record"))
        if line.get("type") == "intent":
            begun[record] = line
        elif line.get("type") == "outcome":  # maybe in an earlier file, when the clock was set back
            ended[record] = line
    return [_entry(line, ended.get(record), lives) for record, line in begun.items()]


def plans(lines: Sequence[Mapping[str, Json]], lives: Lives) -> list[JournalPlan]:
    """Every plan, oldest first. A plan of one target has no line of its own: its write says it all."""
    begun = {str(line.get("plan")): line for line in lines if line.get("type") == "plan"}
    ended = {str(line.get("plan")): line for line in lines if line.get("type") == "end"}
    written: dict[str, list[Entry]] = {}
    for entry in entries(lines, lives):
        written.setdefault(entry.plan, []).append(entry)
    return [_plan(id, found, begun.get(id), ended.get(id), lives) for id, found in written.items()]


def _plan(
    id: str,
    written: Sequence[Entry],
    begun: Mapping[str, Json] | None,
    ended: Mapping[str, Json] | None,
    lives: Lives,
) -> JournalPlan:
    first = written[0]
    alive = any(entry.outcome is None and entry.alive for entry in written)
    alive = alive or (begun is not None and ended is None and lives(begun))
    names = begun.get("targets") if begun is not None else None
    rest = ended.get("rest") if ended is not None else None
    rest = rest if isinstance(rest, dict) else {}
    found = {str(name): _untouched(first, str(name), rest.get(str(name))) for name in _list(names)}
    found |= {entry.target: entry for entry in written}  # of two tries the second
    return JournalPlan(id, tuple(found.values()), first, alive)


def _untouched(first: Entry, target: str, said: Json) -> Entry:
    """A target of which nothing was sent."""
    outcome, message = (said[0], said[1]) if isinstance(said, list) and len(said) == 2 else (NOT_STARTED, "")
    nothing = replace(first, record="", target=target, created=None, ended=None, alive=False)
    return replace(nothing, outcome=str(outcome), message=str(message))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _entry(data: Mapping[str, Json], end: Mapping[str, Json] | None, lives: Lives) -> Entry:
    end = end if end is not None else {}
    params, pid = data.get("params"), data.get("pid")
    return Entry(
        record=str(data.get("record")),
        plan=str(data.get("plan")),
        action=str(data.get("action")),
        target=str(data.get("target")),
        params=params if isinstance(params, dict) else {},
        reason=str(data.get("reason") or ""),
        time=str(data.get("time")),
        user=str(data.get("user")),
        pid=pid if isinstance(pid, int) else 0,
        outcome=str(end["outcome"]) if end.get("outcome") else None,
        message=str(end.get("message") or ""),
        created=str(end["created"]) if end.get("created") else None,
        ended=str(end["time"]) if end.get("time") else None,
        alive=not end and lives(data),
    )


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return dict(value)
    return value  # type: ignore[return-value]
