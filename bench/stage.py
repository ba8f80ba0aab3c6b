"""What the groups share: mock servers and loaded consoles of each size, started once and paused between groups."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.measure import Results
from bench.server import Home, Mock, runyard
from bench.terminal import Terminal

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (1_000, 10_000)
LOAD = 900.0
"""Seconds within which a console must have loaded everything."""


@dataclass(slots=True)
class Console:
    """A console over one mock server, with every run loaded; `took` are the seconds that this needed."""

    terminal: Terminal
    mock: Mock
    home: Home
    runs: int
    took: float


@dataclass(slots=True)
class Stage:
    """One run of the suite."""

    quick: bool = False
    results: Results = field(default_factory=Results)
    _open: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _mocks: dict[int, Mock] = field(default_factory=dict)
    _consoles: dict[int, Console] = field(default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        return QUICK_SIZES if self.quick else SIZES

    @property
    def largest(self) -> int:
        return self.sizes[-1]

    def times(self, full: int) -> int:
        """How often to repeat what is repeated `full` times in a full run."""
        return max(3, full // 4) if self.quick else full

    def mock(self, runs: int) -> Mock:
        if runs not in self._mocks:
            self._mocks[runs] = self._open.enter_context(Mock(runs=runs))
        return self._mocks[runs]

    def home(self) -> Home:
        return self._open.enter_context(Home())

    @contextlib.contextmanager
    def loaded(self, runs: int) -> Iterator[Console]:
        """A console that has everything loaded and goes on refreshing while the block lasts."""
        console = self._consoles.pop(runs, None)
        if console is None:
            console = self._load(runs)
        else:
            resume(console.terminal)
        try:
            yield console
        except Exception:  # nobody knows where it was left: the next group gets one of its own
            console.terminal.close()
            raise
        pause(console.terminal)
        self._consoles[runs] = console

    def _load(self, runs: int) -> Console:
        mock, home = self.mock(runs), self.home()
        home.kfp(mock.url, max_rows=2 * runs)
        terminal = self._open.enter_context(Terminal(runyard("-c", "kfp"), env=home.env))
        took = terminal.wait_for(is_loaded, timeout=LOAD, poll=0.25)
        terminal.watch(1.0)
        return Console(terminal, mock, home, runs, took)

    def close(self) -> None:
        self._open.close()


def is_loaded(screen: str) -> bool:
    return "as of" in screen.partition("\n")[0] and "loading" not in screen


def pause(terminal: Terminal) -> None:
    terminal.send(b"=")
    terminal.wait_for(lambda screen: "paused" in screen.partition("\n")[0], timeout=10)


def resume(terminal: Terminal) -> None:
    terminal.send(b"=")
    terminal.wait_for(lambda screen: "paused" not in screen.partition("\n")[0], timeout=10)
    terminal.watch(2.5)
