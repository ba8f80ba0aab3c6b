"""Keys, tokens, the cookie, and how each is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from adapters.clearml.mock_auth import ACCESS_KEY, COOKIE
from tests.mock.clearml.server import KEYS, Api


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def codes(api: Api, **headers: str) -> tuple[int, int]:
    answer = api.raw("tasks.get_all", {"page_size": 1}, headers=headers)
    return answer.status_code, answer.json()["meta"]["result_subcode"]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_a_token_has_the_claims_that_clients_read(api: Api) -> None:
    answer = api.ask("GET", "/auth.login", auth=KEYS)
    token = answer.json()["data"]["token"]
    found = claims(token)
    assert found["api_version"] == "2.31"
    assert found["feature_set"] == "basic"
    assert found["auth_type"] == "Bearer"
    assert found["exp"] - found["iat"] == 30 * 24 * 3600
    assert set(found["identity"]) == {"user", "company", "role", "user_name", "company_name"}
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header["alg"] == "HS256"
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}={token}".lower())
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_all_three_ways_in(api: Api) -> None:
    token = api("auth.login")["token"]
    assert codes(api, **bearer(token)) == (200, 0)
    assert codes(api, cookie=f"{COOKIE}={token}") == (200, 0)
    assert codes(api, cookie=f"{COOKIE}={token}", authorization="Bearer x.y.z") == (401, 30)  # the header wins
    answer = api.raw("auth.login", headers=bearer(token))
    assert answer.json()["data"]["token"] != token


@pytest.mark.parametrize(
    ("headers", "subcode"),
    [
        ({}, 20),
        ({"authorization": "Digest abc"}, 10),
        ({"authorization": "Basic ###"}, 21),
        (basic("no colon"), 21),
        (basic(f"{ACCESS_KEY}:wrong"), 22),
        (basic("nobody:x"), 22),
        (bearer("x"), 30),
        (bearer("a.b.c"), 30),
    ],
)
def test_refusals(api: Api, headers: dict[str, str], subcode: int) -> None:
    assert codes(api, **headers) == (401, subcode)


def test_what_needs_no_login(api: Api) -> None:
    for path in ("debug.ping", "server.info", "login.supported_modes"):
        assert api.raw(path, headers={}).status_code == 200


def test_tokens_expire() -> None:
    api = Api(options={"token_life": 60})
    token = api("auth.login")["token"]
    assert codes(api, **bearer(token)) == (200, 0)
    api.advance(59)
    assert codes(api, **bearer(token)) == (200, 0)
    api.advance(2)
    answer = api.raw("tasks.get_all", headers=bearer(token))
    assert answer.status_code == 401
    assert answer.json()["meta"]["result_subcode"] == 30
    assert answer.json()["meta"]["result_msg"] == "Invalid token (expired)"


def test_a_client_may_ask_for_a_short_life(api: Api) -> None:
    found = claims(api("auth.login", expiration_sec=120)["token"])
    assert found["exp"] - found["iat"] == 120
    assert api.codes("auth.login", expiration_sec="soon") == (400, 12)


def test_logout_revokes_the_session(api: Api) -> None:
    token = api("auth.login")["token"]
    assert api.raw("auth.logout", headers=bearer(token)).status_code == 200
    assert codes(api, **bearer(token)) == (401, 30)


def test_own_keys() -> None:
    api = Api(options={"access_key": "mine", "secret_key": "quite: mine"})
    assert codes(api, **basic("mine:quite: mine")) == (200, 0)
    assert codes(api, **basic(":".join(KEYS))) == (401, 22)


def test_who_am_i(api: Api) -> None:
    user = api("users.get_current_user")["user"]
    identity = claims(api("auth.login")["token"])["identity"]
    assert (user["id"], user["company"]["id"]) == (identity["user"], identity["company"])
    assert user["id"] in {each["id"] for each in api("users.get_all")["users"]}
