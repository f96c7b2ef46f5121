"""Arrays that begin where a cache line does: a vector then lies within one line, which halves what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from qdock_basic.fast.machine.reuse import LEAST_BYTES, large_room

__all__ = ["LINE", "PAD_BYTES", "aligned", "as_reals", "parts"]

#: Bytes of a cache line, and of the longest vector.
LINE = 64
#: Between real and imaginary parts: at a distance of a power of two both would fall into the same sets of a cache.
PAD_BYTES = 2048 + LINE


def aligned(size: int, dtype: Any) -> Any:
    """Return a new array of so many entries whose values are left as they were in memory."""
    kind = np.dtype(dtype)
    if size * kind.itemsize >= LEAST_BYTES and (found := large_room(size * kind.itemsize)) is not None:
        return found.view(kind)
    room = np.empty(size + LINE // kind.itemsize, kind)
    skip = -room.ctypes.data % LINE // kind.itemsize
    return room[skip : skip + size]


def as_reals(amplitudes: Any) -> Any:
    """Return the same memory as real numbers: real and imaginary parts by turns."""
    return amplitudes.view(amplitudes.real.dtype)


def parts(size: int, dtype: Any) -> tuple[Any, Any]:
    """Return arrays for the real and imaginary parts of so many amplitudes."""
    pad = PAD_BYTES // np.dtype(dtype).itemsize
    room = aligned(2 * size + pad, dtype)
    return room[:size], room[size + pad :]
