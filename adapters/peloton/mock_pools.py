"""ResourcePoolService: the tree of pools, and changing it within its rules."""

from __future__ import annotations

import uuid

from adapters.mock.fleet.model import KINDS_OF_RESOURCE
from adapters.mock.fleet.pools import NEVER_FULL, ROOT, Pool, Share
from adapters.peloton import mock_render
from adapters.peloton.mock_wire import (
    Call,
    Message,
    RpcError,
    flag,
    invalid,
    not_found,
    number_of,
    part,
    parts,
    text,
    texts,
    value_of,
    wrap,
)


def info(call: Call, pool: Pool) -> Message:
    """Usages are always there for all four kinds; entitlement and demand are not told."""
    usages = [
        {"kind": kind, "allocation": round(used, 6), "slack": round(slack, 6)}
        for kind, used, slack in zip(KINDS_OF_RESOURCE, pool.used, pool.slack, strict=True)
    ]
    return {
        "respoolId": wrap(pool.id),
        "spec": _spec(call, pool),
        "parent": wrap(pool.parent or ""),
        "children": [wrap(child) for child in pool.children],
        "usages": usages,
        "path": wrap(call.fleet.world.pools.path(pool.id)),
    }


def _spec(call: Call, pool: Pool) -> Message:
    shares = [
        {
            "kind": kind,
            "reservation": share.reservation,
            "limit": share.limit,
            "share": share.share,
            "type": f"RESERVATION_TYPE_{'STATIC' if share.static else 'ELASTIC'}",
        }
        for kind, share in pool.shares.items()
    ]
    return {
        "revision": mock_render.revision(call, pool.version, pool.created, pool.updated),
        "name": pool.name,
        "owningTeam": pool.team,
        "ldapGroups": list(pool.groups),
        "description": pool.description,
        "resources": shares,
        "parent": wrap(pool.parent or ""),
        "policy": "SCHEDULING_POLICY_PRIORITY_FIFO",
        "controllerLimit": {"maxPercent": pool.controller_percent} if pool.controller_percent else None,
        "slackLimit": {"maxPercent": pool.slack_percent} if pool.slack_percent else None,
    }


def _pool(call: Call) -> Pool:
    pool_id = value_of(call.body, "respoolId")
    pool = call.fleet.world.pools.by_id.get(pool_id)
    if pool is None:
        raise not_found(f"resource pool {pool_id} not found")
    return pool


def query(call: Call) -> Message:
    return {"respools": [info(call, pool) for pool in call.fleet.world.pools.by_id.values()]}


def get(call: Call) -> Message:
    pool = _pool(call)
    tree = call.fleet.world.pools.by_id
    children = pool.children if flag(call.body, "includeChildPools") else []
    return {"respool": info(call, pool), "childRespools": [info(call, tree[child]) for child in children]}


def lookup(call: Call) -> Message:
    path = value_of(call.body, "path")
    if not path.startswith("/"):
        raise invalid("path should begin with /")
    pool = call.fleet.world.pools.find(path)
    if pool is None:
        raise not_found(f"resource pool path {path} not found")
    return {"respoolId": wrap(pool.id)}


def delete(call: Call) -> Message:
    pool = _pool(call)
    if pool.children or pool.id == ROOT:
        raise invalid("resource pool is not a leaf node")
    if _is_busy(call, pool):
        raise RpcError("failed-precondition", "resource pool is busy: it has allocation or demand")
    call.fleet.world.pools.remove(pool)
    return {}


def _is_busy(call: Call, pool: Pool) -> bool:
    demand = any(job.spec.pool == pool.id and not job.ended for job in call.fleet.world.jobs.values())
    return demand or any(pool.used) or any(pool.slack)


def create(call: Call) -> Message:
    tree = call.fleet.world.pools
    spec = part(call.body, "spec")
    wanted = value_of(call.body, "respoolId") or str(
        uuid.UUID(int=uuid.uuid5(uuid.NAMESPACE_URL, str(len(tree.by_id))).int)
    )
    if wanted in tree.by_id:
        raise RpcError("already-exists", f"resource pool {wanted} already exists")
    parent = tree.by_id.get(value_of(spec, "parent"))
    if parent is None:
        raise invalid(f"parent resource pool {value_of(spec, 'parent')!r} does not exist")
    pool = Pool(wanted, text(spec, "name"), parent.id)
    _apply(call, pool, spec)
    _validate(call, pool, parent)
    pool.created = pool.updated = call.fleet.world.now
    tree.add(pool)
    return {"respoolId": wrap(wanted)}


def update(call: Call) -> Message:
    pool = _pool(call)
    spec = part(call.body, "spec")
    if pool.id == ROOT or pool.parent is None:
        raise invalid("cannot override root resource pool")
    moved = value_of(spec, "parent")
    if moved and moved != pool.parent:
        raise invalid("parent override not allowed")
    trial = Pool(pool.id, pool.name, pool.parent, children=pool.children)
    _apply(call, trial, {"name": pool.name, **spec})
    _validate(call, trial, call.fleet.world.pools.by_id[pool.parent], force=flag(call.body, "Force"))
    pool.name, pool.shares, pool.team, pool.description = trial.name, trial.shares, trial.team, trial.description
    pool.groups, pool.controller_percent, pool.slack_percent = (
        trial.groups,
        trial.controller_percent,
        trial.slack_percent,
    )
    pool.version, pool.updated = pool.version + 1, call.fleet.world.now
    return {}


def _apply(call: Call, pool: Pool, spec: Message) -> None:
    pool.name, pool.team, pool.description = text(spec, "name"), text(spec, "owningTeam"), text(spec, "description")
    pool.groups = tuple(texts(spec, "ldapGroups"))
    pool.controller_percent = number_of(part(spec, "controllerLimit"), "maxPercent")
    pool.slack_percent = number_of(part(spec, "slackLimit"), "maxPercent")
    pool.shares = {kind: Share() for kind in KINDS_OF_RESOURCE}
    for each in parts(spec, "resources"):
        kind = text(each, "kind")
        if kind not in KINDS_OF_RESOURCE:
            raise invalid(f"resource kind {kind!r} is not known")
        limit = number_of(each, "limit") if "limit" in each else NEVER_FULL
        share = Share(
            number_of(each, "reservation"),
            limit,
            number_of(each, "share"),
            each.get("type") == "RESERVATION_TYPE_STATIC",
        )
        if share.reservation > share.limit:
            raise invalid(f"resource {kind}, reservation {share.reservation:g} exceeds limit {share.limit:g}")
        if share.share < 0 or share.reservation < 0:
            raise invalid(f"resource {kind}, share and reservation must not be negative")
        pool.shares[kind] = share


def _validate(call: Call, pool: Pool, parent: Pool, *, force: bool = False) -> None:
    tree = call.fleet.world.pools.by_id
    if not pool.name:
        raise invalid("resource pool name cannot be empty")
    siblings = [tree[child] for child in parent.children if child != pool.id]
    if any(sibling.name == pool.name for sibling in siblings):
        raise invalid(f"resource pool {pool.name} already exists under {parent.name}")
    if force:
        return
    for kind, above in parent.shares.items():
        mine = pool.shares[kind]
        if mine.limit > above.limit and mine.limit < NEVER_FULL:
            raise invalid(f"resource {kind}, limit {mine.limit:g} exceeds parent limit {above.limit:g}")
        reserved = mine.reservation + sum(sibling.shares[kind].reservation for sibling in siblings)
        if reserved > above.reservation + 1e-6:
            raise invalid(
                f"Aggregated child reservation {reserved:g} of kind `{kind}` exceed parent `{parent.name}` "
                f"reservations {above.reservation:g}"
            )


METHODS = {
    "CreateResourcePool": create,
    "GetResourcePool": get,
    "DeleteResourcePool": delete,
    "UpdateResourcePool": update,
    "LookupResourcePoolID": lookup,
    "QueryResourcePools": query,
}
