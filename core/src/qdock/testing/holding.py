"""Work that waits until it is let go, so that a job can be seen while it runs: no check depends on how fast work is."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from qdock.backend import Context, LocalBackend
from qdock.result import Result

__all__ = ["Failing", "Hold", "SpyContext", "Stuck"]

#: Seconds between two looks of work that waits.
_STEP = 0.002


class Hold:
    """Stands in for the `execute` of one backend object: holds every call until `release`, then does the work.

    Parameters
    ----------
    backend : LocalBackend
        Its `execute` and `estimate` are replaced, on this object alone.
    polite : bool
        Whether the work looks at `context.check` while it is held.
    """

    def __init__(self, backend: LocalBackend, polite: bool = True) -> None:
        self.polite = polite
        #: How many calls are inside, and how many there have been.
        self.inside = self.calls = 0
        self._entered, self._released = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._execute = backend.execute
        vars(backend).update(execute=self, estimate=lambda *_: None)

    def __call__(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Wait, then do the work."""
        self._count(1)
        try:
            while not self._released.wait(_STEP):
                if self.polite:
                    context.check()
            return self._execute(programs, options, context)
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self._lock:
            self.inside += step
            self.calls += step > 0
        self._entered.set()

    def wait_for_work(self, seconds: float = 10.0) -> bool:
        """Wait until the work of a job has begun; whether it has."""
        return self._entered.wait(seconds)

    def release(self) -> None:
        """Let all work go on."""
        self._released.set()


class Failing:
    """Stands in for the `execute` of one backend object, and raises."""

    MESSAGE = "the work of this job was made to fail"

    def __init__(self, backend: LocalBackend) -> None:
        vars(backend).update(execute=self, estimate=lambda *_: None)

    def __call__(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Raise."""
        raise ArithmeticError(self.MESSAGE)


class Stuck(LocalBackend):
    """A backend that never looks at `context.check` and takes long, then does the work of another: to be killed."""

    def __init__(self, other: LocalBackend, seconds: float) -> None:
        super().__init__(other.spec, other.config)
        self.other, self.seconds = other, seconds

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Sleep, and do what the other does."""
        time.sleep(self.seconds)
        return self.other.execute(programs, options, context)


class SpyContext(Context):
    """A context that counts how often `check` is called, and can ask the work to stop.

    Parameters
    ----------
    stop_at : int
        The number of the call of `check` that raises `JobCancelledError`; 0: none.
    """

    __slots__ = ("checks", "fractions", "stop_at")

    def __init__(self, seed: int, stop_at: int = 0) -> None:
        super().__init__("spy", seed)
        self.stop_at, self.checks = stop_at, 0
        self.fractions: list[float] = []

    def check(self) -> None:
        """Count the call, and stop the work at the one that it was told."""
        from qdock.errors import JobCancelledError

        self.checks += 1
        if self.stop_at and self.checks >= self.stop_at:
            raise JobCancelledError("Job spy was asked to stop.")

    def progress(self, fraction: float, text: str = "") -> None:
        """Keep what was said."""
        self.fractions.append(float(fraction))
