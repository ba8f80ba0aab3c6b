"""What every test gets: asyncio only, no configuration of the developer's own, a quiet Textual."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, state and cache of the test's own, and no variable that could change what is tested."""
    home = tmp_path / "home"
    for name, folder in (
        ("HOME", ""),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
    ):
        path = home / folder
        path.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(path))
    for name in (
        "RUNYARD_CONFIG",
        "NO_COLOR",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    return home


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each folder cost, so that a slow one is seen before the whole is."""
    seconds: defaultdict[str, float] = defaultdict(float)
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = "/".join(Path(report.nodeid.partition("::")[0]).parts[:-1][:3])
                seconds[folder] += report.duration
                tests[folder] += report.when == "call"
    if len(seconds) > 1:
        terminalreporter.section("seconds by folder, over all workers")
        for folder, spent in sorted(seconds.items(), key=lambda entry: -entry[1]):
            terminalreporter.write_line(f"{spent:8.1f}  {tests[folder]:5}  {folder}")
