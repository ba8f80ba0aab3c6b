"""Where the console opens: by the command line, by the config, and at its contexts."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.mock.server import MockServer, config_toml
from tests.tui.terminal.terminal import Terminal, runyard


@pytest.mark.parametrize(
    ("arguments", "config", "sees"),
    [
        (
            ["--view", "hosts", "--filter", "state=draining"],
            "",
            ["peloton › hosts", "1 of 6 hosts", "/ state=draining"],
        ),
        (["--view", "contexts"], "", ["LATENCY", "1 of 1 reachable"]),
        ([], '[ui]\nview = "pools"\n', ["peloton › pools"]),
    ],
)
def test_it_opens_where_it_was_asked_to(tmp_path: Path, arguments: list[str], config: str, sees: list[str]) -> None:
    with MockServer(seed=7, runs=20, hosts=6, clock="virtual", backends=["peloton"]) as mock:
        path = tmp_path / "config.toml"
        path.write_text(config_toml(mock.url, ["peloton"]) + config)
        path.chmod(0o600)
        with Terminal(runyard("--config", str(path), *arguments)) as t:
            for text in sees:
                t.see(text)
            t.send(":q\r")
            assert t.ended() == 0
