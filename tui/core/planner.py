"""Making plans; `execution` carries them out. Nothing else performs actions."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from adapters.actions import ACTION_ALIASES, ACTION_IDS, ActionSpec, Preview
from adapters.errors import AdapterError, Conflict, NotFound, Unsupported
from adapters.model import NOTHING, Json, Kind, Ref, Resource
from adapters.names import nearest
from adapters.port import Adapter, Schema
from tui.core.apicall import call_text
from tui.core.execution import Execution
from tui.core.journal import Journal, redacted
from tui.core.params import BadParam, read_params
from tui.core.plan import OPEN, Confirm, Guard, Outcome, Plan, PlanTarget


class PlanRefused(Exception):
    """No plan can be made of this, or it must not be run; one sentence for the operator."""


class Planner:
    """`guard` gives the guardrails of a context; at most `parallel` targets are under way at a time."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        journal: Journal,
        guard: Callable[[str], Guard] = lambda context: OPEN,
        *,
        clock: Callable[[], float] = time.time,
        parallel: int = 4,
    ) -> None:
        self.adapters = adapters
        self.journal = journal
        self.guard = guard
        self.clock = clock
        self.parallel = parallel

    async def make(
        self,
        action: str,
        targets: Sequence[Ref | str],
        params: Mapping[str, Json] = NOTHING,
        *,
        reason: str = "",
        shown: Mapping[Ref, Resource] | None = None,
    ) -> Plan:
        """Re-read every target and say what would be done. Reads only.

        A `str` target names a context, for actions that have no object. `shown` is what the operator was
        looking at: what has moved since is said in the target's message. Raises PlanRefused: an action no
        target has, wrong parameters, too many targets.
        """
        unique = list(dict.fromkeys(targets))
        if not unique:
            raise PlanRefused(f"{action} needs at least one target")
        self._check_contexts(unique)
        schemas = await self._schemas(unique)
        specs = {target: self._spec(action, target, schemas) for target in unique}
        if not any(specs.values()):
            self._no_such_action(action, unique, schemas)
        read = self._params(action, specs, params)
        slots = asyncio.Semaphore(self.parallel)

        async def one(target: Ref | str) -> PlanTarget:
            async with slots:
                return await self._target(action, target, specs[target], schemas, read.get(target, {}), shown)

        made = await asyncio.gather(*(one(target) for target in unique))
        named = next((spec.id for spec in specs.values() if spec is not None), action)
        return self.guarded(Plan(uuid.uuid4().hex[:12], named, tuple(made), self.clock(), params, reason))

    async def make_call(
        self, context: str, method: str, params: Mapping[str, Json] = NOTHING, *, reason: str = ""
    ) -> Plan:
        """A plan for one write method of a backend's API. Raises PlanRefused.

        What a raw write does to which object cannot be known here, so guardrails for some actions or names hold
        for all of them.
        """
        self._check_contexts([context])
        guard = self.guard(context)
        spec = ActionSpec(method, method, frozenset(), f"calls {method}", context_level=True)
        refusal = self._refusal(context, method, guard)
        if guard.deny and not refusal:
            refusal = f"the config of {context} denies {', '.join(guard.deny)}, so raw writes as well"
        shown = redacted(dict(params))
        assert isinstance(shown, dict)
        target = PlanTarget(
            Ref(context, Kind.RUN, ""),
            context,
            spec=spec,
            reason=refusal,
            preview=Preview(call=call_text(method, shown)),
            protected=guard.protected or bool(guard.protected_names),
            outcome=Outcome.ILLEGAL if refusal else Outcome.NOT_STARTED,
        )
        plan = Plan(uuid.uuid4().hex[:12], method, (target,), self.clock(), params, reason, method=method)
        return self.guarded(plan)

    async def run(
        self,
        plan: Plan,
        *,
        on_change: Callable[[Plan], None] = lambda plan: None,
        stop: asyncio.Event | None = None,
    ) -> Plan:
        """Carry it out: each target is re-read just before its own request. Setting `stop` starts no further
        target; those keep `not-started`. `on_change` gets the plan after each change. Never raises for a target.

        Raises PlanRefused when a required reason is missing.
        """
        if plan.needs_reason and not plan.reason.strip():
            raise PlanRefused(f"{plan.action} needs a reason in {', '.join(plan.contexts)}")
        execution = Execution(self.adapters, self.journal, plan, on_change, stop or asyncio.Event())
        return await execution.run(self.parallel)

    async def _target(
        self,
        action: str,
        target: Ref | str,
        spec: ActionSpec | None,
        schemas: Mapping[str, Schema | AdapterError],
        params: Mapping[str, Json],
        shown: Mapping[Ref, Resource] | None,
    ) -> PlanTarget:
        ref = target if isinstance(target, Ref) else _context_ref(target, spec)
        base = PlanTarget(ref, ref.id or ref.context, spec=spec)
        schema = schemas[ref.context]
        if isinstance(schema, AdapterError):
            return _failed(base, schema)
        if spec is None:
            return _illegal(base, _lacking(action, ref, schema), Unsupported(_lacking(action, ref, schema)))
        adapter, guard = self.adapters[ref.context], self.guard(ref.context)
        if isinstance(target, Ref):
            try:
                resource = await adapter.get(ref)
            except AdapterError as error:
                return _failed(base, error)
            base = replace(base, resource=resource, name=resource.name or ref.id)
            base = replace(base, message=_moved_since(shown, resource))
        base = replace(base, protected=guard.protects(base.name))
        why = base.resource is not None and spec.reason_against(base.resource)
        if refusal := why or self._refusal(ref.context, spec.id, guard):
            return _illegal(base, refusal)
        try:
            return replace(base, preview=await adapter.preview(spec.id, ref, params))
        except (Conflict, Unsupported) as error:  # a Conflict here says what the states alone cannot
            return _illegal(base, error.sentence, error)
        except AdapterError as error:
            return _failed(base, error)

    def _refusal(self, context: str, action: str, guard: Guard) -> str:
        if guard.read_only:
            return f"{context} is read-only"
        if guard.denies(action):
            return f"the config of {context} denies {action}"
        return ""

    def guarded(self, plan: Plan) -> Plan:
        """The plan with how it is to be confirmed. Raises PlanRefused when it is too large."""
        can = plan.can
        for context in plan.contexts:
            limit = self.guard(context).max_targets
            count = sum(target.ref.context == context for target in can)
            if limit is not None and count > limit:
                raise PlanRefused(
                    f"{plan.action} for {count} objects at once; {context} allows {limit} (max_targets)"
                )
        guards = [self.guard(context) for context in plan.contexts]
        typed = len(can) > 1 or any(t.protected for t in can) or any(guard.confirm_typed for guard in guards)
        return replace(
            plan,
            confirm=Confirm.TYPED if typed else Confirm.KEY,
            needs_reason=any(guard.require_reason for guard in guards),
        )

    async def _schemas(self, targets: Sequence[Ref | str]) -> dict[str, Schema | AdapterError]:
        contexts = list(dict.fromkeys(_context(target) for target in targets))

        async def one(context: str) -> Schema | AdapterError:
            try:
                return await self.adapters[context].describe()
            except AdapterError as error:
                return error

        return dict(zip(contexts, await asyncio.gather(*(one(name) for name in contexts)), strict=True))

    def _spec(
        self, action: str, target: Ref | str, schemas: Mapping[str, Schema | AdapterError]
    ) -> ActionSpec | None:
        schema = schemas[_context(target)]
        if isinstance(schema, AdapterError):
            return None
        return find_action(schema, action, target.kind if isinstance(target, Ref) else None)

    def _params(
        self, action: str, specs: Mapping[Ref | str, ActionSpec | None], given: Mapping[str, Json]
    ) -> dict[Ref | str, dict[str, Json]]:
        try:
            return {target: read_params(spec, given) for target, spec in specs.items() if spec is not None}
        except BadParam as error:
            raise PlanRefused(str(error)) from None

    def _check_contexts(self, targets: Sequence[Ref | str]) -> None:
        for name in dict.fromkeys(_context(target) for target in targets):
            if name not in self.adapters:
                raise PlanRefused(f"no context {name!r}{nearest(name, self.adapters)}")

    def _no_such_action(
        self, action: str, targets: Sequence[Ref | str], schemas: Mapping[str, Schema | AdapterError]
    ) -> None:
        """Refuse, unless a backend did not answer: then its targets say so themselves."""
        if any(isinstance(schema, AdapterError) for schema in schemas.values()):
            return
        target = targets[0]
        schema = schemas[_context(target)]
        assert isinstance(schema, Schema)
        if isinstance(target, str):
            known = [spec.id for spec in schema.actions if spec.context_level]
            raise PlanRefused(f"{schema.title} has no action {action!r} for a context{nearest(action, known)}")
        raise PlanRefused(_lacking(action, target, schema))


def find_action(schema: Schema, word: str, kind: Kind | None) -> ActionSpec | None:
    """The action a word names in this backend, aliases included; `kind` None asks for context-level ones."""

    def named(action: str) -> ActionSpec | None:
        wanted = (
            spec
            for spec in schema.actions
            if spec.context_level == (kind is None) and (not kind or kind in spec.kinds)
        )
        return next((spec for spec in wanted if spec.id == action), None)

    word = word.lower()
    alias = ACTION_ALIASES.get(word)
    found = named(word) or (named(alias) if alias else None)
    return found or (named("stop") if (alias or word) == "abort" else None)


def _lacking(action: str, ref: Ref, schema: Schema) -> str:
    if ref.kind in schema.absent:
        return schema.absent[ref.kind]
    known = [spec.id for spec in schema.actions_for(ref.kind) if not spec.context_level]
    near = nearest(action, known)
    if not near and action not in ACTION_IDS:
        near = f"; it has {', '.join(known)}" if known else "; it has none"
    return f"{schema.title} has no action {action!r} for a {ref.kind.value}{near}"


def _context(target: Ref | str) -> str:
    return target.context if isinstance(target, Ref) else target


def _context_ref(context: str, spec: ActionSpec | None) -> Ref:
    kind = min(spec.kinds, default=Kind.RUN) if spec else Kind.RUN
    return Ref(context, kind, "")


def _failed(target: PlanTarget, error: AdapterError) -> PlanTarget:
    gone = isinstance(error, NotFound)
    reason = error.sentence if gone else f"could not be read: {error.sentence}"
    return replace(target, reason=reason, error=error, outcome=Outcome.FAILED)


def _illegal(target: PlanTarget, reason: str, error: AdapterError | None = None) -> PlanTarget:
    return replace(target, reason=reason, error=error, outcome=Outcome.ILLEGAL)


def _moved_since(shown: Mapping[Ref, Resource] | None, now: Resource) -> str:
    before = shown.get(now.ref) if shown else None
    if before is None or before.state is now.state:
        return ""
    return f"it was shown as {before.state.value}, it is {now.state.value} now"
