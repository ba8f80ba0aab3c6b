"""From a checked config to the services of the console."""

from __future__ import annotations

import locale
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from adapters import registry
from adapters.port import Adapter
from tui import paths
from tui.config import Config, ContextConfig, build_adapter
from tui.core.guards import Guards
from tui.core.journal import Journal
from tui.core.logspool import LogSpool
from tui.core.looks import Looks
from tui.core.memory import Memory
from tui.core.plan import OPEN, Guard
from tui.core.planner import Planner
from tui.core.services import ContextInfo, Services
from tui.core.store import Store
from tui.core.sync import SyncEngine, SyncSettings
from tui.keys import bind
from tui.pluginconfig import with_plugins
from tui.styles import tokens


def build_services(
    config: Config,
    *,
    read_only: bool = False,
    journal: bool = True,
    clock: Callable[[], float] = time.time,
    adapters: Mapping[str, Adapter] | None = None,
) -> tuple[Services, list[str]]:
    """The services, and what the operator should know: contexts that could not be opened, keys refused."""
    problems: list[str] = []
    opened = dict(adapters) if adapters is not None else _adapters(config, problems)
    infos = {name: _info(context, read_only) for name, context in config.contexts.items()}
    default = _guard(OPEN, read_only)

    def guard(context: str) -> Guard:
        return infos[context].guard if context in infos else default

    guards = Guards(guard)
    for name, context in config.contexts.items():
        problems += [f"{name}: {address} is not encrypted" for address in context.settings.in_the_clear()]
    keymap, refused = bind(config.keys, with_plugins(config.plugins.values()))
    store = Store()
    settings = {name: _sync_settings(context) for name, context in config.contexts.items()}
    log = Journal(paths.journal_folder() if journal else None, clock=clock, read_only=guards.why_read_only)
    services = Services(
        config=config,
        adapters=opened,
        store=store,
        sync=SyncEngine(opened, store, clock=clock, settings=settings),
        planner=Planner(opened, log, guards, clock=clock),
        journal=log,
        guards=guards,
        spool=LogSpool(paths.spool_folder()),
        clock=clock,
        keys=keymap,
        contexts=infos,
        schemas={name: registry.backend(config.contexts[name].backend).schema for name in opened},
        saved=dict(config.ui.filters),
        memory=Memory(paths.state_file()),
        looks=Looks(paths.looks_folder(), lambda name: services.info(name).url),
        ascii=config.ui.ascii if config.ui.ascii is not None else needs_ascii(),
        read_only=read_only,
    )
    return services, problems + refused


def join(services: Services, context: ContextConfig) -> list[str]:
    """Use a context that has just been configured; what the operator should know of it.

    Raises whatever keeps it from being opened; then nothing has changed.
    """
    services.adapters[context.name] = build_adapter(context)
    services.contexts[context.name] = _info(context, services.read_only)
    services.schemas[context.name] = registry.backend(context.backend).schema
    services.config = replace(services.config, contexts={**services.config.contexts, context.name: context})
    services.sync.join(context.name, _sync_settings(context))
    return [f"{context.name}: {address} is not encrypted" for address in context.settings.in_the_clear()]


def _adapters(config: Config, problems: list[str]) -> dict[str, Adapter]:
    opened: dict[str, Adapter] = {}
    for name, context in config.contexts.items():
        try:
            opened[name] = build_adapter(context)
        except Exception as error:
            # One context that cannot be opened (a secret command that fails, say) must not cost the others.
            problems.append(f"{name}: {error}")
    return opened


def _guard(guard: Guard, read_only: bool) -> Guard:
    return replace(guard, read_only=True) if read_only else guard


def _sync_settings(context: ContextConfig) -> SyncSettings:
    return SyncSettings(interval=context.refresh, max_rows=context.max_rows)


def _info(context: ContextConfig, read_only: bool) -> ContextInfo:
    guard = _guard(context.guard, read_only)
    return ContextInfo(context.name, context.backend, context.settings.url, guard=guard, color=context.color)


def needs_ascii() -> bool:
    """Whether this terminal may not draw the symbols."""
    if os.environ.get("TERM") in ("linux", "dumb"):
        return True
    encoding = getattr(sys.stdout, "encoding", None) or locale.getpreferredencoding(False)
    return "utf" not in encoding.lower()


def choose_theme(config: Config, *, color_system: str | None = None) -> tokens.Theme:
    """The theme the config, NO_COLOR and the terminal ask for."""
    system = color_system or _color_system()
    name = tokens.choose(config.ui.theme, no_color="NO_COLOR" in os.environ, color_system=system)
    return tokens.named(config.themes)[name]


def _color_system() -> str | None:
    from rich.console import Console

    return Console(force_terminal=True).color_system
