"""How a command fails: one plain line on stderr, and an exit code that scripts can rely on."""

from __future__ import annotations

import sys

from adapters.errors import (
    AdapterError,
    BadPayload,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Timeout,
    Unauthorized,
    Unavailable,
    Unsupported,
)

DONE, NOT_DONE, USAGE, BACKEND, AUTH, MISSING = range(6)
CRASHED = 70
"""A defect of runyard itself, as sysexits.h has it."""
INTERRUPTED = 130
WANTS_DEMO = 64
"""The console's own result, which asks the command line to run the demo."""


class Failure(Exception):
    """The command ends here: `sentence` for the operator, `hint` what to do, `code` the exit code."""

    def __init__(self, sentence: str, hint: str = "", code: int = USAGE) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.code = code


class Ended(Exception):
    """The command ends here with a code; what there was to say has been said."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def code_of(error: AdapterError) -> int:
    match error:
        case Unauthorized() | Forbidden():
            return AUTH
        case NotFound():
            return MISSING
        case Unsupported():
            return USAGE
        case Conflict() | Invalid():
            return NOT_DONE
        case Unavailable() | Timeout() | RateLimited() | BadPayload():
            return BACKEND
    return BACKEND


def one_line(sentence: str, hint: str = "") -> str:
    from tui.core.text import safe

    # What is tried again is so in the console; here the one try was all there is.
    hint = "" if hint == "it is tried again" else hint
    line = safe(sentence, 2000).rstrip(".")
    return f"{line} ({safe(hint, 500)})" if hint else line


def complain(sentence: str, hint: str = "") -> None:
    """One line on stderr."""
    print(f"runyard: {one_line(sentence, hint)}", file=sys.stderr, flush=True)


def complain_about(error: AdapterError) -> int:
    """Say what a backend's error says; its exit code."""
    complain(error.sentence, error.hint)
    return code_of(error)


def worst(codes: list[int]) -> int:
    """One exit code for several: a backend that failed hides what is missing, that hides what was not done."""
    for code in (AUTH, BACKEND, MISSING, USAGE, NOT_DONE):
        if code in codes:
            return BACKEND if code == AUTH and BACKEND in codes else code
    return DONE
