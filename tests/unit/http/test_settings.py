"""Settings of a connection, secrets in every form, and that neither is ever printed."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import secret as secret_module
from adapters.errors import NotFound, RateLimited, Timeout, Unauthorized, Unavailable
from adapters.kfp.settings import KfpSettings
from adapters.retry import RetryPolicy, retry_after_seconds, worth_retrying
from adapters.secret import SecretSource
from adapters.settings import ContextSettings

pytestmark = pytest.mark.anyio


def settings(**given: Any) -> KfpSettings:
    return KfpSettings(**{"url": "https://kfp.test/pipeline/", **given})


def test_the_url_keeps_its_prefix() -> None:
    assert settings().url == "https://kfp.test/pipeline"


@pytest.mark.parametrize(
    "url",
    [
        "kfp.test",
        "ftp://kfp.test",
        "http://",
        "http://u:p@kfp.test",
        "http://kfp.test/?a=1",
        "http://kfp.test/#a",
        "http://kfp.test/a b",
        "http://kfp.test:99999",
        "http://kfp.test:0",
        "http://[broken",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(url=url)


@pytest.mark.parametrize(
    "given",
    [
        {"tokn": "x"},
        {"token": "a", "token_env": "B"},
        {"token_env": "A", "token_file": "b"},
        {"token_command": []},
        {"headers": {"bad name": "x"}},
        {"cookies": {"a;b": "x"}},
        {"client_key": "k"},
        {"retries": -1},
        {"concurrency": 0},
        {"call_timeout": 0},
        {"user_header": "a b"},
    ],
)
def test_settings_that_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**given)


def test_nothing_secret_is_ever_printed() -> None:
    secret = "hunter2-very-secret"
    made = settings(token=secret, headers={"X": secret}, cookies={"c": secret}, proxy=f"http://u:{secret}@proxy:1")
    assert secret not in repr(made) + str(made) + str(made.model_dump())
    with pytest.raises(ValidationError) as caught:
        settings(token=secret, token_env="A", headers={"bad name": secret}, nonsense=secret)
    assert secret not in str(caught.value)


def test_every_secret_is_found() -> None:
    made = settings(token="t", headers={"a": "x"}, cookies={"b": {"env": "E"}})
    assert len(made.secrets()) == 3


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]:2", True),
        ("http://kfp.test", False),
    ],
)
def test_loopback(url: str, loopback: bool) -> None:
    assert ContextSettings(backend="x", url=url).is_loopback() is loopback


async def test_secrets_by_every_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", " from-env\n")
    (tmp_path / "token").write_text("from-file\n")
    ways: list[tuple[dict[str, Any], str]] = [
        ({"token": "literal"}, "literal"),
        ({"token_env": "TOKEN"}, "from-env"),
        ({"token": {"env": "TOKEN"}}, "from-env"),
        ({"token_file": str(tmp_path / "token")}, "from-file"),
        ({"token_command": [sys.executable, "-S", "-c", "print('said')"]}, "said"),
    ]
    for given, value in ways:
        token = settings(**given).token
        assert token is not None
        assert await token.read() == value


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"env": "NOT_SET_ANYWHERE"}, "is not set"),
        ({"file": "/nowhere/at/all"}, "cannot read"),
        ({"command": ["/nowhere/at/all"]}, "cannot run"),
        ({"command": ["false"]}, "exit code 1"),
        ({"command": ["true"]}, "is empty"),
        ({"command": ["printf", "a\\nb"]}, "control character"),
        ({"value": "  "}, "is empty"),
        ({"value": "a\r\nX-Injected: 1"}, "control character"),
    ],
)
async def test_secrets_that_are_not_there(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Unauthorized, match=words) as caught:
        await SecretSource(**given).read()
    assert caught.value.executed is False


async def test_a_command_runs_once_for_all_who_wait(tmp_path: Path) -> None:
    script = f"open({str(tmp_path / 'n')!r}, 'a').write('x'); print('sa' + 'id')"
    source = SecretSource(command=[sys.executable, "-S", "-c", script])
    assert await asyncio.gather(*(source.read() for _ in range(5))) == ["said"] * 5
    assert (tmp_path / "n").read_text() == "x"
    assert source.forget()
    assert not source.forget()
    await source.read()
    assert (tmp_path / "n").read_text() == "xx"
    assert "said" not in repr(source)


async def test_a_hanging_command_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_module, "COMMAND_TIMEOUT", 0.05)
    with pytest.raises(Unauthorized, match="took over"):
        await SecretSource(command=["sleep", "60"]).read()


def test_waits_grow_and_are_jittered_fully() -> None:
    policy, rng = RetryPolicy(), random.Random(7)
    for attempt in range(12):
        waits = [policy.delay(attempt, rng) for _ in range(200)]
        top = min(8.0, 0.25 * 2**attempt)
        assert 0 <= min(waits) < top * 0.1
        assert top * 0.9 < max(waits) <= top
    assert 5.0 <= policy.delay(0, rng, 5.0) < 6.0
    assert policy.delay(0, rng, 1e9) < 121


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-5", 0.0),
        ("2.5", 2.5),
        ("Sat, 22 Aug 2026 14:00:10 GMT", 10.0),
        ("Sat, 22 Aug 2020 14:00:10 GMT", 0.0),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, 1787407200.0) == seconds


def test_what_is_worth_retrying() -> None:
    assert worth_retrying(Unavailable("x"))
    assert worth_retrying(Timeout("x"))
    assert worth_retrying(RateLimited("x", status=429))
    assert not worth_retrying(NotFound("x", status=500))
    assert not worth_retrying(Unavailable("x", status=599))
