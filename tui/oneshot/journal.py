"""`runyard journal`: every write that was made from here, those whose outcome nobody knows, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.model import Json
    from tui.core.journal import Journal
    from tui.core.journalentry import Entry, JournalPlan
    from tui.core.unfinished import Seen
    from tui.oneshot.options import Globals
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import Session


@click.command("journal", short_help="What was changed from here, and how it went.")
@click.option("--month", metavar="YYYY-MM", help="Only one month.")
@click.option("--unfinished", is_flag=True, help="Only writes whose process died before their outcome was known.")
@click.option("--check", is_flag=True, help="With --unfinished: ask what the object of each is now.")
@click.option("--resolve", is_flag=True, help="As --check, and write down what is seen: it is unfinished no more.")
@click.option("--again", metavar="PLAN", help="Plan again what PLAN did not do; asks like runyard do.")
@click.option("--dry-run", is_flag=True, help="With --again: only show the plan.")
@click.option("--yes", is_flag=True, help="With --again: confirm one unprotected target.")
@click.option("--confirm", multiple=True, metavar="CTX", help="With --again: confirm several, or a protected one.")
@click.option("--reason", default="", metavar="TEXT", help="With --again: goes into the journal; else the old one.")
@click.option("-o", "--output", type=click.Choice(["table", "json", "jsonl", "csv"]), default="table")
@global_options()
@click.pass_context
def command(
    ctx: click.Context,
    month: str | None,
    unfinished: bool,
    check: bool,
    resolve: bool,
    again: str | None,
    dry_run: bool,
    yes: bool,
    confirm: tuple[str, ...],
    reason: str,
    output: str,
) -> int:
    """List the journal, oldest first. --filter takes action, target, outcome, user, reason, plan, time and age,
    as in 'outcome=failed age<1d'."""
    from tui import paths
    from tui.core.journal import MONTH, Journal
    from tui.oneshot.failure import Failure

    options = given(ctx)
    if (check or resolve) and not unfinished:
        raise Failure("--check and --resolve are about unfinished writes", "runyard journal --unfinished --check")
    if again is None and (dry_run or yes or confirm or reason):
        raise Failure("nothing is changed by listing the journal", "--again PLAN plans what is left of a plan")
    if month is not None and not MONTH.fullmatch(month):
        raise Failure(f"{month!r} is not a month; write 2026-08")
    journal = Journal(paths.journal_folder())
    try:
        if again is not None:
            from tui.oneshot.planning import Consent

            plan = _find(journal, again)
            return _plan_again(
                options, plan, Consent(dry_run, yes, _names(confirm), False, output == "json"), reason
            )
        entries = _wanted(journal.unfinished() if unfinished else journal.records(month), options.filter)
    except OSError as error:
        raise Failure(f"the journal cannot be read: {error.strerror or error}") from None
    seen = _look(options, entries) if (check or resolve) and entries else {}
    if resolve:
        from tui.core.unfinished import write_down

        write_down(journal, entries, seen)
    return _print(entries, {target: found.words for target, found in seen.items()}, output)


def _names(confirm: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in confirm for name in each.split(",") if name))


def _wanted(entries: Sequence[Entry], text: str | None) -> list[Entry]:
    import time

    from tui.core.filter_parse import FilterError
    from tui.core.journalview import JournalFilter
    from tui.oneshot.failure import Failure

    if not text:
        return list(entries)
    try:
        chosen = JournalFilter(text)
        now = time.time()
        return [entry for entry in entries if chosen.wants(entry, now)]
    except FilterError as error:
        raise Failure(f"--filter: {error}") from None


def _print(entries: Sequence[Entry], now: Mapping[str, str], output: str) -> int:
    from tui.oneshot.output import dumps, flush, print_table, write

    records: list[Json] = [{**entry.to_json(), **({"now": now[entry.target]} if now else {})} for entry in entries]
    if output == "json":
        write(dumps(records, indent=2) + "\n")
    elif output == "jsonl":
        for record in records:
            write(dumps(record) + "\n")
    elif output == "csv":
        _print_csv(entries)
    else:
        rows = [
            [entry.time, entry.plan, entry.action, entry.target, entry.word, _message(entry, now)]
            for entry in entries
        ]
        print_table(("TIME", "PLAN", "ACTION", "TARGET", "OUTCOME", "MESSAGE"), rows)
    flush()
    return 0


def _print_csv(entries: Sequence[Entry]) -> None:
    import csv
    import io

    from tui.core.journalview import csv_rows
    from tui.core.text import safe
    from tui.oneshot.output import to_terminal, write

    out = io.StringIO()
    rows = csv_rows(entries)
    terminal = to_terminal()
    csv.writer(out, lineterminator="\n").writerows(
        [[safe(cell, 100_000) for cell in row] if terminal else row for row in rows]
    )
    write(out.getvalue())


def _message(entry: Entry, now: Mapping[str, str]) -> str:
    if not entry.unfinished:
        return entry.message or entry.reason
    shows = f"; now {now[entry.target]}" if now else ""
    return f"{entry.said}{shows}"


def _look(options: Globals, entries: Sequence[Entry]) -> dict[str, Seen]:
    """What each target is now; every way of not knowing is said too."""
    from tui.core.unfinished import Seen, look_at_all
    from tui.oneshot.session import run

    found = {entry.target: Seen("unknown: it was not asked for") for entry in entries}

    async def work(session: Session) -> int:
        names = {entry.context for entry in entries} & set(session.config.contexts)
        found.update(await look_at_all({name: session.adapter(name) for name in names}, entries))
        return 0

    run(options, work)
    return found


def _find(journal: Journal, id: str) -> JournalPlan:
    """The plan of that id, or of the only one that begins so."""
    from tui.oneshot.failure import MISSING, USAGE, Failure

    found = [plan for plan in journal.plans() if plan.id.startswith(id)]
    exact = [plan for plan in found if plan.id == id]
    if len(exact or found) != 1:
        many = f"{len(found)} plans begin with {id!r}" if found else f"no plan {id} in the journal"
        raise Failure(many, "runyard journal lists them", MISSING if not found else USAGE)
    return (exact or found)[0]


def _plan_again(options: Globals, plan: JournalPlan, consent: Consent, reason: str) -> int:
    from adapters.model import Ref
    from tui.core.again import NotAgain, again, make
    from tui.core.planner import PlanRefused
    from tui.oneshot.failure import Failure
    from tui.oneshot.planning import carry_out
    from tui.oneshot.session import run

    try:
        what = again(plan)
    except NotAgain as error:
        raise Failure(str(error), "runyard journal --filter plan=ID shows what became of it") from None

    async def work(session: Session) -> int:
        names = [target.context if isinstance(target, Ref) else target for target in what.targets]
        contexts = [session.context(name).name for name in dict.fromkeys(names)]
        planner = session.planner(contexts)
        try:
            made = await make(planner, what, reason or what.reason)
        except PlanRefused as error:
            raise Failure(str(error)) from None
        return await carry_out(session, planner, made, consent)

    return run(options, work, bounded=False)
