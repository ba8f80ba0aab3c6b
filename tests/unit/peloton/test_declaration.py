"""The folder's declaration: cheap to import, consistent, and an example that the settings accept."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
from pydantic import ValidationError

from adapters.actions import ACTION_IDS
from adapters.model import Kind
from adapters.peloton import BACKEND, SCHEMA
from adapters.peloton.settings import Daemon, PelotonSettings
from adapters.registry import backend


def settings(**given: object) -> PelotonSettings:
    return PelotonSettings.model_validate({"backend": "peloton", "url": "http://jm:5292", **given})


def test_declaring_costs_neither_httpx_nor_pydantic() -> None:
    code = "import sys, adapters.peloton; print({'httpx', 'pydantic', 'starlette'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_registry_has_it() -> None:
    assert backend("peloton") is BACKEND
    assert BACKEND.load_settings() is PelotonSettings
    assert BACKEND.load_adapter().__name__ == "PelotonAdapter"


def test_the_schema_is_consistent() -> None:
    assert set(SCHEMA.kinds) | set(SCHEMA.absent) == set(Kind)
    for kind, spec in SCHEMA.kinds.items():
        assert spec.kind is kind
        assert set(spec.children) <= set(SCHEMA.kinds)
        assert spec.opens is None or spec.opens in spec.children
        ids = [field.id for field in spec.fields]
        assert len(ids) == len(set(ids))
        assert {field.path for field in spec.fields} == {f"extra.{name}" for name in ids}
    for action in SCHEMA.actions:
        assert action.id in ACTION_IDS
        assert action.kinds <= set(SCHEMA.kinds)


def test_the_example_is_a_context() -> None:
    found = tomllib.loads(BACKEND.example.format(url="http://127.0.0.1:5297"))
    assert PelotonSettings.model_validate(found).is_loopback()
    keys = {line.split()[1] for line in BACKEND.example.splitlines() if line.startswith("# ")}
    assert {key.removesuffix("_env") for key in keys} <= set(PelotonSettings.model_fields)


def test_a_lone_url_is_the_apiserver() -> None:
    alone = settings(url="http://api:5297/")
    assert alone.jobs == alone.hosts == alone.pools == Daemon("http://api:5297", "peloton-apiserver")


def test_daemons_of_their_own() -> None:
    split = settings(resmgr_url="http://rm:5290", hostmgr_url="http://hm:5291")
    assert split.jobs == Daemon("http://jm:5292", "peloton-jobmgr")
    assert split.pools == Daemon("http://rm:5290", "peloton-resmgr")
    assert split.hosts == Daemon("http://hm:5291", "peloton-hostmgr")
    assert split.addresses() == ("http://jm:5292", "http://rm:5290", "http://hm:5291")
    mixed = settings(service="peloton-apiserver", hostmgr_url="http://hm:5291")
    assert mixed.jobs == mixed.pools == Daemon("http://jm:5292", "peloton-apiserver")
    assert mixed.hosts == Daemon("http://hm:5291", "peloton-hostmgr")
    lone = settings(service="peloton-jobmgr")
    assert (lone.jobs.service, lone.hosts, lone.pools) == ("peloton-jobmgr", None, None)
    assert not settings(url="http://127.0.0.1:1", hostmgr_url="http://far:2").is_loopback()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"username": "ana"}, "belong together"),
        ({"password": "x"}, "belong together"),
        ({"resmgr_url": "rm:5290"}, "http://"),
        ({"hostmgr_url": "http://u:p@hm:5291"}, "password"),
        ({"service": "peloton-resmgr"}, "peloton-apiserver"),
        ({"caller": ""}, "at least 1"),
        ({"fan_out_jobs": 0}, "greater than or equal to 1"),
        ({"jobmgr_url": "http://x"}, "Extra inputs"),
        ({"grpc_url": "jm:5392"}, "grpc://"),
        ({"grpc_url": "grpc://jm"}, "its port"),
        ({"grpc_url": "grpc://u:p@jm:5392"}, "password"),
        ({"grpc_url": "grpc://jm:5392/api"}, "its port"),
    ],
)
def test_settings_that_are_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**given)


def test_the_grpc_address_in_its_spellings() -> None:
    for given, kept in (
        ("grpc://jm:5392", "grpc://jm:5392"),
        ("http://jm:5392/", "grpc://jm:5392"),
        ("https://jm:443", "grpcs://jm:443"),
        ("grpcs://jm:443", "grpcs://jm:443"),
    ):
        assert settings(grpc_url=given).grpc_url == kept
    assert not settings(url="http://127.0.0.1:1", grpc_url="grpc://far:2").is_loopback(), "it gets the password too"


def test_a_password_is_never_printed() -> None:
    assert "s3cret" not in repr(settings(username="ana", password="s3cret"))
