"""`runyard completion`: the script that teaches a shell runyard's words."""

from __future__ import annotations

import click

from tui.oneshot.options import global_options

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Completion for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(SHELLS))
@global_options()
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print a completion script; for bash: eval "$(runyard completion bash)"."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    root = ctx.find_root().command
    complete = found(root, {}, "runyard", "_RUNYARD_COMPLETE")
    click.echo(complete.source_template % complete.source_vars())
    return 0
