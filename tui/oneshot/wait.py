"""`runyard wait`: until an object is as a filter says, or has ended."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

import click

from tui.oneshot import complete
from tui.oneshot.options import Duration, given, global_options

if TYPE_CHECKING:
    from adapters.model import Resource
    from tui.core.query import Filter
    from tui.oneshot.session import Session

HOUR = 3600.0


@click.command("wait", short_help="Until an object has ended, or is as --for says.")
@click.argument("ref", shell_complete=complete.refs)
@click.option("--for", "condition", metavar="EXPR", help="A filter, as in state=succeeded; unless given: ended.")
@click.option("--timeout", type=Duration(), default=HOUR, metavar="TIME", help="How long to wait; 1h unless given.")
@global_options(leave_out=["timeout"])
@click.pass_context
def command(ctx: click.Context, ref: str, condition: str | None, timeout: float) -> int:
    """Exit 0 once the object is as wanted; 1 when it ended otherwise, or the time is over."""
    from tui.oneshot.session import run

    return run(given(ctx), lambda session: wait(session, ref, condition, timeout), bounded=False)


async def wait(session: Session, text: str, condition: str | None, timeout: float) -> int:
    from tui.core.values import fields_for
    from tui.oneshot.failure import NOT_DONE, complain
    from tui.oneshot.get import read_filter

    ref = session.ref(text)
    wanted = read_filter(condition, fields_for([session.schema(ref.context)], ref.kind)) if condition else None
    last: list[Resource] = []
    try:
        async with asyncio.timeout(timeout):
            code, seen = await _poll(session, text, wanted, last)
    except TimeoutError:
        state = last[-1].state.value if last else "unknown"
        complain(f"{text} is {state} after {timeout:g} s", "--timeout waits longer")
        return NOT_DONE
    if code:
        complain(f"{text} ended {seen.state.value} ({seen.native_state}), not as {condition}")
    else:
        print(f"{seen.state.value} ({seen.native_state})", file=sys.stdout, flush=True)
    return code


async def _poll(session: Session, text: str, wanted: Filter | None, last: list[Resource]) -> tuple[int, Resource]:
    from adapters.errors import AdapterError, RateLimited, Timeout, Unavailable
    from adapters.model import ENDED
    from tui.oneshot.failure import NOT_DONE, complain

    ref = session.ref(text)
    refresh = session.context(ref.context).refresh
    down = False
    while True:
        try:
            seen = await session.adapter(ref.context).get(ref)
        except (Unavailable, Timeout, RateLimited) as error:
            # The first answer tells a wrong address from a backend that comes back.
            if not last:
                raise
            if not down:
                complain(error.sentence, "still waiting")
            down = True
        except AdapterError:
            raise
        else:
            down = False
            last[:] = [seen]
            ended = seen.state in ENDED
            if wanted.matches(seen, time.time()) if wanted else ended:
                return 0, seen
            if ended:
                return NOT_DONE, seen
        await asyncio.sleep(refresh)
