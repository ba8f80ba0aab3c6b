"""Google's own settings on this machine: Application Default Credentials, and what gcloud is set to."""

from __future__ import annotations

import configparser
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.discovery import Found, located, read_small

PROJECT = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
REGION = ("GOOGLE_CLOUD_REGION", "CLOUDSDK_AI_REGION", "CLOUD_ML_REGION", "CLOUDSDK_COMPUTE_REGION")


def discover(environ: Mapping[str, str], home: Path) -> Iterator[Found]:
    """A context with Application Default Credentials, where there are any."""
    moved = environ.get("CLOUDSDK_CONFIG")
    folder = located(moved, home) if moved else home / ".config" / "gcloud"
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    kept = _json(located(named, home) if named else folder / "application_default_credentials.json")
    if not kept:
        return
    gcloud = _gcloud(folder, environ)
    project = _first(environ, PROJECT) or gcloud.get(("core", "project"), "") or _text(kept, "project_id")
    project = project or _text(kept, "quota_project_id")
    region = _first(environ, REGION) or gcloud.get(("ai", "region"), "") or gcloud.get(("compute", "region"), "")
    body: dict[str, str | bool | SecretStr] = {"credentials": "adc"}
    body |= {key: value for key, value in (("project", project), ("region", region)) if value}
    quota = _text(kept, "quota_project_id")
    if quota and quota != project:
        body["quota_project"] = quota
    says = f"project {project or '?'}  {f'region {region}' if region else 'region?'}"
    missing = tuple(key for key in ("project", "region") if key not in body)
    yield Found("vertex", "Google login", says, body, missing)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_small(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _gcloud(folder: Path, environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What the active configuration of gcloud says."""
    active = environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or (read_small(folder / "active_config") or "").strip()
    name = active or "default"
    if "/" in name or "\0" in name:
        return {}
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read_small(folder / "configurations" / f"config_{name}") or "")
    except configparser.Error:
        return {}
    return {(section, key): parser[section][key] for section in parser.sections() for key in parser[section]}
