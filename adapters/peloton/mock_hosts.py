"""HostService: hosts, their maintenance, and host pools."""

from __future__ import annotations

from collections.abc import Callable

from adapters.mock.fleet import drain
from adapters.mock.fleet.model import Host
from adapters.mock.fleet.states import HostState
from adapters.peloton.mock_wire import Call, Message, RpcError, aborted, invalid, not_found, text, texts

NOT_AN_AGENT = "host is not a Peloton agent"
NOT_DOWN = "Host is not DOWN"


def query_hosts(call: Call) -> Message:
    states = set(texts(call.body, "hostStates"))
    hosts = sorted(call.fleet.world.hosts.values(), key=lambda host: host.name)
    return {"hostInfos": [_info(host) for host in hosts if not states or f"HOST_STATE_{host.state}" in states]}


def _info(host: Host) -> Message:
    kind = "gpu" if host.capacity.gpu else "cpu"
    return {
        "hostname": host.name,
        "ip": host.ip,
        "state": f"HOST_STATE_{host.state}",
        "goalState": f"HOST_STATE_{host.goal}",
        "labels": [{"key": "kind", "value": kind}, {"key": "rack", "value": f"r{host.ip.split('.')[2]}"}],
    }


def _names(call: Call) -> tuple[list[str], bool]:
    """The hosts asked for, and whether the request has the list of the older shape."""
    many = list(texts(call.body, "hostnames"))
    one = text(call.body, "hostname")
    if not many and not one:
        raise invalid("hostname is required")
    return (many, True) if many else ([one], False)


def start_maintenance(call: Call) -> Message:
    def start(name: str) -> None:
        host = call.fleet.world.hosts.get(name)
        if host is None or host.state is HostState.DOWN:
            raise aborted(NOT_AN_AGENT)
        drain.start(call.fleet.world, host)

    return _each(call, start)


def complete_maintenance(call: Call) -> Message:
    def complete(name: str) -> None:
        host = call.fleet.world.hosts.get(name)
        if host is None or host.state is not HostState.DOWN:
            raise not_found(NOT_DOWN)
        drain.complete(call.fleet.world, host)

    return _each(call, complete)


def _each(call: Call, act: Callable[[str], None]) -> Message:
    """One host answers with its own error; of a list the good ones go ahead and any failure is internal."""
    names, many = _names(call)
    failures = []
    for name in names:
        try:
            act(name)
        except RpcError as error:
            if not many:
                raise
            failures.append(f"{name}: {error.message}")
    if failures:
        raise RpcError("internal", "; ".join(failures))
    return {} if many else {"hostname": names[0]}


def list_pools(call: Call) -> Message:
    pools: dict[str, list[str]] = {name: [] for name in call.fleet.host_pools}
    for host in call.fleet.world.hosts.values():
        pools.setdefault(host.pool, []).append(host.name)
    return {"pools": [{"name": name, "hosts": sorted(hosts)} for name, hosts in sorted(pools.items())]}


def create_pool(call: Call) -> Message:
    name = text(call.body, "name")
    if name in call.fleet.host_pools:
        raise RpcError("already-exists", "host pool already exists")
    call.fleet.host_pools.add(name)
    return {}


def delete_pool(call: Call) -> Message:
    name = text(call.body, "name")
    if name not in call.fleet.host_pools:
        raise not_found("host pool not found")
    call.fleet.host_pools.discard(name)
    for host in call.fleet.world.hosts.values():
        if host.pool == name:
            host.pool = "default"
    return {}


def change_pool(call: Call) -> Message:
    host = call.fleet.world.hosts.get(text(call.body, "hostname"))
    target = text(call.body, "destinationPool")
    if host is None or target not in call.fleet.host_pools or host.pool != text(call.body, "sourcePool"):
        raise not_found("host or host pool not found")
    host.pool = target
    return {}


METHODS = {
    "QueryHosts": query_hosts,
    "StartMaintenance": start_maintenance,
    "CompleteMaintenance": complete_maintenance,
    "ListHostPools": list_pools,
    "CreateHostPool": create_pool,
    "DeleteHostPool": delete_pool,
    "ChangeHostPool": change_pool,
}
