"""`runyard journal`: every write that was made from here, and those whose outcome nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.model import Json
    from tui.core.journal import Entry
    from tui.oneshot.options import Globals
    from tui.oneshot.session import Session


@click.command("journal", short_help="What was changed from here, and how it went.")
@click.option("--month", metavar="YYYY-MM", help="Only one month.")
@click.option("--unfinished", is_flag=True, help="Only writes whose process died before their outcome was known.")
@click.option("--check", is_flag=True, help="With --unfinished: ask what the object of each is now.")
@click.option("-o", "--output", type=click.Choice(["table", "json", "jsonl"]), default="table")
@global_options()
@click.pass_context
def command(ctx: click.Context, month: str | None, unfinished: bool, check: bool, output: str) -> int:
    """List the journal, oldest first."""
    from tui import paths
    from tui.core.journal import MONTH, Journal
    from tui.oneshot.failure import Failure
    from tui.oneshot.output import dumps, flush, print_table, write

    options = given(ctx)
    if check and not unfinished:
        raise Failure("--check is about unfinished writes", "runyard journal --unfinished --check")
    journal = Journal(paths.journal_folder())
    if month is not None and not MONTH.fullmatch(month):
        raise Failure(f"{month!r} is not a month; write 2026-08")
    try:
        entries = journal.unfinished() if unfinished else journal.records(month)
    except OSError as error:
        raise Failure(f"the journal cannot be read: {error.strerror or error}") from None
    now = _now(options, entries) if check and entries else {}
    records: list[Json] = [{**entry.to_json(), **({"now": now[entry.target]} if now else {})} for entry in entries]
    if output == "json":
        write(dumps(records, indent=2) + "\n")
    elif output == "jsonl":
        for record in records:
            write(dumps(record) + "\n")
    else:
        rows = [
            [
                entry.time,
                entry.plan,
                entry.action,
                entry.target,
                entry.ending or "under way",
                _message(entry, now),
            ]
            for entry in entries
        ]
        print_table(("TIME", "PLAN", "ACTION", "TARGET", "OUTCOME", "MESSAGE"), rows)
    flush()
    return 0


def _message(entry: Entry, now: dict[str, str]) -> str:
    if entry.outcome is not None or entry.alive:
        return entry.message or entry.reason
    shows = f"; now {now[entry.target]}" if now else ""
    return f"its process ended before the answer came{shows}"


def _now(options: Globals, entries: Sequence[Entry]) -> dict[str, str]:
    """What each target is now, in words; every way of not knowing is said too."""
    from tui.oneshot.session import run

    found = {entry.target: "unknown" for entry in entries}

    async def work(session: Session) -> int:
        for target in found:
            found[target] = await _state(session, target)
        return 0

    run(options, work)
    return found


async def _state(session: Session, target: str) -> str:
    from adapters.errors import AdapterError, NotFound
    from tui.oneshot.failure import Failure

    if "/" not in target:
        return "unknown: it was no call about one object"
    try:
        ref = session.ref(target)
        resource = await session.adapter(ref.context).get(ref)
    except NotFound:
        return "gone"
    except (AdapterError, Failure) as error:
        return f"unknown: {error.sentence}"
    return f"{resource.state.value} ({resource.native_state})"
