"""What a list says about itself: freshness, counts, the cause of a row, why it is empty. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.errors import AdapterError, Unauthorized
from adapters.frozen import dataclass
from adapters.model import Kind, Pool, Resource, State
from tui.core import format, zone
from tui.core.cells import capacity, native_word
from tui.core.glimpse import Glimpse
from tui.core.loglines import Level
from tui.core.query import Filter
from tui.core.sgr import without_colors
from tui.core.store import CellChange, Snapshot
from tui.core.sync import ContextHealth
from tui.core.text import safe
from tui.core.view import Counts
from tui.widgets.draw import Piece
from tui.widgets.head import Slot
from tui.widgets.logview import stamp, without_stamp
from tui.widgets.peek import RIGHT

STATE_FILTERS: Mapping[State, str] = {
    State.FAILED: "state=failed,lost",
    State.RUNNING: "state=running,aborting",
    State.QUEUED: "state=waiting",
    State.SUCCEEDED: "state=succeeded,aborted,skipped",
    State.DOWN: "state=down",
    State.DRAINING: "state=draining",
    State.DRAINED: "state=drained",
    State.UP: "state=up",
}
"""What a click on a count filters to."""


def freshness(snapshots: Sequence[Snapshot], now: float, *, paused: bool) -> list[Piece]:
    """The one slot of line 1 that says whether this is true."""
    known = [snapshot for snapshot in snapshots if snapshot.as_of is not None]
    if paused:
        oldest = min((snapshot.as_of or now for snapshot in known), default=None)
        tail = f", as of {format.clock(oldest, now)}" if oldest is not None else ""
        return [("paused", "waiting"), (tail, "muted")]
    stale = [snapshot for snapshot in snapshots if snapshot.stale_since is not None or _never(snapshot)]
    loading = [snapshot for snapshot in snapshots if snapshot.loading and not snapshot.complete]
    if len(snapshots) == 1 and stale:
        return [(_stale(stale[0], now), "waiting")]
    if loading:
        loaded = sum(snapshot.loaded for snapshot in snapshots)
        totals = [snapshot.total for snapshot in snapshots]
        whole = sum(total or 0 for total in totals) if all(total is not None for total in totals) else None
        text = f"loading {format.count(loaded)}" + (f" of {format.count(whole)}" if whole else "")
        return [(text, "text")]
    fresh = [snapshot.as_of for snapshot in known if snapshot not in stale and snapshot.as_of is not None]
    if not fresh and len(snapshots) > 1 and all(snapshot.as_of is None for snapshot in stale):
        return [(f"0 of {len(snapshots)} answer", "waiting")] if stale else [("loading", "text")]
    if not fresh:
        return [(_stale(stale[0], now, name=len(snapshots) > 1), "waiting")] if stale else [("loading", "text")]
    word = "live" if all(snapshot.live for snapshot in known) else "as of"
    as_of = f"{word} {format.clock(min(fresh), now)}{zone.behind(now)}"
    if len(snapshots) == 1:
        return [(as_of, "text")]
    pieces: list[Piece] = [(f"{len(fresh)} of {len(snapshots)} {as_of}", "text")]
    if stale:
        worst = min(stale, key=lambda snapshot: snapshot.stale_since or 0.0)
        pieces += [("   ", "text"), (_stale(worst, now, name=True, short=True), "waiting")]
    return pieces


def _never(snapshot: Snapshot) -> bool:
    """Asked, refused, and nothing was ever there."""
    return snapshot.error is not None and snapshot.as_of is None


def _stale(snapshot: Snapshot, now: float, *, name: bool = False, short: bool = False) -> str:
    lead = f"{snapshot.key.context} " if name else ""
    since = snapshot.stale_since if snapshot.stale_since is not None else snapshot.as_of
    if since is None:
        return f"{lead}no answer yet"
    text = f"{lead}stale {format.age(max(0.0, now - since))}"
    return text if short else f"{text}, last {format.clock(snapshot.as_of or since, now)}"


def total_text(kind: Kind, counts: Counts, snapshots: Sequence[Snapshot], *, filtered: bool) -> str:
    """`10,482 runs`, `37 of 10,482 runs`, `2,400+ runs` while nobody knows how many there are."""
    if all(snapshot.as_of is None for snapshot in snapshots) and not counts.loaded:
        return f"no {kind.plural} known yet"
    complete = all(snapshot.complete for snapshot in snapshots)
    totals = [snapshot.total for snapshot in snapshots]
    if complete:
        whole = format.count(counts.loaded)
    elif all(total is not None for total in totals):
        whole = format.count(max(counts.loaded, sum(total or 0 for total in totals)))
    else:
        whole = f"{format.count(counts.loaded)}+"
    noun = kind.value if whole == "1" else kind.plural
    return f"{format.count(counts.shown)} of {whole} {noun}" if filtered else f"{whole} {noun}"


def slots(total: str, counts: Counts, *, ascii: bool) -> list[Slot]:
    """The total, then the four fixed counts with zeros muted."""
    found = [Slot("", total, "", "text")]
    for slot in counts.slots:
        token = format.state_token(slot.state)
        found.append(
            Slot(
                format.symbol(slot.state, ascii),
                format.count(slot.count),
                slot.title,
                token,
                zero=slot.count == 0,
                filter=STATE_FILTERS.get(slot.state, ""),
            )
        )
    return found


def pool_counts(pools: Sequence[Pool], total: str, resource: str, *, ascii: bool) -> list[Piece]:
    """`23 pools   ! 1 full   ◦ 31 runs wait   gpu 64%`"""
    parents = {pool.parent for pool in pools}
    leaves = [pool for pool in pools if pool.ref not in parents]
    full = [pool for pool in leaves if (found := capacity(pool, resource)) is not None and format.is_full(found)]
    waiting = sum(pool.waiting or 0 for pool in leaves)
    mark = format.symbol(State.QUEUED, ascii)
    pieces: list[Piece] = [(total, "text"), ("   ", "text")]
    pieces.append((f"! {len(full)} full", "waiting" if full else "muted"))
    most = max(leaves, key=lambda pool: pool.waiting or 0, default=None)
    where = f", most in {safe(most.name)}" if most is not None and most.waiting else ""
    wait = "1 run waits" if waiting == 1 else f"{format.count(waiting)} runs wait"
    pieces += [("   ", "text"), (f"{mark} {wait}", "waiting" if waiting else "muted")]
    pieces.append((where, "text"))
    used, limit = _use(pools, resource)
    if limit:
        pieces += [("   ", "text"), (f"{resource} ", "muted"), (format.percent(used / limit), "text")]
    return pieces


def _use(pools: Sequence[Pool], resource: str) -> tuple[float, float]:
    """Used and limit of the roots together."""
    refs = {pool.ref for pool in pools}
    roots = [pool for pool in pools if pool.parent is None or pool.parent not in refs]
    found = [each for pool in roots if (each := capacity(pool, resource)) is not None and each.limit]
    return sum(each.allocation or 0.0 for each in found), sum(each.limit or 0.0 for each in found)


def peek_lines(
    resource: Resource,
    change: CellChange | None,
    now: float,
    height: int,
    *,
    ascii: bool,
    lead: Sequence[Piece] = (),
    glimpse: Glimpse | None = None,
) -> list[list[Piece]]:
    """Native word and cause of the cursor row; on tall screens its identity, what is known beside the cause, and
    the lines of its log that were read before."""
    mark = (format.symbol(resource.state, ascii), format.state_token(resource.state))
    word = safe(resource.native_state if resource.ref.kind is Kind.HOST else native_word(resource.native_state), 40)
    cause = safe(resource.message, 400) if resource.message else ""
    moved = _moved(change, resource, now, ascii, at=height >= 4)
    if isinstance(resource, Pool):
        return [[*lead, (pool_sentence(resource), "text")]]
    if height < 4:
        rest = cause or facts(resource, now)
        return [[*lead, mark, (f" {word}  ", "text"), (rest, "text"), RIGHT, (moved, "muted")]]
    if not cause and resource.state is State.FAILED:
        cause = "no cause reported"
    known = facts(resource, now, id=False)
    below = [[(f"  {text}", token)] for text, token in ((cause, "text"), (known, "muted")) if text]
    if glimpse is not None:
        below = [*below[:1], *_log_lines(glimpse, ascii)] if below else [[], *_log_lines(glimpse, ascii)]
    head = [*lead, mark, (f" {word}  ", "text"), (safe(str(resource.ref), 200), "muted"), RIGHT, (moved, "muted")]
    return [head, *below]


def _log_lines(glimpse: Glimpse, ascii: bool) -> list[list[Piece]]:
    """`14:25:03.881  Traceback (most recent call last)      from the spool, 41,902 lines`"""
    rows: list[list[Piece]] = []
    for line in glimpse.lines:
        sign = (format.symbol(State.FAILED, ascii), "failed") if line.level is Level.ERROR else (" ", "text")
        text = safe(without_colors(without_stamp(line)), 400)
        when = f" {stamp(line.time)}" if line.time is not None else ""
        rows.append([sign, (when, "muted"), (f"  {text}", "text")])
    count = f", {format.count(glimpse.count)} line{'' if glimpse.count == 1 else 's'}" if glimpse.count else ""
    rows[0] += [RIGHT, (f"from the spool{count}", "muted")]
    return rows


def _moved(change: CellChange | None, resource: Resource, now: float, ascii: bool, *, at: bool = False) -> str:
    if change is None or change.state_from is None or change.state_from is resource.state:
        return ""
    arrow = "->" if ascii else "→"
    ago = format.age(max(0.0, now - change.since))
    when = f" at {format.clock(change.since, now)}," if at else ""
    return f"{change.state_from.value} {arrow} {resource.state.value}{when} {ago} ago"


def facts(resource: Resource, now: float, *, id: bool = True) -> str:
    """What is known beside the cause, in one line."""
    began = "since" if resource.ref.kind is Kind.HOST else "started"
    found = [
        f"{began} {format.clock(resource.started, now)}" if resource.started is not None else "",
        f"ended {format.clock(resource.finished, now)}" if resource.finished is not None else "",
        f"on {safe(resource.host)}" if resource.host else "",
        f"owner {safe(resource.owner)}" if resource.owner else "",
        f"id {format.short_id(safe(resource.ref.id))}" if id else "",
    ]
    return "  ".join(part for part in found if part)


def pool_sentence(pool: Pool) -> str:
    """`/ml/ads  gpu 160 of 160, 32 over its reservation · cpu 64 of 128`"""
    parts = []
    for each in pool.capacity:
        if each.allocation is None:
            continue
        show = format.size if each.kind in ("memory", "disk") else _plain
        text = f"{each.kind} {show(each.allocation)}"
        if each.limit:
            text += f" of {show(each.limit)}"
        if each.reservation is not None and each.allocation > each.reservation > 0:
            text += f", {show(each.allocation - each.reservation)} over its reservation"
        parts.append(text)
    return f"{safe(pool.name)}  " + " · ".join(parts)


def _plain(value: float) -> str:
    return format.count(round(value)) if value == round(value) else f"{value:.1f}"


def trouble(error: AdapterError | None, health: ContextHealth | None, now: float, *, ascii: bool) -> list[Piece]:
    """` ✗ no answer: 10.2.0.9:5297 refused 6 times, next try in 8s   ^r now`"""
    sentence = safe(str(error)) if error is not None else safe(health.error or "") if health is not None else ""
    if not sentence:
        return []
    mark = (format.symbol(State.FAILED, ascii), "failed")
    tail = ""
    if health is not None and health.tries > 1:
        tail += f", {health.tries} tries"
    if isinstance(error, Unauthorized):
        hint = f"   {safe(error.hint)}" if error.hint else ""
        return [mark, (f" {sentence}", "text"), ("   L", "key"), (" logs in", "muted"), (hint, "muted")]
    if health is not None and health.next_try is not None and health.next_try > now:
        tail += f", next try in {format.age(health.next_try - now)}"
    return [mark, (f" {sentence.rstrip('.')}{tail}", "text"), ("   ^r", "key"), (" now", "muted")]


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands in the body instead of rows."""

    lines: tuple[tuple[Piece, ...], ...]


def no_match(
    kind: Kind,
    filter: Filter,
    loaded: int,
    complete: bool,
    contexts: int,
    alone: tuple[int, str] | None = None,
) -> Notice:
    state = "loaded and complete" if complete else "loaded so far"
    tail = f"; {format.count(alone[0])} match {safe(alone[1], 80)} alone" if alone and alone[0] else ""
    lines: list[tuple[Piece, ...]] = [
        (),
        ((f"  No {kind.value} matches  ", "text"), (safe(filter.text), "bold")),
        ((f"  {format.count(loaded)} {kind.plural} are {state}{tail}.", "muted"),),
        (("  esc", "key"), (" clears the filter", "muted"))
        + ((("    0", "key"), (f" looks in all {contexts} contexts", "muted")) if contexts > 1 else ()),
    ]
    return Notice(tuple(lines))


def nothing_here(kind: Kind, snapshots: Sequence[Snapshot], of: str = "") -> Notice:
    """There is nothing, nothing yet, or no answer. `of` is the object whose children these would be."""
    failed = [snapshot for snapshot in snapshots if snapshot.error is not None]
    if failed:
        lines: list[tuple[Piece, ...]] = [()]
        for snapshot in failed[:6]:
            hint = getattr(snapshot.error, "hint", "")
            lead = f"{snapshot.key.context}: "
            lines.append(((f"  {lead}", "bold"), (safe(str(snapshot.error)).removeprefix(lead), "text")))
            if hint:
                lines.append(((f"  {safe(hint)}", "muted"),))
        lines.append((("  It is tried again by itself; ", "muted"), ("^r", "key"), (" tries now.", "muted")))
        return Notice(tuple(lines))
    if any(snapshot.as_of is None for snapshot in snapshots):
        return Notice(((), ((f"  Loading {kind.plural} …", "muted"),)))
    if of:
        return Notice(((), ((f"  No {kind.plural} {of}.", "text"),)))
    names = [snapshot.key.context for snapshot in snapshots]
    where = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return Notice(((), ((f"  No {kind.plural} in {where}.", "text"),)))


def unsupported(reasons: Mapping[str, str], kinds: Sequence[Kind]) -> Notice:
    """Nobody here has this kind, and why."""
    lines: list[tuple[Piece, ...]] = [()]
    for reason in dict.fromkeys(reasons.values()):
        lines.append(((f"  {safe(reason).rstrip('.')}.", "text"),))
    if kinds:
        offered = " ".join(f":{kind.plural}" for kind in kinds)
        lines.append(((f"  Here are: {offered}", "muted"),))
    return Notice(tuple(lines))
