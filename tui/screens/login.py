"""A new login in place: the secret is asked for on the prompt line, never drawn, and kept in memory only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.errors import AdapterError
from adapters.secret import SecretSource

if TYPE_CHECKING:
    from tui.screens.base import GridScreen


def ask(screen: GridScreen, context: str) -> None:
    """Ask for a context's secret; enter alone reads the configured one again."""
    configured = screen.services.config.contexts.get(context)
    found = configured.settings.login_secret() if configured is not None else None
    if found is None:
        screen.message(f"{context} logs in with nothing; give it a token in the config", "waiting")
        return
    name, source = found

    def done(text: str | None) -> None:
        if text is not None:
            screen.run_worker(_use(screen, context, source, text), group="login", exit_on_error=False)

    hints: Sequence[tuple[str, str, bool]] = (("enter", "log in", True), ("esc", "leave", True))
    prompt = screen.prompt(f"{name} for {context} › ", on_done=done, hints=hints)
    prompt.secret = True
    prompt.hint = "kept in memory only; nothing: read the config's again"
    screen.peek.refresh()


async def _use(screen: GridScreen, context: str, source: SecretSource, text: str) -> None:
    try:
        source.give(text)
        await screen.services.adapters[context].health()
    except AdapterError as error:
        screen.message(error.sentence, "failed")
        return
    screen.message(f"{context}: logged in", "text")
    screen.services.sync.refresh()
