"""What can go wrong with a backend, in words an operator understands.

AdapterError
├── Unauthorized   401, or a redirect to a login page
├── Forbidden      403
├── NotFound       the named object is missing, however the API says so
├── Conflict       the object is in a state, or at a version, that does not allow this
├── Invalid        the server refuses the request as wrong
├── RateLimited    429
├── Unavailable    refused, reset, 5xx, not the leader
├── Timeout        no answer in time
├── BadPayload     an answer that is not what the API promises
└── Unsupported    this backend has no such call; raised before anything is sent
"""

from __future__ import annotations


class AdapterError(Exception):
    """One sentence for the operator, with what is needed to act on it.

    `sentence` is complete and plain; `hint` says what to do next. `status` is the HTTP status, `code` the
    backend's own code or subcode. `executed` is False only with proof that a write was not carried out
    (connection refused, 401, not the leader), True when the server answered about it, None when nobody
    can know (a timeout, a reset).
    """

    title = "The backend failed"

    def __init__(
        self,
        sentence: str,
        *,
        hint: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        executed: bool | None = True,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.status = status
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after
        self.executed = executed

    def __str__(self) -> str:
        return self.sentence


class Unauthorized(AdapterError):
    title = "The login is not accepted"


class Forbidden(AdapterError):
    title = "Not allowed"


class NotFound(AdapterError):
    title = "Not found"


class Conflict(AdapterError):
    title = "The object does not allow this now"


class Invalid(AdapterError):
    title = "The server refuses the request"


class RateLimited(AdapterError):
    title = "Too many requests"


class Unavailable(AdapterError):
    title = "The backend does not answer"


class Timeout(AdapterError):
    title = "No answer in time"


class BadPayload(AdapterError):
    title = "The answer makes no sense"


class Unsupported(AdapterError):
    title = "Not supported"
