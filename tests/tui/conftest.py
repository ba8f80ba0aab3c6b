"""An app over fakes, driven by a pilot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import pytest

from adapters.model import Kind
from tests.tui.fake import FakeAdapter, Tester, services_of
from tui.app import ConsoleApp

Open: TypeAlias = Callable[..., AbstractAsyncContextManager[Tester]]


@pytest.fixture
def console() -> Open:
    """`async with console(adapter, view=Kind.HOST, size=(80, 24)) as t:`"""

    @asynccontextmanager
    async def open_console(
        *adapters: FakeAdapter,
        view: Kind = Kind.RUN,
        scope: tuple[str, ...] = (),
        size: tuple[int, int] = (80, 24),
        filter: str = "",
        **more: Any,
    ) -> AsyncIterator[Tester]:
        app = ConsoleApp(services_of(*adapters, **more), view=view, scope=scope, filter=filter)
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause()
            yield Tester(app, pilot)

    return open_console
