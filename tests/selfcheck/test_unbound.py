"""A test of a key notices when the key does nothing: a sample of keys is taken away, and their tests fail."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest

from docs import features
from docs import keys as page
from tests.selfcheck.unbound import rounds
from tui.keys import KEYS, KeyMap

ROOT = Path(__file__).parents[2]
SIZE = 25
FEATURES = 6


def sample() -> list[tuple[str, str]]:
    """(test, action) of so many keys, of each group in turn, and not always of the same screen."""
    found = page.proofs()
    groups: dict[str, list[tuple[str, str]]] = {}
    for index, spec in enumerate(spec for spec in KEYS if spec.keys and spec.id in found):
        tests = [test for _, test in found[spec.id]]
        groups.setdefault(spec.group, []).append((tests[index % len(tests)], spec.id))
    spread = [group[:: max(1, len(group) * len(groups) // SIZE)] for group in groups.values()]
    picked = [each for turn in zip_longest(*spread) for each in turn if each is not None]
    return picked[:SIZE]


def told() -> list[tuple[str, list[tuple[str, str]]]]:
    """Some features, each with the tests that it names, for the first of its keys."""
    keyed = [each for each in features.table().features if each.ids and KeyMap().key(each.ids[0])]
    picked = keyed[:: len(keyed) // FEATURES][:FEATURES]
    return [(each.name, [(f"tests/{test}", each.ids[0]) for test in _of_console(each)]) for each in picked]


def _of_console(feature: features.Feature) -> list[str]:
    """Its tests that drive the console; of those with many parameters the one of its first key."""
    own = [test for _, test in page.proofs().get(feature.ids[0], ())]
    named = [test for test in feature.tests if test.startswith("tui/")]
    return [next((each[6:] for each in own if each[6:].partition("[")[0] == test), test) for test in named]


def outcomes(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, bool]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.selfcheck.unbound"],
        cwd=ROOT,
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {test: (outcome, pressed) for test, _, outcome, pressed in json.loads(done.stdout)}


@pytest.mark.slow
def test_a_sample_of_keys_is_missed() -> None:
    pairs = sample()
    assert len(pairs) == SIZE
    assert outcomes([(test, "") for test, _ in pairs]) == {test: ("passed", False) for test, _ in pairs}
    assert outcomes(pairs) == {test: ("failed", True) for test, _ in pairs}


@pytest.mark.slow
def test_a_feature_misses_its_key() -> None:
    sample = told()
    found = outcomes([pair for _, pairs in sample for pair in pairs])
    missed = {name for name, pairs in sample if any(found[test] == ("failed", True) for test, _ in pairs)}
    assert missed == {name for name, _ in sample}


def test_a_test_that_proves_several_keys_has_as_many_rounds() -> None:
    assert rounds([("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")]) == [[("a", "x"), ("b", "x")], [("a", "y")]]
