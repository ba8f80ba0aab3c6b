"""get_all and get_all_ex: filters, order, pages, scrolls and projections, with the traps they have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.mock.clearml.server import Api


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


@pytest.fixture(scope="module")
def every(api: Api) -> list[dict[str, Any]]:
    return api.tasks()


def ids(tasks: list[dict[str, Any]]) -> set[str]:
    return {task["id"] for task in tasks}


def test_everything_is_one_page_of_500(every: list[dict[str, Any]]) -> None:
    assert len(every) == len(ids(every)) == 60
    many = Api(runs=1200)
    assert len(many.tasks()) == len(many.tasks(page_size=2000)) == 500
    assert len(many.tasks(page=2)) == 200


@pytest.mark.parametrize("wrong", [{"page": -1}, {"page_size": 0}, {"page": "first"}])
def test_pages_that_are_none(api: Api, wrong: dict[str, Any]) -> None:
    assert api.codes("tasks.get_all", **wrong) == (400, 12)


@pytest.mark.parametrize("order", [["-last_update"], ["created"], ["name"], ["-started"], ["status", "-created"]])
def test_pages_hold_everything_once_in_order(api: Api, every: list[dict[str, Any]], order: list[str]) -> None:
    pages = [api.tasks(page=page, page_size=7, order_by=order) for page in range(10)]
    assert [len(page) for page in pages] == [7] * 8 + [4, 0]
    listed = [task for page in pages for task in page]
    assert ids(listed) == ids(every)
    assert listed == api.tasks(order_by=order)
    name = order[0].removeprefix("-")
    values = [task[name] for task in listed if name in task]
    assert values == sorted(values, reverse=order[0].startswith("-"))


def test_what_is_unset_sorts_last_both_ways(api: Api) -> None:
    for order in ("started", "-started"):
        listed = api.tasks(order_by=order)
        unset = ["started" not in task for task in listed]
        assert unset == sorted(unset)
        assert unset[-1]


def test_order_by_nonsense(api: Api) -> None:
    assert api.codes("tasks.get_all", order_by=["beauty"]) == (400, 14)
    assert api.codes("tasks.get_all", order_by=["@text_score"]) == (400, 16)
    assert api.codes("tasks.get_all", order_by=["@text_score"], search_text="llama") == (200, 0)


def test_sorting_by_a_metric(api: Api) -> None:
    some = next(task for task in api.tasks(status=["completed"]) if task["last_metrics"])
    metric, variants = next(iter(some["last_metrics"].items()))
    path = f"last_metrics.{metric}.{next(iter(variants))}.value"
    listed = api.tasks(order_by=[f"-{path}"], **{path: [None, None]})
    assert some["id"] in ids(listed)


def test_projection(api: Api, every: list[dict[str, Any]]) -> None:
    assert set(api.tasks(only_fields=["name"], page_size=1)[0]) == {"name"}  # the id is not added
    ex = api("tasks.get_all_ex", only_fields=["name"], page_size=1)["tasks"][0]
    assert set(ex) == {"name", "id"}
    deep = api.tasks(only_fields=["id", "script.repository", "execution.queue"], status=["in_progress"])
    assert all(set(task["script"]) == {"repository"} for task in deep)
    assert any(set(task.get("execution", {})) == {"queue"} for task in deep)
    without = api.tasks(only_fields=["-last_metrics", "-script.diff"], page_size=1)[0]
    assert "last_metrics" not in without
    assert "diff" not in without["script"]
    assert api.codes("tasks.get_all", only_fields=["beauty"]) == (400, 14)
    assert api.codes("tasks.get_all", only_fields=["project.name"]) == (400, 14)


def test_references_are_objects_in_get_all_ex(api: Api) -> None:
    plain = api("tasks.get_all_ex", page_size=1)["tasks"][0]
    assert set(plain["user"]) == set(plain["project"]) == {"id"}
    fields = ["name", "project.name", "user.name"]
    named = api("tasks.get_all_ex", page_size=3, only_fields=fields)["tasks"]
    assert all("/" in task["project"]["name"] for task in named)
    assert all(task["user"]["name"] for task in named)
    assert isinstance(api.tasks(page_size=1)[0]["project"], str)


def test_get_all_ex_names_the_parent(api: Api) -> None:
    pipeline = api.tasks(type=["controller"], status=["in_progress"])[0]
    fields = ["parent.name", "name"]
    steps = api("tasks.get_all_ex", parent=[pipeline["id"]], search_hidden=True, only_fields=fields)["tasks"]
    assert steps
    assert all(step["parent"] == {"id": pipeline["id"], "name": pipeline["name"]} for step in steps)


def test_list_filters(api: Api, every: list[dict[str, Any]]) -> None:
    def with_status(*given: Any) -> set[str]:
        return ids(api.tasks(status=list(given)))

    def really(*names: str) -> set[str]:
        return {task["id"] for task in every if task["status"] in names}

    assert with_status("failed") == ids(api.tasks(status="failed")) == really("failed")
    assert with_status("failed", "stopped") == really("failed", "stopped")
    assert with_status("-failed") == ids(every) - really("failed")
    assert with_status("-failed", "-completed") == ids(every) - really("failed", "completed")
    assert with_status("__$not", "failed") == ids(every) - really("failed")
    assert with_status("Failed") == set()
    assert with_status() == ids(every)
    assert api.tasks(status=None, id=[]) == every
    assert api.codes("tasks.get_all", status=["__$xor", "failed"]) == (400, 16)


def test_lists_of_tags(api: Api) -> None:
    task, other = api.create("tagged", tags=["red", "blue"]), api.create("tagged too", tags=["red"])
    bare = api.create("no tags at all")

    def tagged(*given: Any) -> set[str]:
        return ids(api.tasks(tags=list(given), name="tag")) & {task, other, bare}

    assert tagged("red") == {task, other}
    assert tagged("red", "blue") == {task, other}
    assert tagged("__$all", "red", "blue") == tagged("__$and", "red", "blue") == {task}
    assert tagged("__$any", "blue", "green") == tagged("__$or", "blue") == {task}
    assert tagged("red", "-blue") == {other}
    assert tagged(None) == {bare}
    nested = {"tags": {"any": {"include": ["red"], "exclude": ["blue"]}}}
    assert ids(api.tasks(filters=nested)) == {other}
    nested = {"tags": {"all": {"include": ["red", "blue"]}}}
    assert ids(api.tasks(filters=nested)) == {task}


def test_name_is_a_case_sensitive_regex(api: Api, every: list[dict[str, Any]]) -> None:
    name = next(task["name"] for task in every if task["name"].startswith("llama"))
    assert name in {task["name"] for task in api.tasks(name="^llama")}
    assert api.tasks(name="^LLAMA") == []
    anywhere = api.tasks(_any_={"pattern": "^LLAMA", "fields": ["name", "id"]})
    assert {task["name"] for task in anywhere} == {task["name"] for task in api.tasks(name="^llama")}
    assert api.tasks(_all_={"pattern": "llama", "fields": ["name", "id"]}) == []
    assert api.codes("tasks.get_all", name="(") == (400, 21)
    assert api.codes("tasks.get_all", _any_={"pattern": "x"}) == (400, 16)
    assert api.codes("tasks.get_all", _any_={"fields": ["name"]}) == (400, 16)


def test_words(api: Api, every: list[dict[str, Any]]) -> None:
    found = {task["name"] for task in api.tasks(search_text="llama")}
    assert found == {task["name"] for task in every if task["name"].startswith("llama")}
    assert api.tasks(search_text="llam") == []
    assert ids(api.tasks(search_text=every[0]["id"])) == {every[0]["id"]}


def test_moments(api: Api, every: list[dict[str, Any]]) -> None:
    changed = sorted(task["status_changed"] for task in every if "status_changed" in task)
    middle = changed[len(changed) // 2]
    after = {task["id"] for task in every if task.get("status_changed", "") >= middle}
    assert ids(api.tasks(status_changed=[f">={middle}"])) == after
    assert ids(api.tasks(status_changed=[f">{middle}"])) < after
    both = ids(api.tasks(status_changed=[f">={middle}", f"<={changed[-1]}"]))
    assert both == after
    assert ids(api.tasks(status_changed=[middle, changed[-1]])) == after  # two bare values are a range
    naive = middle.removesuffix("+00:00")
    assert ids(api.tasks(status_changed=[f">={naive}"])) == after


def test_moments_that_cannot_be_read_are_ignored(api: Api, every: list[dict[str, Any]]) -> None:
    now = datetime(2026, 8, 22, 14, tzinfo=UTC).timestamp()
    for wrong in (f">={now}", f">={int(now)}", "yesterday", ""):
        assert len(api.tasks(status_changed=[wrong], only_fields=["id"])) >= len(every)


def test_ranges(api: Api, every: list[dict[str, Any]]) -> None:
    created = sorted(task["created"] for task in every)
    low, high = created[10], created[20]
    inside = {task["id"] for task in every if low <= task["created"] <= high}
    assert ids(api.tasks(created=[low, high])) == inside
    assert ids(api.tasks(created=[None, created[0]])) == {every[0]["id"]}
    long = {task["id"] for task in every if task.get("active_duration", 0) >= 1800}
    assert ids(api.tasks(active_duration=[1800, None])) >= long - {""}
    for wrong in ("2026-01-01", [low], ["a", "b", "c"]):
        assert api.codes("tasks.get_all", created=wrong) == (400, 12)


def test_sub_projects(api: Api) -> None:
    projects = {each["name"]: each["id"] for each in api("projects.get_all")["projects"]}
    assert api.tasks(project=[projects["fraud"]]) == []
    assert api.tasks(project=[projects["fraud"]], include_subprojects=True) == api.tasks(
        project=[projects["fraud/fraud-gbdt-nightly"]]
    )


def test_hidden_tasks_are_dropped_unless_asked_for(api: Api, every: list[dict[str, Any]]) -> None:
    pipeline = api.tasks(type=["controller"], status=["stopped"])[0]["id"]
    assert api.tasks(parent=[pipeline]) == []
    steps = api.tasks(parent=[pipeline], search_hidden=True)
    assert steps
    assert all("hidden" in step["system_tags"] for step in steps)
    assert ids(api.tasks(id=[step["id"] for step in steps])) == ids(steps)
    assert not ids(steps) & ids(every)
    assert ids(steps) < ids(api.tasks(search_hidden=True))


def test_archived_tasks_are_returned(api: Api) -> None:
    api = Api(runs=400)
    archived = api.tasks(system_tags=["archived"])
    assert archived
    assert ids(archived) < ids(api.tasks())
    assert not ids(archived) & ids(api.tasks(system_tags=["-archived"]))


def test_scrolls(api: Api, every: list[dict[str, Any]]) -> None:
    first = api("tasks.get_all", scroll_id=None, size=25)
    scroll = first["scroll_id"]
    second = api("tasks.get_all", scroll_id=scroll, size=25)
    assert second["scroll_id"] == scroll
    assert [task["id"] for task in first["tasks"] + second["tasks"]] == [task["id"] for task in api.tasks()][:50]
    again = api("tasks.get_all", scroll_id=scroll, size=25, refresh_scroll=True)
    assert len(again["tasks"]) == 50
    assert api("tasks.get_all", scroll_id="unknown", size=5)["tasks"] == api.tasks(page_size=5)
    assert api.codes("tasks.get_all", scroll_id=None) == (400, 12)


def test_unknown_keys_are_ignored(api: Api, every: list[dict[str, Any]]) -> None:
    assert len(api.tasks(method="get", whatever=[1], only_fields=["id"])) >= len(every)


def test_a_hundred_thousand_cost_nothing() -> None:
    api = Api(runs=100_000)
    newest = api.tasks(order_by=["-last_update"], page_size=50)
    assert len(newest) == 50
    moments = [task["last_update"] for task in newest]
    assert moments == sorted(moments, reverse=True)
    assert len(api.cluster.memory["clearml"].kept) < 2000
    assert len(api.tasks(order_by=["-created"], page=40, page_size=500, only_fields=["id"])) == 500
