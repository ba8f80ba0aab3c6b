"""A login that is refused is renewed in place: `L` asks for the secret, never draws it, and reading goes on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest

from adapters.errors import Unauthorized
from adapters.mock.server import MockServer, config_toml
from adapters.secret import SecretSource
from tests.tui.fake import Tester
from tui.app import ConsoleApp
from tui.config import parse
from tui.wiring import build_services

pytestmark = pytest.mark.anyio
RIGHT = "a-new-secret-of-ours"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    options = {"clearml": {"secret_key": RIGHT}}
    with MockServer(seed=7, runs=20, hosts=6, clock="virtual", backends=["clearml"], options=options) as mock:
        yield mock


@pytest.mark.parametrize("view", ["runs", "contexts"])
async def test_a_refused_login_is_renewed_in_place(server: MockServer, view: str) -> None:
    services, _ = build_services(parse(tomllib.loads(config_toml(server.url, ["clearml"]))))
    app = ConsoleApp(services)
    async with app.run_test(size=(100, 24)) as pilot:
        t = Tester(app, pilot)
        await t.see("L logs in")
        if view == "contexts":
            await t.press("colon")
            await t.type("contexts")
            await t.press("enter")
            await t.see("LATENCY")
        await t.press("L")
        await t.see("secret key for clearml ›")
        await t.type(RIGHT)
        await t.see("*" * len(RIGHT))
        assert RIGHT not in "\n".join(t.lines)
        await t.press("enter")
        await t.see("clearml: logged in")
        if view == "contexts":
            await t.press("escape")
        await t.see("20 runs")


async def test_a_wrong_secret_says_so_and_escape_changes_nothing(server: MockServer) -> None:
    services, _ = build_services(parse(tomllib.loads(config_toml(server.url, ["clearml"]))))
    app = ConsoleApp(services)
    async with app.run_test(size=(100, 24)) as pilot:
        t = Tester(app, pilot)
        await t.see("L logs in")
        await t.press("L")
        await t.type("nonsense")
        await t.press("escape")
        await t.press("L")
        await t.type("more-nonsense")
        await t.press("enter")
        await t.see("401")
        assert "20 runs" not in "\n".join(t.lines)


async def test_a_context_without_a_login_says_so() -> None:
    with MockServer(seed=7, runs=20, hosts=6, clock="virtual", backends=["kfp"]) as server:
        services, _ = build_services(parse(tomllib.loads(config_toml(server.url, ["kfp"]))))
        app = ConsoleApp(services)
        async with app.run_test(size=(100, 24)) as pilot:
            t = Tester(app, pilot)
            await t.see("20 runs")
            await t.press("L")
            await t.see("kfp logs in with nothing")


async def test_what_was_given_counts_until_it_is_taken_back() -> None:
    source = SecretSource.model_validate({"value": "configured"})
    source.give("given")
    assert await source.read() == "given"
    assert source.used == ["given"]  # so that a crash report can leave it out
    source.give("")
    assert await source.read() == "configured"
    with pytest.raises(Unauthorized):
        source.give("two\nlines")
    assert "given" not in repr(source)
