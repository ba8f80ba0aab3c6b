"""Imports go one way; what the design forbids cannot be imported, not even inside a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import registry

ROOT = Path(__file__).parents[2]
PRIVATE = {"adapter", "api", "wire", "mapping"}
WIRING = {"tui.app", "tui.cli", "tui.__main__"}


def modules(*packages: str) -> list[tuple[str, Path]]:
    found = []
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def imports(path: Path, module: str) -> Iterator[str]:
    """Every module that a file imports, with the names taken from it, wherever in the file."""
    is_package = path.name == "__init__.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".") if is_package else module.split(".")[:-1]
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


BACKENDS = sorted(path.parent.name for path in (ROOT / "adapters").glob("*/adapter.py"))
EVERYTHING = [pytest.param(name, path, id=name) for name, path in modules("adapters", "tui")]


def offence(module: str, imported: str) -> str | None:
    """Why `module` may not import `imported`; None when it may."""
    top = imported.split(".")[0]
    in_core = inside(module, "tui.core")
    if inside(module, "adapters") and top == "tui":
        return "an adapter knows nothing of the console"
    if (inside(module, "adapters") or in_core) and top in ("textual",):
        return "no Textual below the widgets"
    if top == "httpx" and module != "adapters.http":
        return "only adapters.http imports httpx"
    if inside(module, "tui") and any(inside(imported, f"adapters.{name}") for name in BACKENDS):
        return "the console knows no backend by name"
    if in_core and (inside(imported, "tui.screens") or inside(imported, "tui.widgets")):
        return "core is below widgets and screens"
    if inside(module, "tui.widgets") and inside(imported, "tui.screens"):
        return "widgets are below screens"
    if inside(module, "tui") and module not in WIRING and inside(imported, "tui.app"):
        return "only the command line wires the app"
    return between_backends(module, imported)


def between_backends(module: str, imported: str) -> str | None:
    owner = next((name for name in BACKENDS if inside(module, f"adapters.{name}")), None)
    other = next((name for name in BACKENDS if inside(imported, f"adapters.{name}")), None)
    if owner is None or other is None:
        if owner is None and other is not None and not inside(module, "adapters.registry"):
            return "only the registry names backends"
        return None
    if owner != other:
        return "one backend does not know another"
    mine, theirs = module.split(".")[2:3], imported.split(".")[2:3]
    am_mock = bool(mine) and mine[0].startswith("mock")
    is_mock = bool(theirs) and theirs[0].startswith("mock")
    if am_mock and theirs and theirs[0] in PRIVATE:
        return "a mock that shares its adapter's models proves nothing"
    if is_mock and not am_mock:
        return "an adapter does not know its mock"
    return None


@pytest.mark.parametrize(("module", "path"), EVERYTHING)
def test_imports_go_one_way(module: str, path: Path) -> None:
    offences = {
        f"{module} imports {name}: {why}" for name in imports(path, module) if (why := offence(module, name))
    }
    assert not offences, "\n".join(sorted(offences))


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("adapters.kfp.adapter", "tui.core.store"),
        ("adapters.kfp.adapter", "httpx"),
        ("adapters.kfp.mapping", "adapters.peloton.mapping"),
        ("adapters.kfp.mock", "adapters.kfp.wire"),
        ("adapters.kfp.adapter", "adapters.kfp.mock"),
        ("tui.core.sync", "textual.app"),
        ("tui.core.sync", "tui.widgets.table"),
        ("tui.screens.list", "adapters.kfp"),
        ("tui.screens.list", "httpx"),
        ("tui.widgets.table", "tui.screens.list"),
        ("tui.screens.list", "tui.app"),
        ("adapters.http", "textual"),
        ("adapters.mock.server", "adapters.kfp.mock"),
    ],
)
def test_the_rule_would_catch_it(module: str, imported: str) -> None:
    assert offence(module, imported)


def test_every_backend_folder_is_registered() -> None:
    assert BACKENDS
    assert set(BACKENDS) <= set(registry.BUILT_IN)


def test_only_the_journal_makes_permits() -> None:
    makers = [
        module
        for module, path in modules("adapters", "tui")
        if module not in ("tui.core.journal", "adapters.permit")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", None) == "Permit" or getattr(node.func, "attr", None) == "Permit")
    ]
    assert makers == []
