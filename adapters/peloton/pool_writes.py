"""Making, changing and removing resource pools: what each would do, and doing it."""

from __future__ import annotations

from adapters.actions import ActionResult, Affected, Preview
from adapters.errors import Conflict
from adapters.frozen import dataclass
from adapters.model import Json, Kind, Ref
from adapters.peloton import documents
from adapters.peloton.api import PelotonApi
from adapters.peloton.documents import Message, value_of
from adapters.peloton.reads import Reader
from adapters.permit import Permit
from adapters.port import Params

Note = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PoolWriter:
    context: str
    api: PelotonApi
    reader: Reader

    async def preview(self, action: str, ref: Ref, params: Params) -> Preview:
        if action == "create-pool":
            return await self._preview_create(params)
        tree = await self.reader.read_tree()
        path = tree.path(ref.id) or ref.id
        if action == "delete-pool":
            affected = Affected(ref, path, "is removed", path)
            return Preview(
                f"ResourcePoolService.DeleteResourcePool respoolId={ref.id}",
                "create-pool with the same spec; it gets another id",
                (affected,),
            )
        before, spec = await self._update(ref, params)
        found = documents.changes(before, spec)
        notes = documents.change_notes(found) or [("change", "none: the spec is the one it has")]
        if params.get("force"):
            notes.append(("force", "the server does not check it against the pools around it"))
        below = len(tree.below(ref.id)) - 1
        affected = Affected(ref, path, f"gets a new spec{f'; {below} pools below it' if below else ''}", path)
        call = f"ResourcePoolService.UpdateResourcePool respoolId={ref.id}"
        return Preview(call, "update-pool with the old values", (affected,), tuple(notes))

    async def _preview_create(self, params: Params) -> Preview:
        pool, spec = await self._creation(params)
        tree = await self.reader.read_tree()
        parent, name = value_of(spec.get("parent")), str(spec.get("name") or "")
        if parent not in tree.pools:
            raise Conflict(f"{self.context}: no pool {parent!r} to make it under; under=/path or parent names one")
        if not name:
            raise Conflict(f"{self.context}: the spec has no name for the pool")
        above = (tree.path(parent) or "").rstrip("/")
        if any(child.spec.name == name for child in tree.children(parent)):
            raise Conflict(f"{self.context}: {above}/{name} is there already")
        notes: list[Note] = [("path", f"{above}/{name}")]
        notes += documents.change_notes(documents.changes({}, {"resources": spec.get("resources")}))
        if pool:
            notes.append(("id", pool))
        if not tree.children(parent) and parent != "root":
            notes.append(("leaf", f"{above} is a leaf now; with a pool below it, it takes no more jobs"))
        return Preview("ResourcePoolService.CreateResourcePool", "delete-pool", notes=tuple(notes))

    async def perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        result = await self._perform(action, ref, params, permit)
        await self.reader.tree(fresh=True)  # runs are shown with the path of their pool
        return result

    async def _perform(self, action: str, ref: Ref, params: Params, permit: Permit) -> ActionResult:
        if action == "create-pool":
            pool, spec = await self._creation(params)
            made = await self.api.create_pool(pool, spec, permit=permit)
            return ActionResult(f"created {made}", Ref(self.context, Kind.POOL, made) if made else None)
        if action == "delete-pool":
            path = (await self.reader.read_tree()).path(ref.id) or ref.id
            await self.api.delete_pool(ref.id, path, permit=permit)
            return ActionResult("removed")
        _, spec = await self._update(ref, params)
        await self.api.update_pool(ref.id, spec, force=bool(params.get("force")), permit=permit)
        return ActionResult("accepted")

    async def _creation(self, params: Params) -> tuple[str, Message]:
        document = documents.read(self.context, params)
        spec = dict(_object(document["spec"]))
        under = str(params.get("under") or value_of(spec.get("parent")))
        spec["parent"] = await self.api.pool_id(under) if under.startswith("/") else under
        return str(params.get("pool_id") or value_of(document.get("respoolId"))), spec

    async def _update(self, ref: Ref, params: Params) -> tuple[Message, Message]:
        """(the spec it has, the one it is to have)."""
        raw = _object((await self.api.get_pool(ref.id)).json())
        info = _object(raw.get("respool") or raw.get("poolinfo"))
        before = _object(info.get("spec") or info.get("config"))
        wanted = _object(documents.read(self.context, params)["spec"])
        parent = value_of(wanted.get("parent"))
        if parent.startswith("/"):
            wanted = {**wanted, "parent": await self.api.pool_id(parent)}
        return before, documents.over(before, wanted)


def _object(value: Json) -> Message:
    return value if isinstance(value, dict) else {}
