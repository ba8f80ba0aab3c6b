"""A lone escape is answered soon, unless the environment says how long to wait for the rest of a key."""

from __future__ import annotations

import asyncio
import os
import pty
import threading
import tty

import pytest
from textual import constants, events
from textual.app import App
from textual.message import Message

from tui.escape import SECONDS, Driver, answer_escape_soon


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 60.0)


class Typed(Driver):
    """Keys that were read, without an app around them."""

    def __init__(self, fileno: int) -> None:
        super().__init__(App())
        self.fileno = fileno
        self.keys: list[str] = []
        self.some = threading.Event()

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Key):
            self.keys.append(message.character if message.is_printable and message.character else message.key)
            self.some.set()


@pytest.mark.anyio
@pytest.mark.parametrize(("sent", "key"), [(b"\x1b", "escape"), (b"\x1b[A", "up"), (b"j", "j"), (b"\xc3\xa9", "é")])
async def test_keys_are_read_and_a_lone_escape_is_one(sent: bytes, key: str) -> None:
    answer_escape_soon({})
    master, slave = pty.openpty()
    tty.setraw(slave)
    driver = Typed(slave)
    thread = threading.Thread(target=driver.run_input_thread)
    thread.start()
    try:
        os.write(master, sent)
        assert await asyncio.to_thread(driver.some.wait, 20)
    finally:
        driver.exit_event.set()
        thread.join(20)
        os.close(master)
        os.close(slave)
    assert driver.keys == [key]


def test_textual_is_told_unless_escdelay_is_set() -> None:
    answer_escape_soon({"ESCDELAY": "500"})
    assert constants.ESCAPE_DELAY == 60.0
    answer_escape_soon({})
    assert constants.ESCAPE_DELAY == SECONDS
