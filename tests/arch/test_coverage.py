"""docs/coverage.md is what is there: a row for each method of each API's definition, and none lacks anything."""

from __future__ import annotations

import pytest

from docs import coverage
from tests.contract.every.drive import DEFINED


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> dict[str, list[coverage.Row]]:
    tests = next(node for node in request.node.iter_parents() if node.path == coverage.ROOT / "tests")
    folder = pytest.Package.from_parent(tests, path=(coverage.ROOT / coverage.TESTS).parent)
    module = pytest.Module.from_parent(folder, path=coverage.ROOT / coverage.TESTS)
    return coverage.everything(coverage.covering(request.session.genitems(module)))


def test_no_registered_backend_lacks_anything(table: dict[str, list[coverage.Row]]) -> None:
    assert coverage.problems(table) == []


def test_the_page_is_up_to_date(table: dict[str, list[coverage.Row]]) -> None:
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(table), "run python docs/coverage.py"


def test_every_method_of_the_definitions_is_counted() -> None:
    counts = {backend: len(methods) for backend, methods in DEFINED.items()}
    assert counts == {"kfp": 9, "clearml": 21, "jobmanager": 11, "vertex": 5, "peloton": 44}


def test_what_is_missing_is_named() -> None:
    row = coverage.Row("TerminateRun", "KfpApi.terminate_run", "POST /x", "abort", "", "")
    assert coverage.problems({"kfp": [row]}) == ["kfp.TerminateRun lacks command, test"]
