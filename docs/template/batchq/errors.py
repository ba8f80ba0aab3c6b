"""What batchq says is wrong: `{"error": "…"}` with an HTTP status. The rest is told by the status alone."""

from __future__ import annotations

import json
from collections.abc import Mapping

from adapters.reply import ErrorInfo


def read_error(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    """None where the body is not batchq's own, as that of a proxy on the way."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    said = body.get("error") if isinstance(body, dict) else None
    return ErrorInfo(said) if isinstance(said, str) else None
