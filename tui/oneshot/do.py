"""`runyard do`: an action on one object or many, always through a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.oneshot import complete
from tui.oneshot.options import given, global_options

if TYPE_CHECKING:
    from adapters.model import Json, Ref
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import Session


@click.command("do", short_help="Act on objects: abort, retry, drain, ...")
@click.argument("action", shell_complete=complete.actions)
@click.argument("targets", nargs=-1, required=True, metavar="REF|CTX...", shell_complete=complete.refs)
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--yes", is_flag=True, help="Confirm one unprotected target.")
@click.option("--confirm", multiple=True, metavar="CTX", help="Confirm several targets, or a protected context.")
@click.option("--reason", default="", metavar="TEXT", help="Goes into the journal.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A parameter of the action.")
@click.option("-f", "--file", "file", metavar="FILE", help="Parameters from JSON or YAML; - is standard input.")
@click.option("--wait", is_flag=True, help="Until what was acted on comes to rest.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text")
@global_options()
@click.pass_context
def command(
    ctx: click.Context,
    action: str,
    targets: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    confirm: tuple[str, ...],
    reason: str,
    settings: tuple[str, ...],
    file: str | None,
    wait: bool,
    output: str,
) -> int:
    """Plan ACTION for each target, show the plan, and carry it out once it is confirmed."""
    from tui.oneshot.inputs import read_file, read_settings
    from tui.oneshot.planning import Consent
    from tui.oneshot.session import run

    consent = Consent(dry_run, yes, _names(confirm), wait, output == "json")
    given_by_hand, body = read_settings(settings), read_file(file)

    async def work(session: Session) -> int:
        return await act(session, action, targets, (given_by_hand, body), reason, consent)

    # The plan's own running keeps to the budget; it is never cut off in the middle of a write.
    return run(given(ctx), work, bounded=False)


def _names(confirm: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in confirm for name in each.split(",") if name))


async def act(
    session: Session,
    action: str,
    texts: tuple[str, ...],
    params: tuple[dict[str, Json], dict[str, Json]],
    reason: str,
    consent: Consent,
) -> int:
    import asyncio

    from tui.core.planner import PlanRefused, find_action
    from tui.oneshot.failure import BACKEND, Failure
    from tui.oneshot.inputs import for_action
    from tui.oneshot.planning import carry_out

    targets = [target_of(session, text) for text in texts]
    contexts = list(dict.fromkeys(t if isinstance(t, str) else t.context for t in targets))
    found = [
        find_action(
            session.schema(t if isinstance(t, str) else t.context), action, None if isinstance(t, str) else t.kind
        )
        for t in targets
    ]
    merged = for_action([spec for spec in found if spec is not None], *params)
    planner = session.planner(contexts)
    try:
        async with asyncio.timeout(session.left):
            plan = await planner.make(action, targets, merged, reason=reason)
    except PlanRefused as error:
        raise Failure(str(error)) from None
    except TimeoutError:
        raise Failure(
            "no plan could be made in the time this command has", "--timeout allows longer", BACKEND
        ) from None
    return await carry_out(session, planner, plan, consent)


def target_of(session: Session, text: str) -> Ref | str:
    """A reference, or the name of a context for actions that have no object."""
    if "/" in text:
        return session.ref(text)
    return session.context(text).name
