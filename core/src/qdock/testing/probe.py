"""A backend of calls, and the functions that executors are tested with; all can be imported in any process."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qdock.backend import Context, LocalBackend
from qdock.call import Call
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec
from qdock.work.worker import current_worker

__all__ = ["PROBE", "Probe", "beat", "fail", "give", "leave", "polite"]

PROBE = BackendSpec(
    "qdock-probe", "qdock.testing.probe:Probe", "Calls functions, to test executors.", accepts=("call",)
)

#: Seconds between two heartbeats.
STEP = 0.01


class Probe(LocalBackend):
    """Calls functions; a result holds what each returned, and random numbers of the job's seed."""

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Call each program, with a log line before and half of the progress after it."""
        entries = []
        for index, program in enumerate(programs):
            context.check()
            context.log(f"call {index}")
            assert isinstance(program, Call)
            value = program()
            context.progress(0.5, "called")
            entries.append(CircuitResult(data={"value": value, "draws": context.rng(index).random(3)}))
        return Result(entries)


def give(value: Any) -> Any:
    """Return the value."""
    return value


def fail(message: str) -> None:
    """Raise."""
    raise ArithmeticError(message)


def leave() -> None:
    """Ask the interpreter to end."""
    sys.exit("a job called sys.exit")


def beat(path: str, seconds: float) -> str:
    """Write a heartbeat into a file every few milliseconds, and look at nothing else."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not Path(path).with_suffix(".stop").exists():
        with open(path, "a") as file:
            file.write(".")
        time.sleep(STEP)
    return "done"


def polite(path: str, seconds: float) -> str:
    """Beat, but end where the job is asked to stop."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not Path(path).with_suffix(".stop").exists():
        worker = current_worker()
        if worker is not None:
            worker.check()
        with open(path, "a") as file:
            file.write(".")
        time.sleep(STEP)
    return "done"
