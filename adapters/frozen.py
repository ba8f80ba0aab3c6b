"""`dataclass` for frozen values, as the standard library's, but quick to make.

That one writes and compiles six methods a class, a tenth of a console's start for methods of which most are never
called. Here only `__init__` is compiled; the others are shared or closures. What is not frozen, or asks for more,
is left to the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **asked: bool) -> Any:
        if cls is None:
            return lambda cls: dataclass(cls, **asked)
        wanted = {"frozen": False, "slots": False, "kw_only": False, **asked}
        if not wanted.pop("frozen") or wanted.keys() - {"slots", "kw_only"} or hasattr(cls, "__post_init__"):
            return dataclasses.dataclass(cls, **asked)
        own = vars(cls).copy()
        made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, **wanted)
        if not all(each.init for each in dataclasses.fields(made)):
            raise TypeError(f"{cls.__qualname__}: every field is given to __init__")
        for name, method in _methods(made).items():
            if name not in own:
                setattr(made, name, method)
        return made


def _methods(made: type) -> dict[str, Callable[..., Any]]:
    fields = dataclasses.fields(made)
    equal, hashed = _compared([each.name for each in fields if each.compare])
    return {
        "__init__": _initialiser(made, fields),
        "__repr__": _representation,
        "__eq__": equal,
        "__hash__": hashed,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state,
        "__setstate__": _restore,
    }


def _initialiser(made: type, fields: tuple[dataclasses.Field[Any], ...]) -> Callable[..., None]:
    scope: dict[str, Any] = {"set_": object.__setattr__, "absent_": dataclasses.MISSING}
    given, named, body = ["self"], list[str](), list[str]()
    for each in fields:
        name, value = each.name, each.name
        parameter = name
        if each.default_factory is not dataclasses.MISSING:
            scope[f"make_{name}"] = each.default_factory
            parameter, value = f"{name}=absent_", f"make_{name}() if {name} is absent_ else {name}"
        elif each.default is not dataclasses.MISSING:
            scope[f"usual_{name}"] = each.default
            parameter = f"{name}=usual_{name}"
        (named if each.kw_only else given).append(parameter)
        body.append(f"set_(self, {name!r}, {value})")
    parameters = ", ".join([*given, *(["*", *named] if named else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), scope)
    made_init: Callable[..., None] = scope["__init__"]
    made_init.__qualname__ = f"{made.__qualname__}.__init__"
    return made_init


def _compared(names: list[str]) -> tuple[Callable[[Any, Any], Any], Callable[[Any], int]]:
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda value: ()

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def hashed(self: Any) -> int:
        return hash(values(self))

    return equal, hashed


def _representation(self: Any) -> str:
    shown = [f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: Any, name: str, value: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


__all__ = ["dataclass"]
