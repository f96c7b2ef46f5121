"""Whether the kernels were compiled before: a look into the folders in which numba keeps them, without numba."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["is_compiled"]

_ENGINE = Path(__file__).parents[1]
# The kernels of small states, without which nothing is run, as this version of Python has them.
_SMALL = _ENGINE / "small"
_KERNELS = f"cache.*.py{sys.version_info.major}{sys.version_info.minor}.nbi"


@cache
def is_compiled() -> bool:
    """Whether kernels lie on disk that are newer than all files of the engine."""
    newest = max(file.stat().st_mtime for file in _ENGINE.rglob("*.py"))
    return any(file.stat().st_mtime >= newest for folder in _folders() for file in folder.glob(_KERNELS))


def _folders() -> Iterator[Path]:
    """Yield where numba keeps what it compiled: as told, or beside the sources, or with the user's files."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given is None:
        yield _SMALL / "__pycache__"
    roof = user_cache_path("numba", appauthor=False) if given is None else Path(given)
    yield from roof.glob(f"{_SMALL.name}_*")
