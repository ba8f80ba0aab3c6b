"""The head of a detail draws a backend's own fields in the form of their type."""

from __future__ import annotations

from adapters.fields import FieldSpec, FieldType
from adapters.model import Kind, Ref, Run, State
from adapters.port import KindSpec
from adapters.sections import Detail
from tui.screens.detailview import facts

NOW = 1_787_409_127.0  # 2026-08-22T14:32:07Z


def test_own_fields_have_the_form_of_their_type() -> None:
    specs = (
        FieldSpec("timeout", "TIMEOUT", FieldType.DURATION),
        FieldSpec("updated", "UPDATED", FieldType.TIME),
        FieldSpec("disk", "DISK", FieldType.SIZE),
        FieldSpec("iteration", "ITER", FieldType.NUMBER),
    )
    extra = {"timeout": 604_800.0, "updated": NOW - 2, "disk": 2.0**31, "iteration": 12}
    run = Run(ref=Ref("v", Kind.RUN, "7"), name="a", state=State.RUNNING, native_state="RUNNING", extra=extra)
    shown = {label: value for label, _, value in facts(Detail(run, (), {}), KindSpec(Kind.RUN, fields=specs), NOW)}
    assert shown["timeout"] == "7d00h"
    assert shown["updated"] == "14:32:05Z"
    assert shown["disk"] == "2.0Gi"
    assert shown["iter"] == "12"
