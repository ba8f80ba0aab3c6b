"""`--debug FILE`: every request with its answer's status, and the tracebacks that the operator is spared."""

from __future__ import annotations

import contextlib
import logging
import os
import traceback
from typing import TextIO

from tui.oneshot.failure import Failure

LOGGERS = ("httpx", "asyncio", "runyard")
"""Not httpcore: it logs headers, and with them secrets."""


def start(name: str | None) -> None:
    """Log to the file from now on. Raises Failure when it cannot be written."""
    if name is None:
        return
    try:
        handler = _File(_append(name))
    except OSError as error:
        raise Failure(f"--debug: cannot write {name}: {error.strerror or error}") from None
    stop()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    for each in LOGGERS:
        logger = logging.getLogger(each)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.handlers[:] = [handler]


class _File(logging.StreamHandler[TextIO]):
    """Ends when the disk is full, instead of printing a traceback for each line over the screen."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  its name in logging
        with contextlib.suppress(OSError):
            self.stream.close()
        for each in LOGGERS:
            logging.getLogger(each).handlers[:] = [logging.NullHandler()]


def stop() -> None:
    """Log no more, and close the file."""
    for each in LOGGERS:
        logger = logging.getLogger(each)
        for old in logger.handlers:
            if isinstance(old, logging.StreamHandler):
                with contextlib.suppress(OSError):
                    old.stream.close()
        logger.handlers.clear()


def note_traceback(name: str | None, error: BaseException) -> None:
    if name is not None:
        with contextlib.suppress(OSError), _append(name) as file:
            traceback.print_exception(error, file=file)


def _append(name: str) -> TextIO:
    return os.fdopen(
        os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "a", encoding="utf-8"
    )
