"""What seeded jobs are made of: worker pools, machines, accelerators, scheduling; and the checks on new ones."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from adapters.mock.behaviour import Outline
from adapters.mock.chance import Draw
from adapters.vertex.mock_jobs import EXPIRED, Life
from adapters.vertex.mock_wire import Refused, invalid

REGISTRY = "us-central1-docker.pkg.dev/atlas-ml/training"
A_DAY = 86_400.0
BUCKET = "gs://atlas-ml-training"
LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
SINGLE_PRIMARY = "The replica count of the first worker pool must be 1."


@dataclass(frozen=True, slots=True)
class Machine:
    type: str
    accelerator: str | None = None
    count: int = 0
    topology: str | None = None

    def to_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"machineType": self.type}
        if self.accelerator:
            made |= {"acceleratorType": self.accelerator, "acceleratorCount": self.count}
        if self.topology:
            made["tpuTopology"] = self.topology
        return made


CPU, BIG_CPU = Machine("n1-standard-8"), Machine("n2-highmem-32")
REDUCER = Machine("n1-highcpu-16")
A100 = Machine("a2-highgpu-1g", "NVIDIA_TESLA_A100", 1)
A100X8 = Machine("a2-highgpu-8g", "NVIDIA_TESLA_A100", 8)
H100X8 = Machine("a3-highgpu-8g", "NVIDIA_H100_80GB", 8)
L4X4 = Machine("g2-standard-48", "NVIDIA_L4", 4)
T4X2 = Machine("n1-standard-16", "NVIDIA_TESLA_T4", 2)
TPU = Machine("ct5lp-hightpu-4t", topology="2x2")

Pool = tuple[Machine, int]
# Workload -> its pools; None is an empty one, which keeps its place.
POOLS: dict[str, tuple[Pool | None, ...]] = {
    "llama-sft-8xh100": ((H100X8, 1), (H100X8, 3)),
    "asr-conformer-l-ft": ((A100X8, 1),),
    "rank-twotower-retrain": ((A100, 1), (A100, 7), (REDUCER, 4), (CPU, 1)),
    "resnet50-aug-sweep": ((T4X2, 1), (T4X2, 2)),
    "llm-eval-mmlu-sweep": ((L4X4, 1),),
    "fraud-gbdt-nightly": ((BIG_CPU, 1), None, (CPU, 2)),
    "ads-ctr-backfill": ((BIG_CPU, 1), (CPU, 12)),
    "doc-parse-smoke": ((CPU, 1),),
    "churn-xgb-weekly": ((CPU, 1),),
    "etl-sessions-hourly": ((CPU, 1), (CPU, 2)),
}


def pools_of(outline: Outline, draw: Draw) -> tuple[Pool | None, ...]:
    if outline.workload.name == "asr-conformer-l-ft" and draw.unit("tpu") < 0.3:
        return ((TPU, 1), (TPU, 3))
    return POOLS.get(outline.workload.name, ((CPU, 1),))


def job_spec(outline: Outline, draw: Draw, life: Life) -> dict[str, Any]:
    """A seeded job's CustomJobSpec."""
    name = outline.workload.name
    spec: dict[str, Any] = {
        "workerPoolSpecs": [_pool(pool, outline, draw) for pool in pools_of(outline, draw)],
        "scheduling": _scheduling(outline, draw, life),
        "serviceAccount": f"{outline.workload.group}-training@atlas-ml.iam.gserviceaccount.com",
        "baseOutputDirectory": {"outputUriPrefix": f"{BUCKET}/{name}/{outline.name}"},
    }
    if outline.workload.gpus and draw.unit("shell") < 0.6:
        spec["enableWebAccess"] = True
    if draw.unit("network") < 0.15:
        spec["network"] = "projects/418350217094/global/networks/training"
    if draw.unit("experiment") < 0.2:
        spec["experiment"] = f"projects/418350217094/locations/us-central1/metadataStores/default/contexts/{name}"
    if draw.unit("persistent") < 0.05:
        spec["persistentResourceId"] = "research-pool"
    return spec


def _pool(pool: Pool | None, outline: Outline, draw: Draw) -> dict[str, Any]:
    if pool is None:
        return {}
    machine, replicas = pool
    name = outline.workload.name
    args = [f"--out={BUCKET}/{name}/{outline.name}", "--learning-rate=3e-4", f"--epochs={3 + draw.number('e') % 9}"]
    made: dict[str, Any] = {
        "machineSpec": machine.to_json(),
        "replicaCount": str(replicas),
        "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 500 if machine.accelerator else 100},
    }
    if name == "churn-xgb-weekly":
        made["pythonPackageSpec"] = {
            "executorImageUri": "us-docker.pkg.dev/vertex-ai/training/xgboost-cpu.1-6:latest",
            "packageUris": [f"{BUCKET}/packages/churn-2026.8.tar.gz"],
            "pythonModule": "churn.train",
            "args": args,
        }
    else:
        image = "reductionserver:latest" if machine is REDUCER else "trainer:2026.8-cu125"
        made["containerSpec"] = {
            "imageUri": f"{REGISTRY}/{image}",
            "command": ["python", "-m", "trainer.main"],
            "args": args,
            "env": [{"name": "NCCL_DEBUG", "value": "WARN"}, {"name": "WORKLOAD", "value": name}],
        }
    return made


def _scheduling(outline: Outline, draw: Draw, life: Life) -> dict[str, Any]:
    made: dict[str, Any] = {"timeout": "604800s"}
    if life.final == EXPIRED:
        waited = life.ended - life.created if math.isfinite(life.ended) else A_DAY
        made |= {"strategy": "FLEX_START", "maxWaitDuration": f"{round(waited)}s"}
    elif life.story is not None and life.story.id == "preempted":
        made |= {"strategy": "SPOT", "disableRetries": True}
    elif draw.unit("strategy") < 0.2:
        made |= {"strategy": "SPOT", "restartJobOnWorkerRestart": True}
    elif draw.unit("strategy") < 0.3:
        made |= {"strategy": "FLEX_START", "maxWaitDuration": "86400s"}
    return made


def labels_of(outline: Outline, draw: Draw) -> dict[str, str]:
    made = {"team": outline.workload.group, "owner": outline.owner}
    if draw.unit("env") < 0.5:
        made["env"] = draw.pick("which-env", ("prod", "staging", "research"))
    return made


def nodes_of(spec: dict[str, Any]) -> list[str]:
    """The node ids of a job, `workerpool0-0` first; an empty pool has none and keeps its index."""
    return [
        f"workerpool{index}-{replica}"
        for index, pool in enumerate(spec.get("workerPoolSpecs", []))
        for replica in range(int(pool.get("replicaCount", 0)))
    ]


def check(job: dict[str, Any]) -> None:
    """What the service demands of a new job. Raises Refused."""
    name = job.get("displayName", "")
    if not name:
        raise invalid("The display name is required.", "custom_job.display_name")
    if len(name) > 128:
        raise invalid("The display name must be at most 128 characters long.", "custom_job.display_name")
    for key, value in job.get("labels", {}).items():
        if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(value):
            raise invalid(f'Label "{key}: {value}" is not valid.', f"custom_job.labels[{key}]")
    pools = job.get("jobSpec", {}).get("workerPoolSpecs", [])
    if not pools or not pools[0]:
        raise invalid("At least one worker pool is required.", "custom_job.job_spec.worker_pool_specs")
    for index, pool in enumerate(pools):
        _check_pool(pool, f"custom_job.job_spec.worker_pool_specs[{index}]")
    if pools[0].get("replicaCount", "1") != "1":
        raise invalid(SINGLE_PRIMARY, "custom_job.job_spec.worker_pool_specs[0].replica_count")


def _check_pool(pool: dict[str, Any], path: str) -> None:
    if not pool:
        return
    tasks = [name for name in ("containerSpec", "pythonPackageSpec") if name in pool]
    if len(tasks) != 1:
        raise invalid("Exactly one of container_spec and python_package_spec must be set.", path)
    machine = pool.get("machineSpec", {})
    if not machine.get("machineType"):
        raise invalid("The machine type is required.", f"{path}.machine_spec.machine_type")
    if bool(machine.get("acceleratorType")) != bool(machine.get("acceleratorCount")):
        raise invalid("accelerator_type and accelerator_count belong together.", f"{path}.machine_spec")
    if "containerSpec" in pool and not pool["containerSpec"].get("imageUri"):
        raise invalid("The image URI is required.", f"{path}.container_spec.image_uri")
    package = pool.get("pythonPackageSpec", {})
    if package and not all(package.get(key) for key in ("executorImageUri", "packageUris", "pythonModule")):
        raise invalid("executor_image_uri, package_uris and python_module are required.", path)
    if int(pool.get("replicaCount", "1")) < 1:
        raise Refused("INVALID_ARGUMENT", f"{path}.replica_count must be positive.")
