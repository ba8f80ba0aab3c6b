"""The configuration: TOML in, checked as a whole, with every problem named at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from adapters import registry
from adapters.actions import ACTION_ALIASES, ACTION_IDS
from adapters.frozen import dataclass
from adapters.model import ALL_CONTEXTS, CONTEXT_NAME, parse_kind
from adapters.names import nearest
from adapters.secret import SecretSource
from adapters.settings import ContextSettings
from tui.configfile import ConfigError, Problem, key_names, model_problems, read_toml, readable_by_others
from tui.core.plan import Guard
from tui.paths import config_path
from tui.wordconfig import checked_filters

if TYPE_CHECKING:
    from adapters.port import Adapter
    from tui.core.plugins import Plugin

__all__ = ["Config", "ConfigError", "ContextConfig", "Problem", "UiSettings", "build_adapter", "load", "parse"]

FIXED_TOKENS = frozenset({"key", "danger", "changed", "title", "bold"})
SECTIONS = ("contexts", "ui", "keys", "aliases", "themes", "plugins")


class GeneralSettings(BaseModel):
    """The keys of a context that are runyard's own, whatever the backend. `refresh` is in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    color: str | None = None
    refresh: float = Field(2.0, ge=0.5, le=3600)
    max_rows: int = Field(20_000, ge=50, le=1_000_000)
    protected: bool = False
    read_only: bool = False
    confirm: Literal["auto", "typed"] = "auto"
    max_targets: int = Field(200, ge=1)
    require_reason: bool = False
    protected_names: list[str] = Field(default_factory=list)
    deny: list[str] = Field(default_factory=list)

    @field_validator("color")
    @classmethod
    def _a_color(cls, color: str | None) -> str | None:
        from tui.styles.tokens import ThemeError, read_color

        try:
            return read_color(color) if color is not None else None
        except ThemeError as error:
            raise ValueError(str(error)) from None

    @field_validator("deny")
    @classmethod
    def _known_actions(cls, deny: list[str]) -> list[str]:
        """A typing error here would silently allow what was to be denied."""
        from fnmatch import fnmatchcase

        resolved = [ACTION_ALIASES.get(glob, glob) if glob not in ACTION_IDS else glob for glob in deny]
        for glob in resolved:
            if not any(fnmatchcase(action, glob) for action in ACTION_IDS):
                raise ValueError(f"no action {glob!r}{nearest(glob, ACTION_IDS)}")
        return resolved

    def guard(self) -> Guard:
        return Guard(
            protected=self.protected,
            read_only=self.read_only,
            confirm_typed=self.confirm == "typed",
            max_targets=self.max_targets,
            require_reason=self.require_reason,
            protected_names=tuple(self.protected_names),
            deny=tuple(self.deny),
        )


class UiSettings(BaseModel):
    """How the console looks and starts. `ascii` None: found out from the terminal. `contexts` empty: all."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    theme: str = "auto"
    ascii: bool | None = None
    mouse: bool = True
    times: Literal["age", "clock"] = "age"
    zone: Literal["utc", "local"] = "utc"
    wide: bool = False
    view: str = "runs"
    restore: bool = False
    contexts: list[str] = Field(default_factory=list)
    filters: dict[str, str | dict[str, str]] = Field(default_factory=dict)

    @field_validator("view")
    @classmethod
    def _known_view(cls, view: str) -> str:
        return "contexts" if view == "contexts" else parse_kind(view).plural

    @field_validator("filters")
    @classmethod
    def _readable_filters(cls, filters: dict[str, str | dict[str, str]]) -> dict[str, str | dict[str, str]]:
        return checked_filters(filters)


@dataclass(frozen=True, slots=True)
class ContextConfig:
    """One connection to one backend."""

    name: str
    backend: str
    settings: ContextSettings
    guard: Guard
    color: str | None = None
    refresh: float = 2.0
    max_rows: int = 20_000


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration; `path` is None when there is no file."""

    path: Path | None = None
    contexts: Mapping[str, ContextConfig] = field(default_factory=dict)
    ui: UiSettings = field(default_factory=UiSettings)
    keys: Mapping[str, str | list[str]] = field(default_factory=dict)
    themes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    plugins: Mapping[str, Plugin] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


def load(given: str | Path | None = None) -> Config:
    """The config of `given`, of RUNYARD_CONFIG or of the usual place; without a file there, an empty one.

    Raises ConfigError with every problem; also when a file that was named does not exist.
    """
    path, named = config_path(str(given) if given is not None else None)
    if not named and not path.exists():
        return Config()
    return parse(read_toml(path), path)


def parse(data: Mapping[str, Any], path: Path | None = None) -> Config:
    """Check parsed TOML. Raises ConfigError with every problem."""
    file = str(path) if path else "config"
    problems = [
        Problem(file, name, f"no such section{nearest(name, SECTIONS)}") for name in data if name not in SECTIONS
    ]
    contexts: dict[str, ContextConfig] = {}
    for name, body in _table(data, "contexts", file, problems).items():
        found = _context(name, body, file, problems)
        if found is not None:
            contexts[name] = found
            problems += _secret_problems(found, path, file)
    themes = _themes(_table(data, "themes", file, problems), file, problems)
    ui = _ui(_table(data, "ui", file, problems), set(contexts), themes, file, problems)
    plugins = _plugins(_table(data, "plugins", file, problems), contexts, file, problems)
    keys = _keys(_table(data, "keys", file, problems), plugins, file, problems)
    aliases = _aliases(_table(data, "aliases", file, problems), contexts, plugins, file, problems)
    if problems:
        raise ConfigError(problems)
    return Config(path, contexts, ui, keys, themes, plugins, aliases)


def build_adapter(context: ContextConfig, **options: Any) -> Adapter:
    """The adapter of a context; nothing is sent yet."""
    return registry.backend(context.backend).load_adapter()(context.name, context.settings, **options)


def _table(data: Mapping[str, Any], name: str, file: str, problems: list[Problem]) -> dict[str, Any]:
    found = data.get(name, {})
    if isinstance(found, dict):
        return found
    problems.append(Problem(file, name, f"is a table: write [{name}]"))
    return {}


def _context(name: str, body: Any, file: str, problems: list[Problem]) -> ContextConfig | None:
    section = f"contexts.{name}"
    if name == ALL_CONTEXTS:
        problems.append(Problem(file, section, "the name 'all' is reserved; it means every context"))
    elif not CONTEXT_NAME.fullmatch(name):
        problems.append(Problem(file, section, "a name has only letters, digits, '_', '.' and '-'"))
    if not isinstance(body, dict):
        problems.append(Problem(file, section, f"is a table: write [{section}]"))
        return None
    model = _settings_model(body, section, file, problems)
    own = {key: value for key, value in body.items() if key in GeneralSettings.model_fields}
    rest = {key: value for key, value in body.items() if key not in own}
    general, settings = None, None
    try:
        general = GeneralSettings.model_validate(own)
    except ValidationError as error:
        problems += model_problems(file, section, error, GeneralSettings)
    if model is None:
        return None
    try:
        settings = model.model_validate(rest)
    except ValidationError as error:
        problems += model_problems(file, section, error, model, key_names(GeneralSettings))
    if general is None or settings is None:
        return None
    return ContextConfig(
        name, settings.backend, settings, general.guard(), general.color, general.refresh, general.max_rows
    )


def _settings_model(
    body: Mapping[str, Any], section: str, file: str, problems: list[Problem]
) -> type[ContextSettings] | None:
    backend = body.get("backend")
    if not isinstance(backend, str):
        known = ", ".join(registry.names())
        problems.append(Problem(file, f"{section}.backend", f"is missing; one of {known}"))
        return None
    try:
        return registry.backend(backend).load_settings()
    except registry.UnknownBackend as error:
        problems.append(Problem(file, f"{section}.backend", f"{error} (known: {', '.join(registry.names())})"))
    except (ImportError, AttributeError) as error:
        problems.append(Problem(file, f"{section}.backend", f"{backend} cannot be loaded: {error}"))
    return None


def _secret_problems(context: ContextConfig, path: Path | None, file: str) -> list[Problem]:
    """A literal secret is for the owner's eyes only, unless it can go nowhere but this machine."""
    literal = [name for name, value in context.settings if _has_literal(value)]
    if not literal or path is None or context.settings.is_loopback() or not readable_by_others(path):
        return []
    key = f"contexts.{context.name}.{literal[0]}"
    return [Problem(file, key, f"holds a secret that others can read; chmod 600 {path}, or use {literal[0]}_env")]


def _has_literal(value: object) -> bool:
    if isinstance(value, SecretSource):
        return value.literal
    if isinstance(value, SecretStr):
        return "@" in value.get_secret_value()  # an address with a password in it
    return isinstance(value, dict) and any(_has_literal(inner) for inner in value.values())


def _ui(
    body: dict[str, Any], contexts: set[str], themes: Mapping[str, object], file: str, problems: list[Problem]
) -> UiSettings:
    try:
        ui = UiSettings.model_validate(body)
    except ValidationError as error:
        problems += model_problems(file, "ui", error, UiSettings)
        return UiSettings()
    if ui.theme != "auto" and ui.theme not in themes:
        from tui.styles.tokens import THEMES

        if ui.theme not in THEMES:
            known = ["auto", *THEMES, *themes]
            problems.append(Problem(file, "ui.theme", f"no theme {ui.theme!r}{nearest(ui.theme, known)}"))
    for name in ui.contexts:
        if name != ALL_CONTEXTS and name not in contexts:
            problems.append(Problem(file, "ui.contexts", f"no context {name!r}{nearest(name, contexts)}"))
    return ui


def _plugins(
    body: dict[str, Any], contexts: Mapping[str, object], file: str, problems: list[Problem]
) -> dict[str, Plugin]:
    if not body:
        return {}
    from tui.pluginconfig import read_plugins

    return read_plugins(body, contexts, file, problems)


def _aliases(
    body: dict[str, Any],
    contexts: Mapping[str, object],
    plugins: Mapping[str, Plugin],
    file: str,
    problems: list[Problem],
) -> dict[str, str]:
    if not body:
        return {}
    from tui.pluginconfig import with_plugins
    from tui.wordconfig import read_aliases

    verbs = [spec.verb or spec.id for spec in with_plugins(plugins.values())]
    return read_aliases(body, contexts, verbs, file, problems)


def _keys(
    body: dict[str, Any], plugins: Mapping[str, Plugin], file: str, problems: list[Problem]
) -> dict[str, str | list[str]]:
    wrong = [id for id, value in body.items() if not _is_keys(value)]
    problems += [Problem(file, f"keys.{id}", 'is a key or a list of keys, as in "ctrl-d"') for id in wrong]
    keys: dict[str, str | list[str]] = {id: value for id, value in body.items() if id not in wrong}
    if keys or plugins:
        from tui.keys import bind
        from tui.pluginconfig import key_problems, with_plugins

        keymap, refused = bind(keys, with_plugins(plugins.values()))
        for sentence in refused:
            key, _, what = sentence.partition(": ")
            problems.append(Problem(file, key, what) if what else Problem(file, "keys", sentence))
        problems += key_problems(keymap, file)
    return keys


def _is_keys(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(key, str) for key in value))


def _themes(body: dict[str, Any], file: str, problems: list[Problem]) -> dict[str, dict[str, str]]:
    if not body:
        return {}
    from tui.styles.tokens import THEMES, ThemeError, custom

    themes: dict[str, dict[str, str]] = {}
    for name, colors in body.items():
        if not isinstance(colors, dict) or not all(isinstance(value, str | int) for value in colors.values()):
            problems.append(Problem(file, f"themes.{name}", "is a table of tokens and colours"))
            continue
        themes[name] = {token: str(value) for token, value in colors.items()}
        fixed = [token for token in colors if token in FIXED_TOKENS]
        problems += [Problem(file, f"themes.{name}.{token}", "is the same in every theme") for token in fixed]
        base = themes[name].get("base", "dark")
        if base not in THEMES:
            problems.append(Problem(file, f"themes.{name}.base", f"no theme {base!r}{nearest(base, THEMES)}"))
            continue
        try:
            custom(name, THEMES[base], {token: value for token, value in themes[name].items() if token != "base"})
        except ThemeError as error:
            problems.append(Problem(file, f"themes.{name}", str(error)))
    return themes
