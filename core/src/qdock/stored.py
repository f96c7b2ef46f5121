"""What a job's record is at rest: JSON values, and beside them the arrays, which JSON can't hold.

Nothing but values is ever read back: no name in it is imported, nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from qdock.errors import JobError
from qdock.record import FORMAT_VERSION, Failure, JobProgress, Record, StatusChange
from qdock.status import JobStatus
from qdock.values import Arrays, NotStored, Unstorable, decode, encode

__all__ = ["NotStored", "program_from_value", "program_to_value", "record_from_dict", "record_to_dict"]

#: Fields that are JSON values as they stand, and those in which there may be others.
_PLAIN = (
    "id",
    "backend",
    "created",
    "revision",
    "format_version",
    "owner",
    "executor",
    "attempt",
    "parent",
    "rerun_of",
    "native_id",
    "cancel_requested",
    "seed",
    "metrics",
)
_VALUES = ("checkpoint", "options", "metadata")
#: Plain ones that records of earlier versions do not have.
_LATER = ("retries", "time_limit", "inside")
_AS_THEY_ARE = (*_PLAIN, *_LATER)
_get_plain = attrgetter(*_AS_THEY_ARE)


def record_to_dict(record: Record, with_program: bool = True) -> tuple[dict[str, Any], Arrays]:
    """Return a record as JSON values, and its arrays by the names that these have in them."""
    arrays: Arrays = {}
    data = dict(zip(_AS_THEY_ARE, _get_plain(record), strict=True))
    for name in _VALUES:
        value = getattr(record, name)
        data[name] = None if value is None else encode(value, arrays)
    if with_program:
        data["program"] = _encode_program(record.program, arrays)
    data["status"] = record.status.name
    data["tags"] = list(record.tags)
    data["history"] = [[line.status.name, *line[1:]] for line in record.history]
    data["progress"] = list(record.progress)
    data["error"] = None if record.error is None else list(record.error)
    return data, arrays


def program_to_value(program: Any) -> tuple[Any, Arrays]:
    """Return a program as a JSON value, and its arrays; of one that can't be stored the reason."""
    arrays: Arrays = {}
    return _encode_program(program, arrays), arrays


def program_from_value(value: Any, arrays: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    """Return the program that `program_to_value` made these of."""
    return decode(value, dict(arrays))


def record_from_dict(data: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> Record:
    """Return the record that `record_to_dict` made these of.

    Raises
    ------
    JobError
        If they are of a newer version of qdock, or no record.
    """
    if data.get("format_version", 0) > FORMAT_VERSION:
        raise JobError(
            f"The record of job {data.get('id')} is of format {data['format_version']}, but this version of qdock "
            f"reads up to {FORMAT_VERSION}. Update qdock."
        )
    try:
        return _from_dict(data, dict(arrays))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JobError(f"The record of job {data.get('id')} is damaged: {type(error).__name__}: {error}") from error


def _from_dict(data: Mapping[str, Any], arrays: Arrays) -> Record:
    values = {name: data[name] for name in (*_PLAIN, *(name for name in _LATER if name in data))}
    values.update({name: decode(data[name], arrays) for name in (*_VALUES, "program")})
    return Record(
        **values,
        status=JobStatus[data["status"]],
        tags=tuple(data["tags"]),
        history=tuple(StatusChange(JobStatus[name], *rest) for name, *rest in data["history"]),
        progress=JobProgress(*data["progress"]),
        error=None if data["error"] is None else Failure(*data["error"]),
    )


def _encode_program(program: Any, arrays: Arrays) -> Any:
    try:
        return encode(program, arrays)
    except Unstorable as error:
        return encode(NotStored(str(error)), {})
