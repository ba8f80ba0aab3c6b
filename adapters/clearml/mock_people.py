"""The auth, login, users, server and debug services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.clearml.mock_auth import (
    COMPANY,
    COMPANY_NAME,
    OPERATOR,
    SERVER_BUILD,
    SERVER_VERSION,
    USER_NAMES,
    Guard,
    user_id,
)
from adapters.clearml.mock_rows import listed
from adapters.clearml.mock_wire import LATEST, Call, Refused, invalid
from adapters.clearml.mock_world import World

USER_FIELDS = frozenset({"id", "name", "given_name", "family_name", "role", "company", "created"})


class PeopleService:
    def __init__(self, world: Callable[[], World], guard: Guard, *, seed_era: bool) -> None:
        self._world = world
        self._guard = guard
        self._seed_era = seed_era

    def login(self, call: Call) -> Any:
        life = call.data.get("expiration_sec")
        if life is not None and (not isinstance(life, int | float) or life < 1):
            raise invalid("expiration_sec", "Input should be a positive integer")
        call.cookie = self._guard.token(life)
        return {"token": call.cookie}

    def logout(self, call: Call) -> Any:
        if call.session:
            self._guard.revoked.add(call.session)
        call.cookie = ""
        return {}

    def modes(self, call: Call) -> Any:
        return {
            "authenticated": False,
            "basic": {"enabled": True, "guest": {"enabled": False}},
            "sso": {},
            "sso_providers": [],
            "server_errors": {"missed_es_upgrade": False, "es_connection_error": False},
        }

    def current(self, call: Call) -> Any:
        world = self._world()
        user = {
            "id": user_id(OPERATOR),
            "name": OPERATOR,
            "given_name": OPERATOR,
            "family_name": "",
            "role": "user",
            "company": {"id": COMPANY, "name": COMPANY_NAME},
            "created": world.told(world.seeds.start - 90 * 86400),
        }
        return {"user": user, "getting_started": {}, "settings": {"max_download_items": "1000"}}

    def users(self, call: Call) -> Any:
        rows = [{"id": key, "name": name, "company": COMPANY} for key, name in USER_NAMES.items()]
        return {"users": listed(call, rows, USER_FIELDS)}

    def info(self, call: Call) -> Any:
        made = {
            "version": "0.12.0" if self._seed_era else SERVER_VERSION,
            "build": SERVER_BUILD,
            "commit": "8bd900f",
        }
        return {**made, "api_version": f"{LATEST[0]}.{LATEST[1]}"} if call.version >= (2, 12) else made

    def for_admins(self, call: Call) -> Any:
        raise Refused(403, 20, role="user")

    def ping(self, call: Call) -> Any:
        return {**call.data, "msg": "Because it trains cats and dogs"}
