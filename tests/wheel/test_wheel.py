"""The wheel, installed alone in a fresh environment, works outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.wheel]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh venv that holds the locked dependencies and our wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", cwd=ROOT)
    (wheel,) = (folder / "dist").glob("runyard-*.whl")
    venv.create(folder / "venv", with_pip=True)
    bin_folder = folder / "venv" / "bin"
    pip: list[str | Path] = [
        bin_folder / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
    ]
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=folder)
    run(*pip, "--no-deps", wheel, cwd=folder)
    return bin_folder


@contextmanager
def mock(runyard: Path, cwd: Path) -> Iterator[Path]:
    """A mock server of the installed wheel; yields the config that it printed."""
    command = [str(runyard), "mock", "--seed", "7", "--runs", "30", "--hosts", "6", "--print-config"]
    config = cwd / "c.toml"
    with config.open("w") as out, subprocess.Popen(command, cwd=cwd, stdout=out) as server:
        try:
            deadline = time.monotonic() + 30
            while "[contexts.kfp]" not in config.read_text():
                assert server.poll() is None, "the mock server ended at once"
                assert time.monotonic() < deadline, "the mock server printed no config"
                time.sleep(0.05)
            yield config
        finally:
            server.terminate()


def test_the_wheel_plays_and_reads_its_own_backends(installed: Path, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    runyard = installed / "runyard"
    assert run(runyard, "--version", cwd=tmp_path, env=env).startswith("runyard ")
    with mock(runyard, tmp_path) as config:
        rows = json.loads(
            run(runyard, "--config", config, "get", "runs", "-c", "kfp", "-o", "json", cwd=tmp_path, env=env)
        )
        assert len(rows) >= 25
        hosts = json.loads(
            run(runyard, "--config", config, "get", "hosts", "-o", "json", "-c", "peloton", cwd=tmp_path)
        )
        assert len(hosts) == 6
