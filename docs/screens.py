"""Make docs/screens/*.svg: real screens of the console over its own mock server, with a fixed seed and clock.

python docs/screens.py [NAME ...]
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.mock.server import MockServer, config_toml
from tui.app import ConsoleApp
from tui.config import parse
from tui.styles.tokens import THEMES
from tui.wiring import build_services

FOLDER = Path(__file__).parent / "screens"
FIVE = ("kfp", "clearml", "jobmanager", "vertex", "peloton")
NARROW, MIDDLE, WIDE = (80, 24), (110, 30), (160, 48)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: which contexts, at which size, after which keys. `minutes` move the cluster's clock first."""

    name: str
    contexts: tuple[str, ...]
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = NARROW
    theme: str = "dark"
    minutes: float = 0.0


def typed(text: str) -> tuple[str, ...]:
    """The keys that type a text."""
    names = {" ": "space", ":": "colon", "/": "slash", "=": "equals_sign", "~": "tilde"}
    return tuple(names.get(character, character) for character in text)


def command(text: str) -> tuple[str, ...]:
    return ("colon", *typed(text), "enter")


SHOTS = (
    Shot("runs", ("kfp",), ("e",), MIDDLE),
    Shot("runs-80x24", ("kfp",), ("e",)),
    Shot("runs-160x48", FIVE, ("e",), WIDE),
    Shot("detail-80x24", ("kfp",), ("e", "enter")),
    Shot("detail-160x48", ("kfp",), ("e", "enter"), WIDE),
    Shot("logs-80x24", ("kfp",), ("e", "l")),
    Shot("logs-160x48", ("kfp",), ("e", "l"), WIDE),
    Shot("hosts-80x24", ("peloton",), command("hosts")),
    Shot("pools-80x24", ("peloton",), command("pools")),
    Shot("pools-160x48", ("peloton",), command("pools"), WIDE),
    Shot("drain-80x24", ("peloton",), (*command("hosts"), "G", "C")),
    Shot("menu-80x24", ("kfp",), ("e", "x")),
    Shot("help-80x24", ("kfp",), ("e", "question_mark")),
    Shot("filter-80x24", ("kfp",), ("slash", *typed("state=failed ownr~ana"))),
    Shot("contexts-80x24", FIVE, command("contexts")),
    Shot("pulse-80x24", FIVE, command("pulse")),
)


@contextmanager
def fresh_home() -> Iterator[None]:
    """No configuration, state or journal of whoever runs this is read or written."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = folder
        yield


async def picture(shot: Shot, mock: MockServer) -> str:
    """The SVG of one shot."""
    config = parse(tomllib.loads(config_toml(mock.url)))
    mock.cluster.clock.advance(shot.minutes * 60)
    services, _ = build_services(config, clock=mock.cluster.clock.now)
    app = ConsoleApp(services, scope=shot.contexts, theme=THEMES[shot.theme])
    async with app.run_test(size=shot.size) as pilot:
        await settled(app)
        for key in shot.keys:
            await pilot.press(key)
            if key in ("enter", "l", "x", "C"):
                await settled(app)
        await settled(app, looks=40)
        return without_fonts(app.export_screenshot(title="runyard"))


def without_fonts(svg: str) -> str:
    """The picture without its references to fonts on the net: whoever looks at it uses a font of their own."""
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


async def settled(app: ConsoleApp, looks: int = 8) -> None:
    """Until no request has been under way for so many looks in a row, so that the picture is of what came."""
    quiet = 0
    while quiet < looks:
        await asyncio.sleep(0.05)
        busy = any(adapter.stats.in_flight for adapter in app.services.adapters.values())
        quiet = 0 if busy else quiet + 1


def main(names: list[str]) -> int:
    FOLDER.mkdir(exist_ok=True)
    unknown = set(names) - {shot.name for shot in SHOTS}
    if unknown:
        print(f"no screen {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    for shot in SHOTS:
        if names and shot.name not in names:
            continue
        with fresh_home(), MockServer(seed=7, runs=60, hosts=12, clock="virtual") as mock:
            svg = asyncio.run(picture(shot, mock))
        (FOLDER / f"{shot.name}.svg").write_text(svg, encoding="utf-8")
        print(shot.name)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
