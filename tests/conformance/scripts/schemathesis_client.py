"""Calls every operation of a definition with what may and may not be sent: arguments are its file and a url."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis  # type: ignore[import-not-found]
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.failures import Failure, FailureGroup  # type: ignore[import-not-found]
from schemathesis.specs.openapi.checks import (  # type: ignore[import-not-found]
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = 60
CHECKS = [status_code_conformance, response_schema_conformance]

definition, url = sys.argv[1:]
schema = schemathesis.openapi.from_dict(json.loads(Path(definition).read_text()))
schema.config.update(base_url=url)
schema.config.output.sanitization.update(enabled=False)
answers: dict[str, Counter[int]] = {}
failures: dict[str, str] = {}


def caller(name: str, operation: Any, mode: Any) -> Callable[[], None]:
    """A test of one operation, of what its definition allows or of what it forbids."""
    seen = answers.setdefault(name, Counter())

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        response = case.call()
        seen[response.status_code] += 1
        if response.status_code == 500 and not response.headers["content-type"][0].endswith("json"):
            failures.setdefault(f"{name}: a crash", case.as_curl_command())
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as failure:
            failures.setdefault(f"{name}: {failure}"[:2000], case.as_curl_command())

    return call


for found in schema.get_all_operations():
    operation = found.ok()
    name = operation.definition.raw["operationId"]
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        try:
            caller(name, operation, mode)()
        except Exception as error:
            # An operation that takes nothing cannot be called wrongly.
            if mode is schemathesis.GenerationMode.POSITIVE:
                failures[f"{name}: {type(error).__name__}: {error}"[:500]] = ""

print(json.dumps({"answers": {name: dict(seen) for name, seen in answers.items()}, "failures": failures}))
