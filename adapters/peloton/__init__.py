"""Uber Peloton v1alpha over YARPC HTTP/JSON: stateless jobs, their pods and updates, hosts, resource pools."""

from __future__ import annotations

from adapters.peloton.actions import ACTIONS
from adapters.peloton.fields import ABSENT, FEATURES, KINDS
from adapters.port import Schema
from adapters.registry import Backend

SCHEMA = Schema(
    backend="peloton",
    title="Peloton",
    kinds=KINDS,
    absent=ABSENT,
    actions=ACTIONS,
    features=FEATURES,
    version="v1alpha",
)

BACKEND = Backend(
    name="peloton",
    title="Uber Peloton v1alpha",
    settings="adapters.peloton.settings:PelotonSettings",
    adapter="adapters.peloton.adapter:PelotonAdapter",
    mock="adapters.peloton.mock:routes",
    second_port="adapters.peloton.mock_streams:open_port",
    schema=SCHEMA,
    example="""\
backend = "peloton"
url = "{url}"               # the apiserver; or a job manager, then name the two others as well
# service = "peloton-jobmgr"  # which daemon url is, where that is guessed wrong
# resmgr_url = "http://resmgr:5290"
# hostmgr_url = "http://hostmgr:5291"
# grpc_url = "grpc://peloton:5397"  # the gRPC port of the daemon at url: lists of runs and pods are then watched
# caller = "runyard"        # Rpc-Caller; some sites let only known callers in
# username = "ana"
# password_env = "PELOTON_PASSWORD"
# fan_out_jobs = 200        # how many live jobs a list of all pods asks, at most
# agent_logs = true         # read logs from the Mesos agents directly, without credentials
""",
)
