"""A plan as lines: what will be called, what it affects, and what came of it. Pure functions."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Sequence

from adapters.actions import Affected, Preview
from adapters.model import Json, Ref, Resource
from tui.core.format import clock, state_spans
from tui.core.plan import Confirm, Outcome, Plan, PlanTarget
from tui.core.text import cut, pad, safe
from tui.styles.tokens import active
from tui.widgets.draw import Piece

Row = list[Piece]
DOTTED = re.compile(r"\w+(\.\w+)+")

OUTCOME_SIGNS = {
    Outcome.DONE: ("✓", "ok"),
    Outcome.FAILED: ("✗", "failed"),
    Outcome.ILLEGAL: ("-", "muted"),
    Outcome.UNKNOWN: ("?", "waiting"),
    Outcome.SKIPPED: ("»", "aborted"),
    Outcome.NOT_STARTED: (" ", "text"),
}
_ORDER = (
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.SKIPPED,
    Outcome.DONE,
    Outcome.NOT_STARTED,
    Outcome.ILLEGAL,
)


def title(plan: Plan) -> str:
    """`PLAN  drain host gpu-a100-0417 in peloton, protected`."""
    if len(plan.targets) == 1:
        target = plan.targets[0]
        guard = ", protected" if target.protected else ""
        if plan.method is not None:
            return f"PLAN  {verb(plan)} in {target.ref.context}{guard}"
        named = f"{target.ref.kind.value} {safe(target.name)}" if target.ref.id else "a new object"
        return f"PLAN  {verb(plan)} {named} in {target.ref.context}{guard}"
    kinds = {target.ref.kind for target in plan.targets}
    kind = next(iter(kinds)).plural if len(kinds) == 1 else "objects"
    contexts = {target.ref.context for target in plan.targets}
    where = next(iter(contexts)) if len(contexts) == 1 else f"{len(contexts)} contexts"
    return f"PLAN  {verb(plan)} {len(plan.targets)} {kind} in {where}"


def title_right(plan: Plan, now: float) -> str:
    read = [target for target in plan.targets if target.resource is not None]
    stamp = clock(plan.made_at, now)
    if len(plan.targets) == 1:
        return f"re-read {stamp}: {read[0].resource.state.value}" if read and read[0].resource else f"at {stamp}"
    return f"{len(read)} of {len(plan.targets)} re-read {stamp}"


def verb(plan: Plan) -> str:
    return safe(plan.method or plan.action)


def button(plan: Plan) -> str:
    """What the button says: `Drain`, `Abort 9`."""
    word = verb(plan)[:1].upper() + verb(plan)[1:]
    return word if len(plan.targets) == 1 else f"{word} {len(plan.can)}"


def labelled(label: str, text: str, token: str = "text") -> Row:
    return [(" ", "text"), (pad(label, 9), "muted"), (safe(text), token)]


def summary(plan: Plan, hidden: int = 0, *, started: bool = False) -> list[Row]:
    """The lines under the title: what will be called, or what can and cannot be done."""
    rows = _one(plan.targets[0], _unforeseen(plan)) if len(plan.targets) == 1 else _many(plan, hidden)
    changed = [t for t in plan.targets if t.message and t.outcome is Outcome.NOT_STARTED and not started]
    if len(plan.targets) == 1:
        rows += [labelled("changed", target.message, "waiting") for target in changed]
    elif changed:
        rows.append(labelled("changed", f"{len(changed)} since they were shown", "waiting"))
    return rows


def _unforeseen(plan: Plan) -> str:
    """Who alone knows what it affects: what a raw call or a command of one's own does is not known here."""
    return plan.method or ("the command" if plan.external else "")


def _one(target: PlanTarget, unforeseen: str) -> list[Row]:
    if not target.legal:
        return [labelled("cannot", target.reason, "failed")]
    preview = target.preview
    if preview is None:
        return [labelled("call", "not known before it is sent", "muted")]
    rows = [labelled("call", preview.call)]
    if preview.undo:
        rows.append(labelled("undo", preview.undo))
    rows.append(labelled("affects", f"whatever {unforeseen} does there" if unforeseen else affects([target])))
    if not target.spec or not target.spec.danger:
        return rows
    return [*rows, labelled("danger", target.spec.summary, "danger")]


def _many(plan: Plan, hidden: int) -> list[Row]:
    per_context = Counter(target.ref.context for target in plan.can)
    protected = {target.ref.context for target in plan.can if target.protected}
    shares = ", ".join(
        f"{name} {count}{' (protected)' if name in protected else ''}" for name, count in per_context.items()
    )
    rows = [_count("can", len(plan.can), shares)]
    if plan.cannot:
        why = Counter(target.reason for target in plan.cannot)
        text = "; ".join(f"{count} {reason}" for reason, count in why.most_common(3))
        rows.append(_count("cannot", len(plan.cannot), text + ("; …" if len(why) > 3 else "")))
    if hidden:
        rows.append(_count("hidden", hidden, "are marked but the filter hides them", "waiting"))
    unforeseen = _unforeseen(plan)
    rows.append(labelled("affects", f"whatever {unforeseen} does there" if unforeseen else affects(plan.can)))
    if plan.danger:
        rows.append(labelled("danger", "this cannot be undone", "danger"))
    return rows


def _count(label: str, count: int, text: str, token: str = "text") -> Row:
    return [(" ", "text"), (pad(label, 9), "muted"), (f"{count:<4}", "text"), (safe(text), token)]


def affects(targets: Sequence[PlanTarget]) -> str:
    """`11 pods of 4 runs, 4 owners`: from the previews, with what is not known said."""
    return affects_of([target.preview for target in targets if target.preview is not None])


def affects_of(previews: Sequence[Preview]) -> str:
    listed = [each for preview in previews for each in preview.affected]
    partial = any(not preview.complete for preview in previews)
    at_least = "at least " if partial else ""
    if not listed:
        return "not known: the scan is incomplete" if partial else "nothing beside it"
    pods = [each.pods for each in listed if each.pods is not None]
    kinds = Counter(each.ref.kind for each in {each.ref: each for each in listed}.values())
    owners = {each.owner for each in listed if each.owner}
    things = " and ".join(f"{n} {kind.plural if n != 1 else kind.value}" for kind, n in kinds.items())
    of_pods = f"{sum(pods)} pods of " if pods else ""
    by = f", {len(owners)} owner{'s' if len(owners) != 1 else ''}" if owners else ""
    return f"{at_least}{of_pods}{things}{by}"


def affected_rows(affected: Sequence[Affected], width: int) -> list[Row]:
    """The table of what a single target's action touches, the worst first."""
    if not affected:
        return []
    name = max(21, min(40, width - 59))
    head = f"    {pad(affected[0].ref.kind.value.upper(), name)}  {pad('POOL', 12)}  {pad('OWNER', 8)}  PODS  "
    rows: list[Row] = [[(head + "WHAT WILL HAPPEN", "muted")]]
    for each in sorted(affected, key=lambda each: not each.warn):
        pods = "-" if each.pods is None else str(each.pods)
        rows.append(
            [
                ("  ", "text"),
                ("! " if each.warn else "  ", "waiting"),
                (pad(safe(each.name), name) + "  ", "text"),
                (pad(safe(each.pool or "-"), 12) + "  ", "text"),
                (pad(safe(each.owner or "-"), 8) + "  ", "text"),
                (pad(pods, 4, right=True) + "  ", "text"),
                (safe(each.what), "waiting" if each.warn else "text"),
            ]
        )
    return rows


def result(target: PlanTarget) -> Row:
    """What came of a single target, in full."""
    if target.running:
        return labelled("now", "under way")
    sign, token = OUTCOME_SIGNS[target.outcome]
    made = f"  created {target.created}" if target.created else ""
    return [*labelled(target.outcome.value, "")[:2], (f"{sign} ", token), (safe(target.message + made), "text")]


def target_rows(
    plan: Plan, width: int, *, started: bool, latest: Callable[[Ref], Resource | None] = lambda ref: None
) -> list[Row]:
    """The table of several targets: before, what will be done; then what came of each, the worst first.

    `latest` gives an object as it is known now, for what has been acted on.
    """
    name = max(22, min(40, width - 60))
    kind = plan.targets[0].ref.kind.value.upper()
    head = f"    {pad(kind, name)}  {pad('CONTEXT', 10)}  {pad('STATE', 11)}  {pad('OWNER', 8)}  OUTCOME"
    targets = sorted(plan.targets, key=_rank) if started else sorted(plan.targets, key=lambda t: not t.legal)
    return [[(head, "muted")], *(_target_row(target, name, started, latest) for target in targets)]


def is_red(row: Row) -> bool:
    """Whether a line of the results is about a target that failed, or of which nobody knows."""
    signs = {OUTCOME_SIGNS[outcome] for outcome in (Outcome.FAILED, Outcome.UNKNOWN)}
    return any((text.strip(), token) in signs for text, token in row)


def _rank(target: PlanTarget) -> tuple[int, int]:
    return (_ORDER.index(target.outcome), 0 if target.running else 1)


def _target_row(target: PlanTarget, name: int, started: bool, latest: Callable[[Ref], Resource | None]) -> Row:
    sign, token = OUTCOME_SIGNS[target.outcome]
    if target.running:
        sign, token = "▸", "running"
    elif not target.legal:
        sign, token = "-", "muted"
    row: Row = [("  ", "text"), (sign + " ", token), (pad(safe(target.name), name) + "  ", "text")]
    row.append((pad(target.ref.context, 10) + "  ", "text"))
    if target.resource is not None:
        now = latest(target.ref) if started and target.outcome is not Outcome.NOT_STARTED else None
        spans = state_spans((now or target.resource).state, active().ascii)
        used = sum(len(text) for text, _ in spans)
        row += [*spans, (" " * max(0, 13 - used), "text")]
        row.append((pad(safe(target.resource.owner or "-"), 8) + "  ", "text"))
    else:
        row.append((pad("? not read", 13) + pad("-", 8) + "  ", "muted"))
    row.append((outcome_text(target, started), "muted" if not target.legal else "text"))
    return row


def outcome_text(target: PlanTarget, started: bool) -> str:
    if not target.legal:
        return safe(f"cannot: {target.reason}")
    if target.running:
        return "under way"
    if target.outcome is Outcome.NOT_STARTED:
        call = target.preview.call if target.preview else "?"
        return safe(target.message or "not started") if started else safe(f"will: {_method(call)}")
    made = f", created {target.created}" if target.created else ""
    lead = "unknown, " if target.outcome is Outcome.UNKNOWN else ""  # the sign says the rest
    return safe(f"{lead}{target.message or target.outcome.value}{made}")


def _method(call: str) -> str:
    """`StopJob` of `JobService.StopJob jobId=80f2`: there is room for no more beside the name."""
    words = call.split()
    if not words:
        return "?"
    return words[0].rsplit(".", 1)[-1] if DOTTED.fullmatch(words[0]) else words[0]


def notes(plan: Plan) -> list[Row]:
    """What the previews warn about, each once."""
    found = dict.fromkeys(note for target in plan.can if target.preview for note in target.preview.notes)
    return [labelled(cut(safe(label), 8), text) for label, text in found]


def progress(plan: Plan) -> list[Piece]:
    """`3 of 9   ✓ 1 done   ✗ 1 failed   ? 1 unknown   journal 0142`."""
    can = plan.can
    ended = sum(target.outcome is not Outcome.NOT_STARTED for target in can)
    pieces: list[Piece] = [(f"{ended} of {len(can)}", "text")]
    counts = Counter(target.outcome for target in can)
    for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.ILLEGAL, Outcome.UNKNOWN, Outcome.SKIPPED):
        if counts[outcome]:
            sign, token = OUTCOME_SIGNS[outcome]
            pieces += [("   ", "text"), (f"{sign} ", token), (f"{counts[outcome]} {outcome.value}", "text")]
    return [*pieces, (f"   journal {plan.id}", "muted")]


def command(plan: Plan) -> str:
    """The `runyard do ...`, or `runyard api ...`, or command of one's own that does the same."""
    if plan.external:
        return "\n".join(target.preview.call for target in plan.can if target.preview is not None)
    words = ["runyard", "do", plan.action, *(target.label for target in plan.can or plan.targets)]
    if plan.method is not None:
        words = ["runyard", "api", *plan.contexts, plan.method]
    for name, value in plan.params.items():
        words += ["--set", f"{name}={_written(value)}"]
    if plan.reason:
        words += ["--reason", plan.reason]
    if plan.confirm is Confirm.KEY:
        words.append("--yes")
    else:
        words += [word for context in plan.contexts for word in ("--confirm", context)]
    return " ".join(shlex.quote(word) for word in words)


def raw(plan: Plan) -> list[Row]:
    """The plan as JSON, as the command line prints it."""
    shown: dict[str, Json] = {**plan.to_json(), "id": plan.id, "params": dict(plan.params), "reason": plan.reason}
    calls: list[Json] = [target.preview.call if target.preview else None for target in plan.targets]
    shown["calls"] = calls
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    return [[(" ", "text"), (safe(line), "text")] for line in text.split("\n")]


def _written(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
