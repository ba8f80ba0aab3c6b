"""What is below what, from snapshots: nesting, bounds, remarks and folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from adapters.errors import Unavailable
from adapters.model import Kind, Pod, Pool, Ref, Resource, Run, State, Task
from adapters.port import YES, KindSpec, Query, Schema, Scope
from tui.core.store import Key, Snapshot
from tui.core.treemodel import MOST_BELOW, MOST_LINES, MOST_LISTS, Folds, Known, Node, Tree, Tries, grow
from tui.core.tries import Try

SCHEMA = Schema(
    backend="fake",
    title="Fake",
    kinds={
        Kind.RUN: KindSpec(Kind.RUN, children=(Kind.TASK, Kind.POD), logs=YES),
        Kind.TASK: KindSpec(Kind.TASK, scope=Scope.PARENT, children=(Kind.TASK, Kind.POD)),
        Kind.POD: KindSpec(Kind.POD, scope=Scope.PARENT),
        Kind.POOL: KindSpec(Kind.POOL, children=(Kind.RUN, Kind.POOL)),
    },
    absent={},
)


def ref(kind: Kind, id: str) -> Ref:
    return Ref("lab", kind, id)


RUN = Run(ref=ref(Kind.RUN, "run"), name="run", state=State.FAILED, native_state="FAILED")


def task(name: str, parent: Ref, state: State = State.SUCCEEDED) -> Task:
    return Task(ref=ref(Kind.TASK, name), name=name, state=state, native_state="", parent=parent)


def pod(name: str, parent: Ref, state: State = State.RUNNING, attempt: int | None = None) -> Pod:
    return Pod(ref=ref(Kind.POD, name), name=name, state=state, native_state="", parent=parent, attempt=attempt)


def pool(name: str) -> Pool:
    return Pool(ref=ref(Kind.POOL, name), name=name, state=State.UP, native_state="")


def listed(parent: Ref, kind: Kind, rows: Iterable[Resource] = (), **more: object) -> Snapshot:
    key = Key("lab", kind, Query(parent=parent))
    found = {row.ref: row for row in rows}
    return replace(Snapshot(key, rows=found, as_of=1.0, complete=True), **more)  # type: ignore[arg-type]


def grown(
    root: Resource, *snapshots: Snapshot, folds: Folds | None = None, tries: Mapping[Ref, Tries] | None = None
) -> Tree:
    held = {each.key: each for each in snapshots}
    known = Known(lambda _: SCHEMA, lambda key: held.get(key, Snapshot(key)), lambda ref: (tries or {})[ref])
    return grow([root], folds or Folds({(root.ref,)}), known)


def shown(tree: Tree) -> list[str]:
    return [node.guide + (node.resource.name if node.resource else node.note) for node in tree.nodes]


def remarks(tree: Tree) -> list[Node]:
    return [node for node in tree.nodes if node.note]


def test_parts_stand_where_they_say_they_belong() -> None:
    step = ref(Kind.TASK, "a")
    tasks = listed(RUN.ref, Kind.TASK, [task("a", RUN.ref), task("a1", step), task("b", RUN.ref)])
    pods = listed(RUN.ref, Kind.POD, [pod("p", step), pod("q", RUN.ref)])
    tree = grown(RUN, tasks, pods)
    assert shown(tree) == ["run", "├ a", "│ ├ a1", "│ └ p", "├ b", "└ q"]
    assert set(tree.lists) == {tasks.key, pods.key}  # a's own lists are parts of those of the run


def test_what_is_folded_asks_for_nothing() -> None:
    tree = grown(RUN, folds=Folds())
    assert shown(tree) == ["run"]
    assert not tree.lists
    assert tree.nodes[0].unfolds
    assert not tree.nodes[0].open


def test_of_a_pool_that_has_pools_the_runs_are_under_those() -> None:
    root = pool("/")
    tree = grown(root, listed(root.ref, Kind.POOL, [pool("/b"), pool("/a")]))
    assert shown(tree) == ["/", "├ /a", "└ /b"]
    assert [key.kind for key in tree.lists] == [Kind.POOL]
    leaf = grown(root, listed(root.ref, Kind.POOL), listed(root.ref, Kind.RUN, [RUN]))
    assert shown(leaf) == ["/", "└ run"]


def test_of_too_many_the_red_ones_are_kept_and_the_rest_is_counted() -> None:
    pods = [pod(f"p-{n}", RUN.ref) for n in range(500)]
    pods.append(pod("p-900", RUN.ref, State.FAILED))
    tree = grown(RUN, listed(RUN.ref, Kind.TASK), listed(RUN.ref, Kind.POD, pods, complete=False, total=1000))
    names = [node.resource.name for node in tree.nodes[1:] if node.resource]
    assert len(names) == MOST_BELOW
    assert names[:2] == ["p-0", "p-1"]
    assert names[-1] == "p-900"
    last = remarks(tree)[-1]
    assert (last.note, last.opens) == ("900 more pods", Kind.POD)


def test_of_thousands_of_tasks_groups_stay_folded_from_some_line_on() -> None:
    groups = [task(f"g{n:03}", RUN.ref) for n in range(100)]
    steps = [task(f"{group.name}-{n}", group.ref) for group in groups for n in range(50)]
    tree = grown(RUN, listed(RUN.ref, Kind.TASK, [*groups, *steps]), listed(RUN.ref, Kind.POD))
    assert MOST_LINES < len(tree.nodes) < MOST_LINES + 150
    assert tree.nodes[1].open
    assert tree.nodes[-1].resource == groups[-1]
    assert (tree.nodes[-1].unfolds, tree.nodes[-1].open) == (True, False)


def test_nothing_below_and_an_error_are_said() -> None:
    tree = grown(RUN, listed(RUN.ref, Kind.TASK), listed(RUN.ref, Kind.POD))
    assert shown(tree) == ["run", "└ nothing below: no tasks or pods"]
    error = Unavailable("refused")
    broken = grown(RUN, listed(RUN.ref, Kind.TASK, error=error, as_of=None), listed(RUN.ref, Kind.POD))
    assert shown(broken) == ["run", "└ tasks: refused"]
    assert remarks(broken)[0].red
    assert shown(grown(RUN))[1] == "├ reading the tasks"


def test_a_ring_of_parents_is_shown_flat() -> None:
    ring = [task("a", ref(Kind.TASK, "b")), task("b", ref(Kind.TASK, "a"))]
    assert shown(grown(RUN, listed(RUN.ref, Kind.TASK, ring), listed(RUN.ref, Kind.POD))) == ["run", "├ a", "└ b"]


def test_everything_below_unfolds_as_it_comes_up_to_a_bound() -> None:
    root = pool("/")
    below = [pool(f"/{n:03}") for n in range(MOST_LISTS * 2)]
    tree = grown(root, listed(root.ref, Kind.POOL, below), folds=Folds({(root.ref,)}, deep={(root.ref,)}))
    assert tree.full
    assert len(tree.lists) <= MOST_LISTS
    assert tree.nodes[1].open
    assert not tree.nodes[-1].open
    shut = Folds({(root.ref,)}, shut={(root.ref, below[0].ref)}, deep={(root.ref,)})
    assert not grown(root, listed(root.ref, Kind.POOL, below), folds=shut).nodes[1].open


def test_a_pod_unfolds_to_its_tries_newest_first() -> None:
    tried = pod("p", RUN.ref, attempt=2)
    path = (tried.ref,)
    known = Tries((Try(1, State.FAILED, "FAILED"), Try(2, State.RUNNING, "RUNNING")))
    tree = grown(tried, folds=Folds({path}), tries={tried.ref: known})
    assert [node.tried.number for node in tree.nodes if node.tried] == [2, 1]
    assert [node.red for node in tree.nodes] == [False, False, True]
    assert tree.tried == {tried.ref: tried}
    assert not tree.lists
    failed = grown(tried, folds=Folds({path}), tries={tried.ref: Tries((), "no events")})
    assert shown(failed)[1] == "└ earlier tries: no events"
    assert not grown(pod("p", RUN.ref, attempt=1)).nodes[0].unfolds
