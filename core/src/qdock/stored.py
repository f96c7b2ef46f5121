"""What a job's record is at rest: JSON values, and beside them the arrays, which JSON can't hold.

Nothing but values is ever read back: no name in it is imported, nothing is executed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from qdock.call import Call
from qdock.circuit import Circuit
from qdock.errors import JobError
from qdock.record import FORMAT_VERSION, Failure, JobProgress, Record, StatusChange
from qdock.status import JobStatus

__all__ = ["NotStored", "program_from_value", "program_to_value", "record_from_dict", "record_to_dict"]

Arrays = dict[str, np.ndarray[Any, Any]]

#: Begins the only key of an object that stands for something else.
_MARK = "$"
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


class NotStored(NamedTuple):
    """Stands for a program that could not be stored; `reason` says why."""

    reason: str


class _Unstorable(Exception):
    """A value is none of those that can be stored."""


def record_to_dict(record: Record) -> tuple[dict[str, Any], Arrays]:
    """Return a record as JSON values, and its arrays by the names that these have in them."""
    arrays: Arrays = {}
    data = {name: getattr(record, name) for name in _PLAIN}
    data.update({name: _encode(getattr(record, name), arrays) for name in _VALUES})
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
    return _decode(value, dict(arrays))


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
    values = {name: data[name] for name in _PLAIN}
    values.update({name: _decode(data[name], arrays) for name in (*_VALUES, "program")})
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
        return _encode(program, arrays)
    except _Unstorable as error:
        return {_MARK + "not_stored": str(error)}


# --- values


def _encode(value: Any, arrays: Arrays) -> Any:
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays)
    if type(value) is list:
        return [_encode(item, arrays) for item in value]
    if type(value) is dict and all(isinstance(key, str) and not key.startswith(_MARK) for key in value):
        return {key: _encode(item, arrays) for key, item in value.items()}
    for name, (kind, encode, _) in _KINDS.items():
        if isinstance(value, kind):
            return {_MARK + name: encode(value, arrays)}
    raise _Unstorable(f"{type(value).__name__} can't be stored: neither JSON nor an array, a Circuit or a Call")


def _decode(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, inner),) = value.items()
        if name.startswith(_MARK):
            return _KINDS[name.removeprefix(_MARK)][2](inner, arrays)
    return {key: _decode(item, arrays) for key, item in value.items()}


def _add_array(array: np.ndarray[Any, Any], arrays: Arrays) -> str:
    if array.dtype.kind not in "biufc":
        raise _Unstorable(f"an array of {array.dtype} can't be stored, only one of numbers")
    name = f"array{len(arrays)}"
    arrays[name] = array
    return name


def _encode_call(call: Call, arrays: Arrays) -> list[Any]:
    if not isinstance(call.function, str):
        where = call.name
        if "<" in where or Call(where).resolve() is not call.function:
            raise _Unstorable(f"the function {where} can't be imported by its name")
        call = Call(where, call.args, call.kwargs)
    return [call.function, _encode(list(call.args), arrays), _encode(call.kwargs, arrays)]


def _decode_call(data: Any, arrays: Arrays) -> Call:
    function, args, kwargs = data
    return Call(str(function), _decode(args, arrays), _decode(kwargs, arrays))


#: Name of the mark -> type, to JSON values, and back.
_KINDS: dict[str, tuple[type[Any], Callable[[Any, Arrays], Any], Callable[[Any, Arrays], Any]]] = {
    "circuit": (Circuit, lambda circuit, _: circuit.to_json(), lambda text, _: Circuit.from_json(text)),
    "call": (Call, _encode_call, _decode_call),
    "array": (np.ndarray, _add_array, lambda name, arrays: arrays[name]),
    "float": (float, lambda number, _: repr(number), lambda text, _: float(text)),
    "complex": (
        complex,
        lambda number, _: [repr(number.real), repr(number.imag)],
        lambda p, _: complex(*map(float, p)),
    ),
    "not_stored": (NotStored, lambda value, _: value.reason, lambda reason, _: NotStored(reason)),
    "tuple": (tuple, lambda items, arrays: _encode(list(items), arrays), lambda items, a: tuple(_decode(items, a))),
    "dict": (
        dict,
        lambda values, arrays: [[_encode(key, arrays), _encode(values[key], arrays)] for key in values],
        lambda pairs, arrays: {_decode(key, arrays): _decode(value, arrays) for key, value in pairs},
    ),
}
