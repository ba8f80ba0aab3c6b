"""The command line in this process, against the mock server over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.mock.server import MockServer, config_toml
from tui.cli import run


@dataclass(frozen=True, slots=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def complaint(self) -> str:
        """The one line on stderr."""
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.strip().removeprefix("runyard: ")


Cli = Callable[..., Result]
BACKENDS = ("kfp", "peloton")
"""Two that differ in everything. That each backend works from here is the contract suite's and its own tests'."""


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=60, hosts=12, clock="virtual", backends=BACKENDS) as server:
        yield server


@pytest.fixture
def runyard(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line: `runyard("get", "runs")`."""

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        code = run(list(arguments))
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def write_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Write a config and name it by RUNYARD_CONFIG."""

    def write(text: str) -> Path:
        path = tmp_path / "home" / "config.toml"
        path.write_text(text)
        path.chmod(0o600)
        monkeypatch.setenv("RUNYARD_CONFIG", str(path))
        return path

    return write


@pytest.fixture
def cli(mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Cli:
    """The command line with a context for each backend of the mock server."""
    write_config(config_toml(mock.url, BACKENDS))
    return runyard


@pytest.fixture
def with_dead(mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Cli:
    """As `cli`, with one more context that nobody answers for."""
    dead = '[contexts.dead]\nbackend = "kfp"\nurl = "http://127.0.0.1:9"\nretries = 0\n'
    write_config(config_toml(mock.url, BACKENDS) + dead)
    return runyard


@pytest.fixture(scope="module")
def mock_of_all() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=60, hosts=12, clock="virtual") as server:
        yield server


@pytest.fixture
def all_of_them(mock_of_all: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Cli:
    """The command line with a context for each backend there is; none tries a request again."""
    lines = config_toml(mock_of_all.url).splitlines()
    write_config("\n".join(f"{line}\nretries = 0" if line.startswith("[contexts.") else line for line in lines))
    return runyard
