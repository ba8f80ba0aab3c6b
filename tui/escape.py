"""Keys are read on the event loop. A lone escape is answered soon, although keys of a terminal begin with it."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from collections.abc import Mapping

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from adapters.turns import somebody_waits

SECONDS = 0.025
"""The rest of a key comes in the same packet; Textual's tenth of a second is felt whenever a filter is cleared."""
CHUNK = 4096
HOME = "\x1b[1;1H"


def answer_escape_soon(environ: Mapping[str, str]) -> None:
    """Unless ESCDELAY says how long, as it does to other programs of the terminal."""
    if "ESCDELAY" not in environ:
        constants.ESCAPE_DELAY = SECONDS  # type: ignore[misc]  # read anew with every escape


class Driver(LinuxDriver):
    """Textual's reads keys in a thread: that waits up to 50 ms for the interpreter while rows are made, and looks
    for the end of an escape only ten times a second."""

    _listens = False

    def run_input_thread(self) -> None:
        """Textual's thread has nothing to do."""

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._key_thread is not None:
            self.listen()

    def disable_input(self) -> None:
        if self._listens:
            self._listens = False
            self._loop.remove_reader(self.fileno)
        super().disable_input()

    def listen(self) -> None:
        """Take keys from now on."""
        self._parser = XTermParser(self._debug)
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._loop.add_reader(self.fileno, self._read)
        self._listens = True

    def _read(self) -> None:
        try:
            raw = os.read(self.fileno, CHUNK)
        except OSError:
            raw = b""
        if not raw:  # the terminal is gone; the app finds that out by itself
            self._loop.remove_reader(self.fileno)
            return
        if text := self._decode(raw):
            for event in self._parser.feed(text):
                self.process_message(event)
            self._wait_for_the_rest()

    def _wait_for_the_rest(self) -> None:
        if self._parser._timeout_time is not None:
            self._loop.call_later(constants.ESCAPE_DELAY, self._tick)

    def _tick(self) -> None:
        if self._listens:
            for event in self._parser.tick():
                self.process_message(event)
            self._wait_for_the_rest()

    def write(self, data: str) -> None:
        """Textual ends every update by sending the cursor home, which is hidden; over a thin line that counts."""
        kept = data.removesuffix(HOME)
        if kept:
            super().write(kept)

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.InputEvent):
            somebody_waits()
        super().process_message(message)

    def send_message(self, message: Message) -> None:
        self._app.post_message(message)  # this is the loop's own thread
