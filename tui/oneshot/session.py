"""What a one-shot command works with: the config, the contexts it names, their adapters, a planner."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters import registry
from adapters.model import ALL_CONTEXTS, Kind, Ref, parse_kind
from adapters.names import nearest
from adapters.port import Adapter, Schema
from tui import paths
from tui.core.plan import OPEN, Guard
from tui.oneshot import debug
from tui.oneshot.failure import BACKEND, Failure
from tui.oneshot.options import Globals

if TYPE_CHECKING:
    from tui.config import Config, ContextConfig
    from tui.core.journal import Journal
    from tui.core.planner import Planner

NO_CONTEXTS = "no contexts are configured"
HOW_TO_ADD = "runyard config init writes a config to start from; runyard demo tries it without one"


class Session:
    """Opens things as they are needed. Raises Failure with what the operator can do about it."""

    def __init__(self, options: Globals) -> None:
        from tui.config import load

        self.options = options
        self.config: Config = load(options.config)
        self._adapters: dict[str, Adapter] = {}
        self._planner: Planner | None = None
        self.began = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds left of the budget."""
        return max(0.0, self.options.budget - (time.monotonic() - self.began))

    def contexts(self) -> list[ContextConfig]:
        """Those that -c names, else all; at least one."""
        known = self.config.contexts
        names = self.options.contexts
        if not known:
            raise Failure(NO_CONTEXTS, HOW_TO_ADD)
        if not names or ALL_CONTEXTS in names:
            return list(known.values())
        return [self.context(name) for name in names]

    def context(self, name: str) -> ContextConfig:
        known = self.config.contexts
        if not known:
            raise Failure(NO_CONTEXTS, HOW_TO_ADD)
        if name not in known:
            raise Failure(f"no context {name!r}{nearest(name, known)}", f"configured: {', '.join(known)}")
        return known[name]

    def adapter(self, name: str) -> Adapter:
        if name not in self._adapters:
            from tui.config import build_adapter

            context = self.context(name)
            for address in context.settings.in_the_clear():
                print(f"runyard: {name}: {address} is not encrypted", file=sys.stderr, flush=True)
            self._adapters[name] = build_adapter(context)
        return self._adapters[name]

    def schema(self, name: str) -> Schema:
        """What the backend declares, without asking the server."""
        return registry.backend(self.context(name).backend).schema

    def ref(self, text: str, kind: Kind | None = None) -> Ref:
        """A reference to an object of a configured context."""
        try:
            ref = Ref.parse(text)
        except ValueError as error:
            raise Failure(str(error)) from None
        self.context(ref.context)
        if kind is not None and ref.kind is not kind:
            raise Failure(f"{text} is a {ref.kind.value}, not a {kind.value}")
        return ref

    def guard(self, context: str) -> Guard:
        found = self.config.contexts.get(context)
        guard = found.guard if found else OPEN
        return replace(guard, read_only=True) if self.options.read_only else guard

    def journal(self) -> Journal:
        from tui.core.journal import Journal

        folder = None if self.options.no_journal else paths.journal_folder()
        return Journal(folder, read_only=self._why_read_only)

    def planner(self, contexts: Sequence[str]) -> Planner:
        from tui.core.planner import Planner

        adapters = {name: self.adapter(name) for name in contexts}
        return Planner(adapters, self.journal(), self.guard)

    async def aclose(self) -> None:
        for adapter in self._adapters.values():
            with contextlib.suppress(Exception):
                await adapter.aclose()

    def _why_read_only(self, context: str) -> str | None:
        if not self.guard(context).read_only:
            return None
        return f"{context} is read-only" + (" (--read-only)" if self.options.read_only else " in the config")


def read_kind(text: str) -> Kind:
    try:
        return parse_kind(text)
    except ValueError as error:
        raise Failure(str(error), f"kinds: {', '.join(kind.plural for kind in Kind)}") from None


def run(options: Globals, work: Callable[[Session], Awaitable[int]], *, bounded: bool = True) -> int:
    """Run a command's work in a session: its exit code. `bounded`: within the budget, retries included."""

    debug.start(options.debug)

    async def whole() -> int:
        session = Session(options)
        try:
            async with asyncio.timeout(options.budget if bounded else None):
                return await work(session)
        except TimeoutError:
            raise Failure(
                f"no answer within {options.budget:g} s in all", "--timeout allows longer", BACKEND
            ) from None
        finally:
            await session.aclose()

    try:
        return asyncio.run(whole())
    except BrokenPipeError:
        leave_pipe()
        return 0


def leave_pipe() -> None:
    """The reader has gone (`| head`): nothing more is written, and nothing is said about it at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(null, sys.stdout.fileno())
    os.close(null)
