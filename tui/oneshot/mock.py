"""`runyard mock`: the bundled server, for trying things and for testing clients."""

from __future__ import annotations

import os
import sys
import threading

import click

from tui.oneshot.options import global_options


@click.command("mock", short_help="A server that speaks every backend's API.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any that is free.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same cluster.")
@click.option("--runs", type=click.IntRange(0), default=60, show_default=True, help="For each backend.")
@click.option("--hosts", type=click.IntRange(0), default=12, show_default=True)
@click.option("--arrivals", type=click.FloatRange(0), default=0.0, metavar="PER_MINUTE", help="New runs.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True)
@click.option("--clock", type=click.Choice(["wall", "virtual"]), default="wall", show_default=True)
@click.option("--faults", multiple=True, metavar="BACKEND:GLOB:KIND[=VALUE][@P]", help="Bad weather; repeatable.")
@click.option("--print-config", is_flag=True, help="Print a config for it as TOML, and go on serving.")
@click.option("--with-stdin", is_flag=True, hidden=True, help="End when standard input does.")
@global_options()
def command(
    host: str,
    port: int,
    seed: int,
    runs: int,
    hosts: int,
    arrivals: float,
    speed: float,
    clock: str,
    faults: tuple[str, ...],
    print_config: bool,
    with_stdin: bool,
) -> int:
    """Serve until interrupted. The first line on stdout says where."""
    from adapters.mock.server import MockOptions, run

    if with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    return run(MockOptions(host, port, seed, runs, hosts, arrivals, speed, clock, faults, print_config))


def _end_with_stdin() -> None:
    """Whoever started this held the other end of stdin; when it is gone, however it went, so are we."""
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)
