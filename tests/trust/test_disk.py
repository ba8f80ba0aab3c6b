"""Full disks, read-only homes, folders that are none: what was kept stays whole, and what happened is said."""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.mock.server import MockServer, config_toml
from adapters.model import Kind, LogMode, LogSource, Pod, Ref, State
from tests.trust.cli import Cli
from tests.tui.conftest import Open
from tests.tui.data import run
from tests.tui.detail.world import World, spool
from tests.tui.fake import NOW, SCHEMA, FakeAdapter, Tester
from tui.app import ConsoleApp
from tui.config import parse
from tui.contextfile import NotAdded, add_context
from tui.core import disk
from tui.core.columns import columns_for
from tui.core.exportfile import Exported, ExportError, export
from tui.core.journal import Journal, JournalUnwritable
from tui.core.logspool import LogSpool, SpoolError
from tui.core.memory import Memory
from tui.crash import write_report
from tui.oneshot import debug
from tui.paths import journal_folder, state_file, state_folder
from tui.screens import logfeed
from tui.statefile import load_state
from tui.wiring import build_services

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from tui.cli import run
sys.exit(run(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[MockServer]:
    with MockServer(seed=7, runs=40, hosts=2, clock="virtual", backends=["kfp"]) as server:
        yield server


@pytest.fixture
def mock(shared: MockServer) -> MockServer:
    shared.cluster.reset()
    shared.requests.clear()
    return shared


@pytest.fixture
def cli(mock: MockServer, runyard: Cli, write_config: Callable[[str], Path]) -> Cli:
    write_config(config_toml(mock.url, ["kfp"]))
    return runyard


def limited(size: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that may write no file beyond so many bytes: each write over it fails, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )


def sent(mock: MockServer) -> int:
    return sum(":terminate" in request.path for request in mock.requests)


# the journal


@pytest.mark.parametrize("room", [0, 60])
def test_a_full_disk_lets_no_write_out_and_spoils_no_record(cli: Cli, mock: MockServer, room: int) -> None:
    one, two = cli("get", "runs", "--filter", "state=running", "--limit", "2", "-o", "name").lines
    assert cli("do", "abort", one, "--yes").code == 0
    (file,) = journal_folder().iterdir()
    before = file.read_bytes()
    full = limited(len(before) + room, "do", "abort", two, "--yes")
    assert full.returncode == 1, full
    assert "cannot be written" in full.stderr
    assert "nothing is changed" in full.stderr
    assert "Traceback" not in full.stderr
    assert sent(mock) == 1
    assert file.read_bytes()[: len(before)] == before
    assert Journal(journal_folder()).torn() is (room > 0)
    assert cli("do", "abort", two, "--yes").code == 0
    assert [entry["target"] for entry in cli("journal", "-o", "json").json] == [one, two]
    assert cli("journal", "--unfinished", "-o", "json").json == []


def test_an_outcome_that_cannot_be_written_is_told_and_unknown_later(cli: Cli, mock: MockServer) -> None:
    (ref,) = cli("get", "runs", "--filter", "state=running", "--limit", "1", "-o", "name").lines
    log = Journal(journal_folder())
    log.outcome(log.issue("p", "abort", Ref("kfp", Kind.RUN, "x"), {}), "done")
    (file,) = journal_folder().iterdir()
    intent = file.read_bytes().splitlines()[0]
    room = len(intent) + len(ref) + 40  # for the intention, not for the outcome
    full = limited(file.stat().st_size + room, "do", "abort", ref, "--yes", "-o", "json")
    (target,) = json.loads(full.stdout)["targets"]
    assert (target["outcome"], "its outcome could not be journalled" in target["message"]) == ("done", True)
    (entry,) = cli("journal", "--unfinished", "-o", "json").json
    assert entry["target"] == ref


# config, state, reports


def test_a_config_is_written_whole_or_not_at_all(own_home: Path, runyard: Cli) -> None:
    path = own_home / "config" / "runyard" / "config.toml"
    full = limited(100, "config", "init")
    assert (full.returncode, "cannot write" in full.stderr) == (2, True), full
    assert not path.exists()
    assert runyard("config", "init").code == 0  # the way is free
    before = path.read_bytes()
    code = (
        "import resource, sys; from pathlib import Path; from tui.contextfile import NotAdded, add_context\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before)}, {len(before)}))\n"
        "try: add_context(Path(sys.argv[1]), 'new', {'backend': 'kfp', 'url': 'http://127.0.0.1:9'})\n"
        "except NotAdded as error: sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "cannot write" in done.stderr
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == ["config.toml"]
    path.chmod(0o600)
    try:
        add_context(path, "new", {"backend": "kfp", "url": "http://127.0.0.1:9"})
    except NotAdded as error:
        pytest.fail(str(error))


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files can be made, but nothing can be written into them."""

    def nothing(*given: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", nothing)
        patch.setattr(os, "fsync", nothing)
        yield


def test_state_is_what_it_was(tmp_path: Path, full: None) -> None:
    path = tmp_path / "state.toml"
    path.write_text('[sort]\nruns = ["age"]\n')
    with pytest.raises(OSError, match="No space"):
        Memory(path).keep_filter(Kind.RUN, "1", "failed")
    assert load_state(path) == {"sort": {"runs": ["age"]}}
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".state.toml.") and each.stat().st_size]
    with pytest.raises(JournalUnwritable):
        Journal(tmp_path / "journal").issue("p", "abort", "kfp", {})


def test_no_report_is_no_second_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, handle: int) -> None:
            os.close(handle)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *given: object) -> None:
            pass

        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    fdopen = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda handle, *given, **more: Full(handle))
    assert write_report(ValueError("x")) is None
    monkeypatch.setattr(os, "fdopen", fdopen)
    assert list((state_folder() / "crashes").iterdir()) == []


def test_a_debug_file_that_is_full_ends_without_a_word_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    debug.start("/dev/full")
    try:
        for number in range(3):
            logging.getLogger("runyard").warning("line %d", number)
    finally:
        debug.stop()
    assert capfd.readouterr().err == ""


# the console


@asynccontextmanager
async def started(adapter: FakeAdapter) -> AsyncIterator[Tester]:
    """As the command line starts it, with the files of this home."""
    made = parse({"contexts": {"one": {"backend": "kfp", "url": "http://127.0.0.1:9"}}})
    services, problems = build_services(made, adapters={"one": adapter})
    app = ConsoleApp(services, problems=problems)
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        await pilot.pause()
        yield Tester(app, pilot)


def world() -> FakeAdapter:
    return FakeAdapter("one", [run("one", State.RUNNING, "a")])


@pytest.mark.parametrize("what", ["files", "journal", "state", "cache"])
async def test_it_starts_and_says_what_cannot_be_kept(own_home: Path, what: str) -> None:
    """A file stands where the folder should be; rights alone do not stop whoever is root."""
    blocked = {
        "files": [own_home / "state" / "runyard", own_home / "cache" / "runyard"],
        "journal": [own_home / "state" / "runyard" / "journal"],
        "state": [own_home / "state" / "runyard"],
        "cache": [own_home / "cache" / "runyard"],
    }[what]
    for path in blocked:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    said = {
        "cache": ["the log spool cannot be kept"],
        "journal": ["the journal cannot be kept"],
        "state": ["the journal cannot be kept", "what you set cannot be kept"],
    }
    said["files"] = [*said["state"], *said["cache"]]
    async with started(world()) as t:
        await t.see("running")
        await t.see(said[what][0])
        await t.press("exclamation_mark")
        for words in said[what]:
            await t.see(words)
        await t.press("escape", "S")  # a key that keeps something
        await t.press("l")
        await t.pilot.pause()
    for path in blocked:
        assert path.read_text() == "mine"


async def test_without_a_journal_the_plan_says_why_nothing_was_done(own_home: Path) -> None:
    journal_folder().parent.mkdir(parents=True)
    journal_folder().write_text("mine")
    adapter = world()
    async with started(adapter) as t:
        plan = await t.app.services.planner.make("abort", [Ref("one", Kind.RUN, "a")])
        ran = await t.app.services.planner.run(plan)
    assert "cannot be written" in ran.targets[0].message
    assert ran.targets[0].attempts == 0
    assert adapter.performed == []


async def test_a_home_that_can_be_written_is_nothing_to_talk_about() -> None:
    async with started(world()) as t:
        await t.see("running")
        await t.press("exclamation_mark")
        await t.see("nothing went wrong so far")


async def test_what_went_wrong_with_the_disk_is_told_by_the_next_start_once() -> None:
    Memory(state_file()).keep_trouble("spool", "the log of one/run/a was no longer kept: No space left on device")
    async with started(world()) as t:
        await t.see("last time: the log of one/run/a was no longer kept: No space left on device")
    async with started(world()) as t:
        await t.see("running")
        await t.press("exclamation_mark")
        await t.see("nothing went wrong so far")


@contextmanager
def file_size(limit: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_log_that_can_no_longer_be_kept_says_so_and_goes_on_where_it_stopped(
    console: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfeed, "POLL", 0.01)
    ref = Ref("peloton", Kind.POD, "pod-7")
    row = Pod(ref=ref, name="pod-7", state=State.RUNNING, native_state="RUNNING", attempt=3, created=NOW - 100)
    source = World("peloton", [row], SCHEMA)
    source.ended, source.attempts = False, {"pod-7": 3}
    key = ("pod-7", "stdout", 3)
    text = b"".join(b"line %06d\n" % number for number in range(20_000))
    source.logs[key] = text[:24_000]
    memory = Memory(state_file())
    kept = spool(tmp_path)
    async with console(source, view=Kind.POD, spool=kept, memory=memory) as t:
        await t.until(lambda: t.cursor)
        t.app.open_logs([ref])
        await t.see("line 001999")
        with file_size(100_000):
            source.logs[key] = text
            await t.see("no longer kept on disk (File too large)")
            await t.see("stopped, read")
            await t.press("exclamation_mark")
            await t.see("no longer kept on disk (File too large); ctrl-r goes on when there is room")
            await t.press("escape")
        assert "line 001999" in "\n".join(t.lines)  # what is there is still shown
        (file,) = kept.directory.glob("*.log")
        assert file.read_bytes() == text[:24_000]
        await t.press("ctrl+r")  # there is room again
        await t.see("line 019999")
        assert file.read_bytes() == text
    (told,) = Memory(state_file()).troubles()
    assert told.startswith("the log of peloton/pod/pod-7 was no longer kept")


def test_where_a_log_goes_on_is_not_forgotten_on_a_full_disk(tmp_path: Path) -> None:
    made = LogSource(Ref("kfp", Kind.RUN, "x"), "main", LogMode.APPEND)
    log = LogSpool(tmp_path / "logs").open(made)
    log.append(b"one\n")
    log.cursor = "1004"
    with file_size(4), pytest.raises(SpoolError):
        log.cursor = "2004"
    log.close()
    again = LogSpool(tmp_path / "logs").open(made)
    assert again.cursor == "1004"
    again.close()
    assert {each.suffix for each in (tmp_path / "logs").iterdir()} == {".log", ".idx", ".json"}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"f_flag": os.ST_RDONLY}, "the file system is read-only"),
        ({"f_bavail": 3}, "the disk is full"),
        ({}, None),
    ],
)
def test_what_is_wrong_with_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, int], words: str | None
) -> None:
    kept = SimpleNamespace(**{"f_flag": 0, "f_bavail": 10_000, "f_frsize": 4096, **found})
    monkeypatch.setattr(os, "statvfs", lambda path: kept)
    assert disk.trouble(tmp_path / "not" / "there") == words
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert (disk.trouble(tmp_path) is None) is False


def test_what_is_saved_or_exported_is_whole_or_not_there(tmp_path: Path) -> None:
    log = LogSpool(tmp_path / "logs").open(LogSource(Ref("kfp", Kind.RUN, "x"), "main", LogMode.APPEND))
    log.append(b"line\n" * 40_000)
    row = Exported(run("one", State.RUNNING, "a" * 3000), NOW)
    with file_size(100_000):
        with pytest.raises(OSError, match="too large"):
            log.save(tmp_path / "saved.log")
        for ending in (".csv", ".json", ".jsonl"):
            with pytest.raises(ExportError, match="too large"):
                export(
                    tmp_path / f"rows{ending}",
                    [row] * 100,
                    columns_for(Kind.RUN, [SCHEMA], merged=False, width=160),
                )
        with pytest.raises(OSError, match="too large"), disk.new_file(tmp_path / "described.txt") as file:
            file.write(b"x" * 200_000)
    log.save(tmp_path / "saved.log")
    log.close()
    assert (tmp_path / "saved.log").read_bytes() == b"line\n" * 40_000
    assert {each.name for each in tmp_path.iterdir() if each.is_file()} == {"saved.log"}
