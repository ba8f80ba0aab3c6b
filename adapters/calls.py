"""Any declared endpoint by its own name, for `Adapter.methods` and `Adapter.call`."""

from __future__ import annotations

import inspect
from typing import Any

from adapters.endpoint import Effect, endpoints
from adapters.errors import Invalid, Unsupported
from adapters.model import Json
from adapters.names import nearest
from adapters.permit import Permit, PermitRefused
from adapters.port import MethodSpec, Params

WORDS = {"str": "text", "int": "number", "float": "number", "bool": "true or false"}


def method_specs(api: type) -> list[MethodSpec]:
    """Every endpoint of an api class; a parameter is a keyword of the python method, `permit` apart."""
    specs = []
    for attribute, declared in endpoints(api).items():
        method = getattr(api, attribute)
        summary = (inspect.getdoc(method) or "").split("\n\n")[0].replace("\n", " ")
        params = tuple((name, _words(param)) for name, param in _parameters(method).items())
        specs.append(MethodSpec(declared.name, declared.effect.value, summary, params))
    return specs


async def call(api: object, context: str, method: str, params: Params, permit: Permit | None) -> Any:
    """Await the endpoint named `method`. Raises Unsupported, Invalid or PermitRefused before anything is sent."""
    known = {declared.name: (attribute, declared) for attribute, declared in endpoints(type(api)).items()}
    if method not in known:
        raise Unsupported(f"{context}: no method {method!r}{nearest(method, known)}", executed=False)
    attribute, declared = known[method]
    function = getattr(api, attribute)
    expected = _parameters(function)
    for name in params:
        if name not in expected:
            raise Invalid(f"{context}: {method} has no parameter {name!r}{nearest(name, expected)}", executed=False)
    missing = [
        name for name, param in expected.items() if param.default is inspect.Parameter.empty and name not in params
    ]
    if missing:
        raise Invalid(f"{context}: {method} needs {', '.join(missing)}", executed=False)
    given = {name: _converted(context, name, value, expected[name]) for name, value in params.items()}
    if declared.effect is Effect.WRITE:
        if permit is None:
            raise PermitRefused(f"{method} is a write and has no permit")
        return await function(**given, permit=permit)
    return await function(**given)


def _parameters(method: Any) -> dict[str, inspect.Parameter]:
    found = inspect.signature(method).parameters
    return {name: param for name, param in found.items() if name not in ("self", "permit")}


def _words(param: inspect.Parameter) -> str:
    plain = str(param.annotation).removesuffix(" | None")
    words = WORDS.get(plain, "JSON")
    return words if param.default is inspect.Parameter.empty else f"{words}, optional"


def _converted(context: str, name: str, value: Json, param: inspect.Parameter) -> Json:
    """Text given for a number or the reverse, as `--set` does, is taken at its meaning."""
    plain = str(param.annotation).removesuffix(" | None")
    if plain == "str" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if plain == "int" and isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise Invalid(f"{context}: {name} is a number, not {value!r}", executed=False) from None
    return value
