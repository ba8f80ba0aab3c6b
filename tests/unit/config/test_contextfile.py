"""A context is appended: the user's bytes stay, the file is private, what cannot be added to is left alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tui.config import load
from tui.contextfile import NotAdded, add_context

BODY = {"backend": "kfp", "url": "http://kfp.lab:8888", "token_command": ["gcloud", "auth"], "read_only": True}
OLD = '# mine, with a comment\n[ui]\ntheme = "light"   # at noon\n\n[contexts.lab]\nbackend = "kfp"\nurl = "http://127.0.0.1:1"'


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_context_makes_the_file_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "runyard" / "config.toml"
    add_context(path, "prod", BODY)
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    config = load(path)
    assert config.contexts["prod"].guard.read_only
    assert config.contexts["prod"].settings.url == "http://kfp.lab:8888"


def test_what_was_there_stays_to_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    path.chmod(0o644)
    add_context(path, "prod", BODY)
    assert path.read_text().startswith(OLD + "\n\n[contexts.prod]\n")
    assert mode(path) == 0o600
    assert list(load(path).contexts) == ["lab", "prod"]
    assert list(tmp_path.glob("*config*")) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "runyard.toml"
    real.write_text(OLD)
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    add_context(link, "prod", BODY)
    assert link.is_symlink()
    assert list(load(link).contexts) == ["lab", "prod"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OLD, "has a context 'lab' already"),
        ("[contexts\n", "is not TOML"),
        ('contexts = { prod = { backend = "kfp" } }\n', "cannot be added to"),
        ("contexts = 5\n", "no table"),
    ],
)
def test_what_cannot_be_added_to_is_left_alone(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(NotAdded, match=said):
        add_context(path, "lab", BODY)
    assert path.read_text() == text


def test_a_file_that_others_may_change_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    path.chmod(0o666)
    with pytest.raises(NotAdded, match="can be changed by others"):
        add_context(path, "prod", BODY)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OLD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui.contextfile.os.replace", full)
    with pytest.raises(NotAdded, match="No space left"):
        add_context(path, "prod", BODY)
    assert path.read_text() == OLD
    assert list(tmp_path.glob("*config*")) == [path]
