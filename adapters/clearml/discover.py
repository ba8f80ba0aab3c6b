"""ClearML's own settings on this machine: `CLEARML_*` variables and `~/clearml.conf`, as its SDK reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

from adapters.discovery import Found, located, read_small, shown_path, told

HOST, ACCESS, SECRET = "api.api_server", "api.credentials.access_key", "api.credentials.secret_key"
ENVIRONMENT = {HOST: "CLEARML_API_HOST", ACCESS: "CLEARML_API_ACCESS_KEY", SECRET: "CLEARML_API_SECRET_KEY"}
TOKEN = "CLEARML_AUTH_TOKEN"

_LEXEMES = re.compile(
    r"""(?P<skip>[ \t\r,]+|(?:\#|//)[^\n]*) | (?P<end>\n) | (?P<sign>[{}=:\[\]])
      | "(?P<quoted>(?:[^"\\\n]|\\.)*)"
      | (?P<plain>(?:\$\{\??\w+\}|[^\s{}\[\]=:,"\#])+(?::(?=//)[^\s{}\[\],"\#]+)?)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_VARIABLE = re.compile(r"\$\{\??(\w+)\}")


def discover(environ: Mapping[str, str], home: Path) -> Iterator[Found]:
    """A context for the variables, and one for the file; the variables may be for another server."""
    named = environ.get("CLEARML_CONFIG_FILE", "")
    path = located(named, home) if named else home / "clearml.conf"
    text = read_small(path)
    file = settings(text, environ) if text is not None else {}
    if any(environ.get(name) for name in (*ENVIRONMENT.values(), TOKEN)):
        yield _from_environment(environ, file.get(HOST, ""))
    if file.get(HOST) or file.get(ACCESS):
        yield _from_file(file, shown_path(path, home))


def _from_environment(environ: Mapping[str, str], host_of_file: str) -> Found:
    url = environ.get(ENVIRONMENT[HOST]) or host_of_file
    body: dict[str, str | bool | SecretStr] = {"url": url} if url else {}
    login = "no key"
    if environ.get(ENVIRONMENT[ACCESS]) and environ.get(ENVIRONMENT[SECRET]):
        body |= {"access_key_env": ENVIRONMENT[ACCESS], "secret_key_env": ENVIRONMENT[SECRET]}
        login = told(environ[ENVIRONMENT[ACCESS]])
    elif environ.get(TOKEN):
        body["token_env"] = TOKEN
        login = "token"
    return Found("clearml", "CLEARML_* variables", f"{url or 'url?'}  {login}", body, () if url else ("url",))


def _from_file(file: Mapping[str, str], title: str) -> Found:
    url = file.get(HOST, "")
    body: dict[str, str | bool | SecretStr] = {"url": url} if url else {}
    login = "no key"
    if file.get(ACCESS) and file.get(SECRET):
        body |= {"access_key": SecretStr(file[ACCESS]), "secret_key": SecretStr(file[SECRET])}
        login = told(file[ACCESS])
    if file.get("api.verify_certificate", "").lower() in ("false", "no"):
        body["verify"] = False
    return Found("clearml", title, f"{url or 'url?'}  {login}", body, () if url else ("url",))


def settings(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The scalar settings of a HOCON file by their dotted names, the last one of a name; variables filled in."""
    found: dict[str, str] = {}
    way: list[str] = []
    key: str | None = None
    assigned = False
    lists = 0
    for lexeme in _LEXEMES.finditer(text):
        kind, word = lexeme.lastgroup, lexeme[0]
        if kind == "sign" and word in "[]":
            lists = max(0, lists + (1 if word == "[" else -1))
            key, assigned = None, False
        elif lists or kind in ("skip", "other"):
            continue
        elif kind == "end":
            if assigned:
                key, assigned = None, False
        elif word == "{":
            way.append(key or "")
            key, assigned = None, False
        elif word == "}":
            del way[-1:]
            key, assigned = None, False
        elif kind == "sign":
            assigned = key is not None
        elif assigned and key is not None:
            value = lexeme["quoted"] if kind == "quoted" else _filled(word, environ)
            found[".".join(part for part in (*way, key) if part)] = value
            key, assigned = None, False
        else:
            key = lexeme["quoted"] if kind == "quoted" else word
    return found


def _filled(word: str, environ: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: environ.get(match[1], ""), word)
