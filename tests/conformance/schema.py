"""Job Manager's definition as a Swagger document again, for tools that read one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DEFINITION: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "jobmanager" / "definition.json").read_text(encoding="utf-8")
)
ALSO_SENT = {"AbortJob": {204, 403}, "GetJobAggregations": {501}, "TailFileContents": {204}}
"""Statuses of real servers that the definition does not know."""

MISUSED = 400
"""What the framework of the real server answers, before any of its code is asked, to what does not fit."""

REFERENCE = re.compile(r'("\$ref": ")')


def swagger(known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """`known` are values of path parameters that there are; without them every answer would be a 404."""
    paths: dict[str, dict[str, Any]] = {}
    for name, operation in DEFINITION["operations"].items():
        paths.setdefault(operation["path"], {})[operation["method"].lower()] = {
            "operationId": name,
            "consumes": ["application/json"],
            "produces": ["application/json"],
            "parameters": list(_parameters(operation, known)),
            "responses": {str(code): _response(name, operation, code) for code in _codes(name, operation)},
        }
    return {
        "swagger": "2.0",
        "info": {"title": "Job Manager", "version": "0"},
        "basePath": DEFINITION["prefix"],
        "paths": paths,
        "definitions": json.loads(
            json.dumps(DEFINITION["definitions"]).replace('"$ref": "', '"$ref": "#/definitions/')
        ),
    }


def _parameters(operation: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "type": "string", "enum": list(known[name])}
        for name in re.findall(r"\{(\w+)\}", operation["path"])
    ]
    for name, rules in operation["query"].items():
        found.append({"name": name, "in": "query", "type": "string", **rules})
    if operation["body"]:
        body = {"$ref": f"#/definitions/{operation['body']}"}
        found.append({"name": "body", "in": "body", "required": True, "schema": body})
    return found


def _codes(name: str, operation: Mapping[str, Any]) -> list[int]:
    return sorted({MISUSED, *operation["codes"], *ALSO_SENT.get(name, ())})


def _response(name: str, operation: Mapping[str, Any], code: int) -> dict[str, Any]:
    described = {"description": str(code)}
    if code == 200 and operation["success"]:
        return {**described, "schema": {"$ref": f"#/definitions/{operation['success']}"}}
    return described
