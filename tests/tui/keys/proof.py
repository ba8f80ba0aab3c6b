"""The proof of a key: its effect is not there, the key is pressed, its effect is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from textual.screen import Screen

from tests.tui.fake import Tester

Effect: TypeAlias = Callable[[Tester], object]

_PHYSICAL = {"ctrl-space": "ctrl+@", "ctrl-\\": "ctrl+backslash"}


CASE = ("key", "effect", "before")


def case(id: str, key: str, effect: Effect, *before: str) -> Any:
    """Parameters `CASE` of a test that does `before`, presses `key` and sees the effect."""
    return pytest.param(key, effect, before, id=f"{id} {key}", marks=pytest.mark.presses(id, key))


def cases(id: str, keys: str, effect: Effect, *before: str) -> list[Any]:
    """The same for each of several keys."""
    return [case(id, key, effect, *before) for key in keys.split()]


async def press(t: Tester, key: str) -> None:
    """One key by its name in the table: `ctrl-d`, `[`, `shift-tab`."""
    await t.press(_PHYSICAL.get(key) or (key if len(key) == 1 else key.replace("-", "+")))


async def do(t: Tester, *steps: str) -> None:
    """Keys; `=text` waits until it is on the screen, `~text` until it is not, `'text` types it.

    `-text` presses escape until that is not on the screen: a plan drops the keys of its first moment.
    """
    for step in steps:
        lead, rest = step[0], step[1:]
        if rest and lead == "=":
            await t.see(rest)
        elif rest and lead == "~":
            await t.gone(rest)
        elif rest and lead == "-":
            while sees(rest)(t):
                await press(t, "escape")
        elif rest and lead == "'":
            await t.type(rest)
        else:
            await press(t, step)


async def proves(t: Tester, key: str, effect: Effect) -> None:
    assert not effect(t), "the effect is there before the key"
    await press(t, key)
    await t.until(lambda: effect(t))


# Effects.


def sees(*texts: str) -> Effect:
    return lambda t: all(any(text in line for line in t.lines) for text in texts)


def loses(text: str) -> Effect:
    return lambda t: not any(text in line for line in t.lines)


def on(screen: type[Screen[Any]], /, **more: Any) -> Effect:
    """The screen is such a one, with these attributes."""

    def there(t: Tester) -> bool:
        shown = t.app.screen
        return isinstance(shown, screen) and all(getattr(shown, name) == value for name, value in more.items())

    return there


def cursor(id: str) -> Effect:
    return lambda t: t.cursor == id


def copied(text: str) -> Effect:
    return lambda t: t.app.clipboard == text
