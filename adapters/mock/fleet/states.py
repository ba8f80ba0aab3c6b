"""The words for how things stand in the fleet: jobs, pods, hosts, workflows, and why a pod ended."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    UNINITIALIZED = "UNINITIALIZED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    KILLING = "KILLING"
    KILLED = "KILLED"
    DELETED = "DELETED"


class PodState(StrEnum):
    INITIALIZED = "INITIALIZED"
    PENDING = "PENDING"
    LAUNCHED = "LAUNCHED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    LOST = "LOST"
    KILLING = "KILLING"
    KILLED = "KILLED"
    DELETED = "DELETED"


class HostState(StrEnum):
    UP = "UP"
    DRAINING = "DRAINING"
    DRAINED = "DRAINED"
    DOWN = "DOWN"


class WorkflowType(StrEnum):
    UPDATE = "UPDATE"
    RESTART = "RESTART"


class WorkflowState(StrEnum):
    INITIALIZED = "INITIALIZED"
    ROLLING_FORWARD = "ROLLING_FORWARD"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    ABORTED = "ABORTED"
    FAILED = "FAILED"
    ROLLING_BACKWARD = "ROLLING_BACKWARD"
    ROLLED_BACK = "ROLLED_BACK"


class Health(StrEnum):
    DISABLED = "DISABLED"
    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"


class Ending(StrEnum):
    """Why a run of a pod ended, where that is not simply success."""

    KILLED_ON_REQUEST = "KILLED_ON_REQUEST"
    FAILED = "FAILED"
    KILLED_HOST_MAINTENANCE = "KILLED_HOST_MAINTENANCE"
    PREEMPTED_RESOURCES = "PREEMPTED_RESOURCES"
    KILLED_FOR_UPDATE = "KILLED_FOR_UPDATE"
    KILLED_FOR_RESTART = "KILLED_FOR_RESTART"


JOB_ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.KILLED, JobState.DELETED})
POD_ENDED = frozenset({PodState.SUCCEEDED, PodState.FAILED, PodState.LOST, PodState.KILLED, PodState.DELETED})
ON_HOST = frozenset({PodState.LAUNCHED, PodState.STARTING, PodState.RUNNING, PodState.KILLING})
WORKFLOW_ENDED = frozenset(
    {WorkflowState.SUCCEEDED, WorkflowState.ABORTED, WorkflowState.FAILED, WorkflowState.ROLLED_BACK}
)
ROLLING = frozenset({WorkflowState.ROLLING_FORWARD, WorkflowState.ROLLING_BACKWARD})
