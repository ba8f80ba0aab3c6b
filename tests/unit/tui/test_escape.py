"""Keys are read on the loop; a lone escape is answered soon, unless the environment says how long to wait."""

from __future__ import annotations

import asyncio
import os
import pty
import time
import tty

import pytest
from textual import constants, events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from adapters import turns
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
        self.some = asyncio.Event()

    def send_message(self, message: Message) -> None:
        if isinstance(message, events.Key):
            self.keys.append(message.character if message.is_printable and message.character else message.key)
            self.some.set()


@pytest.mark.anyio
@pytest.mark.parametrize(("sent", "key"), [(b"\x1b", "escape"), (b"\x1b[A", "up"), (b"j", "j"), (b"\xc3\xa9", "é")])
async def test_keys_are_read_and_a_lone_escape_is_one(
    sent: bytes, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_escape_soon({})
    master, slave = pty.openpty()
    tty.setraw(slave)
    driver = Typed(slave)
    monkeypatch.setattr(turns, "_until", float("-inf"))
    try:
        driver.listen()
        os.write(master, sent)
        await asyncio.wait_for(driver.some.wait(), 20)
        assert turns._until > float("-inf"), "what goes on in the background knows of it"
    finally:
        driver.disable_input()
        os.close(master)
        os.close(slave)
    assert driver.keys == [key]


@pytest.mark.anyio
async def test_a_terminal_that_has_gone_is_not_read_for_ever() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    driver = Typed(slave)
    driver.listen()
    os.close(master)
    deadline = time.monotonic() + 20
    while slave in asyncio.get_running_loop()._selector.get_map():  # type: ignore[attr-defined]  # nothing public
        assert time.monotonic() < deadline
        await asyncio.sleep(0)
    os.close(slave)


def test_textual_is_told_unless_escdelay_is_set() -> None:
    answer_escape_soon({"ESCDELAY": "500"})
    assert constants.ESCAPE_DELAY == 60.0
    answer_escape_soon({})
    assert constants.ESCAPE_DELAY == SECONDS


@pytest.mark.anyio
async def test_the_hidden_cursor_is_not_sent_home(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda self, data: written.append(data))
    driver = Driver(App())
    for data in ("\x1b[3;1Hrow\x1b[1;1H", "\x1b[1;1H", "\x1b[1;1Hx"):
        driver.write(data)
    assert written == ["\x1b[3;1Hrow", "\x1b[1;1Hx"]
