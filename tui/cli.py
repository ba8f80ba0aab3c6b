"""The command line: verbs, global options, the console, and how everything ends."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import click

from adapters.names import nearest
from tui import __version__
from tui.oneshot.failure import BACKEND, DONE, INTERRUPTED, NOT_DONE, USAGE, WANTS_DEMO, Ended, Failure, complain
from tui.oneshot.options import Globals, given, global_options

if TYPE_CHECKING:
    from tui.config import Config

VERBS = {
    "get": "List objects, or show some by id.",
    "describe": "Everything about one object.",
    "logs": "An object's log.",
    "do": "Act on objects: abort, retry, drain, ...",
    "wait": "Until an object has ended, or is as --for says.",
    "actions": "What can be done, and to what.",
    "api": "Any method of a backend's API.",
    "contexts": "What is configured, and whether it answers.",
    "journal": "What was changed from here, and how it went.",
    "config": "Where the config is, and whether it is right.",
    "completion": "Completion for bash, zsh or fish.",
    "mock": "A server that speaks every backend's API.",
}
"""The verbs, each a module of `oneshot`, and what they do: their modules are not imported to say so."""

DEMO_SEED = 7
SIZES = {"small": (60, 12), "large": (2_000, 200), "huge": (100_000, 2_000)}


class Verbs(click.Group):
    """The verbs, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*VERBS, *self.commands])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in VERBS:
            return importlib.import_module(f"tui.oneshot.{name}").command  # type: ignore[no-any-return]
        return super().get_command(ctx, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = {name: command.get_short_help_str(200) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl([(name, (VERBS | own)[name]) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"no command {args[0]!r}{nearest(args[0], self.list_commands(ctx))}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runyard", message="%(prog)s %(version)s")
@global_options()
@click.pass_context
def cli(ctx: click.Context) -> int:
    """One keyboard-driven console for the runs, tasks, pods, hosts and pools of every ML and batch system.

    Without a command it opens the console; every command shows or does one thing, for scripts.

    Exit codes: 0 done, 1 not done for every target, 2 usage or config, 3 backend, 4 not authorised,
    5 missing, 70 the console has ended by a defect of its own and left a report.
    """
    return DONE if ctx.invoked_subcommand is not None else open_console(given(ctx))


@cli.command("demo", short_help="The console over a simulated cluster.")
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True)
@click.option("--seed", type=int, default=DEMO_SEED, show_default=True)
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True)
@global_options(leave_out=["config"])
@click.pass_context
def demo(ctx: click.Context, size: str, seed: int, speed: float) -> int:
    """Start the mock server on this machine and open the console on it; nothing real is touched."""
    return open_demo(given(ctx), size, seed, speed)


def open_demo(options: Globals, size: str, seed: int, speed: float) -> int:
    need_terminal()
    from tui import paths
    from tui.demo import mock_server

    paths.keep_apart("demo")

    runs, hosts = SIZES[size]
    with mock_server(seed=seed, runs=runs, hosts=hosts, speed=speed) as config:
        return show(options, config, banner="demo")


def open_console(options: Globals) -> int:
    need_terminal()
    from tui.config import load

    return show(options, load(options.config))


def need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failure(
            "the console needs a terminal", "for scripts and pipes there is runyard get, as in: runyard get runs"
        )


def show(options: Globals, config: Config, banner: str = "") -> int:
    """The console over a config; from its first screen it may ask for the demo."""
    from adapters.model import ALL_CONTEXTS
    from tui.app import run_console
    from tui.oneshot import debug
    from tui.oneshot.session import read_kind

    debug.start(options.debug)
    scope = [name for name in options.contexts or config.ui.contexts if name != ALL_CONTEXTS]
    for name in scope:
        if name not in config.contexts:
            raise Failure(f"no context {name!r}{nearest(name, config.contexts)}")
    view = options.view or config.ui.view
    code = run_console(
        config,
        contexts=scope,
        view=view if view == "contexts" else read_kind(view),
        filter=options.filter or "",
        read_only=options.read_only,
        journal=not options.no_journal,
        demo_banner=banner,
        resume=not (banner or options.view or options.filter or options.contexts),
    )
    return open_demo(options, "small", DEMO_SEED, 1.0) if code == WANTS_DEMO else code


def run(arguments: list[str]) -> int:
    """Run a command line: its exit code. Whatever goes wrong is one line on stderr, never a traceback."""
    options = Globals()
    try:
        return ended(cli.main(arguments, prog_name="runyard", standalone_mode=False, obj=options))
    except click.exceptions.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except click.ClickException as error:
        return usage(error)
    except Failure as failure:
        complain(failure.sentence, failure.hint)
        return failure.code
    except Ended as end:
        return end.code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else NOT_DONE
    except BrokenPipeError:
        from tui.oneshot.session import leave_pipe

        leave_pipe()
        return DONE
    except Exception as error:
        return unexpected(error, options)


def ended(result: object) -> int:
    return result if isinstance(result, int) else DONE


def usage(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    complain(error.format_message(), f"{context.command_path} --help" if context else "runyard --help")
    return USAGE


def unexpected(error: Exception, options: Globals) -> int:
    """An AdapterError or ConfigError that nobody turned into a sentence before, or a defect."""
    from adapters.errors import AdapterError
    from tui.oneshot.debug import note_traceback
    from tui.oneshot.failure import complain_about

    if isinstance(error, AdapterError):
        return complain_about(error)
    if type(error).__name__ == "ConfigError":
        problems = error.problems  # type: ignore[attr-defined]
        more = f"and {len(problems) - 1} more; runyard config check lists all" if len(problems) > 1 else ""
        complain(str(problems[0]), more)
        return USAGE
    if isinstance(error, RuntimeError) and type(error).__name__ in ("JournalUnwritable", "ReadOnly"):
        complain(str(error))
        return NOT_DONE
    note_traceback(options.debug, error)
    where = f"the traceback is in {options.debug}" if options.debug else "--debug FILE writes the traceback"
    complain(f"runyard itself failed: {type(error).__name__}: {error}", where)
    return BACKEND if isinstance(error, OSError) else NOT_DONE
