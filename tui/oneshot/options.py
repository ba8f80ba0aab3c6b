"""The global options, which stand before or after the verb."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

BUDGET = 20.0


@dataclass
class Globals:
    """What was given, before or after the verb; after wins. `timeout` is in seconds."""

    config: str | None = None
    contexts: tuple[str, ...] = ()
    read_only: bool = False
    view: str | None = None
    filter: str | None = None
    debug: str | None = None
    timeout: float | None = None
    no_journal: bool = False

    @property
    def budget(self) -> float:
        return BUDGET if self.timeout is None else self.timeout


class Duration(click.ParamType[float]):
    """Seconds, or a duration such as 90s, 10m, 2h, 1d12h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        from tui.core.filter_values import seconds

        try:
            found: float | None = float(value)
        except ValueError:
            found = seconds(str(value))
        if found is None or not 0 < found < 1e9:
            self.fail(f"{value!r} is not a duration; write 90s, 10m, 2h or 1d12h", param, ctx)
        return found


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    source = ctx.get_parameter_source(param.name or "")
    if source is None or source is click.core.ParameterSource.DEFAULT:
        return
    kept = ctx.find_root().ensure_object(Globals)
    if param.name == "contexts":
        value = tuple(dict.fromkeys(name for each in value for name in each.split(",") if name))
    setattr(kept, param.name or "", value)


def _complete_contexts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from tui.oneshot.complete import contexts

    return contexts(ctx, incomplete)


def _options() -> dict[str, Callable[[F], F]]:
    kept: dict[str, Any] = {"expose_value": False, "callback": _keep}
    return {
        "config": click.option("--config", metavar="FILE", help="The config file.", **kept),
        "contexts": click.option(
            "-c",
            "--context",
            "contexts",
            metavar="CTX[,CTX]|all",
            multiple=True,
            shell_complete=_complete_contexts,
            help="Which contexts; all of them unless given.",
            **kept,
        ),
        "read_only": click.option("--read-only", is_flag=True, help="Refuse every write.", **kept),
        "view": click.option("--view", metavar="KIND", help="What the console opens with.", **kept),
        "filter": click.option(
            "--filter", metavar="EXPR", help="Only what matches, as in 'state=failed dur>2h'.", **kept
        ),
        "debug": click.option(
            "--debug", metavar="FILE", help="Write what happens, and tracebacks, to a file.", **kept
        ),
        "timeout": click.option(
            "--timeout", type=Duration(), metavar="TIME", help="For the whole command; 20s unless given.", **kept
        ),
        "no_journal": click.option(
            "--no-journal", is_flag=True, help="Write although nothing is journalled.", **kept
        ),
    }


def global_options(leave_out: Iterable[str] = ()) -> Callable[[F], F]:
    """Add the global options to a command, but for those it has its own meaning for."""
    skipped = set(leave_out)

    def add(function: F) -> F:
        for name, option in reversed(_options().items()):
            if name not in skipped:
                function = option(function)
        return function

    return add


def given(ctx: click.Context) -> Globals:
    return ctx.find_root().ensure_object(Globals)
