"""A pasted id, reference or URL of a backend's own console: the object opens, if a server has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.errors import AdapterError, Invalid, NotFound, Unsupported
from adapters.model import Kind, Ref
from tui.core.pasted import LONGEST, candidates, is_url, named
from tui.core.text import safe

if TYPE_CHECKING:
    from tui.screens.base import GridScreen
    from tui.screens.listmodel import ListModel

LONG_ID = 8
"""Shorter ids may be in any text by chance."""


def in_table(model: ListModel, text: str) -> Ref | None:
    """The row that has exactly this id, reference or name, else the one whose long id is in the text."""
    text, held = text[:LONGEST], None
    for ref in model.refs if text else ():
        row = model.row(ref)
        if ref.id == text or (row is not None and row.name == text) or (text.endswith(ref.id) and str(ref) == text):
            return ref
        if len(ref.id) >= LONG_ID and ref.id in text and (held is None or len(ref.id) > len(held.id)):
            held = ref
    return held


def open_pasted(screen: GridScreen, text: str) -> None:
    """Find what is meant, first in what is loaded, then by asking; a sentence when it is nowhere."""
    services = screen.services
    contexts: Sequence[str] = getattr(screen, "contexts", None) or screen.console.scope
    kind: Kind = getattr(screen, "kind", Kind.RUN)
    urls = {name: info.url for name, info in services.contexts.items()}
    found = candidates(text, contexts, services.schemas, urls, kind)
    loaded = next((ref for ref in found if services.store.find(ref) is not None), None)
    if loaded is not None:
        screen.console.open_detail(loaded)
    elif found:
        screen.message(f"looking for {safe(named(text), 60)}", "muted")
        screen.run_worker(_ask(screen, text, found), group="paste", exclusive=True, exit_on_error=False)
    else:
        screen.message(_nothing(text, kind), "muted")


def _nothing(text: str, kind: Kind) -> str:
    shown = safe(named(text), 60)
    if is_url(named(text)):
        return f"no backend here knows this page: {shown}"
    return f"no {kind.value} here has {shown}" if shown else "nothing was pasted"


async def _ask(screen: GridScreen, text: str, found: Sequence[Ref]) -> None:
    """One read for each that may be meant; a context that does not answer does not hide what another one has."""
    problem = ""
    for ref in found:
        try:
            await screen.services.adapters[ref.context].get(ref)
        except (NotFound, Invalid, Unsupported):
            continue
        except AdapterError as error:
            problem = problem or error.sentence
            continue
        if screen.is_current:
            screen.console.open_detail(ref)
        return
    if screen.is_mounted:
        where = ", ".join(dict.fromkeys(ref.context for ref in found))
        said = f"{found[0].kind.value} {safe(found[0].id, 60)} is not in {where}"
        screen.message(f"✗ {safe(problem)}" if problem else said, "failed" if problem else "waiting")
