"""Make docs/screens/*.svg: real screens of the console over its own mock server, with a fixed seed and clock.

python docs/screens.py [NAME ...]

docs/screens/README.md shows them, each with what was judged when it was looked at; `--page` writes only that.
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
PAGE = """\
# The screens

Made by `python docs/screens.py` over the mock server with seed 7. Each picture was looked at; the sentence below
it, kept in `judged.toml`, says what was judged and changed.
"""
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


SETTLING = frozenset(("enter", "l", "x", "X", "C", "d", "y", "V", "a", "r", "ctrl+t", "ctrl+d"))
"""Keys that ask a server for something."""


def typed(text: str) -> tuple[str, ...]:
    """The keys that type a text."""
    names = {" ": "space", ":": "colon", "/": "slash", "=": "equals_sign", "~": "tilde"}
    return tuple(names.get(character, character) for character in text)


def command(text: str) -> tuple[str, ...]:
    return ("colon", *typed(text), "enter")


SHOTS = (
    Shot("runs", ("kfp",), ("e",), MIDDLE),
    Shot("runs-80x24", ("kfp",), ("e",)),
    Shot("runs-light-80x24", ("kfp",), ("e",), theme="light"),
    Shot("runs-mono-80x24", ("kfp",), ("e",), theme="mono"),
    Shot("runs-160x48", FIVE, ("e",), WIDE),
    Shot("detail-80x24", ("kfp",), ("e", "enter")),
    Shot("detail-160x48", ("kfp",), ("e", "enter"), WIDE),
    Shot("why-80x24", ("kfp",), ("e", "X")),
    Shot("tree-80x24", ("peloton",), ("e", "ctrl+t")),
    Shot("describe-80x24", ("kfp",), ("e", "d")),
    Shot("raw-80x24", ("kfp",), ("e", "y")),
    Shot("diff-80x24", ("kfp",), ("space", "space", "V")),
    Shot("logs-80x24", ("kfp",), ("e", "l")),
    Shot("logs-160x48", ("kfp",), ("e", "l"), WIDE),
    Shot("merged-80x24", ("kfp",), ("e", "l", "a")),
    Shot("pods-80x24", ("peloton",), command("pods")),
    Shot("hosts-80x24", ("peloton",), command("hosts")),
    Shot("host-80x24", ("peloton",), (*command("hosts"), "G", "v")),
    Shot("pools-80x24", ("peloton",), command("pools")),
    Shot("pools-160x48", ("peloton",), command("pools"), WIDE),
    Shot("drain-80x24", ("peloton",), (*command("hosts"), "G", "C")),
    Shot("bulk-80x24", ("kfp",), ("ctrl+z", "asterisk", "r")),
    Shot("causes-80x24", ("kfp",), command("retry-cause")),
    Shot("menu-80x24", ("kfp",), ("e", "x")),
    Shot("help-80x24", ("kfp",), ("e", "question_mark")),
    Shot("filter-80x24", ("kfp",), ("slash", *typed("state=failed ownr~ana"))),
    Shot("group-80x24", FIVE, command("group cause")),
    Shot("columns-80x24", ("clearml",), (",",)),
    Shot("find-80x24", FIVE, command("find state=failed")),
    Shot("usual-80x24", FIVE, command("usual")),
    Shot("command-80x24", FIVE, ("colon", *typed("runs @k"))),
    Shot("contexts-80x24", FIVE, command("contexts")),
    Shot("add-context-80x24", FIVE, command("add-context")),
    Shot("pulse-80x24", FIVE, command("pulse")),
    Shot("pulse-160x48", FIVE, command("pulse"), WIDE),
    Shot("digest-80x24", FIVE, command("digest")),
    Shot("journal-80x24", ("kfp",), ("j", "j", "ctrl+d", "y", "escape", "escape", *command("journal"))),
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
            if key in SETTLING:
                await settled(app)
        await settled(app, looks=20)
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


def judged() -> dict[str, str]:
    """What was seen in each picture when it was looked at, and what was changed for it."""
    return dict(tomllib.loads((FOLDER / "judged.toml").read_text(encoding="utf-8")))


def page() -> str:
    """docs/screens/README.md: each picture with its sentence."""
    said = judged()
    parts = [PAGE]
    parts += [f"## {shot.name}\n\n![{shot.name}]({shot.name}.svg)\n\n{said[shot.name]}\n" for shot in SHOTS]
    return "\n".join(parts)


def main(names: list[str]) -> int:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "README.md").write_text(page(), encoding="utf-8")
    if "--page" in names:
        return 0
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
