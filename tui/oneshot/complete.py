"""Shell completion: what could come next, from the config and the registry alone. It never fails."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click

from tui.oneshot.options import Globals
from tui.paths import config_path

ENDPOINT = re.compile(r'@endpoint\(\s*"([\w.]+)"')


def contexts(ctx: click.Context, incomplete: str) -> list[str]:
    """Context names; after a comma those not yet named."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in [*_names(ctx), "all"] if name.startswith(last)]


def one_context(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _names(ctx) if name.startswith(incomplete)]


def methods(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The methods of the context that was named. They are read from the backend's source: importing it would
    import all that speaks HTTP."""
    backend = _contexts(ctx).get(ctx.params.get("context") or "", {}).get("backend", "")
    return sorted(name for name in _declared(str(backend)) if name.lower().startswith(incomplete.lower()))


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
    return list(_contexts(ctx))


def _contexts(ctx: click.Context) -> dict[str, dict[str, Any]]:
    given = ctx.find_root().params.get("config") or ctx.find_root().ensure_object(Globals).config
    path, _ = config_path(given)
    try:
        with path.open("rb") as file:
            found = tomllib.load(file).get("contexts", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    return {name: each for name, each in found.items() if isinstance(each, dict)} if isinstance(found, dict) else {}


def _declared(backend: str) -> set[str]:
    from importlib.util import find_spec

    from adapters import registry

    module = registry.paths().get(backend, "").partition(":")[0]
    spec = find_spec(module) if module else None
    folders = (spec.submodule_search_locations if spec else None) or []
    sources = (path.read_text(encoding="utf-8") for folder in folders for path in Path(folder).glob("*.py"))
    return {name for source in sources for name in ENDPOINT.findall(source)}
