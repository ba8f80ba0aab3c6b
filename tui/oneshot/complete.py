"""Shell completion: what could come next, from the config and the registry alone. It never fails."""

from __future__ import annotations

import tomllib

import click

from tui.oneshot.options import Globals
from tui.paths import config_path


def contexts(ctx: click.Context, incomplete: str) -> list[str]:
    """Context names; after a comma those not yet named."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in [*_names(ctx), "all"] if name.startswith(last)]


def refs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The first two parts of a reference; ids are not asked of a server."""
    from adapters.model import Kind

    context, slash, rest = incomplete.partition("/")
    if not slash:
        return [f"{name}/" for name in _names(ctx) if name.startswith(context)]
    return [f"{context}/{kind.value}/" for kind in Kind if kind.value.startswith(rest)]


def kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from adapters.model import Kind

    return [kind.plural for kind in Kind if kind.plural.startswith(incomplete)]


def actions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from adapters.actions import ACTION_ALIASES, ACTION_IDS

    return sorted(name for name in {*ACTION_IDS, *ACTION_ALIASES} if name.startswith(incomplete))


def _names(ctx: click.Context) -> list[str]:
    given = ctx.find_root().params.get("config") or ctx.find_root().ensure_object(Globals).config
    path, _ = config_path(given)
    try:
        with path.open("rb") as file:
            return list(tomllib.load(file).get("contexts", {}))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []
