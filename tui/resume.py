"""Coming back where the console was left, for those who ask for it: view, filter and cursor."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adapters.model import Ref, parse_kind
from adapters.port import ANY, Query
from tui.screens.list import ListScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui.core.services import Services
    from tui.screens.grid import Console


def leave(services: Services, screens: Sequence[Screen[object]]) -> None:
    """Keep the uppermost list and what its cursor is on. Nobody is there any more to hear that it failed."""
    lists = [screen for screen in screens if isinstance(screen, ListScreen) and screen.is_mounted]
    if not (services.config.ui.restore and lists):
        return
    top = lists[-1]
    place = {
        "view": top.kind.plural,
        "contexts": ",".join(top.contexts),
        "filter": top.filter_text,
        "title": top.title_word,
        "trail": "\n".join(top.trail),
        "parent": str(top.asked.parent or ""),
        "cursor": str(top.table.cursor or ""),
    }
    with contextlib.suppress(OSError, ValueError):
        services.memory.keep_left({name: value for name, value in place.items() if value})


def come_back(console: Console) -> bool:
    """Open what was left; False where nothing was, or its contexts are gone. A list of an object's children
    is opened above the list that the console starts with."""
    services = console.services
    left = services.memory.left() if services.config.ui.restore else {}
    try:
        kind = parse_kind(left.get("view", ""))
        parent, cursor = _ref(left, "parent"), _ref(left, "cursor")
    except ValueError:
        return False
    contexts = tuple(name for name in left.get("contexts", "").split(",") if name in services.adapters)
    if not contexts or (parent is not None and parent.context not in contexts):
        return False
    if parent is not None:
        console.open_start()
    else:
        console.scope = contexts
    console.open_list(
        kind,
        contexts,
        Query(parent=parent) if parent is not None else ANY,
        left.get("title", ""),
        trail=tuple(left.get("trail", "").split("\n")) if left.get("trail") else (),
        filter=left.get("filter", ""),
        goto=cursor,
    )
    return True


def _ref(left: Mapping[str, str], name: str) -> Ref | None:
    return Ref.parse(left[name]) if left.get(name) else None
