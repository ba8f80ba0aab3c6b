"""Vertex AI custom jobs, API v1: jobs, their worker pools and replicas."""

from __future__ import annotations

from adapters.model import Kind
from adapters.port import YES, Capability, Feature, Link, Schema
from adapters.registry import Backend
from adapters.vertex.actions import ACTIONS
from adapters.vertex.fields import ABSENT, KINDS

SCHEMA = Schema(
    backend="vertex",
    title="Vertex AI",
    kinds=KINDS,
    absent=ABSENT,
    actions=ACTIONS,
    features={
        Feature.LOGS: YES,
        Feature.LOG_ATTEMPTS: Capability(False, "a replica that Vertex AI restarts goes on in the same log"),
        Feature.EVENTS: YES,
        Feature.WATCH: Capability(False, "Vertex AI has no watch; it is polled"),
        Feature.ARTIFACTS: Capability(False, "Vertex AI lists no artifacts of custom jobs"),
        Feature.CALL: YES,
    },
    version="v1",
    links=(
        Link(Kind.RUN, r"://console\.cloud\.google\.com/(?:ai/platform|vertex-ai)/locations/[\w-]+/training/(\d+)"),
    ),
)

BACKEND = Backend(
    name="vertex",
    title="Vertex AI custom jobs v1",
    settings="adapters.vertex.settings:VertexSettings",
    adapter="adapters.vertex.adapter:VertexAdapter",
    mock="adapters.vertex.mock:routes",
    schema=SCHEMA,
    discover="adapters.vertex.discover:discover",
    example="""\
backend = "vertex"
project = "atlas-ml"
region = "us-central1"
url = "{url}"                       # left out: https://REGION-aiplatform.googleapis.com
logging_url = "{url}"               # left out: https://logging.googleapis.com
# token_command = ["gcloud", "auth", "print-access-token"]
# credentials = "adc"               # Application Default Credentials; pip install 'runyard[google]'
# quota_project = "atlas-billing"
# owner_label = "owner"             # the label that names a job's owner
""",
)
