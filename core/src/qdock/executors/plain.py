"""Values that travel as plain data: JSON's, bytes, arrays of numbers and circuits, of exactly these types."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["is_plain", "pack_plain", "unpack_plain"]

#: Levels of nesting that are looked at; what is deeper is pickled.
_MAX_DEPTH = 100
_LEAVES = (type(None), bool, float, str, bytes)
_ARRAY, _CIRCUIT = 1, 2


def is_plain(value: Any, levels: int = _MAX_DEPTH) -> bool:
    """Whether `unpack_plain(pack_plain(value))` is equal to it in value and in type."""
    kind = type(value)
    if kind in _LEAVES:
        return True
    if kind is int:
        return bool(-(1 << 63) <= value < 1 << 64)
    if kind is list:
        return levels > 0 and all(is_plain(item, levels - 1) for item in value)
    if kind is dict:
        return levels > 0 and all(type(key) is str and is_plain(item, levels - 1) for key, item in value.items())
    return _is_array(value) or _is_circuit(value)


def _is_array(value: Any) -> bool:
    # Of a module that nobody imported there is no object.
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and value.dtype.kind in "biufc" and value.dtype.isnative


def _is_circuit(value: Any) -> bool:
    module = sys.modules.get("qdock.circuit")
    return module is not None and type(value) is module.Circuit


def pack_plain(value: Any) -> bytes:
    """Return a plain value as bytes."""
    return msgspec.msgpack.encode(value, enc_hook=_extend)


def unpack_plain(data: bytes | memoryview) -> Any:
    """Return the value that `pack_plain` wrote."""
    return msgspec.msgpack.decode(data, ext_hook=lambda code, inner: _READ[code](inner))


def _extend(value: Any) -> msgspec.msgpack.Ext:
    if _is_circuit(value):
        return msgspec.msgpack.Ext(_CIRCUIT, value.to_json().encode())
    head = msgspec.msgpack.encode((value.dtype.str, value.shape))
    return msgspec.msgpack.Ext(_ARRAY, bytes((len(head),)) + head + value.tobytes())


def _read_array(data: memoryview) -> Any:
    import numpy as np

    start = 1 + data[0]
    dtype, shape = msgspec.msgpack.decode(data[1:start])
    return np.frombuffer(data[start:], np.dtype(dtype)).reshape(shape).copy()


def _read_circuit(data: memoryview) -> Any:
    from qdock.circuit import Circuit

    return Circuit.from_json(bytes(data).decode())


_READ: dict[int, Callable[[memoryview], Any]] = {_ARRAY: _read_array, _CIRCUIT: _read_circuit}
