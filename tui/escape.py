"""A lone escape is answered soon, although the keys of a terminal begin with it."""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from collections.abc import Mapping

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

SECONDS = 0.025
"""The rest of a key comes in the same packet; Textual's tenth of a second is felt whenever a filter is cleared."""
IDLE = 0.1
"""So often the thread looks whether it is to end."""
CHUNK = 4096


def answer_escape_soon(environ: Mapping[str, str]) -> None:
    """Unless ESCDELAY says how long, as it does to other programs of the terminal."""
    if "ESCDELAY" not in environ:
        constants.ESCAPE_DELAY = SECONDS  # type: ignore[misc]  # read anew with every escape


class Driver(LinuxDriver):
    """Textual's, which looks for the end of an escape only ten times a second."""

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while True:
            ending = self.exit_event.is_set()
            begun = parser._timeout_time is not None
            wait = 0.0 if ending else min(constants.ESCAPE_DELAY, IDLE) if begun else IDLE
            if select.select([self.fileno], [], [], wait)[0]:
                text = decode(os.read(self.fileno, CHUNK))
                if text:
                    for event in parser.feed(text):
                        self.process_message(event)
            for event in parser.tick():
                self.process_message(event)
            if ending:
                return
