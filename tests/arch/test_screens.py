"""docs/screens has each picture, and a sentence on what was judged in it."""

from __future__ import annotations

import importlib

screens = importlib.import_module("docs.screens")  # there is a folder of that name beside it


def test_each_picture_is_there_with_its_sentence() -> None:
    names = [shot.name for shot in screens.SHOTS]
    assert sorted(screens.judged()) == sorted(names)
    assert sorted(path.stem for path in screens.FOLDER.glob("*.svg")) == sorted(names)
    assert all(sentence.strip() for sentence in screens.judged().values())


def test_the_page_is_up_to_date() -> None:
    page = (screens.FOLDER / "README.md").read_text(encoding="utf-8")
    assert page == screens.page(), "run python docs/screens.py --page"
