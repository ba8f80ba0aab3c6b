"""A defect of runyard itself: one line for the operator, the traceback in a file, secrets nowhere."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.secret import SecretSource
from tui import __version__
from tui.core.private import make_private
from tui.paths import state_folder

if TYPE_CHECKING:
    from tui.config import Config

MOST_KEPT = 20
SHORTEST_SECRET = 4
"""What is shorter cannot be blotted out without blotting out everything."""

_NAMED = re.compile(
    r"""(?ix) ( (?:authorization | cookie | passw(?:or)?d | secret | token | (?:api|access)[-_]?key | credential)
    [\w-]* ["']? \s* [:=] \s* (?: (?:bearer|basic|token) \s+ )? ["']? ) [^\s"',;)}\]]+"""
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_USERINFO = re.compile(r"(://)[^/\s@:]+:[^/\s@]+@")


def cause(error: BaseException) -> BaseException:
    """What went wrong in a worker, not that a worker failed."""
    inner = getattr(error, "error", None)
    return inner if type(error).__name__ == "WorkerFailed" and isinstance(inner, BaseException) else error


def write_report(
    error: BaseException, *, where: Sequence[str] = (), said: Iterable[str] = (), secrets: Iterable[str] = ()
) -> Path | None:
    """Write what a developer needs to a new file that only the user can read; None where that is impossible."""
    from importlib.metadata import version  # 8 ms of every start for a day that does not come

    error = cause(error)
    now = time.time()
    lines = [
        f"runyard {__version__}, textual {version('textual')}, python {platform.python_version()}",
        f"{platform.platform()}, TERM {os.environ.get('TERM', '-')}",
        f"at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now))}",
        f"screens: {' > '.join(where) or '-'}",
        "",
        "".join(traceback.format_exception(error)),
        "said in red before:",
        *(f"  {line}" for line in said),
    ]
    text = redacted("\n".join(lines) + "\n", secrets)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    folder = state_folder() / "crashes"
    for number in range(100):
        path = folder / f"crash-{stamp}{f'-{number}' if number else ''}.txt"
        try:
            make_private(folder)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        except OSError:
            return None
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError:  # the disk is full
            path.unlink(missing_ok=True)
            return None
        _trim(folder)
        return path
    return None


def _trim(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another session may be at it too
        for path in sorted(folder.glob("crash-*.txt"), key=lambda each: each.stat().st_mtime_ns)[:-MOST_KEPT]:
            path.unlink()


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these secrets, and without what looks like one."""
    for secret in sorted({each.strip() for each in secrets}, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = _NAMED.sub(r"\1***", text)
    return _USERINFO.sub(r"\1***@", _BEARER.sub(r"\1 ***", text))


def known_secrets(config: Config) -> list[str]:
    """The secrets of a config as far as they can be had without running anything."""
    found: list[str] = []
    for context in config.contexts.values():
        for source in context.settings.secrets():
            found += _values(source)
        if context.settings.proxy is not None:
            found.append(context.settings.proxy.get_secret_value())
    return found


def _values(source: SecretSource) -> list[str]:
    values = [source.value.get_secret_value()] if source.value is not None else []
    if source.env is not None:
        values.append(os.environ.get(source.env, ""))
    if source.file is not None:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            values.append(Path(source.file).expanduser().read_text(encoding="utf-8"))
    return values + source.used
