"""The state file: replaced as a whole or not at all, and never in the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.statefile import load_state, save_state


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "state" / "state.toml"
    state = {"sort": {"runs": ["age"]}, "wide": True, "seen": 12.5}
    save_state(path, state)
    assert load_state(path) == state
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("broken", [b"", b"\xff", b"[[[", b"a = "])
def test_a_broken_file_is_an_empty_one(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "state.toml"
    path.write_bytes(broken)
    assert load_state(path) == {}
    assert load_state(tmp_path / "none.toml") == {}


def test_a_failed_save_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.toml"
    save_state(path, {"n": 1})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_state(path, {"n": 2})
    assert load_state(path) == {"n": 1}
    assert list(tmp_path.glob(".state*")) == []
