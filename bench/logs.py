"""Logs: a million lines in the spool beside lnav on the same text, and a log that grows by 20k lines a second."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from time import perf_counter

from adapters.model import LogSource, Ref
from bench import peers
from bench.firehose import WIDTH, line
from bench.measure import Fact, Figure, memory, ms
from bench.server import Home, Mock, runyard
from bench.stage import Stage
from bench.terminal import Gone, Terminal

GROUP = "logs"
RATE = 20_000
CHUNK = 20_000
STEP = re.compile(r"step (\d{12})")


def run(stage: Stage) -> None:
    _spooled(stage, 100_000 if stage.quick else 1_000_000)
    _growing(stage, 8.0 if stage.quick else 30.0)


def peloton(home: Home, url: str) -> None:
    home.contexts({"peloton": {"backend": "peloton", "url": url}})


async def source_of_running_pod(url: str) -> LogSource:
    """The log that `l` opens on a running pod of the mock."""
    from adapters import registry
    from adapters.model import Kind, State

    backend = registry.backend("peloton")
    adapter = backend.load_adapter()("peloton", backend.load_settings()(backend="peloton", url=url))
    try:
        page = await adapter.list(Kind.POD, limit=50)
        pod = next(item for item in page.items if item.state is State.RUNNING)
        return (await adapter.log_sources(pod.ref))[0]
    finally:
        await adapter.aclose()


def spool(home: Home, source: LogSource, lines: int, text: Path) -> Path:
    """Put so many lines into the spool as an earlier session would have, and into a file; the spool's log."""
    from tui.core.logspool import LogSpool, spool_key

    folder = Path(home.env["XDG_CACHE_HOME"]) / "runyard" / "logs"
    log = LogSpool(folder).open(source)
    with text.open("wb") as file:
        for start in range(0, lines, CHUNK):
            data = b"".join(line(number) for number in range(start, min(lines, start + CHUNK)))
            file.write(data)
            log.append(data)
    log.cursor = str(lines * WIDTH)
    log.close()
    return folder / f"{spool_key(source)}.log"


def open_logs(terminal: Terminal, ref: Ref, last: int) -> float:
    """From the key to the last line on the screen; the console must be on a list that has the pod."""
    terminal.wait_for(lambda screen: "▌" in screen and ref.id[:13] in screen, timeout=30)
    terminal.drain(0.5)
    found = terminal.shows(b"l", lambda screen: f"{last - 1:012d}" in screen, quiet=1.0, most=20.0)
    if found is None:
        raise Gone(f"the log was not shown:\n{terminal.text}")
    return found


def _spooled(stage: Stage, lines: int) -> None:
    with Mock(runs=60, script="bench.firehose", arguments=["--lines", str(lines)]) as mock, Home() as home:
        peloton(home, mock.url)
        source = asyncio.run(source_of_running_pod(mock.url))
        text = home.path / "same.log"
        spool(home, source, lines, text)
        command = runyard("-c", "peloton", "--view", "pods", "--filter", source.ref.id)
        firsts = []
        for _ in range(stage.times(4)):
            with Terminal(command, env=home.env) as terminal:
                firsts.append(open_logs(terminal, source.ref, lines))
        with Terminal(command, env=home.env) as terminal:
            open_logs(terminal, source.ref, lines)
            terminal.watch(3.0)
            keys = peers.paint(peers.steps(terminal, b"k", stage.times(80), sign=peers.CURSOR))
            terminal.drain(0.3)
            held = memory(terminal.pid) / 1e6
            searched = _search(terminal, lines)
        first = sorted(firsts)[len(firsts) // 2]
        _figures(stage, lines, text, first, keys.p95, str(keys), held, searched)


def _search(terminal: Terminal, lines: int) -> float:
    """From the last letter to the count of all matches; one line in 1,000 has the word."""
    terminal.send(b"/")
    terminal.drain(0.3)
    wanted = re.compile(rf"/nan \S+ of {lines // 1000:,}(?!\d)")
    for key in (b"n", b"a"):
        terminal.send(key)
    began = perf_counter()
    found = terminal.shows(b"n", lambda screen: wanted.search(screen), quiet=1.5, most=20.0)
    if found is None:
        raise Gone(f"{wanted.pattern} was not shown in {perf_counter() - began:.0f} s:\n{terminal.text}")
    terminal.send(b"\x1b")
    return found


def _figures(
    stage: Stage, lines: int, text: Path, first: float, p95: float, keys: str, held: float, searched: float
) -> None:
    figures, what = stage.results.figures, f"{lines // 1000:,}k lines"
    lnav = peers.find("lnav")
    if lnav:
        shown, lnav_keys, size, lnav_held = peers.measured(
            [lnav, str(text)],
            lambda screen: f"{lines - 1:012d}" in screen,
            b"k",
            stage.times(40),
        )
        note = f"{ms(first)} from the key to {ms(shown)} from its start"
        figures.append(Figure(GROUP, f"{what}: first paint", first / shown, 1.2, "x", "lnav", note))
        value = f"{what}: {ms(shown)} to paint, {ms(lnav_keys.p50)} and {size:,} B a key, {lnav_held / 1e6:.0f} MB"
        stage.results.facts.append(Fact(GROUP, "peer: lnav", value))
    else:
        stage.results.facts.append(Fact(GROUP, "peer: lnav", f"absent; first paint here {ms(first)}"))
    figures.append(Figure(GROUP, f"{what}: keys, p95", p95 * 1000, 20.0, "ms", "", keys))
    figures.append(Figure(GROUP, f"{what}: resident", held, 120.0, "MB", "", ""))
    figures.append(Figure(GROUP, f"{what}: search all", searched, 1.0, "s", "", "to the count of all matches"))
    toolong = peers.find("tl")
    if toolong:
        shown, tl_keys, size, tl_held = peers.measured(
            [toolong, str(text)], lambda screen: STEP.search(screen) is not None, peers.UP, stage.times(20)
        )
        value = f"{what}: {ms(shown)} to paint, {ms(tl_keys.p50)} and {size:,} B a key, {tl_held / 1e6:.0f} MB"
        stage.results.facts.append(Fact(GROUP, "peer: toolong", value))
    else:
        stage.results.facts.append(Fact(GROUP, "peer: toolong", "absent"))


def _growing(stage: Stage, seconds: float) -> None:
    arguments = ["--lines", "1000", "--rate", str(RATE)]
    with Mock(runs=60, script="bench.firehose", arguments=arguments) as mock, Home() as home:
        peloton(home, mock.url)
        source = asyncio.run(source_of_running_pod(mock.url))
        path = spool(home, source, 1000, home.path / "same.log")
        command = runyard("-c", "peloton", "--view", "pods", "--filter", source.ref.id)
        with Terminal(command, env=home.env) as terminal:
            open_logs(terminal, source.ref, 1000)
            terminal.send(b"gg")
            terminal.watch(1.0)
            mock.get("/_firehose/open")
            keys, until = [], perf_counter() + seconds
            while perf_counter() < until:
                for key in (b"j", b"k"):
                    keys += peers.steps(terminal, key, 1, sign=peers.CURSOR)
                    terminal.watch(0.05)
            wanted = int(json.loads(mock.get("/_firehose/shut"))["lines"])
            began = perf_counter()
            while (kept := path.stat().st_size // WIDTH) < wanted and perf_counter() - began < 60:
                terminal.watch(0.2)
            late = perf_counter() - began
            terminal.watch(0.5)
        ours = path.read_bytes()
    if any(ours[number * WIDTH : (number + 1) * WIDTH] != line(number) for number in range(0, wanted, 997)):
        raise RuntimeError("the spool does not have the lines of the source, in their order")
    spread = peers.paint(keys)
    figures = stage.results.figures
    what = f"{RATE // 1000}k lines/s for {seconds:.0f} s"
    note = f"{kept:,} of {wanted:,} lines kept, the last {late:.1f} s after the end"
    figures.append(Figure(GROUP, f"{what}: lines missing", max(0, wanted - kept), 0.0, "", "", note))
    figures.append(Figure(GROUP, f"{what}: keys, p95", spread.p95 * 1000, 30.0, "ms", "", str(spread)))
