"""Giving the terminal to another program, and taking it back: `$EDITOR`, `$PAGER`, ssh. Never through a shell.

`await hand_over(app, [*editor(), path])` belongs in a worker: a key handler that waits would hold up its screen.
The console goes on behind the program (what it follows, it follows), it only neither draws nor reads keys.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from textual.app import App, SuspendNotSupported

EDITOR, PAGER = "vi", "less"


class NotHandedOver(Exception):
    """One sentence: why the program did not run."""


def editor(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments that begin an edit: of `$VISUAL`, else `$EDITOR`, else vi. Raises NotHandedOver."""
    return _words(environ, ("VISUAL", "EDITOR"), EDITOR)


def pager(environ: Mapping[str, str] = os.environ) -> list[str]:
    """The arguments that begin reading a file: of `$PAGER`, else less. Raises NotHandedOver."""
    return _words(environ, ("PAGER",), PAGER)


def program(argv: Sequence[str]) -> str:
    """The path of the program. Raises NotHandedOver when it is not there."""
    found = shutil.which(argv[0]) if argv else None
    if found is None:
        raise NotHandedOver(f"there is no program {argv[0]!r} on this machine" if argv else "no program is named")
    return found


async def hand_over(
    app: App[Any], argv: Sequence[str], *, env: Mapping[str, str] | None = None, say: str = "", wait: bool = False
) -> int:
    """Run a program in the terminal of the console; its exit code, negative for the signal that ended it.

    `say` is a line above what it prints. With `wait`, enter is waited for when it has failed, so that what it
    said can be read. Raises NotHandedOver.
    """
    path = program(argv)
    name, failed = os.path.basename(path), ""
    with _lent(app) as modes:
        if say:
            _tell(say)
        try:
            code = await _run(path, argv, env)
        except (OSError, ValueError) as error:
            failed = f"{name} cannot be started: {getattr(error, 'strerror', None) or error}"
        else:
            _take_back(modes)
            if wait and code:
                _tell(f"{name} has ended with {exit_text(code)}; enter goes back to runyard")
                await _enter()
    if failed:
        raise NotHandedOver(failed)
    return code


async def _run(path: str, argv: Sequence[str], env: Mapping[str, str] | None) -> int:
    process = await asyncio.create_subprocess_exec(path, *argv[1:], env=env)
    try:
        return await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        raise


def exit_text(code: int) -> str:
    """How a program ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


class _Nowhere:
    """Takes what is drawn while the terminal is lent; Textual's own queue would fill up and block."""

    def write(self, text: str) -> None:
        pass

    def flush(self) -> None:
        pass

    def stop(self) -> None:
        pass


def is_lent(app: App[Any]) -> bool:
    """Whether another program has the terminal now."""
    return isinstance(getattr(app._driver, "_writer_thread", None), _Nowhere)


@contextlib.contextmanager
def _lent(app: App[Any]) -> Iterator[list[Any] | None]:
    """The terminal as it was before the console started; ctrl-c and ctrl-\\ are for the program alone."""
    if is_lent(app):
        raise NotHandedOver("another program has the terminal")
    modes = None
    try:
        with app.suspend(), _deaf(signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(termios.error):
                modes = termios.tcgetattr(0)
            setattr(app._driver, "_writer_thread", _Nowhere())  # noqa: B010  the driver's type has no such name
            yield modes
    except SuspendNotSupported:
        raise NotHandedOver("this terminal cannot be given to another program") from None


@contextlib.contextmanager
def _deaf(*numbers: signal.Signals) -> Iterator[None]:
    """A handler that does nothing, rather than none: the program shall not inherit the deafness."""
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take_back(modes: list[Any] | None) -> None:
    """A program that was killed leaves the terminal in its own modes, and in its own process group."""
    with contextlib.suppress(OSError, termios.error), _ignored(signal.SIGTTOU):
        os.tcsetpgrp(0, os.getpgrp())
        if modes is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, modes)


@contextlib.contextmanager
def _ignored(number: signal.Signals) -> Iterator[None]:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.__stdout__, flush=True)


async def _enter() -> None:
    """Enter or ctrl-c, without a thread that would outlive the console."""
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(0, pressed.set)
    before = signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, pressed.set)
    try:
        await pressed.wait()
    finally:
        loop.remove_reader(0)
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
    with contextlib.suppress(OSError):
        termios.tcflush(0, termios.TCIFLUSH)


def _words(environ: Mapping[str, str], names: Sequence[str], otherwise: str) -> list[str]:
    for name in names:
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise NotHandedOver(f"${name} cannot be read: {error}") from None
        if words:
            return words
    return [otherwise]
