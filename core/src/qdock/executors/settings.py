"""The settings of the core's executors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from qdock.common.suggest import did_you_mean
from qdock.errors import ConfigError

__all__ = ["ProcessSettings", "check_names"]


@dataclass(frozen=True)
class ProcessSettings:
    """The table ``[executors.process]`` of the configuration.

    Parameters
    ----------
    slots : int, optional
        How many processes at a time. None: as many as there are processors that this process may use.
    idle_seconds : float
        How long a process that has nothing to do is kept for the next job.
    jobs_per_worker : int
        How many jobs one process does before there is a fresh one; 1 shares nothing between jobs.
    memory_limit : int, optional
        Bytes of address space that a process may use; a job that needs more ends with ``memory_limit``.
    result_limit : int
        Bytes of the largest result that a job may return.

    Raises
    ------
    ConfigError
        If a value makes no sense.
    """

    slots: int | None = None
    idle_seconds: float = 60.0
    jobs_per_worker: int = 1000
    memory_limit: int | None = None
    result_limit: int = 4 << 30

    def __post_init__(self) -> None:
        for name, least in (("slots", 1), ("jobs_per_worker", 1), ("memory_limit", 1 << 20), ("result_limit", 1)):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and value >= least):
                raise ConfigError(
                    f"`{name}` of the process executor must be a whole number of at least {least:,}, but is {value!r}."
                )
        if isinstance(self.idle_seconds, bool) or not isinstance(self.idle_seconds, (int, float)):
            raise ConfigError(f"`idle_seconds` of the process executor is a number, but is {self.idle_seconds!r}.")

    @classmethod
    def of(cls, table: dict[str, Any]) -> ProcessSettings:
        """Return the settings of a table of the configuration."""
        check_names("process", table, [item.name for item in fields(cls)])
        return cls(**table)


def check_names(executor: str, given: Iterable[str], known: Sequence[str]) -> None:
    """Raise `ConfigError` if one of the names given in ``[executors.NAME]`` is none of its settings."""
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, f" Known: {', '.join(known)}.")
            raise ConfigError(f"[executors.{executor}]: there is no setting {name!r}.{hint}")
