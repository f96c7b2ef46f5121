"""How functions are compiled: kept on disk where that is possible, and run without Python's lock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, version_info

__all__ = ["compiled", "inner"]

Function = Callable[..., Any]

_logger = logging.getLogger(__name__)

# What Python never calls needs nothing by which Python could.
_INNER: dict[str, Any] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# The first version whose insides `qdock_basic.fast.machine.parts` may not fit.
_UNKNOWN = (0, 69)


def compiled(function: Function) -> Function:
    """Compile a function that Python calls; what was compiled is kept on disk for other processes.

    Where numba finds no folder to write to, every process compiles anew, and that is said once.
    """
    result: Function
    try:
        result = njit(cache=True, nogil=True)(function)
    except RuntimeError as error:
        _say_once(str(error))
        result = njit(nogil=True)(function)
    else:
        _stamp_with(result, (np.__version__, _sources()))
    return result


def inner(function: Function) -> Function:
    """Compile a function that only compiled functions call; it becomes a part of them."""
    result: Function = njit(**_INNER, **_part_options(version_info.short))(function)
    if version_info.short < _UNKNOWN:
        from qdock_basic.fast.machine.parts import take_constants_as_values

        take_constants_as_values(result)
    return result


@cache
def _part_options(version: tuple[int, int]) -> dict[str, Any]:
    """Return how parts are compiled: without machine code of their own where this is known to work with numba."""
    if version >= _UNKNOWN:
        return {}
    from qdock_basic.fast.machine.parts import PartCompiler

    return {"pipeline_class": PartCompiler}


@cache
def _say_once(reason: str) -> None:
    _logger.warning(
        "The fast engine is compiled in every process, as there is no folder to keep it in (%s). "
        "Set NUMBA_CACHE_DIR to one that can be written to.",
        reason,
    )


@cache
def _sources() -> tuple[tuple[str, int, int], ...]:
    """Return what changes when any file of the engine does."""
    engine = Path(__file__).parents[1]
    files = sorted(engine.rglob("*.py"))
    return tuple((str(file.relative_to(engine)), file.stat().st_mtime_ns, file.stat().st_size) for file in files)


def _stamp_with(function: Any, sources: object) -> None:
    """Let what is on disk be as new as all files of the engine, and as numpy, whose draws it repeats.

    Numba by itself looks at the function's own file.

    It is a part of the version, which numba reads first: what other files were compiled to may not even be readable.
    """
    file = getattr(getattr(function, "_cache", None), "_cache_file", None)
    if file is not None and hasattr(file, "_version"):
        file._version = (file._version, sources)
