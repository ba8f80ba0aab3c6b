"""Long-running operations, as delete starts them: done a moment later, or at the second look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.mock.chance import Draw
from adapters.vertex.mock_wire import Refused, rfc3339
from adapters.vertex.mock_world import World

METADATA = "type.googleapis.com/google.cloud.aiplatform.v1.DeleteOperationMetadata"
TAKES = 2.0  # simulated seconds
LOOKS = 2


@dataclass(slots=True)
class Operation:
    """`looks` counts how often it was asked for: a virtual clock stands still for a client that polls."""

    id: str
    name: str
    created: float
    looks: int = 0

    def done(self, now: float) -> bool:
        return now - self.created >= TAKES or self.looks > LOOKS

    def to_json(self, world: World) -> dict[str, Any]:
        """Exactly the keys of an Operation: the official client refuses any other."""
        times = {
            "createTime": rfc3339(world.told(self.created)),
            "updateTime": rfc3339(world.told(self.created)),
        }
        made: dict[str, Any] = {
            "name": self.name,
            "metadata": {"@type": METADATA, "genericMetadata": times},
        }
        if self.done(world.clock.now()):
            made |= {"done": True, "response": {"@type": "type.googleapis.com/google.protobuf.Empty"}}
        return made


def start(world: World) -> Operation:
    world.operations_started += 1
    number = Draw(world.key, world.operations_started).number("operation") >> 2
    name = f"projects/{world.number}/locations/{world.region}/operations/{number}"
    made = Operation(str(number), name, world.clock.now())
    world.operations[made.id] = made
    return made


def find(world: World, operation: str) -> Operation:
    found = world.operations.get(operation)
    if found is None:
        name = f"projects/{world.project}/locations/{world.region}/operations/{operation}"
        raise Refused("NOT_FOUND", f"Operation not found: {name}")
    assert isinstance(found, Operation)
    return found


def look(world: World, operation: str) -> dict[str, Any]:
    found = find(world, operation)
    found.looks += 1
    return found.to_json(world)


def wait(world: World, operation: str) -> dict[str, Any]:
    """The answer comes when it is done; there is nothing to wait for here but the clock."""
    found = find(world, operation)
    found.looks = LOOKS + 1
    return found.to_json(world)
