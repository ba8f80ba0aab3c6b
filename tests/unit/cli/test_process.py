"""The command as a process: what it imports, how it ends, and that nothing but its answer is on stdout."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters import registry
from adapters.mock.server import MockServer, config_toml

ROOT = Path(__file__).parents[3]


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False, **options
    )


def runyard(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return python("-m", "tui", *arguments, **options)


def imported(arguments: Sequence[str]) -> set[str]:
    """The top-level modules that a command line leaves in sys.modules."""
    code = (
        "import sys, runpy\nsys.argv = ['runyard', *sys.argv[1:]]\n"
        "try: runpy.run_module('tui', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "sys.stdout.flush(); names = sorted(m for m in sys.modules if '.' not in m)\n"
        "sys.__stderr__.write('MODULES ' + ' '.join(names))"
    )
    result = python("-c", code, *arguments)
    return set(result.stderr.rpartition("MODULES ")[2].split())


def test_version_imports_the_standard_library_alone() -> None:
    found = imported(["--version"])
    assert found <= set(sys.stdlib_module_names) | {"tui", "__main__", "_virtualenv"} | site_modules()
    assert re.fullmatch(r"runyard \d+\.\d+\.\d+\n", runyard("--version").stdout)


def site_modules() -> set[str]:
    """What site-packages' own start-up files bring into every process here."""
    code = "import sys; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    return set(python("-c", code).stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["get", "--help"],
        ["do", "--help"],
        ["config", "check", "--help"],
        ["completion", "bash"],
        ["completion", "zsh"],
        ["completion", "fish"],
        ["gte"],
    ],
)
def test_help_and_completion_import_neither_textual_nor_httpx(arguments: list[str]) -> None:
    assert not {"textual", "httpx", "pydantic"} & imported(arguments)


def test_completing_imports_neither_and_knows_contexts_kinds_and_actions(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[contexts.kfp]\nbackend = "kfp"\nurl = "http://127.0.0.1:1"\n')

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        env = {
            **os.environ,
            "RUNYARD_CONFIG": str(config),
            "_RUNYARD_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        result = runyard(env=env)
        assert result.stderr == ""
        return [word.rpartition(",")[2] for word in result.stdout.split()]

    assert complete("runyard ge") == ["get"]
    assert complete("runyard get ru") == ["runs"]
    assert complete("runyard get runs -c k") == ["kfp"]
    assert complete("runyard describe k") == ["kfp/"]
    assert complete("runyard describe kfp/r") == ["kfp/run/"]
    assert complete("runyard do ab") == ["abort", "abort-update"]


def test_get_does_not_import_textual() -> None:
    with MockServer(seed=7, runs=25, hosts=2) as mock:
        path = Path(os.environ["HOME"]) / "c.toml"
        path.write_text(config_toml(mock.url))
        found = imported(["--config", str(path), "get", "runs"])
    assert "httpx" in found
    assert "textual" not in found


def test_without_a_terminal_the_console_refuses_and_names_get() -> None:
    for arguments in ([], ["demo"], ["--view", "hosts"]):
        result = runyard(*arguments, stdin=subprocess.DEVNULL)
        assert (result.returncode, result.stdout) == (2, "")
        assert "runyard get" in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_foreign_adapters_package_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "__init__.py").write_text("raise SystemExit('imported')")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tui.__main__; "
        f"sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['runyard', 'get', 'runs']; tui.__main__.main()"
    )
    result = python("-c", code)
    assert result.returncode == 2
    assert "the package 'adapters'" in result.stderr
    assert "is not runyard's own" in result.stderr
    assert "Traceback" not in result.stderr


class TestMock:
    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tui", "mock", "--runs", "25", "--hosts", "2", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)

    def test_its_first_line_says_where_and_it_ends_on_sigterm(self) -> None:
        with self.start() as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert re.fullmatch(r"runyard mock: http://127\.0\.0\.1:\d+\n", line)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
            assert process.stdout.read() == ""

    def test_its_config_is_toml_throughout_and_works(self, tmp_path: Path) -> None:
        path = tmp_path / "c.toml"
        with path.open("w") as out:
            command = [sys.executable, "-m", "tui", "mock", "--runs", "25", "--hosts", "2", "--print-config"]
            process = subprocess.Popen(command, stdout=out, cwd=ROOT)
        try:
            wait_for(lambda: "[contexts.peloton]" in path.read_text() and path.read_text().endswith("\n\n"))
            config = tomllib.loads(path.read_text())
            assert path.read_text().startswith("# runyard mock: http://127.0.0.1:")
            assert set(config["contexts"]) == set(registry.names())
            result = runyard("--config", str(path), "get", "runs", "-c", "kfp", "-o", "name")
            assert (result.returncode, len(result.stdout.splitlines())) == (0, 25)
        finally:
            process.terminate()
            process.wait(10)
        gone = runyard("--config", str(path), "get", "runs", "-c", "kfp", "--timeout", "5")
        assert gone.returncode == 3
        assert gone.stderr.count("\n") == 1

    def test_it_goes_with_whoever_holds_its_stdin(self) -> None:
        command = [sys.executable, "-m", "tui", "mock", "--runs", "0", "--hosts", "1", "--with-stdin"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdout.close()

    def test_wrong_faults_are_one_line(self) -> None:
        result = runyard("mock", "--faults", "kfp:*:explode")
        assert result.returncode == 2
        assert result.stderr.count("\n") == 1


def wait_for(condition: object) -> None:
    import time

    until = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.02)


class TestEnds:
    @pytest.fixture(scope="class")
    def config(self, tmp_path_factory: pytest.TempPathFactory) -> object:
        with MockServer(seed=7, runs=3000, hosts=2) as mock:
            path = tmp_path_factory.mktemp("conf") / "c.toml"
            path.write_text(config_toml(mock.url, ["kfp"]))
            yield str(path)

    def test_a_reader_that_goes_away_is_no_error(self, config: str) -> None:
        command = f"{sys.executable} -m tui --config {config} get runs | head -1; echo ${{PIPESTATUS[0]}}"
        result = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False
        )
        assert result.stdout.splitlines()[-1] == "0"
        assert result.stderr == ""

    def test_ctrl_c_is_130_without_a_word_of_python(self, config: str) -> None:
        command = [sys.executable, "-m", "tui", "--config", config, "get", "runs", "--watch", "-o", "name"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
            assert process.returncode == 130
        assert err.strip() == ""

    def test_a_defect_is_one_line_and_its_traceback_goes_to_the_debug_file(
        self, tmp_path: Path, config: str
    ) -> None:
        code = (
            "import sys, tui.oneshot.get as get\n"
            "async def broken(*a): raise ZeroDivisionError('oops')\n"
            "get.list_all = broken\n"
            "from tui.cli import run\n"
            "sys.exit(run(sys.argv[1:]))"
        )
        plain = python("-c", code, "--config", config, "get", "runs")
        assert plain.returncode == 1
        assert plain.stderr.count("\n") == 1
        assert "ZeroDivisionError: oops" in plain.stderr
        debug = tmp_path / "debug.log"
        python("-c", code, "--config", config, "get", "runs", "--debug", str(debug))
        assert "Traceback" in debug.read_text()
        assert debug.stat().st_mode & 0o777 == 0o600

    def test_debug_tells_of_requests_but_not_of_secrets(self, tmp_path: Path, config: str) -> None:
        path = tmp_path / "c.toml"
        path.write_text(Path(config).read_text() + 'token = "s3cret"\n')
        debug = tmp_path / "debug.log"
        assert runyard("--config", str(path), "get", "runs", "--limit", "1", "--debug", str(debug)).returncode == 0
        assert "HTTP Request: GET http://127.0.0.1" in debug.read_text()
        assert "s3cret" not in debug.read_text()
        refused = runyard("--config", str(path), "get", "runs", "--debug", str(tmp_path))
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_on_a_terminal_a_single_target_is_asked_for_and_n_does_nothing() -> None:
    with MockServer(seed=7, runs=25, hosts=2) as mock:
        path = Path(os.environ["HOME"]) / "c.toml"
        path.write_text(config_toml(mock.url, ["kfp"]))
        ref = runyard(
            "--config", str(path), "get", "runs", "--filter", "state=running", "-o", "name"
        ).stdout.split()[0]
        for answer, sent in ((b"n\n", 0), (b"y\n", 1)):
            master, slave = pty.openpty()
            command = [sys.executable, "-m", "tui", "--config", str(path), "do", "abort", ref]
            process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT)
            os.close(slave)
            seen = b""
            while b"[y/N]" not in seen:
                seen += os.read(master, 4096)
            os.write(master, answer)
            code = process.wait(20)
            os.close(master)
            assert sum(":terminate" in request.path for request in mock.requests) == sent
            assert code == (0 if sent else 2)
