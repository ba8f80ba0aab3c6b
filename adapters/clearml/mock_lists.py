"""Pages of tasks: filter, order, projection and scrolls over the seeded past and what lives."""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from adapters.clearml.mock_filters import Predicate, predicates
from adapters.clearml.mock_projects import under
from adapters.clearml.mock_seeded import LAG, WHOLE, Place
from adapters.clearml.mock_task import Task
from adapters.clearml.mock_wire import Call, Refused, invalid

if TYPE_CHECKING:
    from adapters.clearml.mock_world import World

PAGE_MOST = 500
LAGGED = frozenset({"last_update", "last_change", "status_changed", "started"})
KEPT_STREAMS = 16
CONTROL = frozenset(
    {
        *("page", "page_size", "order_by", "only_fields", "scroll_id", "size", "refresh_scroll", "method"),
        *("search_hidden", "allow_public", "include_subprojects", "async"),
    }
)
TASK_FIELDS = frozenset(
    {
        *(
            "id",
            "name",
            "user",
            "company",
            "type",
            "status",
            "comment",
            "report",
            "created",
            "started",
            "completed",
        ),
        *("active_duration", "parent", "project", "output", "execution", "script", "tags", "system_tags"),
        *("status_changed", "status_message", "status_reason", "published", "last_worker", "last_worker_report"),
        *("last_update", "last_change", "last_changed_by", "last_iteration", "last_metrics", "hyperparams"),
        *("configuration", "runtime", "models", "container", "metric_stats", "unique_metrics", "enqueue_status"),
        *("development", "report_assets"),
    }
)
REFERENCES = ("company", "user", "project", "parent")

Item = tuple[tuple[Any, ...], str, Place]


class Downwards:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: Downwards) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Downwards) and other.value == self.value


def value_of(task: Task, name: str, now: float, world: World) -> Any:
    """A field for filters and sorting; times in told seconds."""
    match name:
        case "id" | "status":
            return getattr(task, name)
        case "created" | "started" | "completed" | "published":
            moment = getattr(task, name)
        case "status_changed":
            moment = task.changed
        case "last_update":
            moment = task.last_update(now)
        case "last_change":
            moment = max(task.last_update(now), task.changed or 0.0)
        case "execution.queue":
            return task.queue
        case "last_worker":
            return task.worker
        case "active_duration":
            return task.duration(now)
        case _:
            return _deep(task, name, now, world)
    return None if moment is None else world.clock.stamp(moment)


def _deep(task: Task, name: str, now: float, world: World) -> Any:
    stored = task.fields
    top, _, rest = name.partition(".")
    if top in ("last_metrics", "last_iteration", "status_reason", "status_message", "runtime"):
        stored = task.document(now, world.told)
    if top == "execution" and rest.startswith("parameters."):
        top, rest = "hyperparams", f"Args.{rest.removeprefix('parameters.')}.value"
    return dig(stored.get(top), rest)


def dig(value: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        if isinstance(value, list):
            value = [each.get(part) for each in value if isinstance(each, dict)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


@dataclass(slots=True)
class Stream:
    """The seeded tasks that match, in order, as far as they were needed."""

    rest: Iterator[Item]
    items: list[Item] = field(default_factory=list)

    def reach(self, count: int) -> None:
        self.items.extend(islice(self.rest, max(0, count - len(self.items))))


@dataclass(frozen=True, slots=True)
class Listing:
    """A get_all request, understood."""

    filters: Mapping[str, Any]
    order: tuple[tuple[str, bool], ...]
    hidden: bool

    @property
    def key(self) -> str:
        return json.dumps([self.filters, self.order, self.hidden], sort_keys=True, default=str)


def order_of(call: Call, known: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    made = []
    for name in call.items("order_by"):
        text = str(name)
        descending, text = text.startswith("-"), text.lstrip("-+")
        if text == "@text_score":
            if not call.data.get("search_text"):
                raise Refused(400, 16, "text score ordering requires search_text", field="@text_score")
            continue
        if text.partition(".")[0] not in known:
            raise Refused(400, 14, field=text)
        made.append((text, descending))
    return tuple(made)


def understand(call: Call, world: World) -> Listing:
    filters = {name: value for name, value in call.data.items() if name not in CONTROL and value not in (None, [])}
    if call.flag("include_subprojects") and filters.get("project"):
        filters["project"] = under(world, call.items("project"))
    hidden = call.flag("search_hidden") or bool(filters.get("id"))
    return Listing(filters, order_of(call, TASK_FIELDS), hidden)


def window(call: Call, world: World) -> tuple[int, int, str | None]:
    """First row, one past the last, and the scroll's id."""
    if "scroll_id" in call.data:
        if call.data.get("size") is None:
            raise invalid("size", "size is required for scroll")
        size = min(call.whole("size", PAGE_MOST, 1), PAGE_MOST)
        scroll_id = call.data["scroll_id"]
        at = world.scrolls.get(str(scroll_id))
        if scroll_id is None or at is None:
            scroll_id, at = world.new_id(), 0
        if call.flag("refresh_scroll"):
            return 0, at, str(scroll_id)
        world.scrolls[str(scroll_id)] = at + size
        return at, at + size, str(scroll_id)
    page = call.whole("page", 0, 0)
    size = min(call.whole("page_size", PAGE_MOST, 1), PAGE_MOST)
    return page * size, (page + 1) * size, None


class Lists:
    """Finds tasks. One for each world, because it remembers what it found in the seeded past."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._streams: dict[str, Stream] = {}

    def select(self, listing: Listing, first: int, last: int) -> list[Task]:
        world, now = self.world, self.world.now
        tests = predicates(listing.filters)
        key = self._sorting(listing, now)
        lives = [
            (key(task), task.id, task)
            for task in world.kept.values()
            if self._shown(task, listing) and self._holds(task, tests, now)
        ]
        lives.sort(key=lambda item: item[:2])
        past = self._past(listing, tests, now, last)
        both: list[Any] = [*past[:last], *lives]
        both.sort(key=lambda item: item[:2])
        return [item[2] if isinstance(item[2], Task) else world.pure(item[2]) for item in both[first:last]]

    def _shown(self, task: Task, listing: Listing) -> bool:
        return listing.hidden or "hidden" not in task.fields["system_tags"]

    def _holds(self, task: Task, tests: list[Predicate], now: float) -> bool:
        world = self.world

        def get(name: str) -> Any:
            return value_of(task, name, now, world)

        return all(test(get) for test in tests)

    def _past(self, listing: Listing, tests: list[Predicate], now: float, count: int) -> list[Item]:
        stream = self._streams.get(listing.key)
        if stream is None:
            if len(self._streams) >= KEPT_STREAMS:
                self._streams.pop(next(iter(self._streams)))
            stream = self._streams[listing.key] = Stream(self._ordered(listing, tests, now))
        kept, gone = self.world.kept, self.world.gone
        reach = count
        while True:
            stream.reach(reach)
            found = [item for item in stream.items[:reach] if item[1] not in kept and item[1] not in gone]
            if len(found) >= count or len(stream.items) < reach:
                return found
            reach += count - len(found)

    def _sorting(self, listing: Listing, now: float) -> Callable[[Task], tuple[Any, ...]]:
        world, order = self.world, listing.order or (("created", False),)

        def key(task: Task) -> tuple[Any, ...]:
            made: list[Any] = []
            for name, descending in order:
                value = value_of(task, name, now, world)
                if isinstance(value, dict | list):
                    value = str(value)
                made.append(value is None)
                if isinstance(value, int | float):
                    made.append(-value if descending else value)
                else:
                    made.append(0 if value is None else Downwards(value) if descending else value)
            return tuple(made)

        return key

    def _ordered(self, listing: Listing, tests: list[Predicate], now: float) -> Iterator[Item]:
        seeds, key = self.world.seeds, self._sorting(listing, now)
        order = listing.order or (("created", False),)
        descending = order[0][1]
        by_time = len(order) == 1 and order[0][0] in LAGGED | {"created"}
        ids = listing.filters.get("id")
        parents = listing.filters.get("parent")
        if ids or parents:
            yield from sorted(self._items(self._named(ids, parents, listing.hidden), tests, key, now))
            return
        places = self._places(listing.hidden, descending)
        if not by_time:
            yield from sorted(self._items(places, tests, key, now))
            return
        # What happens to a task lies within LAG of its creation, so few of them are held back at a time.
        held: list[Item] = []
        if not tests and order[0][0] == "created" and not listing.hidden:
            sign = -1 if descending else 1
            for place in places:
                created = seeds.timeline.created(place[0])
                yield (False, sign * created), seeds.id(place), place
            return
        for place in places:
            created = seeds.timeline.created(place[0])
            edge = -created - LAG if descending else created
            while held and held[0][0][1] < edge:
                yield held.pop(0)
            for item in self._items(iter((place,)), tests, key, now):
                insort(held, item)
        yield from held

    def _items(
        self, places: Iterator[Place], tests: list[Predicate], key: Callable[[Task], tuple[Any, ...]], now: float
    ) -> Iterator[Item]:
        for place in places:
            task = self.world.pure(place)
            if self._holds(task, tests, now):
                yield key(task), task.id, place

    def _places(self, hidden: bool, descending: bool) -> Iterator[Place]:
        seeds = self.world.seeds
        for index in seeds.timeline.descending() if descending else seeds.timeline.ascending():
            if index < seeds.count and not seeds.live(index):
                yield index, WHOLE
                if hidden:
                    yield from seeds.steps(index)

    def _named(self, ids: Any, parents: Any, hidden: bool) -> Iterator[Place]:
        """The places that such a filter can match at all; all of them where it excludes."""
        seeds = self.world.seeds
        given = ids if ids else parents
        names = given if isinstance(given, list) else [given]
        if any(not isinstance(name, str) or name.startswith(("-", "__$")) for name in names):
            yield from self._places(hidden, False)
            return
        found = [place for name in dict.fromkeys(names) if (place := seeds.find(name)) is not None]
        for place in found:
            if seeds.live(place[0]) and place[1] == WHOLE:
                continue
            if ids:
                yield place
            elif hidden:
                yield from seeds.steps(place[0])
