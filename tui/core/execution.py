"""Carrying out a plan: re-read, journal, one request, outcome - for each target by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from adapters.actions import ActionResult
from adapters.errors import AdapterError, Conflict, NotFound, Unsupported
from adapters.model import Json, Resource
from adapters.permit import Permit
from adapters.port import Adapter
from tui.core.journal import Journal, JournalUnwritable, ReadOnly
from tui.core.params import read_params
from tui.core.plan import Outcome, Plan, PlanTarget

PAUSE_BEFORE_SECOND_TRY = 0.5


class Execution:
    """One run of one plan. `plan` is its present state."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        journal: Journal,
        plan: Plan,
        on_change: Callable[[Plan], None],
        stop: asyncio.Event,
    ) -> None:
        self.plan = plan
        self._adapters = adapters
        self._journal = journal
        self._on_change = on_change
        self._stop = stop

    async def run(self, parallel: int) -> Plan:
        slots = asyncio.Semaphore(parallel)

        async def one(index: int) -> None:
            async with slots:
                if not self._stop.is_set():
                    await self._target(index)

        todo = [i for i, t in enumerate(self.plan.targets) if t.legal and t.outcome is Outcome.NOT_STARTED]
        try:
            async with asyncio.TaskGroup() as group:
                for index in todo:
                    group.create_task(one(index))
        except BaseException:
            self._say_end()
            raise
        await asyncio.to_thread(self._say_end)
        return self.plan

    def _say_end(self) -> None:
        """What of a plan of several was not sent is written down too: it can be planned again from there."""
        rest = {each.label: (each.outcome.value, each.message) for each in self.plan.can if not each.attempts}
        with contextlib.suppress(JournalUnwritable):
            self._journal.end(self.plan.id, rest)

    async def _target(self, index: int) -> None:
        target = self.plan.targets[index]
        try:
            self._journal.allow(target.ref.context)
        except ReadOnly as refusal:
            self._put(index, _stopped(target, refusal))
            return
        target = replace(target, running=True)
        self._put(index, target)
        try:
            ended = await self._moved(target) or await self._write(target)
        except Exception as defect:  # a defect in an adapter must not leave the others half done
            ended = _ended(target, Outcome.UNKNOWN, f"runyard failed: {type(defect).__name__}: {defect}")
        self._put(index, replace(ended, running=False))

    def _put(self, index: int, target: PlanTarget) -> None:
        self.plan = self.plan.with_target(index, target)
        self._on_change(self.plan)

    async def _moved(self, target: PlanTarget) -> PlanTarget | None:
        """The target as skipped when it is no longer what the plan showed; None when it still is."""
        if target.resource is None or target.spec is None:
            return None
        try:
            now = await self._adapters[target.ref.context].get(target.ref)
        except NotFound:
            return _ended(target, Outcome.SKIPPED, "it is gone since the plan was made")
        except AdapterError as error:
            return _ended(target, Outcome.FAILED, f"nothing was sent: {error.sentence}", error)
        what = _difference(target.resource, now)
        if what is None:
            why = target.spec.reason_against(now)
            what = f"it became illegal: {why}" if why else None
        return None if what is None else _ended(replace(target, resource=now), Outcome.SKIPPED, what)

    async def _write(self, target: PlanTarget, last: bool = False) -> PlanTarget:
        """One journalled request; once more only after proof that the first was not executed."""
        try:
            permit = await self._permit(target)
        except ReadOnly as refusal:
            return _stopped(target, refusal)
        except JournalUnwritable as refusal:
            return _ended(target, Outcome.FAILED, str(refusal))
        target = replace(target, attempts=target.attempts + 1)
        try:
            result, answer = await self._perform(target, permit)
        except ReadOnly as refusal:  # switched on after the permit was given and before the request left
            return await self._record(permit, _stopped(target, refusal))
        except AdapterError as error:
            ended = await self._failed(target, error)
            ended = await self._record(permit, ended)
            if error.executed is False and not last and not isinstance(error, Unsupported):
                await asyncio.sleep(PAUSE_BEFORE_SECOND_TRY)
                again = await self._moved(ended) if not self._stop.is_set() else ended
                return again or await self._write(replace(ended, message="", error=None), last=True)
            return ended
        except BaseException as cut:
            with contextlib.suppress(JournalUnwritable):
                self._journal.outcome(permit, Outcome.UNKNOWN.value, f"interrupted: {type(cut).__name__}")
            raise
        done = replace(_ended(target, Outcome.DONE, result.message), created=result.created, result=answer)
        return await self._record(permit, done)

    async def _permit(self, target: PlanTarget) -> Permit:
        plan = self.plan
        action = plan.method or (target.spec.id if target.spec else plan.action)
        where = target.ref if target.ref.id else target.ref.context
        every = [each.label for each in plan.can]
        issue = partial(self._journal.issue, targets=every if len(every) > 1 else ())
        return await asyncio.to_thread(issue, plan.id, action, where, plan.params, plan.reason)

    async def _perform(self, target: PlanTarget, permit: Permit) -> tuple[ActionResult, Json]:
        adapter, plan = self._adapters[target.ref.context], self.plan
        if plan.method is not None:
            return ActionResult(), await adapter.call(plan.method, plan.params, permit)
        assert target.spec is not None
        params = read_params(target.spec, plan.params)
        return await adapter.perform(target.spec.id, target.ref, params, permit), None

    async def _failed(self, target: PlanTarget, error: AdapterError) -> PlanTarget:
        if error.executed is None:
            shows = await self._reread(target)
            return _ended(target, Outcome.UNKNOWN, f"{error.sentence}; {shows}", error)
        moved = await self._moved(target) if isinstance(error, Conflict) else None
        if moved is not None and moved.outcome is Outcome.SKIPPED:
            # Somebody else was faster, as an entity version says: shown, and for the operator to ask again.
            return replace(moved, message=f"{error.sentence}; {moved.message}", error=error)
        illegal = isinstance(error, Conflict | Unsupported)
        return _ended(target, Outcome.ILLEGAL if illegal else Outcome.FAILED, error.sentence, error)

    async def _reread(self, target: PlanTarget) -> str:
        """What the object shows after a request whose fate nobody knows."""
        if target.resource is None:
            return "it may have been done; look before you repeat it"
        try:
            now = await self._adapters[target.ref.context].get(target.ref)
        except NotFound:
            return "re-read: it is gone"
        except AdapterError as error:
            return f"re-read failed as well: {error.sentence}"
        return f"re-read: it is {_words(now)}"

    async def _record(self, permit: Permit, target: PlanTarget) -> PlanTarget:
        try:
            await asyncio.to_thread(
                self._journal.outcome, permit, target.outcome.value, target.message, target.created
            )
        except JournalUnwritable:
            return replace(target, message=f"{target.message} (its outcome could not be journalled)".strip())
        return target


def _difference(shown: Resource, now: Resource) -> str | None:
    if shown.state is not now.state:
        return f"it has changed: was {_words(shown)}, is {_words(now)}"
    if shown.version is not None and now.version is not None and shown.version != now.version:
        return f"it has changed: version {shown.version} is now {now.version}"
    return None


def _words(resource: Resource) -> str:
    return f"{resource.state.value} ({resource.native_state})"


def _stopped(target: PlanTarget, refusal: ReadOnly) -> PlanTarget:
    """Nothing was sent; once changes are allowed again it can be planned again."""
    return _ended(target, Outcome.NOT_STARTED, str(refusal))


def _ended(target: PlanTarget, outcome: Outcome, message: str, error: AdapterError | None = None) -> PlanTarget:
    return replace(target, outcome=outcome, message=message, error=error)
