"""Planted secrets are looked for in everything that runyard writes or says."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from adapters import registry
from adapters.errors import AdapterError
from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind, LogMode, LogSource, Ref
from tests.trust.cli import Cli
from tests.trust.planted import OWN, PLANT, Planted, everywhere
from tests.trust.world import BACKENDS
from tui.config import ConfigError, load, parse
from tui.core.journal import Journal, redacted
from tui.core.logspool import LogSpool
from tui.crash import known_secrets, write_report
from tui.oneshot import debug as debug_file
from tui.statefile import save_state

pytestmark = pytest.mark.anyio
WAYS = ("value", "env", "file", "command")


def basic(headers: Mapping[str, str]) -> str:
    """The key pair of a Basic login as text."""
    scheme, _, pair = headers.get("authorization", "").partition(" ")
    return base64.b64decode(pair).decode() if scheme == "Basic" else ""


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=25, hosts=4, clock="virtual") as server:
        yield server


@pytest.mark.parametrize("way", ["value", "file"])
def test_nothing_that_is_said_or_written_holds_a_secret(
    mock: MockServer,
    runyard: Cli,
    write_config: Callable[[str], Path],
    plant: Callable[[str], Planted],
    own_home: Path,
    way: str,
) -> None:
    planted = plant(way)
    config = write_config("".join(planted.context(mock.url, name) for name in BACKENDS))
    debug = ["--debug", str(own_home / "debug.log")]
    said = []
    mock.requests.clear()
    for fault in ("", "status=401", "html", "redirect", "malformed", "reset"):
        mock.app.state.faults.replace([f"*:*:{fault}"] if fault else [])
        for arguments in (
            *([("contexts", "--check"), ("config", "check"), ("get", "runs", "-o", "wide")] if not fault else []),
            ("get", "runs", "--limit", "2", "-o", "json"),
            ("do", "abort", "kfp/run/nothing", "--yes", "--reason", "x"),
            ("api", "kfp", "TerminateRun", "--set", "run_id=x", "--yes"),
        ):
            result = runyard(*arguments, *debug)
            assert "Traceback" not in result.err
            said += [result.out, result.err]
    mock.app.state.faults.replace([])
    debug_file.stop()
    sent = " ".join(f"{each.headers} {basic(each.headers)}" for each in mock.requests)
    missing = [word for word in planted.words if word not in sent]
    assert missing == [], "what was never sent proves nothing"
    assert (own_home / "debug.log").read_text()
    assert PLANT not in everywhere(own_home, *said)
    assert config.exists()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("backend", BACKENDS)
async def test_settings_and_reports_do_not_show_them(
    plant: Callable[[str], Planted], backend: str, way: str, own_home: Path
) -> None:
    planted = plant(way)
    made = parse(tomllib.loads(planted.context("http://127.0.0.1:9", backend)))
    settings = made.contexts[backend].settings
    for source in settings.secrets():
        await source.read()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} {made!r}"
    shown += " ".join(f"{source!r} {source}" for source in settings.secrets())
    assert PLANT not in shown
    secrets = known_secrets(made)
    assert set(planted.words) <= {secret.strip() for secret in secrets}
    try:
        raise ValueError(f"it had {planted.words[0]} and {planted.words[-1]} in hand")
    except ValueError as error:
        path = write_report(error, said=[f"seen {planted.words[1]}"], secrets=secrets)
    assert path is not None
    assert "ValueError" in path.read_text()
    assert PLANT not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    adapter = registry.backend(backend).load_adapter()(backend, settings)
    with pytest.raises(AdapterError) as caught:
        await adapter.list(Kind.RUN)
    await adapter.aclose()
    assert PLANT not in f"{caught.value!r} {caught.value} {vars(caught.value)} {adapter.stats!r}"


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_server_that_repeats_them_in_its_error_is_not_believed(
    plant: Callable[[str], Planted], backend: str
) -> None:
    planted = plant("value")
    config = tomllib.loads(planted.context("http://127.0.0.1:9", backend))["contexts"][backend]
    settings = registry.backend(backend).load_settings()(**config)

    def parrot(request: httpx.Request) -> httpx.Response:
        heard = "; ".join(f"{name}: {value}" for name, value in request.headers.items())
        words = f"bad request with {heard}"
        body = {"error": words, "message": words, "meta": {"result_msg": words, "result_code": 400}}
        return httpx.Response(400, json=body)

    adapter = registry.backend(backend).load_adapter()(backend, settings, transport=httpx.MockTransport(parrot))
    with pytest.raises(AdapterError) as caught:
        await adapter.list(Kind.RUN)
    await adapter.aclose()
    error = caught.value
    assert PLANT not in f"{error!r} {error.sentence} {error.hint} {error.code} {adapter.stats.last_error}"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("key", ["headers", "cookies", "proxy", "url", "own"])
def test_a_config_that_is_wrong_is_told_without_its_values(backend: str, key: str) -> None:
    body: dict[str, Any] = {"backend": backend, "url": "http://127.0.0.1:9"}
    for wrong in (f"{PLANT}\n", [PLANT], {"value": PLANT, "env": PLANT}, {PLANT: PLANT}, {"valu": PLANT}, 7):
        body[OWN[backend][0] if key == "own" else key] = wrong
        try:
            shown = repr(parse({"contexts": {"c": body}}))
        except ConfigError as error:
            shown = f"{error} {error!r}"
        if isinstance(wrong, dict) and PLANT in wrong and key in ("headers", "cookies"):
            continue  # there it is the name of a header
        assert PLANT not in shown.replace(f".{PLANT}:", ":"), wrong
    with pytest.raises(ValidationError) as caught:
        registry.backend(backend).load_settings()(backend=backend, url=f"http://u:{PLANT}@h", headers=PLANT)
    assert PLANT not in str(caught.value)


async def test_a_proxy_that_cannot_be_used_keeps_its_password() -> None:
    for proxy in (f"ftp://u:{PLANT}@h", f"http://u:{PLANT}@127.0.0.1:9", f"socks5://u:{PLANT}@127.0.0.1:9"):
        made = parse(
            {"contexts": {"c": {"backend": "kfp", "url": "http://h.example", "proxy": proxy, "retries": 0}}}
        )
        adapter = registry.backend("kfp").load_adapter()("c", made.contexts["c"].settings)
        with pytest.raises(AdapterError) as caught:
            await adapter.list(Kind.RUN)
        await adapter.aclose()
        assert PLANT not in f"{caught.value!r} {caught.value.__cause__!r} {adapter.stats.last_error}"


def test_the_journal_hides_what_is_called_a_secret(tmp_path: Path) -> None:
    params: dict[str, Any] = {
        "password": PLANT,
        "nested": [{"apiKey": PLANT, "access_key": PLANT, "secret_key": {"a": PLANT}}],
        "env": [{"name": "DB_PASSWORD", "value": PLANT}, {"name": "LR", "value": "0.1"}],
        "args": [f"--hf-token={PLANT}", f"AWS_SECRET_ACCESS_KEY={PLANT}", "--epochs=3"],
        "Cookie": PLANT,
        "Authorization": f"Bearer {PLANT}",
        "spec": {"name": "tokenizer-train", "replicas": 3},
    }
    journal = Journal(tmp_path / "journal")
    journal.issue("p", "create", Ref("c", Kind.RUN, "x"), params)
    (entry,) = journal.records()
    (file,) = (tmp_path / "journal").iterdir()
    assert PLANT not in file.read_text()
    assert entry.params["env"][1] == {"name": "LR", "value": "0.1"}  # type: ignore[index]
    assert entry.params["spec"] == {"name": "tokenizer-train", "replicas": 3}
    assert entry.params["args"][2] == "--epochs=3"  # type: ignore[index]
    assert redacted({"token": None}) == {"token": None}


def test_no_secret_is_in_the_arguments_of_a_process(
    mock: MockServer, plant: Callable[[str], Planted], write_config: Callable[[str], Path]
) -> None:
    planted = plant("command")
    write_config("".join(planted.context(mock.url, name) for name in ("kfp", "peloton")))
    code = """
import os, subprocess, sys, pathlib, asyncio
real = asyncio.create_subprocess_exec
seen = []
async def spied(*command, **more):
    process = await real(*command, **more)
    seen.append(pathlib.Path(f"/proc/{os.getpid()}/cmdline").read_bytes() + b" ".join(map(os.fsencode, command)))
    return process
asyncio.create_subprocess_exec = spied
from tui.cli import run
code = run(["get", "runs", "-o", "name"])
sys.stderr.buffer.write(b"|".join(seen))
sys.exit(code)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=30,
        env=dict(os.environ),
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ".sh" in done.stderr
    assert PLANT not in done.stderr + done.stdout


async def test_what_is_kept_is_for_the_owner_alone_whatever_the_umask(
    own_home: Path, tmp_path: Path, mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]
) -> None:
    write_config(config_toml(mock.url, ["kfp"]))
    state = own_home / "new" / "state"
    os.environ["XDG_STATE_HOME"] = str(state)
    before = os.umask(0)
    try:
        await asyncio.to_thread(runyard, "api", "kfp", "TerminateRun", "--set", "run_id=x", "--yes")
        await asyncio.to_thread(runyard, "get", "runs", "--debug", str(state / "runyard" / "debug.log"))
        save_state(state / "runyard" / "deep" / "state.toml", {"a": 1})
        write_report(ValueError("x"))
        spool = LogSpool(state / "runyard" / "logs")
        log = spool.open(LogSource(Ref("kfp", Kind.RUN, "x"), "main", LogMode.APPEND))
        log.append(b"line\n")
        log.close()
    finally:
        debug_file.stop()
        os.umask(before)
    kept = list(state.rglob("*"))
    names = {path.name for path in kept if path.is_dir()}
    assert {"runyard", "journal", "crashes", "logs"} <= names
    assert any(path.suffix == ".jsonl" for path in kept)
    for path in [state, *kept]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path} {mode:o}"


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "fine"),
    [
        (0o600, 0o700, True),
        (0o644, 0o755, True),
        (0o622, 0o755, False),
        (0o666, 0o755, False),
        (0o644, 0o777, False),
    ],
)
def test_a_config_that_others_can_write_is_refused(
    tmp_path: Path, runyard: Cli, file_mode: int, folder_mode: int, fine: bool
) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    path = folder / "c.toml"
    path.write_text('[contexts.a]\nbackend = "kfp"\nurl = "http://127.0.0.1:9"\ntoken_command = ["false"]\n')
    path.chmod(file_mode)
    folder.chmod(folder_mode)
    if fine:
        assert load(path).contexts
        return
    with pytest.raises(ConfigError, match="can be changed by others"):
        load(path)
    result = runyard("--config", str(path), "get", "runs")
    assert (result.code, "can be changed by others" in result.err) == (2, True)
