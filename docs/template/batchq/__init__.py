"""batchq, a small queue of batch jobs that exists only here: the shortest complete backend, to be copied."""

from __future__ import annotations

from adapters.batchq.actions import ACTIONS
from adapters.batchq.fields import ABSENT, FEATURES, KINDS
from adapters.port import Schema
from adapters.registry import Backend

SCHEMA = Schema(
    backend="batchq",
    title="batchq",
    kinds=KINDS,
    absent=ABSENT,
    actions=ACTIONS,
    features=FEATURES,
)

BACKEND = Backend(
    name="batchq",
    title="batchq",
    settings="adapters.batchq.settings:BatchqSettings",
    adapter="adapters.batchq.adapter:BatchqAdapter",
    mock="adapters.batchq.mock:routes",
    schema=SCHEMA,
    example="""\
backend = "batchq"
url = "{url}"
# token_env = "BATCHQ_TOKEN"     # sent as Authorization: Bearer
""",
)
