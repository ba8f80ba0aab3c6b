"""Messages of the streams: pods and jobs in short, and what a watch sends."""

from __future__ import annotations

from adapters.peloton.wire import JobSummary, PodStatus, Wire, Wrapped


class PodSummary(Wire):
    pod_name: Wrapped = ""
    status: PodStatus = PodStatus()


class WatchMessage(Wire):
    """The first one of a watch carries only `watch_id`: a number on servers of the seed, later a text."""

    watch_id: str = ""
    stateless_jobs: tuple[JobSummary, ...] = ()
    stateless_jobs_not_found: tuple[Wrapped, ...] = ()
    pods: tuple[PodSummary, ...] = ()
    pods_not_found: tuple[Wrapped, ...] = ()
