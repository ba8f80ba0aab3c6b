"""`runyard mock` as a child process, a config for it, and `runyard` itself with folders of its own."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from types import TracebackType
from typing import Any

PATIENCE = 60.0
MORE = {"requests_per_second": 1000.0}
"""The load is to be bound by the two programs, not by the politeness towards real servers."""


class Mock:
    """A mock server on a free port; `took` are the seconds until it accepted connections."""

    def __init__(self, *, runs: int, hosts: int = 12, arguments: Sequence[str] = (), script: str = "") -> None:
        program = ["-m", script] if script else ["-m", "tui", "mock"]
        command = [sys.executable, *program, "--runs", str(runs), "--hosts", str(hosts), *arguments]
        began = perf_counter()
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._child.stdout is not None
        ready, _, _ = select.select([self._child.stdout], [], [], PATIENCE)
        line = self._child.stdout.readline() if ready else ""
        if not line.startswith("runyard mock: "):
            self.close()
            raise RuntimeError(f"the mock server did not start: {line!r}")
        self.took = perf_counter() - began
        self.url = line.partition(": ")[2].strip()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return bytes(answer.read())

    def page(self, size: int, **more: str) -> dict[str, Any]:
        """The newest runs as KFP lists them."""
        return dict(json.loads(self.get(page_path(size))))

    def requests(self) -> list[dict[str, Any]]:
        """What has arrived since the last call."""
        found = json.loads(self.get("/_mock/requests"))["requests"]
        self._send("DELETE", "/_mock/requests")
        return [each for each in found if not each["path"].startswith("/_mock")]

    def control(self, path: str, body: Mapping[str, Any]) -> Any:
        return json.loads(self._send("POST", f"/_mock/{path}", json.dumps(body).encode()))

    def control_api(self, path: str) -> None:
        """Do something to the cluster through the API that it simulates."""
        self._send("POST", path, b"{}")

    def states(self, backend: str) -> dict[str, int]:
        """How many runs are in which native state."""
        found = json.loads(self.get(f"/_mock/state?backend={backend}"))
        return dict(found["backends"][backend]["states"])

    def _send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        asked = urllib.request.Request(self.url + path, data=body, method=method)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return bytes(answer.read())

    @property
    def pid(self) -> int:
        return self._child.pid

    def close(self) -> None:
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def __enter__(self) -> Mock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def page_path(size: int) -> str:
    return f"/apis/v2beta1/runs?page_size={size}&sort_by=created_at%20desc"


class Home:
    """Folders and a config of their own, so that nothing of the user's is read or written."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="runyard-bench-")
        self.path = Path(self._folder.name)
        self.config = self.path / "config.toml"
        self.env = {
            "RUNYARD_CONFIG": str(self.config),
            "XDG_STATE_HOME": str(self.path / "state"),
            "XDG_CACHE_HOME": str(self.path / "cache"),
        }

    def contexts(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Write a config with these contexts: name -> its keys, `backend` and `url` among them."""
        parts = []
        for name, keys in found.items():
            lines = [f"{key} = {json.dumps(value)}" for key, value in {**MORE, **keys}.items()]
            parts.append("\n".join([f"[contexts.{name}]", *lines, ""]))
        self.config.write_text("\n".join(parts))

    def kfp(self, url: str, **more: Any) -> None:
        self.contexts({"kfp": {"backend": "kfp", "url": url, **more}})

    def close(self) -> None:
        self._folder.cleanup()

    def __enter__(self) -> Home:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def runyard(*arguments: str) -> list[str]:
    """The installed program beside this interpreter, as users start it; else the module."""
    installed = Path(sys.executable).with_name("runyard")
    return [str(installed), *arguments] if installed.exists() else [sys.executable, "-m", "tui", *arguments]
