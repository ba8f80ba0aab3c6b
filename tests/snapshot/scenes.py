"""Every screen of the console over fakes, with the keys that lead to it; clock, data and size are fixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.errors import Unavailable
from adapters.model import Kind, Ref, Resource
from tests.tui.data import hosts, pods, pools, runs
from tests.tui.detail.world import LOG, World, drain_world, failed_run, spool
from tests.tui.fake import FakeAdapter, services_of
from tests.tui.journal.test_journal import world as changed
from tests.tui.journal.test_journal import written
from tests.tui.lists.test_usual import ROWS as USUAL
from tests.tui.pulse.test_pulse import rows as pulse_rows
from tests.tui.tree.test_tree_screen import cluster
from tui.app import ConsoleApp
from tui.core.plan import Guard
from tui.styles import tokens

OWNER = Ref("peloton", Kind.RUN, "ctr-train-0822")
PROTECTED = {name: Guard(protected=True) for name in ("prod-kfp", "peloton")}


@dataclass(frozen=True, slots=True)
class Scene:
    """`steps` are those of `tests.tui.keys.proof.do`, and end with a text that is there when all is drawn."""

    make: Callable[[Path, tokens.Theme], ConsoleApp]
    steps: tuple[str, ...]


def over(
    *adapters: Callable[[], FakeAdapter], view: Kind = Kind.RUN, steps: tuple[str, ...], scope: tuple[str, ...] = ()
) -> Scene:
    def make(folder: Path, theme: tokens.Theme) -> ConsoleApp:
        services = services_of(*(each() for each in adapters), guard=PROTECTED, spool=spool(folder))
        return ConsoleApp(services, view=view, theme=theme, scope=scope)

    return Scene(make, steps)


def prod() -> FakeAdapter:
    return FakeAdapter("prod-kfp", runs())


def lab() -> FakeAdapter:
    return FakeAdapter("lab", runs("lab")[:4])


def down() -> FakeAdapter:
    adapter = FakeAdapter("vertex-eu", runs("vertex-eu"))
    adapter.error = Unavailable("no answer: 10.2.0.9:5297 refused", executed=False)
    return adapter


def fraud() -> World:
    world = World()
    world.write("train.try 2", LOG)
    return world


def two_alike() -> World:
    other: Resource = failed_run(
        ref=Ref("prod-kfp", Kind.RUN, "11c0ffee-0821"), name="fraud-gbdt-nightly-0821", owner="ana"
    )
    return World(rows=[failed_run(), other])


def fleet() -> FakeAdapter:
    return FakeAdapter("peloton", [*runs("peloton"), *pods(OWNER), *hosts(), *pools()])


def signals() -> FakeAdapter:
    return FakeAdapter("peloton", pulse_rows())


LISTED = ("=ocr-detector-train-87",)
FAILED = (*LISTED, "e", "=OOMKilled")
OPENED = ("=fraud-gbdt", "enter", "=Unable to", "=try 2")

MAIN = {
    "runs": over(prod, steps=FAILED),
    "detail": over(fraud, steps=("=fraud-gbdt", "enter", "=Why  train", "=try 2")),
    "logs": over(fraud, steps=("=fraud-gbdt", "enter", "=try 2", "l", "=bye", "=✗ 2", "E", "=▌✗")),
    "plan": over(drain_world, view=Kind.HOST, steps=("=gpu-a100-0417", "C", "=feature-cache", "=[ Cancel ]")),
    "pulse": over(signals, steps=("=serve", "P", "=HOSTS 6", "=/ml/ads", "=failed in the last hour")),
}
"""The five that one works in."""

OTHERS = {
    "hosts": over(fleet, view=Kind.HOST, steps=("=0389", "j", "=HOST_STATE_DRAINING")),
    "pods": over(fleet, view=Kind.POD, steps=("=0822-10", "e", "=NCCL")),
    "pools": over(fleet, view=Kind.POOL, steps=("=research", "j", "j", "=/ml/ads  gpu")),
    "all": over(prod, lab, steps=("=ocr-detector-train-87", "e", "space", "=1 marked")),
    "wide": over(prod, steps=(*FAILED, "ctrl-w", "=NATIVE")),
    "faults": over(prod, steps=(*LISTED, "ctrl-z", "=only faults")),
    "filter": over(prod, steps=(*LISTED, "/", "'state=failed ownr~ana", "=▾ no field")),
    "empty": over(prod, steps=(*LISTED, "/", "'zzz", "enter", "=No run matches")),
    "contexts": over(
        prod, lab, down, steps=("=train-87", ":", "'contexts", "enter", "=2 of 3 reachable", "e", "=refused")
    ),
    "command": over(prod, lab, steps=(*LISTED, ":", "'ru", "=runs")),
    "aliases": over(prod, steps=(*LISTED, "ctrl-a", "=ALIASES")),
    "help": over(prod, steps=(*FAILED, "?", "=HELP")),
    "menu": over(prod, steps=(*FAILED, "x", "=asks first")),
    "errors": over(prod, steps=(*LISTED, ":", "'rnus", "enter", "=nearest", "!", "=ERRORS")),
    "sort-by": over(prod, steps=(*LISTED, "O", "=SORT by")),
    "columns": over(prod, steps=(*LISTED, ",", "=COLUMNS of runs")),
    "group": over(prod, steps=(*LISTED, "B", "=7 groups of 11 runs")),
    "copy": over(prod, steps=(*LISTED, "Y", "=COPY")),
    "find": over(fleet, steps=(*LISTED, ":", "'find 0417", "enter", "=4 of 28 in 4 lists")),
    "describe": over(fraud, steps=("=fraud-gbdt", "d", "=state ")),
    "raw": over(fraud, steps=("=fraud-gbdt", "y", "=run_id")),
    "diff": over(two_alike, steps=("=0821", "*", "V", "=owner")),
    "why": over(fraud, steps=("=fraud-gbdt", "enter", "=try 2", "X", "=Unable to allocate", "=chosen")),
    "params": over(fraud, steps=("=fraud-gbdt", "enter", "=try 2", "tab", "=learning_rate")),
    "events": over(fraud, steps=("=fraud-gbdt", "enter", "=try 2", "v", "=RUNNING → FAILED")),
    "timeline": over(fraud, steps=("=fraud-gbdt", "T", "=└ try 2", ")", "=2x ", "<", "=13:59")),
    "tree": over(cluster, view=Kind.POOL, steps=("=research", "g", "ctrl-t", "=├ /infra", "*", "=0822-10", "e")),
    "if-drained": over(drain_world, view=Kind.HOST, steps=("=0417", "T", "=[Time]", "tab", "=affects")),
    "clone": over(fraud, steps=("=fraud-gbdt", ":", "'clone", "enter", "=required here")),
    "bulk": over(prod, steps=(*LISTED, "*", "=11 marked", "ctrl-d", "=[ Cancel ]")),
    "json-line": over(
        fraud, steps=("=fraud-gbdt", "enter", "=try 2", "l", "=bye", "=✗ 2", "E", "enter", '=  "rank": 3')
    ),
}


def first(folder: Path, theme: tokens.Theme) -> ConsoleApp:
    return ConsoleApp(services_of(spool=spool(folder)), theme=theme)


OTHERS["first"] = Scene(first, ("=no context yet",))


def journal(folder: Path, theme: tokens.Theme) -> ConsoleApp:
    return ConsoleApp(services_of(changed(), journal=written(folder), spool=spool(folder)), theme=theme)


def rates() -> FakeAdapter:
    return FakeAdapter("lab", USUAL)


JOURNAL = ("=▸ running", "W", "=3 plans")
OTHERS |= {
    "journal": Scene(journal, (*JOURNAL, "=failed")),
    "journal-plan": Scene(journal, (*JOURNAL, "j", "enter", "=no permission")),
    "usual": over(rates, steps=("=14 runs", ":", "'usual", "enter", "=3 run, 1 late")),
    "causes": over(prod, steps=(*LISTED, "R", "=RETRY by cause", "=asks first")),
    "add-context": over(prod, steps=(*LISTED, ":", "'add-context", "enter", "=NEW CONTEXT", "=[ Check ]")),
    "theme": over(prod, steps=(*LISTED, ":", "'theme", "enter", "=THEME")),
    "read-only": over(prod, steps=(*LISTED, "ctrl-o", "=read-only", "ctrl-o", "=may be changed again ›")),
    "login": over(prod, steps=(*LISTED, "L", "=logs in with nothing")),
}
