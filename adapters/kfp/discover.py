"""Kubeflow Pipelines' own settings on this machine: the variables of its SDK and CLI, and `~/.config/kfp`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

from adapters.discovery import Found, read_small

ENDPOINTS = ("KF_PIPELINES_ENDPOINT", "KFP_ENDPOINT")
"""Of the SDK, and of the command line (`kfp --endpoint`)."""

SERVICE = ("ML_PIPELINE_SERVICE_HOST", "ML_PIPELINE_SERVICE_PORT")
"""Kubernetes tells the pods of a namespace where its service ml-pipeline is."""

TOKEN, TOKEN_FILE = "KFP_EXISTING_TOKEN", "KF_PIPELINES_SA_TOKEN_PATH"


def discover(environ: Mapping[str, str], home: Path) -> Iterator[Found]:
    """One context at most: all of the variables are about the same server."""
    url = next((environ[name] for name in ENDPOINTS if environ.get(name)), "")
    title = "KFP environment"
    if not url and environ.get(SERVICE[0]):
        url, title = ":".join(environ[name] for name in SERVICE if environ.get(name)), "ml-pipeline service"
    if not url:
        return
    url = url if "://" in url else f"http://{url}"
    body: dict[str, str | bool | SecretStr] = {"url": url}
    says = url
    if environ.get(TOKEN):
        body["token_env"] = TOKEN
        says += "  token"
    elif environ.get(TOKEN_FILE):
        body["token_file"] = environ[TOKEN_FILE]
        says += "  token"
    namespace = environ.get("KFP_NAMESPACE") or _namespace(home)
    if namespace:
        body["namespace"] = namespace
        says += f"  namespace {namespace}"
    yield Found("kfp", title, says, body)


def _namespace(home: Path) -> str:
    """What `Client.set_user_namespace` has kept."""
    try:
        kept = json.loads(read_small(home / ".config" / "kfp" / "context.json") or "{}")
    except (ValueError, RecursionError):
        return ""
    found = kept.get("namespace") if isinstance(kept, dict) else None
    return found if isinstance(found, str) else ""
