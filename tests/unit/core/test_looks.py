"""The read marks: what is kept of a look, privately and atomically, and what a damaged file costs."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from adapters.model import Capacity, Host, Kind, Pool, Ref, State
from tests.unit.core.test_pulse import NOW, listed, run
from tui.core import looks as module
from tui.core.looks import KEPT, Look, Looks, SeenPool, look_at

HOST = Host(ref=Ref("kfp", Kind.HOST, "h1"), name="h1", state=State.UP, native_state="UP")
POOL = Pool(
    ref=Ref("kfp", Kind.POOL, "p1"),
    name="/ml/ads",
    state=State.UP,
    native_state="",
    capacity=(Capacity("gpu", reservation=96.0, limit=160.0),),
)


def test_a_look_holds_what_is_active_or_failed_and_whole_lists_of_places() -> None:
    rows = [
        run(1, State.FAILED, 100, 90, 80),
        run(2, State.RUNNING, 100, 90, None),
        run(3, State.SUCCEEDED, 100, 90, 80),
    ]
    look = look_at([listed(rows), listed([HOST], Kind.HOST), listed([POOL], Kind.POOL)], NOW)
    assert look.runs == {"r1": ("failed", "r1"), "r2": ("running", "r2")}
    assert look.hosts == {"h1": "up"}
    assert look.pools == {"p1": SeenPool("/ml/ads", {"gpu": (96.0, 160.0)})}
    part = look_at([listed([HOST], Kind.HOST, complete=False)], NOW)
    assert part.hosts is None
    assert not part


def test_of_very_many_runs_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 3)
    look = look_at([listed([run(i, State.FAILED, i * 10.0, None, 1) for i in range(9)])], NOW)
    assert look.runs is not None
    assert set(look.runs) == {"r0", "r1", "r2"}


def test_looks_come_back_and_are_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "looks"
    look = look_at([listed([run(1, State.FAILED, 9, 8, 7)]), listed([POOL], Kind.POOL)], NOW)
    before = os.umask(0)
    try:
        Looks(folder).keep("kfp", look)
    finally:
        os.umask(before)
    assert Looks(folder).of("kfp") == [look]
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_context_that_has_moved_to_another_server_has_no_looks_there(tmp_path: Path) -> None:
    Looks(tmp_path, lambda context: "https://old").keep("kfp", Look(1.0, hosts={}))
    assert Looks(tmp_path, lambda context: "https://new").of("kfp") == []
    assert len(Looks(tmp_path, lambda context: "https://old").of("kfp")) == 1


def test_what_another_console_kept_meanwhile_stays(tmp_path: Path) -> None:
    one, two = Looks(tmp_path), Looks(tmp_path)
    assert one.of("kfp") == two.of("kfp") == []
    one.keep("kfp", Look(1.0, hosts={}))
    two.keep("kfp", Look(2.0, hosts={}))
    assert [look.at for look in Looks(tmp_path).of("kfp")] == [1.0, 2.0]
    assert Looks(tmp_path).last("kfp", 1.5) == Look(1.0, hosts={})


def test_so_many_are_kept_and_they_lie_apart(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    times = [0.0, 50_000.0, *(100_000.0 + index for index in range(2 * KEPT))]
    for at in times:
        looks.keep("kfp", Look(at, hosts={}))
    kept = [look.at for look in looks.of("kfp")]
    assert len(kept) == KEPT
    assert {kept[0], kept[1], kept[-1]} == {0.0, 50_000.0, times[-1]}


def test_an_empty_look_is_not_kept(tmp_path: Path) -> None:
    Looks(tmp_path / "looks").keep("kfp", Look(1.0))
    assert not (tmp_path / "looks").exists()


DAMAGED = ["", "{", "[]", '{"looks": 3}', '{"looks": [{"at": "x"}]}', '{"looks": [{"at": NaN, "hosts": {}}]}']


@pytest.mark.parametrize("text", [*DAMAGED, json.dumps({"looks": [{"at": 1, "pools": {"p": 3}}]}), "[" * 100_000])
def test_a_damaged_file_is_no_look(tmp_path: Path, text: str) -> None:
    looks = Looks(tmp_path)
    looks._path("kfp").write_text(text)
    assert looks.of("kfp") == []
    looks.keep("kfp", Look(5.0, hosts={}))
    assert [look.at for look in Looks(tmp_path).of("kfp")] == [5.0]


def test_a_folder_that_cannot_be_written_is_an_error_but_not_for_this_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    looks = Looks(tmp_path / "file")
    with pytest.raises(OSError, match=r".+"):
        looks.keep("kfp", Look(1.0, hosts={}))
    assert [look.at for look in looks.of("kfp")] == [1.0]
