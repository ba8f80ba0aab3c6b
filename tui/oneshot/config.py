"""`runyard config`: where it is, whether it is right, an example, a first one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tui.core.private import make_private
from tui.oneshot.options import given, global_options


@click.group("config", short_help="Where the config is, and whether it is right.")
def command() -> None:
    """The config file: its place, its problems, an example of every key."""


@command.command("path")
@global_options()
@click.pass_context
def path(ctx: click.Context) -> int:
    """Print where the config is read from."""
    from tui.paths import config_path

    click.echo(config_path(given(ctx).config)[0])
    return 0


@command.command("check")
@global_options()
@click.pass_context
def check(ctx: click.Context) -> int:
    """Name everything that is wrong with the config, at once."""
    from tui.config import ConfigError, load
    from tui.core.text import safe
    from tui.oneshot.failure import DONE, USAGE
    from tui.paths import config_path

    try:
        config = load(given(ctx).config)
    except ConfigError as error:
        for problem in error.problems:
            click.echo(safe(str(problem), 1000), err=True)
        return USAGE
    if config.path is None:
        click.echo(f"no config at {config_path()[0]}; runyard config init writes one")
        return DONE
    for name, context in config.contexts.items():
        for address in context.settings.in_the_clear():
            click.echo(safe(f"{config.path}: contexts.{name}: {address} is not encrypted", 1000), err=True)
    count = len(config.contexts)
    click.echo(f"{config.path}: ok, {count} context{'' if count == 1 else 's'}")
    return DONE


@command.command("example")
@global_options()
def example() -> int:
    """Print an example with every key and what it means."""
    click.echo(example_text(), nl=False)
    return 0


@command.command("init")
@global_options()
@click.pass_context
def init(ctx: click.Context) -> int:
    """Write a config to start from, where there is none yet."""
    from tui.oneshot.failure import Failure
    from tui.paths import config_path

    target, _ = config_path(given(ctx).config)
    try:
        write_start(target)
    except FileExistsError:
        raise Failure(f"{target} is there already", "runyard config example prints every key") from None
    except OSError as error:
        raise Failure(f"cannot write {target}: {error.strerror or error}") from None
    click.echo(f"wrote {target}; take the '# ' off a context in it and set its url")
    return 0


def write_start(target: Path) -> None:
    """The file to start from, for its owner alone. Raises OSError, FileExistsError where there is one."""
    make_private(target.parent)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(starting_text())
    except OSError:
        target.unlink(missing_ok=True)  # half a config is worse than none
        raise


def example_text() -> str:
    """config.example.toml: beside the packages in a checkout, inside this one when installed."""
    here = Path(__file__).resolve().parents[1]
    for place in (here / "config.example.toml", here.parent / "config.example.toml"):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    from tui.oneshot.failure import Failure

    raise Failure("config.example.toml is missing from this installation")


def starting_text() -> str:
    """The example with every line that says something made a comment: an init never connects anywhere."""
    lines = []
    for line in example_text().splitlines():
        lines.append(line if not line or line.startswith("#") else f"# {line}")
    return "\n".join(lines) + "\n"
