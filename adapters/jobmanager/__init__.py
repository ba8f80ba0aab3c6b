"""DataBiosphere Job Manager: workflows of Cromwell or dsub, their tasks and shards."""

from __future__ import annotations

from adapters.jobmanager.actions import ACTIONS
from adapters.jobmanager.fields import ABSENT, FEATURES, KINDS
from adapters.model import Kind
from adapters.port import Link, Schema
from adapters.registry import Backend

SCHEMA = Schema(
    backend="jobmanager",
    title="Job Manager",
    kinds=KINDS,
    absent=ABSENT,
    actions=ACTIONS,
    features=FEATURES,
    links=(Link(Kind.RUN, r"://[^/]+(?:/[^/?#]+)*/jobs/([^/?#]+)"),),
)

BACKEND = Backend(
    name="jobmanager",
    title="DataBiosphere Job Manager",
    settings="adapters.jobmanager.settings:JobManagerSettings",
    adapter="adapters.jobmanager.adapter:JobManagerAdapter",
    mock="adapters.jobmanager.mock:routes",
    schema=SCHEMA,
    example="""\
backend = "jobmanager"
url = "{url}"                    # of the server, with or without its prefix
# prefix = "/api/v1"             # added to url, unless url ends with it
# token_command = ["gcloud", "auth", "print-access-token"]   # sent as Authentication: Bearer
# project = "genomics-prod"      # servers on Google Cloud list the jobs of one project
# hide_archived = false          # true leaves out what has the label flag=archive
# dashboard = "DAYS_7"           # the time frame of the totals in a job's detail
""",
)
