"""runyard get has the columns of the very server it asks, not only those the backend is known for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from adapters.mock.server import MockServer, config_toml
from tests.unit.cli.conftest import Cli

BACKENDS = ("jobmanager",)


def test_columns_come_from_what_the_server_says(runyard: Cli, write_config: Callable[[str], Path]) -> None:
    fields = [
        {"field": "name", "display": "Sample"},
        {"field": "status", "display": "Phase"},
        {"field": "labels.workspace-id", "display": "Workspace"},
    ]
    told = {"displayFields": fields, "queryExtensions": []}
    options = {"jobmanager": {"capabilities": told}}
    with MockServer(seed=7, runs=20, clock="virtual", backends=BACKENDS, options=options) as server:
        write_config(config_toml(server.url, BACKENDS))
        result = runyard("get", "runs", "--limit", "3")
    heads, *rows = result.lines
    assert result.code == 0
    assert heads.split() == ["PHASE", "NATIVE", "SAMPLE", "AGE", "DUR", "WORKSPACE", "NOTE"]
    assert rows[0].split()[-1] == "growth"
