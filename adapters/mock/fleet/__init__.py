"""The fleet behind Peloton's API: hosts, a tree of resource pools, jobs with their pods, and updates that roll."""

from adapters.mock.fleet.fleet import Fleet

__all__ = ["Fleet"]
