"""What a run writes to stdout and stderr: a pure function of the run, growing while it runs, never rewritten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.mock.chance import MASK, Draw, mix
from adapters.mock.fleet.model import Pod, Run
from adapters.mock.fleet.states import PodState
from adapters.mock.stories import LINE_EVERY, STORY, work_line

STDOUT, STDERR = "stdout", "stderr"
KEPT_LOGS = 48
SERVICE_EVERY = 20.0
GONE = {
    "signal": ("WARNING signal: SIGTERM received, shutting down", "INFO exiting with 143"),
    "peer": ("ERROR dist: a peer of this process has failed, the group is taken down", "INFO exiting with 1"),
    "done": ("INFO main: finished", "INFO exiting with 0"),
}
NOISE = (
    "WARNING locale: résumé of μ-batches is off, set LANG to C.UTF-8 (✓ continuing)",
    "WARNING torch: OMP_NUM_THREADS is not set, using 1",
)


@dataclass(slots=True)
class _Log:
    """What has been written so far: the next line's number, and whether the run's last words are in it."""

    data: bytearray = field(default_factory=bytearray)
    next_line: int = 0
    complete: bool = False


class Logs:
    """`stamp` turns simulated moments into the reader's time."""

    def __init__(self, seed: int, stamp: Callable[[float], float]) -> None:
        self._seed = seed
        self._stamp = stamp
        self._kept: OrderedDict[tuple[str, int, str], _Log] = OrderedDict()

    def read(self, pod: Pod, run: Run, name: str, now: float) -> bytes:
        """The file as it is at `now`; empty for a run that never started."""
        if run.started is None:
            return b""
        key = (pod.name, run.number, name)
        log = self._kept.setdefault(key, _Log())
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT_LOGS:
            self._kept.popitem(last=False)
        if not log.complete:
            self._write(log, pod, run, name, now)
        return bytes(log.data)

    def _write(self, log: _Log, pod: Pod, run: Run, name: str, now: float) -> None:
        assert run.started is not None
        kind = pod.job.fates[run.version].work
        number = Draw(self._seed, "log", pod.job.index, pod.instance, run.number).number(name)
        every = SERVICE_EVERY if kind == "service" else LINE_EVERY[kind]
        stop = _last_moment(run)
        until = now if stop is None else min(now, stop)
        while True:
            line = log.next_line
            moment = run.started + every * (line + 0.8 * mix(number ^ line) / MASK)
            if moment > until or (name == STDERR and line >= len(NOISE)):
                break
            text = NOISE[line] if name == STDERR else work_line(kind, line, number & 0xFFFFFFFF)
            log.data += self._line(moment, text)
            log.next_line += 1
        if run.ended is not None and run.ended <= now:
            for offset, text in enumerate(_last_words(pod, run, name)):
                log.data += self._line(run.ended + offset / 1000, text)
            log.complete = True

    def _line(self, moment: float, text: str) -> bytes:
        millis = int(self._stamp(moment) * 1000)
        when = datetime.fromtimestamp(millis // 1000, UTC)
        return f"{when:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z {text}\n".encode()


def _last_moment(run: Run) -> float | None:
    """When the run stopped doing its work: the moment it was told to stop, or ended."""
    for event in reversed(run.events):
        if event.state is PodState.KILLING:
            return event.time
    return run.ended


def _last_words(pod: Pod, run: Run, name: str) -> tuple[str, ...]:
    if run.story in STORY:
        lines = STORY[run.story].lines
        return lines if name == STDOUT else tuple(line for line in lines if not line.startswith("INFO"))
    if name == STDERR:
        return ()
    if run.story:
        return GONE["peer"]
    return GONE["done"] if run.state is PodState.SUCCEEDED else GONE["signal"] if run.signal else ()
