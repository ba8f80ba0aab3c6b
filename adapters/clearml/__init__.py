"""ClearML apiserver: tasks, the steps of pipelines, workers and queues."""

from __future__ import annotations

from adapters.clearml.actions import ACTIONS
from adapters.clearml.fields import ABSENT, FEATURES, KINDS
from adapters.model import Kind
from adapters.port import Link, Schema
from adapters.registry import Backend

SCHEMA = Schema(
    backend="clearml",
    title="ClearML",
    kinds=KINDS,
    absent=ABSENT,
    actions=ACTIONS,
    features=FEATURES,
    links=(Link(Kind.RUN, r"/(?:experiments|tasks)/([0-9a-f]{32})\b"),),
)

BACKEND = Backend(
    name="clearml",
    title="ClearML 2.x",
    settings="adapters.clearml.settings:ClearmlSettings",
    adapter="adapters.clearml.adapter:ClearmlAdapter",
    mock="adapters.clearml.mock:routes",
    schema=SCHEMA,
    discover="adapters.clearml.discover:discover",
    example="""\
backend = "clearml"
url = "{url}"                           # the apiserver, not the web UI: https://api.clear.example
access_key = "RUNYARDMOCKACCESSKEY0"    # the mock's own; of a real server better access_key_env
secret_key = "runyard-mock-secret"      # or secret_key_env, secret_key_file, secret_key_command
# token_command = ["my-sso", "token"]   # a ready-made token instead of the two keys
# api_version = "2.31"                  # what the server offers, up to 2.31, unless said
# project = "team-a/vision"             # only its tasks, sub-projects included
# show_archived = true
# metrics = ["loss/validation"]         # last values as columns; those of the newest tasks unless said
""",
)
