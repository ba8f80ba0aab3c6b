"""Writes that were cut off: nobody knows whether they were carried out, so their objects are looked at again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from adapters.errors import AdapterError, NotFound
from adapters.frozen import dataclass
from adapters.model import Ref
from adapters.port import Adapter
from tui.core.journal import Journal, JournalUnwritable
from tui.core.journalentry import Entry
from tui.core.text import cut

AT_ONCE = 4
LONGEST_NAME = 24
MOST_LOOKED_AT = 100
PATIENCE = 10.0
"""Seconds for one look: a backend that does not answer shall not keep the others from being told."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an object is now, in words, and in one. `known`: it was seen, or seen to be gone."""

    words: str
    known: bool = False
    name: str = ""
    state: str = "not known"


async def look(adapters: Mapping[str, Adapter], target: str) -> Seen:
    """What the object of a write is now; every way of not knowing is said too."""
    if "/" not in target:
        return Seen("unknown: it was no call about one object")
    try:
        ref = Ref.parse(target)
    except ValueError:
        return Seen("unknown: its reference cannot be read")
    adapter = adapters.get(ref.context)
    if adapter is None:
        return Seen(f"unknown: no context {ref.context!r}")
    try:
        async with asyncio.timeout(PATIENCE):
            found = await adapter.get(ref)
    except NotFound:
        return Seen("gone", known=True, state="gone")
    except TimeoutError:
        return Seen(f"unknown: {ref.context} does not answer")
    except AdapterError as error:
        return Seen(f"unknown: {error.sentence}")
    state = found.state.value
    return Seen(f"{state} ({found.native_state})", known=True, name=found.name, state=state)


async def look_at_all(adapters: Mapping[str, Adapter], entries: Sequence[Entry]) -> dict[str, Seen]:
    """By target, each once."""
    targets = list(dict.fromkeys(entry.target for entry in entries))[:MOST_LOOKED_AT]
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(target: str) -> Seen:
        async with slots:
            return await look(adapters, target)

    return dict(zip(targets, await asyncio.gather(*(one(target) for target in targets)), strict=True))


def write_down(journal: Journal, entries: Sequence[Entry], seen: Mapping[str, Seen]) -> int:
    """Resolve what was seen: the next start does not tell of it again. How many; what cannot be written stays."""
    count = 0
    for entry in entries:
        found = seen.get(entry.target)
        if found is None or not found.known:
            continue
        try:
            journal.resolve(entry, found.words)
        except JournalUnwritable:
            return count
        count += 1
    return count


def sentence(entry: Entry, seen: Mapping[str, Seen]) -> str:
    """`abort kfp/run/x: nobody knows whether it was done; it is running (RUNNING) now`."""
    found = seen.get(entry.target)
    if found is None:
        now = "it was not looked at"
    elif found.known:
        now = f"it is {found.words} now"
    else:
        now = f"what it is now is {found.words}"
    return f"{entry.action} {entry.target} was cut off, nobody knows whether it was done; {now}"


def announcement(entries: Sequence[Entry], seen: Mapping[str, Seen], where: str = ":journal") -> str:
    """One line for all of them, short enough for 80 columns: `where` shows more."""
    first = entries[0]
    found = seen.get(first.target) or Seen("")
    name = cut(found.name or first.target.rpartition("/")[2], LONGEST_NAME)
    now = f"{first.action} {name}, now {found.state}"
    if len(entries) == 1:
        return f"cut off, unknown if done: {now}; {where}"
    return f"{len(entries)} changes cut off: {now}, …; {where}"
