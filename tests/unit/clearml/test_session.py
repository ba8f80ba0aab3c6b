"""Login: when a token is got, renewed or given up, and what a refused one costs."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest

from adapters.clearml.session import Token, claims_of
from adapters.clearml.settings import ClearmlSettings
from adapters.errors import AdapterError, BadPayload, Timeout, Unauthorized, Unavailable
from adapters.model import Kind
from tests.unit.clearml.server import NOW, RUN, Server, jwt, permit, refusal

pytestmark = pytest.mark.anyio
EXPIRED = refusal(401, 30, "Invalid token (expired)")


async def test_keys_are_sent_once_and_the_token_after_them() -> None:
    server = Server()
    adapter = server.adapter()
    await adapter.list(Kind.RUN)
    await adapter.list(Kind.HOST)
    first, *others = server.asked
    assert first.path == "/auth.login"  # no version is known yet
    assert first.headers["authorization"] == "Basic " + base64.b64encode(b"KEY:SECRET").decode()
    assert {asked.headers["authorization"] for asked in others} == {f"Bearer {jwt()}"}
    assert server.logins == 1
    assert (adapter.stats.auth, adapter.stats.auth_expires) == ("token", NOW + 30 * 86400)


async def test_requests_at_once_share_a_login() -> None:
    server = Server()
    adapter = server.adapter()
    await asyncio.gather(*(adapter.list(Kind.RUN) for _ in range(5)))
    assert server.logins == 1


@pytest.mark.parametrize(
    ("offered", "setting", "prefix"),
    [
        ("2.31", None, "/v2.31/"),
        ("2.4", None, "/v2.4/"),
        ("3.7", None, "/v2.31/"),  # answers of a newer API are not known here
        ("2.31", "2.1", "/v2.1/"),
        (None, None, "/"),
        ("nonsense", None, "/"),
    ],
)
async def test_the_version_is_what_both_speak(offered: str | None, setting: str | None, prefix: str) -> None:
    server = Server()
    server.version = offered
    await server.adapter(api_version=setting).list(Kind.RUN)
    assert server.asked[1].path == f"{prefix}tasks.get_all_ex"


async def test_a_token_is_renewed_before_it_expires() -> None:
    server = Server()
    server.life = 1000.0
    adapter = server.adapter()
    await adapter.list(Kind.RUN)
    for seconds, logins in ((899.0, 1), (901.0, 2)):
        adapter._session._clock = lambda seconds=seconds: NOW + seconds  # type: ignore[misc]
        await adapter.list(Kind.RUN)
        assert server.logins == logins


async def test_a_clock_that_is_off_does_not_log_in_for_ever() -> None:
    server = Server()
    server.life = -5000.0
    adapter = server.adapter()
    for _ in range(3):
        await adapter.list(Kind.RUN)
    assert server.logins == 1


async def test_a_read_is_repeated_once_with_a_new_login() -> None:
    server = Server()
    answers: list[Any] = [EXPIRED, {"tasks": []}]
    server.on("tasks.get_all_ex", lambda body: answers.pop(0))
    page = await server.adapter().list(Kind.RUN)
    assert page.items == ()
    assert server.logins == 2
    assert server.names() == ["tasks.get_all_ex", "tasks.get_all_ex"]


async def test_a_refused_login_is_not_tried_for_ever() -> None:
    server = Server().on("tasks.get_all_ex", EXPIRED)
    with pytest.raises(Unauthorized) as caught:
        await server.adapter().list(Kind.RUN)
    assert caught.value.sentence == "clearml: the login has expired (401/30)"
    assert (caught.value.code, caught.value.status) == ("401/30", 401)
    assert "log in again" in caught.value.hint
    assert server.names() == ["tasks.get_all_ex", "tasks.get_all_ex"]


async def test_wrong_keys_are_said_to_be_wrong() -> None:
    server = Server().on("auth.login", refusal(401, 22, "Unauthorized (invalid credentials)"))
    with pytest.raises(Unauthorized) as caught:
        await server.adapter().list(Kind.RUN)
    assert caught.value.sentence == "clearml: the access key or the secret is not accepted (401/22)"
    assert server.names() == []


async def test_a_write_is_never_repeated_here_but_the_next_one_logs_in() -> None:
    server = Server().on("tasks.delete", EXPIRED)
    adapter = server.adapter()
    with pytest.raises(Unauthorized) as caught:
        await adapter.perform("delete", RUN, {"force": True}, permit())
    assert caught.value.executed is False
    assert server.names().count("tasks.delete") == 1
    server.on("tasks.delete", {"deleted": True})
    assert (await adapter.perform("delete", RUN, {"force": True}, permit())).message == "deleted"
    assert server.logins == 2


@pytest.mark.parametrize(
    ("problem", "kind"), [(httpx.ReadTimeout("slow"), Timeout), (httpx.ReadError("cut"), Unavailable)]
)
async def test_a_login_that_fails_has_written_nothing(problem: Exception, kind: type[AdapterError]) -> None:
    def fail(body: dict[str, Any]) -> httpx.Response:
        raise problem

    server = Server().on("auth.login", fail)
    given = permit()
    with pytest.raises(kind) as caught:
        await server.adapter().call("tasks.ping", {"task": "t"}, given)
    assert caught.value.executed is False
    assert not given.spent


async def test_a_ready_made_token_is_sent_as_it_is() -> None:
    server = Server()
    adapter = server.adapter(access_key=None, secret_key=None, token=jwt(version="2.4", number=9))
    await adapter.list(Kind.RUN)
    assert server.logins == 0
    assert server.asked[0].headers["authorization"] == f"Bearer {jwt(version='2.4', number=9)}"
    assert server.asked[0].path.startswith("/v2.4/")


async def test_an_expired_ready_made_token_asks_for_a_new_one() -> None:
    server = Server().on("tasks.get_all_ex", EXPIRED)
    with pytest.raises(Unauthorized, match="the login has expired"):
        await server.adapter(access_key=None, secret_key=None, token="abc").list(Kind.RUN)
    assert server.names() == ["tasks.get_all_ex"]  # the same text would be refused again


async def test_a_token_from_the_environment_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "old")
    server = Server()

    def answer(body: dict[str, Any]) -> Any:
        if server.asked[-1].headers["authorization"] == "Bearer old":
            monkeypatch.setenv("TOKEN", "new")
            return EXPIRED
        return {"tasks": []}

    server.on("tasks.get_all_ex", answer)
    adapter = server.adapter(access_key=None, secret_key=None, token={"env": "TOKEN"})
    assert (await adapter.list(Kind.RUN)).items == ()


async def test_without_credentials_a_proxy_is_trusted_to_know() -> None:
    server = Server()
    adapter = server.adapter(access_key=None, secret_key=None, cookies={"clearml_token_basic": "x"})
    await adapter.list(Kind.RUN)
    assert "authorization" not in server.asked[0].headers
    assert server.asked[0].headers["cookie"] == "clearml_token_basic=x"
    assert adapter.stats.auth == "cookie"


@pytest.mark.parametrize("data", [{}, {"token": 3}, {"token": "a\nb"}])
async def test_a_login_without_a_token_is_nonsense(data: dict[str, Any]) -> None:
    with pytest.raises(BadPayload, match="a login without a token"):
        await Server().on("auth.login", data).adapter().list(Kind.RUN)


async def test_a_missing_secret_names_its_variable() -> None:
    adapter = Server().adapter(secret_key={"env": "NOT_THERE"})
    with pytest.raises(Unauthorized) as caught:
        await adapter.list(Kind.RUN)
    assert caught.value.sentence == "clearml: the environment variable NOT_THERE is not set"


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "a.bm90IGpzb24.c", "a.W10.c", "é.é.é"])
def test_any_text_is_a_token(text: str) -> None:
    assert claims_of(text) == {}
    assert Token.read(text, NOW) == Token(text)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"access_key": "a"}, "belong together"),
        ({"access_key": "a", "secret_key": "b", "token": "c"}, "either access_key"),
        ({"api_version": "two"}, "api_version"),
        ({"metrics": ["loss"]}, "metric/variant"),
        ({"acess_key": "a"}, "acess_key"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ClearmlSettings(url="http://x", **settings)


def test_secrets_are_never_shown() -> None:
    settings = ClearmlSettings(url="http://x", access_key="AKEY", secret_key="ASECRET")
    assert "AKEY" not in repr(settings)
    assert "ASECRET" not in repr(settings)
