"""Which engine runs a job: the fast one where it is there and the work is worth loading it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from qdock.circuit import Circuit
from qdock.errors import OptionError
from qdock_basic import fast
from qdock_basic.engines.engine import Engine, NumpyEngine
from qdock_basic.engines.fast_engine import FastEngine
from qdock_basic.estimate import expected_seconds
from qdock_basic.fast.machine.kept import is_compiled

__all__ = ["check_engine", "engine_for", "is_fast", "note_effort"]

# Seconds of work in numpy, past and expected, that are worth loading the kernels, and compiling them where that was not
# done before: it takes about as long.
_WORTH, _WORTH_COMPILING = 0.5, 10.0
_LOADED = "qdock_basic.fast.run"

_spent = [0.0]
_logger = logging.getLogger(__name__)


def check_engine(options: Mapping[str, Any]) -> None:
    """Raise `OptionError` if the fast engine was asked for where there is none."""
    if options["engine"] == "fast" and (reason := fast.why_not()) is not None:
        raise OptionError(f"Option `engine` is 'fast', but {reason} engine='numpy' gives the same counts.")


def is_fast(options: Mapping[str, Any], circuits: Sequence[Circuit] = ()) -> bool:
    """Whether the fast engine does a job of these circuits."""
    if options["engine"] != "auto":
        return bool(options["engine"] == "fast")
    if fast.why_not() is not None:
        return False
    if _LOADED in sys.modules:
        return True

    def takes_over(seconds: float) -> bool:
        return expected_seconds(circuits, options, seconds) > seconds - _spent[0]

    return takes_over(_WORTH) and (is_compiled() or takes_over(_WORTH_COMPILING))


def engine_for(options: Mapping[str, Any], circuits: Sequence[Circuit] = ()) -> Engine:
    """Return a new engine for a job of these circuits."""
    if not is_fast(options, circuits):
        return NumpyEngine()
    if _LOADED not in sys.modules and not is_compiled():
        _say_once()
    return FastEngine(options["threads"])


@cache
def _say_once() -> None:
    _logger.warning("Compiling the fast engine for this machine: the first run takes some ten seconds longer.")


def note_effort(engine: Engine) -> None:
    """Remember how long numpy worked: a process that has many small jobs is worth the fast engine too."""
    if engine.name == NumpyEngine.name:
        # Two threads at once may lose one's seconds; nothing but the moment of the change depends on it.
        _spent[0] += engine.effort.plan + engine.effort.run
