"""The official clients, each in a virtual environment of its own under .venvs/, built once from pinned versions."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ENVIRONMENTS = ROOT / ".venvs"
# Tests get a home of their own; pip needs the developer's, where the package index may be configured.
DEVELOPER = dict(os.environ)


def python_of(peer: str) -> Path:
    """The interpreter that has the packages of `<peer>.txt`; built now if it is missing or out of date."""
    pins = HERE / f"{peer}.txt"
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    folder = ENVIRONMENTS / peer
    python, stamp = folder / "bin" / "python", folder / "pins.sha256"
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{peer}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (stamp.exists() and stamp.read_text() == wanted):
            venv.create(folder, with_pip=True, clear=True)
            install = ("-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r")
            subprocess.run([str(python), *install, str(pins)], check=True, env=DEVELOPER)
            stamp.write_text(wanted)
    return python


def ask(peer: str, script: str, home: Path, *arguments: str) -> dict[str, Any]:
    """Run `scripts/<script>` with the peer's interpreter and a scratch home; its answer is JSON on stdout."""
    environment = {"HOME": str(home), "PATH": os.environ.get("PATH", ""), "TZ": "UTC", "NO_PROXY": "*"}
    done = subprocess.run(
        [str(python_of(peer)), str(HERE / "scripts" / script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer
