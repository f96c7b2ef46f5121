"""How functions are compiled: kept on disk where that is possible, and run without Python's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["compiled", "inner"]

Function = Callable[..., Any]


def compiled(function: Function) -> Function:
    """Compile a function that Python calls; what was compiled is kept on disk for other processes."""
    result: Function = njit(cache=True, nogil=True)(function)
    return result


def inner(function: Function) -> Function:
    """Compile a function that only compiled functions call; it becomes a part of them."""
    result: Function = njit(nogil=True)(function)
    return result
