"""Kubeflow Pipelines, API v2beta1: runs and their tasks."""

from __future__ import annotations

from adapters.kfp.actions import ACTIONS
from adapters.kfp.fields import ABSENT, KINDS
from adapters.model import Kind
from adapters.port import YES, Capability, Feature, Link, Schema
from adapters.registry import Backend

SCHEMA = Schema(
    backend="kfp",
    title="Kubeflow Pipelines",
    kinds=KINDS,
    absent=ABSENT,
    actions=ACTIONS,
    features={
        Feature.LOGS: YES,
        Feature.LOG_ATTEMPTS: YES,
        Feature.EVENTS: YES,
        Feature.WATCH: Capability(False, "Kubeflow Pipelines has no watch; it is polled"),
        Feature.ARTIFACTS: YES,
        Feature.CALL: YES,
    },
    links=(Link(Kind.RUN, r"[/#]runs/details/([0-9A-Za-z-]+)"),),
)

BACKEND = Backend(
    name="kfp",
    title="Kubeflow Pipelines v2beta1",
    settings="adapters.kfp.settings:KfpSettings",
    adapter="adapters.kfp.adapter:KfpAdapter",
    mock="adapters.kfp.mock:routes",
    schema=SCHEMA,
    discover="adapters.kfp.discover:discover",
    example="""\
backend = "kfp"
url = "{url}"                       # with the path prefix of the ingress, if there is one
# token_command = ["gcloud", "auth", "print-access-token"]
# user = "me@example.org"           # multi-user installs: sent in user_header
# user_header = "kubeflow-userid"
# user_prefix = ""                  # "accounts.google.com:" behind Google's IAP
# namespace = "team-a"              # multi-user installs demand it
# show_archived = true
""",
)
