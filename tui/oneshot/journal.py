"""`runyard journal`: every write that was made from here, and those whose outcome nobody knows."""

from __future__ import annotations

import click

from tui.oneshot.options import given, global_options


@click.command("journal", short_help="What was changed from here, and how it went.")
@click.option("--month", metavar="YYYY-MM", help="Only one month.")
@click.option("--unfinished", is_flag=True, help="Only writes whose process died before their outcome was known.")
@click.option("-o", "--output", type=click.Choice(["table", "json", "jsonl"]), default="table")
@global_options()
@click.pass_context
def command(ctx: click.Context, month: str | None, unfinished: bool, output: str) -> int:
    """List the journal, oldest first."""
    from tui import paths
    from tui.core.journal import MONTH, Journal
    from tui.oneshot.failure import Failure
    from tui.oneshot.output import dumps, flush, print_table, write

    given(ctx)
    journal = Journal(paths.journal_folder())
    if month is not None and not MONTH.fullmatch(month):
        raise Failure(f"{month!r} is not a month; write 2026-08")
    try:
        entries = journal.unfinished() if unfinished else journal.records(month)
    except OSError as error:
        raise Failure(f"the journal cannot be read: {error.strerror or error}") from None
    if output == "json":
        write(dumps([entry.to_json() for entry in entries], indent=2) + "\n")
    elif output == "jsonl":
        for entry in entries:
            write(dumps(entry.to_json()) + "\n")
    else:
        rows = [
            [
                entry.time,
                entry.plan,
                entry.action,
                entry.target,
                entry.outcome or ("under way" if entry.alive else "never came back"),
                entry.message or entry.reason,
            ]
            for entry in entries
        ]
        print_table(("TIME", "PLAN", "ACTION", "TARGET", "OUTCOME", "MESSAGE"), rows)
    flush()
    return 0
