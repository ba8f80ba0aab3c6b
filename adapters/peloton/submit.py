"""Jobs from a document: create, replace and patch, and which pods that would touch."""

from __future__ import annotations

from adapters.actions import ActionResult, Affected, Preview
from adapters.errors import Conflict, Invalid, Unsupported
from adapters.frozen import dataclass
from adapters.model import Json, Kind, Ref
from adapters.peloton import documents, mapping
from adapters.peloton.api import PelotonApi
from adapters.peloton.documents import Message, value_of
from adapters.peloton.reads import Reader
from adapters.peloton.wire import InstanceRange
from adapters.peloton.wire_writes import ReplaceDiff
from adapters.permit import Permit
from adapters.port import Params

STUB = "Peloton's servers answer PatchJob and do nothing; replace is what changes a job"
REQUEST_KEYS = ("secrets", "opaqueData")

Note = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Submit:
    context: str
    api: PelotonApi
    reader: Reader

    # --- create --------------------------------------------------------------------------------------------

    async def preview_create(self, params: Params) -> Preview:
        request = await self._creation(params)
        spec = _object(request["spec"])
        tree = await self.reader.tree()
        pool = value_of(spec.get("respoolId"))
        if not pool:
            raise Conflict(f"{self.context}: the spec names no pool; pool=/path or respoolId does")
        if tree.pools and pool not in tree.pools:
            raise Conflict(f"{self.context}: no pool {pool!r}")
        if tree.children(pool):
            raise Conflict(f"{self.context}: {tree.path(pool)} is not a leaf pool, so it takes no jobs")
        notes: list[Note] = [
            ("name", str(spec.get("name") or "none")),
            ("pool", tree.path(pool) or pool),
            ("pods", str(spec.get("instanceCount") or 0)),
        ]
        if full := tree.full(pool):
            notes.append(("waits", f"its pool has no {full} left"))
        if _object(request.get("createSpec", {})).get("startPaused"):
            notes.append(("paused", "its first update starts paused; resume begins it"))
        return Preview("JobService.CreateJob", "delete, which is for good", notes=tuple(notes))

    async def create(self, params: Params, permit: Permit) -> ActionResult:
        made = await self.api.create_job(await self._creation(params), permit=permit)
        ref = Ref(self.context, Kind.RUN, made.job_id) if made.job_id else None
        return ActionResult(f"created {made.job_id}, version {made.version}" if made.job_id else "created", ref)

    async def _creation(self, params: Params) -> Message:
        document = documents.read(self.context, params)
        spec = dict(_object(document["spec"]))
        if pool := str(params.get("pool") or value_of(spec.get("respoolId"))):
            spec["respoolId"] = await self._pool_id(pool)
        steered = documents.steering(
            self.context, params, documents.CREATE_NUMBERS, documents.CREATE_FLAGS, document.get("createSpec")
        )
        job = str(params.get("job_id") or value_of(document.get("jobId")))
        return {
            **({"jobId": job} if job else {}),
            "spec": spec,
            **({"createSpec": steered} if steered else {}),
            **{key: document[key] for key in REQUEST_KEYS if key in document},
        }

    async def _pool_id(self, pool: str) -> str:
        """Pools may be given by path; the API wants the id."""
        return await self.api.pool_id(pool) if pool.startswith("/") else pool

    # --- replace and patch ---------------------------------------------------------------------------------

    async def preview_replace(self, action: str, ref: Ref, params: Params) -> Preview:
        answer, raw = await self.reader.job(ref.id)
        summary = mapping.summary_of(answer, ref.id)
        version = summary.status.version
        before = _object(_object(_object(raw).get("jobInfo")).get("spec"))
        request = await self._replacement(params, before)
        spec = _object(request["spec"])
        notes: list[Note] = []
        touched: int | None = None
        try:
            diff = await self.api.replace_diff(ref.id, version, spec)
        except Unsupported:
            notes.append(("unknown", "this server cannot tell beforehand which pods are touched"))
        else:
            notes += diff_notes(diff)
            touched = sum(_count(part) for part in (diff.instances_added, diff.instances_removed))
            touched += _count(diff.instances_updated)
        found = documents.changes(before, spec)
        notes += documents.change_notes(found) or [("change", "none: the spec is the one it has")]
        if action == "patch":
            notes.insert(0, ("stub", STUB))
        elif not _object(request.get("updateSpec", {})).get("batchSize"):
            notes.append(("batch", "all at once: no batch size was given"))
        run = mapping.run(self.context, summary, await self.reader.tree())
        affected = Affected(ref, run.name, "is updated to the new spec", run.pool, run.owner, touched)
        call = f"JobService.{'PatchJob' if action == 'patch' else 'ReplaceJob'} jobId={ref.id} version={version}"
        undo = f"replace with the spec of version {version.partition('-')[0]}; pause and abort-update on the way"
        return Preview(call, undo, (affected,), tuple(notes))

    async def replace(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        answer, raw = await self.reader.job(ref.id)
        version = mapping.summary_of(answer, ref.id).status.version
        if not version:
            raise Invalid(f"{self.context}: the job came without an entity version", executed=False)
        before = _object(_object(_object(raw).get("jobInfo")).get("spec"))
        request = await self._replacement(params, before)
        if action == "patch":
            new = await self.api.patch_job(ref.id, version, request, permit=permit)
            return ActionResult(f"accepted, version {new}" if new and new != version else f"answered; {STUB}")
        new = await self.api.replace_job(ref.id, version, request, permit=permit)
        if new == version:
            return ActionResult("nothing to do: it is being updated to this spec already")
        return ActionResult(f"accepted, version {version} is now {new}" if new else "accepted")

    async def _replacement(self, params: Params, before: Message) -> Message:
        """A job stays in its pool, so a spec that names none keeps it."""
        document = documents.read(self.context, params)
        spec = {key: value for key, value in _object(document["spec"]).items() if key not in documents.IGNORED}
        pool = value_of(spec.get("respoolId"))
        spec["respoolId"] = await self._pool_id(pool) if pool else value_of(before.get("respoolId"))
        steered = documents.steering(
            self.context, params, documents.UPDATE_NUMBERS, documents.UPDATE_FLAGS, document.get("updateSpec")
        )
        return {
            "spec": spec,
            **({"updateSpec": steered} if steered else {}),
            **{key: document[key] for key in REQUEST_KEYS if key in document},
        }


def diff_notes(diff: ReplaceDiff) -> list[Note]:
    """What GetReplaceJobDiff says, in words; its ranges are [from, to)."""
    parts = (
        ("adds", diff.instances_added),
        ("removes", diff.instances_removed),
        ("updates", diff.instances_updated),
        ("keeps", diff.instances_unchanged),
    )
    notes = []
    for label, ranges in parts:
        if number := _count(ranges):
            spelled = ",".join(_spelled(each) for each in ranges if each.to > each.start)
            notes.append((label, f"{number} {'pod' if number == 1 else 'pods'}: {spelled}"))
    return notes


def _spelled(found: InstanceRange) -> str:
    return str(found.start) if found.to == found.start + 1 else f"{found.start}-{found.to - 1}"


def _count(ranges: tuple[InstanceRange, ...]) -> int:
    return sum(max(0, each.to - each.start) for each in ranges)


def _object(value: Json) -> Message:
    return value if isinstance(value, dict) else {}
