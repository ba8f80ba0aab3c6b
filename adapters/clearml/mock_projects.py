"""Projects: a tree by their names, with counts of what is in them; users and the models that tasks made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapters.clearml.mock_auth import user_id
from adapters.clearml.mock_recipes import project_id, project_name
from adapters.mock.names import WORKLOADS

if TYPE_CHECKING:
    from adapters.clearml.mock_world import World


@dataclass(slots=True)
class Project:
    id: str
    name: str
    created: float
    updated: float
    user: str
    description: str = ""
    parent: str | None = None
    tags: list[str] = field(default_factory=list)
    system_tags: list[str] = field(default_factory=list)


def seeded(start: float) -> dict[str, Project]:
    made: dict[str, Project] = {}
    for workload in WORKLOADS:
        add(made, project_name(workload), start - 90 * 86400.0, user_id(workload.owners[0]))
    return made


def add(projects: dict[str, Project], name: str, now: float, user: str) -> Project:
    """The project of that name and those above it."""
    found = next((each for each in projects.values() if each.name == name), None)
    if found is not None:
        return found
    above = name.rpartition("/")[0]
    parent = add(projects, above, now, user).id if above else None
    made = Project(project_id(name), name, now, now, user, parent=parent)
    projects[made.id] = made
    return made


def under(world: World, ids: list[Any]) -> list[Any]:
    """Those projects and all below them."""
    names = [world.projects[key].name for key in ids if isinstance(key, str) and key in world.projects]
    below = [p.id for p in world.projects.values() if any(p.name.startswith(f"{name}/") for name in names)]
    return [*ids, *(key for key in below if key not in ids)]
