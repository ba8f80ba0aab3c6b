"""Logs by byte offset: the job manager says where a run's sandbox is, the Mesos agent there gives its files."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from adapters.errors import AdapterError, BadPayload, Conflict, NotFound, Timeout, Unavailable, Unsupported
from adapters.frozen import dataclass
from adapters.model import ENDED, FAULTY, LogChunk, LogMode, LogSource, Pod, State
from adapters.peloton import wire
from adapters.peloton.api import PelotonApi
from adapters.peloton.api_places import AGENT_READ_LIMIT

NEVER_RAN = "pod has not been run"
NO_AGENT = re.compile(r"list files|dial tcp|agent", re.IGNORECASE)
FIRST_FILES = ("stdout", "stderr")
KEPT_SANDBOXES = 256
CUT = "\ufffd"
ENTRIES = TypeAdapter(list[wire.FileEntry])


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where one run's files are: the agent as host:port, and their full paths there."""

    agent: str
    paths: tuple[str, ...]

    def path(self, name: str) -> str | None:
        return next((path for path in self.paths if path == name or path.endswith(f"/{name}")), None)


@dataclass(frozen=True, slots=True)
class Key:
    """What a LogSource's key holds: the pod, the id of its run, the file."""

    pod: str
    pod_id: str
    file: str

    def text(self) -> str:
        return json.dumps([self.pod, self.pod_id, self.file])

    @classmethod
    def parse(cls, text: str) -> Key:
        pod, pod_id, file = json.loads(text)
        return cls(pod, pod_id, file)


class Logs:
    def __init__(self, api: PelotonApi, context: str, *, allowed: bool) -> None:
        self._api = api
        self._context = context
        self._allowed = allowed
        self._sandboxes: dict[str, Sandbox] = {}

    def check(self) -> None:
        if not self._allowed:
            raise Unsupported(
                f"{self._context}: the config forbids asking Mesos agents for logs (agent_logs)", executed=False
            )

    async def sources(self, pod: Pod, pod_id: str, attempt: int | None, *, browse: bool) -> list[LogSource]:
        """stdout, stderr and, where the agent can be asked for them, the other files of that run's sandbox."""
        names = [*FIRST_FILES]
        if browse:
            names += await self._other_files(pod.ref.id, pod_id)
        ended = pod.state in ENDED or (attempt is not None and pod.attempt is not None and attempt < pod.attempt)
        return [
            LogSource(pod.ref, name, LogMode.APPEND, attempt, ended, Key(pod.ref.id, pod_id, name).text())
            for name in names
        ]

    async def _other_files(self, pod: str, pod_id: str) -> list[str]:
        try:
            sandbox = await self._sandbox(pod, pod_id)
            stdout = sandbox.path("stdout")
            if stdout is None:
                return []
            folder = stdout.rpartition("/")[0]
            entries = ENTRIES.validate_json((await self._api.agent_browse(sandbox.agent, folder)).raw)
        except (AdapterError, ValidationError):
            return []  # the two that every run has are offered anyway; reading them says what is wrong
        files = [entry.path.rpartition("/")[2] for entry in entries if not entry.mode.startswith("d")]
        return [name for name in files if name and name not in FIRST_FILES]

    async def _sandbox(self, pod: str, pod_id: str) -> Sandbox:
        if pod_id in self._sandboxes:
            return self._sandboxes[pod_id]
        found = await self._api.browse_sandbox(pod, pod_id or None)
        if not found.hostname:
            raise BadPayload(f"{self._context}: the job manager did not say which agent holds the logs of {pod}")
        host = f"[{found.hostname}]" if ":" in found.hostname else found.hostname
        sandbox = Sandbox(f"{host}:{found.port or '5051'}", found.paths)
        if pod_id:
            while len(self._sandboxes) >= KEPT_SANDBOXES:
                del self._sandboxes[next(iter(self._sandboxes))]
            self._sandboxes[pod_id] = sandbox
        return sandbox

    async def read(self, source: LogSource, cursor: str | None, tail: int | None) -> LogChunk:
        """At most 64 KiB from the cursor.

        The file's size is asked for first, so that it is known how many bytes the answer covers: its text may
        hold replacement characters where a multi-byte character was cut, and then says nothing about bytes.
        """
        self.check()
        key = Key.parse(source.key)
        start = int(cursor) if cursor else 0
        try:
            sandbox = await self._sandbox(key.pod, key.pod_id)
        except Conflict as error:
            if NEVER_RAN not in error.sentence:
                raise
            return self._nothing_yet(cursor, f"no log yet: {NEVER_RAN}")
        except Unavailable as error:
            if not NO_AGENT.search(error.sentence):
                raise
            raise Unavailable(
                f"{error.sentence}; logs can be had only from the agent",
                hint="its host may be down",
                status=error.status,
                code=error.code,
            ) from None
        path = sandbox.path(key.file)
        if path is None:
            self._sandboxes.pop(key.pod_id, None)  # it may be written later
            return self._nothing_yet(cursor, f"no {key.file} in the sandbox of {key.pod_id or key.pod}")
        try:
            return await self._read(sandbox.agent, path, start, tail if cursor is None else None)
        except NotFound:
            self._sandboxes.pop(key.pod_id, None)
            raise NotFound(
                f"{self._context}: the agent no longer has {key.file} of {key.pod_id or key.pod}",
                hint="sandboxes are collected some time after their run has ended",
            ) from None
        except (Unavailable, Timeout) as error:
            self._sandboxes.pop(key.pod_id, None)
            raise type(error)(
                f"{self._context}: the Mesos agent {sandbox.agent} does not answer; logs can be had only from it",
                hint="the host may be down, or not be reachable from here",
                status=error.status,
                executed=error.executed,
            ) from None

    @staticmethod
    def _nothing_yet(cursor: str | None, why: str) -> LogChunk:
        """An empty chunk; the reason is told once, not at every look."""
        return LogChunk(b"", cursor or "0", True, note=why if cursor is None else None)

    async def _read(self, agent: str, path: str, start: int, tail: int | None) -> LogChunk:
        size = await self._size(agent, path)
        note = None
        if start > size:
            note, start = f"the file is shorter than before: {size:,} bytes, read again from its beginning", 0
        if tail is not None:
            start = max(0, size - tail)
        length = min(AGENT_READ_LIMIT, size - start)
        if length <= 0:
            return LogChunk(b"", str(start), True, size, note)
        text, raw = _data((await self._api.agent_read(agent, path, start, length)).raw, self._context)
        if text is not None and text.endswith(CUT) and text.rstrip(CUT).encode():
            whole = text.rstrip(CUT)
            if CUT not in whole and len(whole.encode()) < length:
                raw, length = whole.encode(), len(whole.encode())  # the cut character comes whole next time
        end = start + length
        if tail is not None and start:
            raw = _from_whole_character(raw)
        return LogChunk(raw, str(end), end >= size, size, note)

    async def _size(self, agent: str, path: str) -> int:
        answer = (await self._api.agent_read(agent, path, -1, 0)).json()
        size = answer.get("offset") if isinstance(answer, dict) else None
        if not isinstance(size, int):
            raise BadPayload(f"{self._context}: the Mesos agent {agent} did not say how long {path} is")
        return size


def _data(body: bytes, context: str) -> tuple[str | None, bytes]:
    """The text and the bytes of an agent's answer. Agents write the file's bytes into the JSON as they are, so
    that a cut character makes the whole answer invalid UTF-8: then each byte is taken for itself, and there
    is no text."""
    try:
        try:
            found = json.loads(body.decode("utf-8"))["data"]
            return found, found.encode("utf-8", "surrogateescape")
        except UnicodeDecodeError:
            return None, json.loads(body.decode("latin-1"))["data"].encode("latin-1", "replace")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadPayload(f"{context}: the Mesos agent's answer cannot be read") from None


def _from_whole_character(raw: bytes) -> bytes:
    """Without the rest of a character that the cut at the beginning has left."""
    skip = 0
    while skip < min(3, len(raw)) and raw[skip] & 0xC0 == 0x80:
        skip += 1
    if raw[skip : skip + 3] == CUT.encode():
        skip += 3
    return raw[skip:]


def most_useful_first(pods: Sequence[Pod], limit: int) -> list[Pod]:
    """Failed and lost pods, then running ones, then the rest; each by instance."""

    def rank(pod: Pod) -> int:
        return 0 if pod.state in FAULTY else 1 if pod.state is State.RUNNING else 2

    return sorted(pods, key=rank)[:limit]
