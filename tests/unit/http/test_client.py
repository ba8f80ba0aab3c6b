"""The one HTTP client: what is retried, what is never repeated, who gets credentials, and every bad answer."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from adapters.endpoint import Effect
from adapters.errors import (
    AdapterError,
    BadPayload,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Timeout,
    Unauthorized,
    Unavailable,
    Unsupported,
)
from adapters.http import ErrorInfo, HttpClient, Reply
from adapters.permit import Permit, PermitRefused
from adapters.settings import ContextSettings

pytestmark = pytest.mark.anyio
Handler = Callable[[httpx.Request], httpx.Response]


def nothing(status: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo | None:
    return None


class Bench:
    """A client over a handler; sleeping is noted instead of done."""

    def __init__(self, handler: Handler, **settings: Any) -> None:
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []
        self._handler = handler
        reader = settings.pop("reader", nothing)
        auth = settings.pop("auth", None)
        given = {"backend": "x", "url": "http://api.test/base", "requests_per_second": 10_000, **settings}
        self.client = HttpClient(
            ContextSettings(**given),
            context="ctx",
            error_reader=reader,
            auth=auth,
            transport=httpx.MockTransport(self._answer),
            rng=random.Random(1),
            sleep=self._sleep,
        )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._handler(request)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def read(self, path: str = "/x", **kwargs: Any) -> Reply:
        return await self.client.request("GET", path, effect=Effect.READ, **kwargs)

    async def write(self, permit: Permit | None = None, **kwargs: Any) -> Reply:
        given = permit or Permit("p", "r", "abort", "ctx")
        return await self.client.request("POST", "/x", effect=Effect.WRITE, permit=given, **kwargs)


def status(code: int, body: str = "", **headers: str) -> Handler:
    return lambda request: httpx.Response(code, text=body, headers=headers)


def failing(error: Exception) -> Handler:
    def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    left = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


async def test_a_read_is_retried_with_growing_jittered_waits() -> None:
    ok = httpx.Response(200, json={"a": 1})
    bench = Bench(in_turn(httpx.ReadError("x"), httpx.Response(503), httpx.Response(500), ok))
    assert (await bench.read()).json() == {"a": 1}
    assert len(bench.asked) == 4
    assert len(bench.slept) == 3
    assert all(0 <= wait <= 0.25 * 2**number for number, wait in enumerate(bench.slept))
    stats = bench.client.stats
    assert (stats.requests, stats.errors, stats.in_flight) == (4, 3, 0)
    assert "500" in (stats.last_error or "")


async def test_retries_end() -> None:
    bench = Bench(status(503), retries=2)
    with pytest.raises(Unavailable):
        await bench.read()
    assert len(bench.asked) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 412, 422, 501])
async def test_what_will_not_change_is_not_retried(code: int) -> None:
    bench = Bench(status(code))
    with pytest.raises(AdapterError):
        await bench.read()
    assert len(bench.asked) == 1


async def test_a_500_that_the_backend_explains_is_not_retried() -> None:
    def reader(code: int, headers: Mapping[str, str], raw: bytes) -> ErrorInfo:
        return ErrorInfo("no such job", "not-found", NotFound)

    bench = Bench(status(500), reader=reader)
    with pytest.raises(NotFound, match="ctx: no such job"):
        await bench.read()
    assert len(bench.asked) == 1


async def test_retry_after_is_obeyed() -> None:
    ok = httpx.Response(200, json={})
    bench = Bench(in_turn(httpx.Response(429, headers={"retry-after": "3"}), ok))
    await bench.read()
    assert 3.0 <= bench.slept[0] < 3.5


async def test_a_retry_after_beyond_the_deadline_is_handed_on_at_once() -> None:
    bench = Bench(status(429, **{"retry-after": "60"}), call_timeout=5)
    with pytest.raises(RateLimited) as caught:
        await bench.read()
    assert (caught.value.retry_after, bench.slept, len(bench.asked)) == (60.0, [], 1)


@pytest.mark.parametrize("answer", [status(503), status(429), failing(httpx.ReadTimeout("x"))])
async def test_a_write_is_sent_once(answer: Handler) -> None:
    bench = Bench(answer)
    with pytest.raises(AdapterError):
        await bench.write()
    assert len(bench.asked) == 1
    assert bench.slept == []


async def test_a_write_without_a_fresh_permit_never_leaves() -> None:
    bench = Bench(status(200, "{}"))
    with pytest.raises(PermitRefused):
        await bench.client.request("POST", "/x", effect=Effect.WRITE)
    permit = Permit("p", "r", "abort", "ctx")
    await bench.write(permit)
    with pytest.raises(PermitRefused):
        await bench.write(permit)
    assert len(bench.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "executed"),
    [
        (failing(httpx.ConnectError("[Errno 111] Connection refused")), Unavailable, False),
        (failing(httpx.ConnectTimeout("x")), Timeout, False),
        (failing(httpx.PoolTimeout("x")), Timeout, False),
        (failing(httpx.ProxyError("x")), Unavailable, False),
        (failing(httpx.LocalProtocolError("x")), Invalid, False),
        (failing(httpx.ReadTimeout("x")), Timeout, None),
        (failing(httpx.WriteTimeout("x")), Timeout, None),
        (failing(httpx.ReadError("x")), Unavailable, None),
        (failing(httpx.RemoteProtocolError("x")), Unavailable, None),
        (failing(httpx.DecodingError("x")), BadPayload, None),
        (status(401), Unauthorized, False),
        (status(302, location="https://login"), Unauthorized, False),
        (status(403), Forbidden, True),
        (status(404), NotFound, True),
        (status(409), Conflict, True),
        (status(501), Unsupported, True),
        (status(408), Timeout, None),
        (status(504, "<html>"), Timeout, None),
        (status(502, "<html>"), Unavailable, None),
        (status(418), Invalid, True),
    ],
)
async def test_what_is_known_about_a_failed_write(
    answer: Handler, kind: type[AdapterError], executed: bool | None
) -> None:
    with pytest.raises(kind) as caught:
        await Bench(answer).write()
    assert caught.value.executed is executed
    assert caught.value.sentence.startswith("ctx: ")


async def test_the_whole_call_has_a_deadline() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    for effect, executed in ((Effect.READ, None), (Effect.WRITE, None)):
        client = HttpClient(
            ContextSettings(backend="x", url="http://api.test", call_timeout=0.02),
            context="ctx",
            error_reader=nothing,
            transport=httpx.MockTransport(hang),
        )
        permit = Permit("p", "r", "abort", "ctx") if effect is Effect.WRITE else None
        with pytest.raises(Timeout) as caught:
            await client.request("POST", "/x", effect=effect, permit=permit)
        assert caught.value.executed is executed
        assert client.stats.in_flight == 0
        await client.aclose()


async def test_a_write_that_never_got_its_turn_was_not_executed() -> None:
    started, free = asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        started.set()
        await free.wait()
        return httpx.Response(200, json={})

    settings = ContextSettings(backend="x", url="http://api.test", concurrency=1)
    client = HttpClient(settings, context="ctx", error_reader=nothing, transport=httpx.MockTransport(hang))
    first = asyncio.create_task(client.request("GET", "/x", effect=Effect.READ))
    await started.wait()
    with pytest.raises(Timeout) as caught:
        await client.request(
            "POST", "/x", effect=Effect.WRITE, permit=Permit("p", "r", "abort", "ctx"), timeout=0.02
        )
    assert caught.value.executed is False
    free.set()
    await first
    await client.aclose()


async def test_concurrency_is_bounded() -> None:
    running = most = 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return httpx.Response(200, json={})

    settings = ContextSettings(backend="x", url="http://api.test", concurrency=3, requests_per_second=1e6)
    client = HttpClient(settings, context="ctx", error_reader=nothing, transport=httpx.MockTransport(slow))
    await asyncio.gather(*(client.request("GET", "/x", effect=Effect.READ) for _ in range(20)))
    assert most == 3
    await client.aclose()


async def test_the_rate_is_held_after_a_second_of_burst() -> None:
    bench = Bench(status(200, "{}"), requests_per_second=10)
    for _ in range(14):
        await bench.read()
    assert len(bench.slept) in (2, 3)
    assert all(wait > 0 for wait in bench.slept)


async def test_credentials_stay_with_the_contexts_own_address() -> None:
    async def auth() -> Mapping[str, str]:
        return {"Authorization": "Bearer T"}

    secrets: dict[str, Any] = {"headers": {"X-Key": "k"}, "cookies": {"s": "1"}, "auth": auth}
    bench = Bench(status(200, "{}"), **secrets)
    own = ["/x", "http://api.test/other", "http://API.test:80/other"]
    foreign = [
        "http://agent.test:5051/files",
        "http://api.test:81/x",
        "https://api.test/x",
        "http://api.test.evil/x",
    ]
    for path in own + foreign:
        await bench.read(path)
    carried = [{"authorization", "x-key", "cookie"} & set(request.headers) for request in bench.asked]
    assert carried == [{"authorization", "x-key", "cookie"}] * len(own) + [set()] * len(foreign)
    await bench.read("/x", authenticate=False)
    assert "authorization" not in bench.asked[-1].headers


async def test_redirects_are_not_followed_and_cookies_not_kept() -> None:
    bench = Bench(status(302, location="http://api.test/login"))
    with pytest.raises(Unauthorized, match="login page"):
        await bench.read()
    assert len(bench.asked) == 1
    bench = Bench(status(200, "{}", **{"set-cookie": "track=1; Path=/"}))
    await bench.read()
    await bench.read()
    assert "cookie" not in bench.asked[1].headers


async def test_a_refused_token_is_asked_for_again_once() -> None:
    counter = "import pathlib,sys; p=pathlib.Path(sys.argv[1]); n=len(p.read_text()) if p.exists() else 0; "
    counter += "p.write_text('x'*(n+1)); print(f'T{n}')"

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={}) if request.headers["x-key"] == "T1" else httpx.Response(401)

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-S", "-c", counter, f"{folder}/n"]
        bench = Bench(handler, headers={"X-Key": {"command": command}})
        await bench.read()
        assert [request.headers["x-key"] for request in bench.asked] == ["T0", "T1"]
        await bench.read()  # kept from then on
        assert bench.asked[-1].headers["x-key"] == "T1"
    refused = Bench(status(401), headers={"X-Key": "constant"})
    with pytest.raises(Unauthorized):
        await refused.read()
    assert len(refused.asked) == 1


class Page(BaseModel):
    rows: list[int]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"<!doctype html><title>Log in", "HTML"),
        (b'{"rows":[1,', ""),
        (b"[" * 100_000, ""),
        (b'{"rows":"no"}', ""),
        (b"\x00\xff", ""),
    ],
)
async def test_a_200_that_is_not_the_api(body: bytes, words: str) -> None:
    reply = await Bench(lambda request: httpx.Response(200, content=body)).read()
    with pytest.raises(BadPayload) as caught:
        reply.model(Page)
    assert words in caught.value.sentence
    assert "\n" not in caught.value.sentence


async def test_json_is_mended_where_its_text_cannot_be_encoded() -> None:
    bench = Bench(lambda request: httpx.Response(200, content=b'{"a":"\\ud800","b":"\xff"}'))
    found = (await bench.read()).json()
    assert found == {"a": "?", "b": "\ufffd"}


async def test_no_content_is_an_empty_object() -> None:
    assert (await Bench(status(204)).read()).json() == {}


async def test_bodies_are_bounded() -> None:
    bench = Bench(status(200, "x" * 5000))
    with pytest.raises(BadPayload, match="was not read"):
        await bench.read(max_body=1000)
    errors = Bench(status(400, "y" * 1_000_000))
    with pytest.raises(Invalid) as caught:
        await errors.read()
    assert len(caught.value.sentence) < 400


@pytest.mark.parametrize(("code", "body"), [(500, ""), (500, "<html>"), (599, "\x1b[2J"), (400, '{"a"'), (799, "")])
async def test_error_bodies_of_any_shape_are_one_sentence(code: int, body: str) -> None:
    with pytest.raises(AdapterError) as caught:
        await Bench(status(code, body), retries=0).read()
    assert str(code) in caught.value.sentence
    assert caught.value.status == code


async def test_request_ids_are_kept() -> None:
    with pytest.raises(NotFound) as caught:
        await Bench(status(404, **{"x-request-id": "abc"})).read()
    assert caught.value.request_id == "abc"


async def test_an_address_that_cannot_be_asked() -> None:
    bench = Bench(status(200))
    with pytest.raises(Invalid) as caught:
        await bench.read("http://h\x01/")
    assert caught.value.executed is False
    assert bench.asked == []


async def test_broken_certificates_are_a_sentence() -> None:
    settings = ContextSettings(backend="x", url="https://api.test", ca_file="/nowhere.pem")
    client = HttpClient(settings, context="ctx", error_reader=nothing)
    with pytest.raises(Invalid, match="certificates"):
        await client.request("GET", "/x", effect=Effect.READ)
    await client.aclose()


async def test_a_missing_secret_names_the_context_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH", raising=False)
    bench = Bench(status(200), headers={"X": {"env": "NO_SUCH"}})
    with pytest.raises(Unauthorized, match="ctx: the environment variable NO_SUCH"):
        await bench.read()
    assert bench.asked == []


async def test_closing_is_final_and_idempotent() -> None:
    bench = Bench(status(200, "{}"))
    await bench.read()
    await bench.client.aclose()
    await bench.client.aclose()
    with pytest.raises(Unavailable) as caught:
        await bench.write()
    assert caught.value.executed is False
