"""Values that can be stored: JSON values, numbers of every kind, arrays, circuits, calls, results, and what holds them.

They become JSON values and, beside them, the arrays, which JSON can't hold. Nothing but values is ever read back: no
name in them is imported, nothing is executed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from qdock.call import Call
from qdock.circuit import Circuit
from qdock.errors import ProgramError
from qdock.results.plain import ALWAYS_PLAIN, MAX_INT_BITS, is_plain

__all__ = ["Arrays", "NotStored", "Unstorable", "as_plain", "decode", "encode", "is_exact", "snapshot"]

Arrays = dict[str, np.ndarray[Any, Any]]
_Read = Mapping[str, np.ndarray[Any, Any]]

#: Begins the only key of an object that stands for something else.
_MARK = "$"
#: Levels of nesting; JSON that holds it may be a little deeper.
_MAX_DEPTH = 100


class NotStored(NamedTuple):
    """Stands for a program that could not be stored; `reason` says why."""

    reason: str


class Unstorable(TypeError):
    """A value is none of those that can be stored."""


def encode(value: Any, arrays: Arrays, levels: int = _MAX_DEPTH) -> Any:
    """Return a value as JSON values; the arrays in it are put into `arrays`, by the names they have there.

    Raises
    ------
    Unstorable
        If a part of it is none of what can be stored.
    """
    # Nearly all values are of these types.
    if is_plain(value):
        return value
    if levels and _is_object(value):
        return {**value, **{key: encode(item, arrays, levels - 1) for key, item in _others(value)}}
    if isinstance(value, str):
        return value
    if isinstance(value, np.generic):
        return encode(value.item(), arrays, levels)
    if isinstance(value, int) and value.bit_length() <= MAX_INT_BITS:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if levels == 0:
        raise Unstorable(f"what is nested over {_MAX_DEPTH} levels deep can't be stored")
    if type(value) is list:
        return [encode(item, arrays, levels - 1) for item in value]
    return _encode_marked(value, arrays, levels - 1)


def _is_object(value: Any) -> bool:
    if type(value) is not dict:
        return False
    try:
        keys = "".join(value)
    except TypeError:
        return False
    return _MARK not in keys or not any(key.startswith(_MARK) for key in value)


def _others(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the keys and values of an object that may not be JSON as they are."""
    return [pair for pair in value.items() if type(pair[1]) not in ALWAYS_PLAIN]


def _encode_marked(value: Any, arrays: Arrays, levels: int) -> Any:
    for name, (is_one, write, _) in _KINDS.items():
        if is_one(value):
            return {_MARK + name: write(value, arrays, levels)}
    raise Unstorable(
        f"{type(value).__name__} can't be stored: neither JSON nor an array, a Circuit or a Call, a Result or a "
        "dataclass of these"
    )


def decode(value: Any, arrays: _Read) -> Any:
    """Return the value that `encode` made these of; what was a dataclass is a namespace with its fields.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError, QdockError
        If they are damaged.
    """
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, inner),) = value.items()
        if name.startswith(_MARK):
            return _KINDS[name.removeprefix(_MARK)][2](inner, arrays)
    return {key: decode(item, arrays) for key, item in value.items()}


def snapshot(value: Any, name: str) -> Any:
    """Return a value as it is now, and as it will be when it has been stored; `name` says what it is in an error.

    Raises
    ------
    Unstorable
        If it can't be stored.
    """
    arrays: Arrays = {}
    try:
        encoded = encode(value, arrays)
    except Unstorable as error:
        raise Unstorable(f"{name} can't be kept: {error}.") from None
    return decode(encoded, {key: array.copy() for key, array in arrays.items()})


def is_exact(value: Any, levels: int = _MAX_DEPTH) -> bool:
    """Whether a value that was stored comes back as it is, in type too."""
    kind = type(value)
    if kind in _EXACT:
        return True
    if kind is np.ndarray:
        return value.dtype.kind in "biufc" and value.dtype.isnative
    if levels and kind in (list, tuple):
        return all(is_exact(item, levels - 1) for item in value)
    return bool(levels) and kind is dict and all(is_exact(part, levels - 1) for pair in value.items() for part in pair)


def as_plain(value: Any) -> Any:
    """Return a value as JSON values for people and programs: arrays as lists, a complex number as ``[re, im]``."""
    if isinstance(value, np.ndarray):
        return _array_as_plain(value)
    if isinstance(value, np.generic):
        return as_plain(value.item())
    if isinstance(value, complex):
        return [as_plain(value.real), as_plain(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [as_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_plain(item) for key, item in value.items()}
    if _is_result(value):
        return value.to_dict()
    return as_plain(_fields(value)) if _has_fields(value) else repr(value)


def _array_as_plain(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], axis=-1)
    is_plain = array.dtype.kind in "biu" or (array.dtype.kind == "f" and bool(np.isfinite(array).all()))
    return array.tolist() if is_plain else as_plain(array.tolist())


# --- what is neither JSON nor holds others as JSON does


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _is_result(value: Any) -> bool:
    from qdock.result import Result

    return type(value) is Result


def _has_fields(value: Any) -> bool:
    return type(value) is SimpleNamespace or (is_dataclass(value) and not isinstance(value, type))


def _fields(value: Any) -> dict[str, Any]:
    if type(value) is SimpleNamespace:
        return vars(value)
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _add_array(array: np.ndarray[Any, Any], arrays: Arrays, _: int = 0) -> str:
    if array.dtype.kind not in "biufc":
        raise Unstorable(f"an array of {array.dtype} can't be stored, only one of numbers")
    name = f"array{len(arrays)}"
    arrays[name] = array
    return name


def _encode_bytes(value: bytes, arrays: Arrays, _: int) -> str:
    return _add_array(np.frombuffer(value, np.uint8), arrays)


def _encode_result(result: Any, arrays: Arrays, levels: int) -> str:
    return _encode_bytes(result.to_bytes(), arrays, levels)


def _decode_result(name: str, arrays: _Read) -> Any:
    from qdock.result import Result

    return Result.from_bytes(arrays[name].tobytes())


def _encode_call(call: Call, arrays: Arrays, levels: int) -> list[Any]:
    if not isinstance(call.function, str):
        call = Call(_find_name(call), call.args, call.kwargs)
    return [call.function, encode(list(call.args), arrays, levels), encode(call.kwargs, arrays, levels)]


def _find_name(call: Call) -> str:
    """Return the name by which any process can import a call's function."""
    # What is `__main__` differs from process to process.
    if "<" not in call.name and not call.name.startswith("__main__:"):
        try:
            if Call(call.name).resolve() is call.function:
                return call.name
        except ProgramError:
            pass
    raise Unstorable(f"the function {call.name} can't be imported by its name")


def _decode_call(data: Any, arrays: _Read) -> Call:
    function, args, kwargs = data
    return Call(str(function), decode(args, arrays), decode(kwargs, arrays))


_Kind = tuple[Callable[[Any], bool], Callable[[Any, Arrays, int], Any], Callable[[Any, _Read], Any]]

#: Name of the mark -> whether a value is one, to JSON values, and back.
_KINDS: dict[str, _Kind] = {
    "circuit": (_is(Circuit), lambda circuit, *_: circuit.to_json(), lambda text, _: Circuit.from_json(text)),
    "call": (_is(Call), _encode_call, _decode_call),
    "result": (_is_result, _encode_result, _decode_result),
    "array": (_is(np.ndarray), _add_array, lambda name, arrays: arrays[name]),
    "bytes": (_is(bytes), _encode_bytes, lambda name, arrays: arrays[name].tobytes()),
    "int": (_is(int), lambda number, *_: hex(number), lambda text, _: int(text, 16)),
    "float": (_is(float), lambda number, *_: repr(float(number)), lambda text, _: float(text)),
    "complex": (
        _is(complex),
        lambda number, *_: [repr(number.real), repr(number.imag)],
        lambda parts, _: complex(*map(float, parts)),
    ),
    "not_stored": (_is(NotStored), lambda value, *_: value.reason, lambda reason, _: NotStored(reason)),
    "tuple": (
        _is(tuple),
        lambda items, arrays, levels: [encode(item, arrays, levels) for item in items],
        lambda items, arrays: tuple(decode(items, arrays)),
    ),
    "dict": (
        _is(dict),
        lambda values, arrays, levels: [[encode(part, arrays, levels) for part in pair] for pair in values.items()],
        lambda pairs, arrays: {decode(key, arrays): decode(value, arrays) for key, value in pairs},
    ),
    "fields": (
        _has_fields,
        lambda value, arrays, levels: encode(_fields(value), arrays, levels),
        lambda values, arrays: SimpleNamespace(**decode(values, arrays)),
    ),
}
_EXACT = (type(None), bool, int, float, complex, str, bytes, Circuit)
