"""What a server says it can do: the defaults of both families, unless a configuration replaces them."""

from __future__ import annotations

from typing import Any

from adapters.jobmanager.mock_world import Options


def capabilities(options: Options) -> dict[str, Any]:
    if options.capabilities is not None:
        return dict(options.capabilities)
    found = _dsub(options) if options.dsub else _cromwell()
    if options.project is not None:
        found["queryExtensions"] = [*found["queryExtensions"], "projectId"]
    if options.token is not None or (options.outside_auth and not options.dsub):
        found["authentication"] = {
            "isRequired": options.token is not None,
            "scopes": ["openid", "email", "profile"],
            "outsideAuth": options.outside_auth and not options.dsub,
        }
    return found


def _field(field: str, display: str, **more: Any) -> dict[str, Any]:
    """What has a default is written out; a field type that is not set is left out."""
    written = {"field": field, "display": display, "editable": False, "bulkEditable": False, "primary": True}
    return written | {"filterable": False} | more


def _cromwell() -> dict[str, Any]:
    flags = ["archive", "follow-up"]
    return {
        "displayFields": [
            _field("id", "Workflow ID"),
            _field("name", "Name", filterable=True),
            _field("status", "Status"),
            _field("submission", "Submitted", fieldType="date"),
            _field("labels.label", "Label", editable=True, bulkEditable=True, fieldType="text"),
            _field(
                "labels.flag", "Flag", editable=True, bulkEditable=True, fieldType="list", validFieldValues=flags
            ),
            _field("labels.comment", "Comment", editable=True, fieldType="text"),
        ],
        "commonLabels": ["id", "name", "label", "flag"],
        "queryExtensions": ["hideArchived"],
    }


def _dsub(options: Options) -> dict[str, Any]:
    return {
        "displayFields": [
            _field("name", "Job Name", filterable=True),
            _field("status", "Status"),
            _field("submission", "Submitted", fieldType="date"),
            _field("labels.job-id", "Job ID"),
            _field("labels.task-id", "Task ID"),
            _field("labels.attempt", "Attempt"),
            _field("extensions.userId", "User ID"),
            _field("extensions.statusDetail", "Status Detail"),
        ],
        "commonLabels": ["job-id", "task-id", "attempt"],
        "queryExtensions": ["userId"],
    }
