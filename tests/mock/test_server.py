"""The server as a process and as a thread: what it prints, what it mounts, how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import grpc
import httpx
import pytest

from adapters.mock.server import MockOptions, MockServer, config_toml, run
from tests.mock.calling import Caller

SCRIPT = (
    "from adapters.mock.server import MockOptions, run; raise SystemExit(run(MockOptions(backends=['kfp'], %s)))"
)


@contextmanager
def process(options: str = "") -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-c", SCRIPT % options]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().rstrip("\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_once_it_accepts_and_ends_at_once(number: signal.Signals) -> None:
    with process("runs=100_000, seed=7") as child:
        said = line_of(child.stdout)
        match = re.fullmatch(r"runyard mock: (http://127\.0\.0\.1:\d+)", said)
        assert match
        with httpx.Client(base_url=match[1]) as client:  # its connection stays open while the server ends
            assert client.get("/apis/v2beta1/runs", params={"page_size": 1}).json()["total_size"] == 100_000
            child.send_signal(number)
            began = time.monotonic()
            assert child.wait(5) == 0
            assert time.monotonic() - began < 2
        out, err = child.communicate()
        assert (out, err) == ("", "")


def test_it_ends_at_once_even_with_a_request_in_flight() -> None:
    with process("faults=['kfp:*:latency=60']") as child:
        url = line_of(child.stdout).removeprefix("runyard mock: ")
        caller = threading.Thread(target=_swallow, args=(f"{url}/apis/v2beta1/healthz",))
        caller.start()
        while not httpx.get(f"{url}/_mock/requests").json()["count"]:
            pass
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
        assert child.communicate() == ("", "")
        caller.join(5)
        assert not caller.is_alive()


def test_a_client_that_hangs_up_is_not_worth_a_word() -> None:
    with process("faults=['kfp:*:latency=0.2']") as child:
        url = line_of(child.stdout).removeprefix("runyard mock: ")
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/apis/v2beta1/runs", json={}, timeout=0.05)
        while httpx.get(f"{url}/apis/v2beta1/healthz").status_code != 200:
            pass
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
        assert child.communicate() == ("", "")


@pytest.mark.parametrize(("host", "open"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_it_says_when_it_is_open_to_others(host: str, open: bool) -> None:
    with process(f"host={host!r}") as child:
        line_of(child.stdout)
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=5)
    assert err == ("runyard mock: open to whoever reaches 0.0.0.0, without a login\n" if open else "")


def _swallow(url: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(url, timeout=20)


def test_print_config_is_toml_throughout_and_it_goes_on_serving() -> None:
    with process("print_config=True") as child:
        lines = [line_of(child.stdout)]
        assert lines[0].startswith("# runyard mock: http://127.0.0.1:")
        url = lines[0].removeprefix("# runyard mock: ")
        while "url" not in lines[-1]:
            lines.append(line_of(child.stdout))
        assert httpx.get(f"{url}/apis/v2beta1/healthz").status_code == 200
        child.send_signal(signal.SIGTERM)
        rest, err = child.communicate(timeout=5)
        config = tomllib.loads("\n".join([*lines, rest]))
    assert config["contexts"]["kfp"] == {"backend": "kfp", "url": url}
    assert err == ""


def _watch_and_end(address: str, child: subprocess.Popen[str]) -> None:
    """A watch is open when the server is told to end."""
    metadata = (("rpc-caller", "tests"), ("rpc-service", "peloton-jobmgr"), ("rpc-encoding", "json"))
    with grpc.insecure_channel(address) as channel:
        call: Any = channel.unary_stream("/peloton.api.v1alpha.watch.svc.WatchService/Watch")
        stream = call(b'{"podFilter":{}}', metadata=metadata, timeout=10)
        assert b"watchId" in next(stream)
        child.send_signal(signal.SIGTERM)
        with pytest.raises(grpc.RpcError, match="the watch is closed"):
            next(stream)


@pytest.mark.parametrize("there", [True, False])
def test_a_second_port_is_in_the_config_where_it_can_be_served(there: bool) -> None:
    hidden = "" if there else "import sys; sys.modules['grpc'] = None; "
    script = f"{hidden}from adapters.mock.server import MockOptions, run; "
    script += "raise SystemExit(run(MockOptions(backends=['peloton'], print_config=True)))"
    command = [sys.executable, "-W", "error", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        lines = [line_of(child.stdout)]
        while not lines[-1].startswith("grpc_url" if there else "# agent_logs"):
            lines.append(line_of(child.stdout))
        found = tomllib.loads("\n".join(lines))["contexts"]["peloton"].get("grpc_url")
        if there:
            _watch_and_end(found.removeprefix("grpc://"), child)
        else:
            assert found is None
            assert any(line.startswith("# grpc_url = ") for line in lines)
            child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=5)
    assert (child.returncode, err) == (0, "")


def test_the_config_has_a_context_per_backend() -> None:
    config = tomllib.loads(config_toml("http://127.0.0.1:8888"))
    assert {name: context["backend"] for name, context in config["contexts"].items()} == {
        name: name for name in config["contexts"]
    }
    assert "kfp" in config["contexts"]


def test_what_cannot_work_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(MockOptions(faults=["kfp:*:nope"])) == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(MockOptions(port=port)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 2
    assert "no kind 'nope'" in err
    assert f"cannot listen on 127.0.0.1:{port}" in err


def test_a_stray_path_gets_the_404_of_a_go_server() -> None:
    answer = Caller().get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_stopped_server_refuses_and_its_port_can_be_used_again() -> None:
    with MockServer(backends=["kfp"], clock="virtual") as mock:
        port = mock.cluster.base_port
        assert httpx.get(f"{mock.url}/apis/v2beta1/healthz").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{mock.url}/apis/v2beta1/healthz")
    with MockServer(backends=["kfp"], port=port) as again:
        assert httpx.get(f"{again.url}/apis/v2beta1/healthz").status_code == 200


def test_a_backend_that_cannot_be_loaded_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from adapters import registry

    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "broken": "adapters.broken:BACKEND"})
    mock = Caller(backends=("broken", "kfp"))
    assert mock.get("/apis/v2beta1/healthz").status_code == 200
    assert "broken is not served" in capsys.readouterr().err
