"""The writes of a job: what each would do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.actions import ActionResult, Affected, Preview
from adapters.errors import AdapterError, Invalid, Unsupported
from adapters.jobmanager import wire
from adapters.jobmanager.actions import ARCHIVE, FLAG, LONGEST_LABEL
from adapters.jobmanager.api import JobManagerApi, segment
from adapters.jobmanager.capabilities import Abilities
from adapters.jobmanager.errors import not_there, truer_abort, unsure
from adapters.jobmanager.jobs import Found
from adapters.jobmanager.learned import Learned, Part
from adapters.jobmanager.mapping import leaves, task_ref
from adapters.model import ENDED, Json, Ref, State
from adapters.names import nearest
from adapters.permit import Permit
from adapters.port import Params

NO_LABELS = "this server does not change labels"


class Writes:
    def __init__(self, context: str, api: JobManagerApi, learned: Learned) -> None:
        self._context = context
        self._api = api
        self._learned = learned

    def preview(self, action: str, found: Found, params: Params, abilities: Abilities) -> Preview:
        where = f"POST {self._api.base}/jobs/{segment(found.job.id)}"
        if action == "abort":
            affected = tuple(
                Affected(
                    task_ref(self._context, found.job.id, work.task.name or "unnamed", work.index),
                    work.name,
                    "is stopped" if work.state is State.RUNNING else "does not start",
                )
                for work in leaves(found.steps)
                if work.state not in ENDED
            )
            notes = (("native", "Cromwell takes a while: Aborting, then Aborted"),)
            return Preview(f"AbortJob {where}/abort", "none: a job cannot be resumed", affected, notes)
        labels = self.labels(action, params, abilities)
        before = found.job.labels
        changes = tuple((key, f"{before.get(key) or '(none)'} → {new or '(none)'}") for key, new in labels.items())
        single = {label.key for label in abilities.editable if not label.bulk}
        if action == "set-labels" and single & labels.keys():
            words = ", ".join(sorted(single & labels.keys()))
            changes += (("single", f"the server means {words} to be edited one job at a time"),)
        return Preview(f"UpdateJobLabels {where}/updateLabels", "set the labels back", notes=changes)

    def labels(self, action: str, params: Params, abilities: Abilities) -> dict[str, str]:
        """The labels to be sent. Raises Invalid for those that this server does not let be edited."""
        if action == "archive":
            return {FLAG: ARCHIVE}
        if action == "unarchive":
            return {FLAG: ""}
        labels = self._given(params.get("labels"))
        editable = {label.key: label for label in abilities.editable}
        for key, value in labels.items():
            if abilities.told and key not in editable:
                raise self._invalid(f"the label {key!r} cannot be edited here{nearest(key, editable)}")
            choices = editable[key].choices if key in editable else ()
            if choices and value and value not in choices:
                raise self._invalid(f"{key} is one of {', '.join(choices)}, not {value!r}{nearest(value, choices)}")
            if len(value) > LONGEST_LABEL or len(key) > LONGEST_LABEL:
                raise self._invalid(f"the label {key[:20]!r} is over {LONGEST_LABEL} characters long")
        return labels

    def _given(self, given: Json) -> dict[str, str]:
        """From `a=b,c=d`, or an object."""
        if isinstance(given, Mapping):
            labels = {str(key): "" if value is None else str(value) for key, value in given.items()}
        else:
            pairs = [part.partition("=") for part in str(given or "").split(",") if part.strip()]
            if not all(equals and key.strip() for key, equals, _ in pairs):
                raise self._invalid(f"labels are like a=b,c=d, not {given!r}")
            labels = {key.strip(): value.strip() for key, _, value in pairs}
        if not labels:
            raise self._invalid("no label is named; write labels=key=value")
        return labels

    def _invalid(self, sentence: str) -> Invalid:
        return Invalid(f"{self._context}: {sentence}", executed=False)

    async def perform(
        self, action: str, ref: Ref, params: Params, abilities: Abilities, permit: Permit
    ) -> ActionResult:
        if action == "abort":
            try:
                await self._api.abort_job(id=ref.id, permit=permit)
            except AdapterError as error:
                raise truer_abort(error, self._context) from None
            return ActionResult()  # any 2xx; there is nothing to read in it
        labels = self.labels(action, params, abilities)
        try:
            sent: dict[str, Json] = dict(labels)
            reply = await self._api.update_job_labels(id=ref.id, labels=sent, permit=permit)
        except AdapterError as error:
            raise self._refused(error) from None
        self._learned.has(Part.LABELS)
        after = wire.read(reply, wire.Labels).labels if reply.raw else {}
        told = ", ".join(f"{key}={after[key]}" for key in labels if after.get(key))
        return ActionResult(told)

    def _refused(self, error: AdapterError) -> AdapterError:
        """501 by the book, a 500 from the server that had not written it: both say that it is not there."""
        if not not_there(error) or Part.LABELS in self._learned.seen:
            return unsure(error)
        reason = self._learned.lacks(Part.LABELS, NO_LABELS)
        executed = None if error.status == 500 else True
        return Unsupported(f"{self._context}: {reason} ({error.status})", status=error.status, executed=executed)
