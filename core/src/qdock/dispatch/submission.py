"""A submission: what a call of `run` comes to when everything about it has been checked."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from qdock.backend import LocalBackend
from qdock.call import Call
from qdock.errors import OptionError
from qdock.expressions.arithmetic import whole
from qdock.tracking.record import Record
from qdock.tracking.status import JobStatus

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["Submission", "check_detach", "check_metadata", "check_retries", "check_tags", "check_time_limit", "draw"]


class Submission(msgspec.Struct):
    """A program with everything that is needed to run it on a backend as a job."""

    backend: LocalBackend
    #: A copy of what was given, for the record: one program or a tuple of them.
    program: Any
    #: As the backend runs them; perhaps still somebody else's to change.
    programs: Sequence[Circuit | Call]
    options: dict[str, Any]
    job_id: str
    seed: int
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    #: Seconds that the work may take.
    time_limit: float | None = None
    #: How often a lost attempt is followed by another one.
    retries: int = 0
    #: Whether an owner process of its own sees to it.
    detach: bool = False
    rerun_of: str | None = None
    checkpoint: Any = None

    def record(self, executor: str, owner: str, parent: str | None = None) -> Record:
        """Return the record of a job that does this, perhaps inside of another one; it has no status yet."""
        return Record(
            id=self.job_id,
            backend=self.backend.spec.full_name,
            status=JobStatus.INITIALIZING,
            history=(),
            created=time.time(),
            owner=owner,
            executor=executor,
            parent=parent,
            retries=self.retries,
            time_limit=self.time_limit,
            rerun_of=self.rerun_of,
            checkpoint=self.checkpoint,
            program=self.program,
            options=self.options,
            seed=self.seed,
            tags=self.tags,
            metadata=self.metadata or {},
        )

    def own_programs(self) -> list[Circuit | Call]:
        """Return the programs as the backend runs them, nobody else's to change."""
        kept = self.program if isinstance(self.program, tuple) else (self.program,)
        changes = self.backend.changes_programs
        # A call is never another one than that in the record, of which its caller has none.
        return [
            own if isinstance(item, Call) else item.copy() if changes else item.snapshot()
            for own, item in zip(kept, self.programs, strict=True)
        ]

    def work(self, programs: Sequence[Circuit | Call], job_id: str) -> tuple[Any, ...]:
        """Return the arguments of `qdock.backend.execute` for these programs."""
        return self.backend, programs, dict(self.options), job_id, self.seed, self.checkpoint


def draw() -> tuple[str, int]:
    """Return an id and a seed of 63 random bits for a job: of one draw, as every draw asks the system.

    The seed fits a signed integer of any database.
    """
    drawn = os.urandom(18)
    return drawn[:10].hex(), int.from_bytes(drawn[10:], "little") >> 1


def check_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags of a job, or raise `OptionError` if they are no texts; one text is one tag."""
    if not tags:
        return ()
    given = (tags,) if isinstance(tags, str) else tuple(tags)
    for tag in given:
        if not isinstance(tag, str):
            raise OptionError(f"Tags are texts, but {tag!r} of type {type(tag).__name__} was given.")
    return given


def check_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a copy of a job's metadata, or raise `OptionError` if it is not JSON."""
    if not metadata:
        return {}
    try:
        values = json.loads(json.dumps(dict(metadata), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"The metadata of a job are JSON values, but these are not: {error}.") from None
    return values  # type: ignore[no-any-return]  # what was a dict is one


def check_time_limit(seconds: float | None) -> float | None:
    """Return the seconds that a job's work may take, or raise `OptionError` if they are no positive number."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf:
        raise OptionError(f"`time_limit` is a positive number of seconds, but {seconds!r} was given.")
    return float(seconds)


def check_retries(retries: int) -> int:
    """Return how often a job may be tried again, or raise `OptionError` if that is no whole number of at least 0."""
    if retries == 0 and type(retries) is int:
        return 0
    number = whole(retries)
    if number is None or number < 0:
        raise OptionError(f"`retries` is a whole number of at least 0, but {retries!r} was given.")
    return number


def check_detach(detach: bool) -> bool:
    """Return whether a job is to be detached, or raise `OptionError` if that is no truth value."""
    if type(detach) is not bool:
        raise OptionError(f"`detach` is True or False, but {detach!r} was given.")
    return detach
