"""Peloton's JSON as its servers send it: camelCase, zero values left out, wrappers around every id.

Tolerant on purpose: unknown keys are ignored, null is absent, enums are names or bare numbers, and the seed
shapes, the newer ones and v0's names for the same things are all read.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True, coerce_numbers_to_str=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


def _unwrap(value: Any) -> Any:
    return value.get("value", "") if isinstance(value, dict) else value


Wrapped = Annotated[str, BeforeValidator(_unwrap)]
"""An id, a version or a path: `{"value": "..."}` on the wire."""

Enum = Annotated[str, BeforeValidator(str)]
"""An enum: its name, or the number as text when the server knows a value that its own table does not."""


class Label(Wire):
    key: str = ""
    value: str = ""


class Revision(Wire):
    version: int = 0
    created_at: int = 0
    updated_at: int = 0
    updated_by: str = ""


class Pagination(Wire):
    offset: int = 0
    limit: int = 0
    total: int = 0


class InstanceRange(Wire):
    """Instances from `start` up to, not including, `to`."""

    start: int = Field(0, alias="from")
    to: int = 0


class SlaSpec(Wire):
    priority: int = 0
    preemptible: bool = False
    revocable: bool = False
    maximum_unavailable_instances: int = 0


class ResourceSpec(Wire):
    cpu_limit: float = 0.0
    mem_limit_mb: float = 0.0
    disk_limit_mb: float = 0.0
    gpu_limit: float = 0.0


class DockerInfo(Wire):
    image: str = ""


class MesosContainer(Wire):
    docker: DockerInfo = DockerInfo()


class ContainerSpec(Wire):
    """`image` is the newer shape of `container.docker.image`."""

    name: str = ""
    image: str = ""
    container: MesosContainer = MesosContainer()
    resource: ResourceSpec = ResourceSpec()


class PreemptionPolicy(Wire):
    kill_on_preempt: bool = False


class PodSpec(Wire):
    pod_name: Wrapped = ""
    labels: tuple[Label, ...] = ()
    containers: tuple[ContainerSpec, ...] = ()
    preemption_policy: PreemptionPolicy = PreemptionPolicy()
    revocable: bool = False


class JobSpec(Wire):
    name: str = ""
    owner: str = ""
    owning_team: str = ""
    description: str = ""
    labels: tuple[Label, ...] = ()
    instance_count: int = 0
    sla: SlaSpec = SlaSpec()
    default_spec: PodSpec = PodSpec()
    instance_spec: dict[int, PodSpec] = Field(default_factory=dict)
    respool_id: Wrapped = ""


class WorkflowStatus(Wire):
    type: Enum = ""
    state: Enum = ""
    num_instances_completed: int = 0
    num_instances_remaining: int = 0
    num_instances_failed: int = 0
    instances_current: tuple[int, ...] = ()
    version: Wrapped = ""
    prev_version: Wrapped = ""
    creation_time: str = ""
    update_time: str = ""
    completion_time: str = ""
    prev_state: Enum = ""


class JobStatus(Wire):
    revision: Revision = Revision()
    state: Enum = ""
    creation_time: str = ""
    pod_stats: dict[str, int] = Field(default_factory=dict)
    desired_state: Enum = ""
    version: Wrapped = ""
    workflow_status: WorkflowStatus | None = None


class JobInfo(Wire):
    job_id: Wrapped = ""
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class JobSummary(Wire):
    job_id: Wrapped = ""
    name: str = ""
    owner: str = ""
    owning_team: str = ""
    labels: tuple[Label, ...] = ()
    instance_count: int = 0
    respool_id: Wrapped = ""
    status: JobStatus = JobStatus()
    sla: SlaSpec | None = None


class WorkflowEvent(Wire):
    type: Enum = ""
    timestamp: str = ""
    state: Enum = ""


class InstanceEvents(Wire):
    instance_id: int = 0
    events: tuple[WorkflowEvent, ...] = ()


class UpdateSpec(Wire):
    batch_size: int = 0


class WorkflowInfo(Wire):
    """`restart_batch_size` is the seed's, `restart_spec` the newer shape of the same."""

    status: WorkflowStatus = WorkflowStatus()
    update_spec: UpdateSpec = UpdateSpec()
    restart_spec: UpdateSpec = UpdateSpec()
    restart_batch_size: int = 0
    events: tuple[WorkflowEvent, ...] = ()
    instances_added: tuple[InstanceRange, ...] = ()
    instances_removed: tuple[InstanceRange, ...] = ()
    instances_updated: tuple[InstanceRange, ...] = ()
    instance_events: tuple[InstanceEvents, ...] = ()


class QueryJobsResponse(Wire):
    records: tuple[JobSummary, ...] = ()
    pagination: Pagination = Pagination()


class GetJobResponse(Wire):
    job_info: JobInfo | None = None
    summary: JobSummary | None = None
    workflow_info: WorkflowInfo | None = None


class WorkflowsResponse(Wire):
    workflow_infos: tuple[WorkflowInfo, ...] = ()


class WorkflowEventsResponse(Wire):
    events: tuple[WorkflowEvent, ...] = ()


class JobIdsResponse(Wire):
    job_id: tuple[Wrapped, ...] = ()


class VersionResponse(Wire):
    version: Wrapped = ""


class HealthStatus(Wire):
    state: Enum = ""
    output: str = ""


class TerminationStatus(Wire):
    reason: Enum = ""
    exit_code: int = 0
    signal: str = ""


class ContainerStatus(Wire):
    name: str = ""
    state: Enum = ""
    message: str = ""
    reason: str = ""
    failure_count: int = 0
    healthy: HealthStatus | None = None
    image: str = ""
    start_time: str = ""
    completion_time: str = ""
    termination_status: TerminationStatus | None = Field(None, alias="terminationStatus")


class PodStatus(Wire):
    state: Enum = ""
    pod_id: Wrapped = ""
    start_time: str = ""
    completion_time: str = ""
    host: str = ""
    containers_status: tuple[ContainerStatus, ...] = ()
    desired_state: Enum = ""
    message: str = ""
    reason: str = ""
    failure_count: int = 0
    version: Wrapped = ""
    revision: Revision = Revision()
    prev_pod_id: Wrapped = ""
    desired_host: str = ""


class PodInfo(Wire):
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class QueryPodsResponse(Wire):
    pods: tuple[PodInfo, ...] = ()
    pagination: Pagination = Pagination()


class GetPodResponse(Wire):
    current: PodInfo | None = None
    previous: tuple[PodInfo, ...] = ()


class PodEvent(Wire):
    pod_id: Wrapped = ""
    actual_state: str = ""
    desired_state: str = ""
    timestamp: str = ""
    hostname: str = ""
    message: str = ""
    reason: str = ""
    healthy: str = ""
    prev_pod_id: Wrapped = ""


class PodEventsResponse(Wire):
    events: tuple[PodEvent, ...] = ()


class SandboxResponse(Wire):
    hostname: str = ""
    port: str = ""
    paths: tuple[str, ...] = ()


class HostInfo(Wire):
    hostname: str = ""
    ip: str = ""
    state: Enum = ""
    goal_state: Enum = ""
    labels: tuple[Label, ...] = ()
    current_pool: str = ""


class QueryHostsResponse(Wire):
    host_infos: tuple[HostInfo, ...] = ()


class HostPoolInfo(Wire):
    name: str = ""
    hosts: tuple[str, ...] = ()


class HostPoolsResponse(Wire):
    pools: tuple[HostPoolInfo, ...] = ()


class PoolResource(Wire):
    kind: str = ""
    reservation: float = 0.0
    limit: float = 0.0
    share: float = 0.0
    type: Enum = ""


class PercentLimit(Wire):
    max_percent: float = 0.0


class PoolSpec(Wire):
    name: str = ""
    owning_team: str = ""
    description: str = ""
    resources: tuple[PoolResource, ...] = ()
    policy: Enum = ""
    controller_limit: PercentLimit | None = None
    slack_limit: PercentLimit | None = None


class PoolUsage(Wire):
    kind: str = ""
    allocation: float = 0.0
    slack: float = 0.0


class PoolInfo(Wire):
    """v0 calls the id `id`, the spec `config` and the usages `usage`."""

    respool_id: Wrapped = Field("", validation_alias=AliasChoices("respoolId", "id"))
    spec: PoolSpec = Field(PoolSpec(), validation_alias=AliasChoices("spec", "config"))
    parent: Wrapped = ""
    children: tuple[Wrapped, ...] = ()
    usages: tuple[PoolUsage, ...] = Field((), validation_alias=AliasChoices("usages", "usage"))
    path: Wrapped = ""


class PoolsResponse(Wire):
    respools: tuple[PoolInfo, ...] = Field((), validation_alias=AliasChoices("respools", "resourcePools"))


class PoolResponse(Wire):
    respool: PoolInfo | None = Field(None, validation_alias=AliasChoices("respool", "poolinfo"))
    child_respools: tuple[PoolInfo, ...] = Field((), validation_alias=AliasChoices("childRespools", "childPools"))


class VolumeInfo(Wire):
    volume_id: Wrapped = ""
    pod_name: Wrapped = ""
    hostname: str = ""
    state: Enum = ""
    desired_state: Enum = ""
    size_mb: int = 0
    container_path: str = ""
    create_time: str = ""
    update_time: str = ""


class VolumesResponse(Wire):
    volumes: dict[str, VolumeInfo] = Field(default_factory=dict)


class VolumeResponse(Wire):
    result: VolumeInfo | None = None


class FileEntry(Wire):
    """One entry of a Mesos agent's `/files/browse`; `mode` as `ls -l` writes it."""

    path: str = ""
    size: int = 0
    mode: str = ""
