"""One KFP installation over the simulated cluster: its runs as the server's database and Argo would have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

from adapters.kfp.mock_catalog import LEGACY, Catalog, seeded
from adapters.kfp.mock_nodes import Workflow, task_details
from adapters.kfp.mock_query import Keys, Listing, Value, folded
from adapters.kfp.mock_spec import spec_of
from adapters.kfp.mock_wire import EPOCH_ZERO, STATE, quoted, rfc3339
from adapters.mock.behaviour import ENDED, Phase
from adapters.mock.chance import Draw
from adapters.mock.cluster import SimCluster
from adapters.mock.timeline import MADE

REPORTED_AFTER = 5.0  # seconds until the next workflow report tells of CANCELING
KEPT_RENDERED, KEPT_LISTS = 4000, 8
_STATUS_V1 = {Phase.ABORTED: "Terminated", Phase.ABORTING: "Terminating"}

Row = tuple[Value, str, int]


class World:
    """Runs by index, with their rendering and their order; everything else of the server is in `catalog`."""

    def __init__(self, cluster: SimCluster, unreadable: int = 0) -> None:
        self.clock = cluster.clock
        self.timeline = cluster.timeline("kfp")
        self.catalog: Catalog = seeded(cluster)
        self.draw = Draw(cluster.seed, "kfp", "requests")
        self._unreadable = unreadable
        self._rendered: dict[int, str] = {}
        self._lists: dict[tuple[Any, ...], tuple[float, int, int, list[Row]]] = {}
        self.keys = self._keys()

    # What is known of a run

    def workload_pipeline(self, index: int) -> str | None:
        """The version a seeded run was made from, None where it carries its spec."""
        draw = self.timeline.draw(index)
        pipeline = self.catalog.by_workload.get(self.timeline.outline(index).workload.name)
        return draw.pick("version", pipeline.versions).id if pipeline and draw.unit("source") < 0.25 else None

    def extra(self, index: int) -> dict[str, Any]:
        touch = self.timeline.touched.get(index)
        return touch.extra if touch is not None else {}

    def experiment(self, index: int) -> str:
        made = self.extra(index).get("experiment_id")
        outline = self.timeline.outline(index)
        return made or self.catalog.home[LEGACY if outline.legacy else outline.workload.group]

    def recurring(self, index: int) -> str:
        if index >= MADE:
            return ""
        name = self.timeline.outline(index).workload.name
        return next((each.id for each in self.catalog.recurring.values() if each.name == name), "")

    def told(self, moment: float | None) -> int:
        """Whole seconds as a client is told them; 0 for what has not happened."""
        return 0 if moment is None else int(self.clock.stamp(moment))

    def storage(self, index: int) -> str:
        return "ARCHIVED" if self.timeline.archived(index) else "AVAILABLE"

    def description(self, index: int) -> str:
        return str(self.extra(index).get("description", ""))

    def _keys(self) -> Keys:
        timeline, clock = self.timeline, self.clock

        def state(index: int) -> str:
            return STATE[timeline.phase(index, clock.now())]

        def status(index: int) -> str:
            phase = timeline.phase(index, clock.now())
            return _STATUS_V1.get(phase, phase.capitalize())

        keys = {
            "run_id": timeline.uuid,
            "display_name": folded(lambda index: timeline.outline(index).name),
            "created_at": lambda index: self.told(timeline.created(index)),
            "scheduled_at": lambda index: self.told(timeline.created(index)),
            "finished_at": lambda index: self.told(timeline.finished(index, clock.now())),
            "description": folded(self.description),
            "storage_state": folded(self.storage),
            "state": folded(state),
            "status": folded(status),
            "namespace": lambda index: "",
            "experiment_id": self.experiment,
            "state_history": state,
            "runtime_details": lambda index: "",
            "recurring_run_id": self.recurring,
        }
        return Keys(
            "run",
            keys,
            {"id": "run_id", "name": "display_name"},
            frozenset({"created_at", "scheduled_at", "finished_at"}),
            unpaged=frozenset({"experiment_id", "recurring_run_id", "state_history"}),
            moving=frozenset({"finished_at", "state", "status", "state_history"}),
        )

    # Lists

    def select(self, listing: Listing, experiment: str) -> tuple[list[Row], int]:
        """The rows of a page and the first of the next one, and how many match in all."""
        if listing.sort == "created_at" and not listing.predicates and not experiment:
            return list(islice(self._in_order(listing), listing.size + 1)), len(self.timeline)
        rows = self._matching(listing, experiment)
        if listing.after is None:
            return rows[: listing.size + 1], len(rows)
        after = listing.after
        begun = (row for row in rows if (row[:2] <= after if listing.descending else row[:2] >= after))
        return list(islice(begun, listing.size + 1)), len(rows)

    def _in_order(self, listing: Listing) -> Iterator[Row]:
        """Rows by created_at and id from the token on, made as they are asked for."""
        timeline = self.timeline
        if listing.after is None:
            indices = timeline.descending() if listing.descending else timeline.ascending()
        elif listing.descending:
            indices = timeline.descending(self.clock.unstamp(float(listing.after[0]) + 1))
        else:
            indices = timeline.ascending(self.clock.unstamp(float(listing.after[0])) - 1)
        rows = ((self.told(timeline.created(index)), timeline.uuid(index), index) for index in indices)
        for _, group in groupby(rows, key=lambda row: row[0]):
            for row in sorted(group, reverse=listing.descending):
                key = row[:2]
                if listing.after is None or (key <= listing.after if listing.descending else key >= listing.after):
                    yield row

    def _matching(self, listing: Listing, experiment: str) -> list[Row]:
        names = {listing.sort, *(predicate.name for predicate in listing.predicates)}
        key = (listing.sort, listing.descending, json.dumps(listing.filter, sort_keys=True), experiment)
        now, revision, count = self.clock.now(), self.timeline.revision, self.timeline.count()
        kept = self._lists.get(key)
        if kept and kept[1:3] == (revision, count) and (not names & self.keys.moving or now - kept[0] < 1):
            return kept[3]
        found = self.keys.find(listing.sort)
        assert found is not None
        value = found[1]
        rows = [
            (value(index), self.timeline.uuid(index), index)
            for index in self.timeline.ascending()
            if (not experiment or self.experiment(index) == experiment)
            and all(predicate.holds(index) for predicate in listing.predicates)
        ]
        rows.sort(reverse=listing.descending)
        if len(self._lists) >= KEPT_LISTS:
            self._lists.pop(next(iter(self._lists)))
        self._lists[key] = (now, revision, count, rows)
        return rows

    # Rendering

    def workflow(self, index: int) -> Workflow:
        timeline = self.timeline
        return Workflow(timeline.outline(index), timeline.course(index), timeline.draw(index), self.clock.now())

    def render(self, index: int) -> str:
        """The Run as JSON text. Ended runs that nobody touched are kept, because lists are heavy."""
        kept = self._rendered.get(index)
        if kept is not None and index not in self.timeline.touched:
            return kept
        made = self._render(index)
        if index not in self.timeline.touched and self.timeline.phase(index, self.clock.now()) in ENDED:
            if len(self._rendered) >= KEPT_RENDERED:
                del self._rendered[next(iter(self._rendered))]
            self._rendered[index] = made
        return made

    def _render(self, index: int) -> str:
        timeline, now = self.timeline, self.clock.now()
        run_id, experiment = timeline.uuid(index), self.experiment(index)
        if timeline.count() - index <= self._unreadable and index < MADE:
            error = '{"code":13,"message":"Failed to convert a run: InternalServerError"}'
            return f'{{"run_id":"{run_id}","experiment_id":"{experiment}","error":{error}}}'
        outline, course, extra = timeline.outline(index), timeline.course(index), self.extra(index)
        phase, finished = course.phase(now), course.finished(now)
        created = rfc3339(self.told(outline.created))
        parts = [
            f'"experiment_id":"{experiment}","run_id":"{run_id}","display_name":{quoted(outline.name)}',
            f'"storage_state":"{self.storage(index)}",{self._source(index, extra)}',
            f'"service_account":{quoted(extra.get("service_account") or "pipeline-runner")}',
            f'"created_at":"{created}","scheduled_at":"{created}"',
            f'"finished_at":"{EPOCH_ZERO if finished is None else rfc3339(self.told(finished))}"',
            f'"state":"{STATE[phase]}"',
            f'"state_history":[{self._history(course.history, now)}]',
        ]
        if description := self.description(index):
            parts.append(f'"description":{quoted(description)}')
        if recurring := self.recurring(index):
            parts.append(f'"recurring_run_id":"{recurring}"')
        workflow = Workflow(outline, course, timeline.draw(index), now)
        if workflow.nodes:
            details = task_details(workflow, run_id, timeline.draw(index).key, self.clock)
            parts.append(f'"run_details":{{"task_details":{details}}}')
        return f"{{{','.join(parts)}}}"

    def _source(self, index: int, extra: dict[str, Any]) -> str:
        """The pipeline the run was made from, and what it was given."""
        if "source" in extra:
            return str(extra["source"])
        outline = self.timeline.outline(index)
        day = rfc3339(self.told(outline.created))[:10]
        config = (
            f'"runtime_config":{{"parameters":{{"day":"{day}","learning_rate":0.0003}},'
            f'"pipeline_root":"minio://mlpipeline/v2/artifacts"}}'
        )
        version = self.workload_pipeline(index)
        if version is None:
            return f'"pipeline_spec":{spec_of(outline.workload)},{config}'
        pipeline = self.catalog.versions[version].pipeline
        reference = f'{{"pipeline_id":"{pipeline}","pipeline_version_id":"{version}"}}'
        return f'"pipeline_version_reference":{reference},{config}'

    def _history(self, history: tuple[tuple[float, Phase], ...], now: float) -> str:
        parts = []
        for moment, phase in history:
            if moment > now or (phase is Phase.ABORTING and now - moment < REPORTED_AFTER):
                continue
            parts.append(f'{{"update_time":"{rfc3339(self.told(moment))}","state":"{STATE[phase]}"}}')
        return ",".join(parts)
