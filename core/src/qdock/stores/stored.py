"""What a job's record is at rest: JSON values, and beside them the arrays, which JSON can't hold.

Nothing but values is ever read back: no name in it is imported, nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from qdock.errors import JobError
from qdock.results.values import Arrays, NotStored, Unstorable, decode, encode
from qdock.tracking.record import FORMAT_VERSION, Failure, JobProgress, Record, StatusChange
from qdock.tracking.status import JobStatus

__all__ = [
    "STATE",
    "NotStored",
    "given_to_dict",
    "program_from_value",
    "program_to_value",
    "record_from_dict",
    "record_to_dict",
    "state_to_dict",
]

#: Fields that change while a job lives, those of them that are JSON values as they stand; and those that do not.
_CHANGING = ("revision", "attempt", "owner", "native_id", "cancel_requested", "metrics", "inside")
_LASTING = (
    "id",
    "backend",
    "created",
    "format_version",
    "executor",
    "parent",
    "rerun_of",
    "seed",
    "retries",
    "time_limit",
)
#: Fields in which there may be other values.
_VALUES = ("checkpoint", "options", "metadata")
#: What records of earlier versions do not have.
_LATER = frozenset(("retries", "time_limit", "inside"))

#: The names of all fields in `state_to_dict`.
STATE = frozenset((*_CHANGING, "status", "history", "progress", "error"))

_get_changing, _get_lasting = attrgetter(*_CHANGING), attrgetter(*_LASTING)


def state_to_dict(record: Record) -> dict[str, Any]:
    """Return what changes of a record while its job lives, as JSON values."""
    data = dict(zip(_CHANGING, _get_changing(record), strict=True))
    # Not `name`, which is two calls in Python and takes longer than all else here.
    data["status"] = record.status._name_
    data["history"] = [[line.status._name_, *line[1:]] for line in record.history]
    data["progress"] = list(record.progress)
    data["error"] = None if record.error is None else list(record.error)
    return data


def given_to_dict(record: Record) -> tuple[dict[str, Any], Arrays]:
    """Return the rest of a record but its program as JSON values, and its arrays by the names they have in them."""
    arrays: Arrays = {}
    data = dict(zip(_LASTING, _get_lasting(record), strict=True))
    for name in _VALUES:
        value = getattr(record, name)
        data[name] = None if value is None else encode(value, arrays)
    data["tags"] = list(record.tags)
    return data, arrays


def record_to_dict(record: Record) -> tuple[dict[str, Any], Arrays]:
    """Return a whole record as JSON values, and its arrays by the names that these have in them."""
    data, arrays = given_to_dict(record)
    data["program"] = _encode_program(record.program, arrays)
    return {**data, **state_to_dict(record)}, arrays


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
    values = {name: data[name] for name in (*_CHANGING, *_LASTING) if name in data or name not in _LATER}
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
