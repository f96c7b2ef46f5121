"""Functions called one after another under a time limit each, so that one that hangs does not stop the rest.

Python can't stop a thread, so one that hangs is left behind and the others go on in a new one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, NamedTuple

__all__ = ["Hung", "Outcome", "call_each"]


class Hung(Exception):
    """A call did not end in time; its argument shows where it stood then."""


class Outcome(NamedTuple):
    """What became of a call: its value, or the error it raised."""

    value: Any
    error: BaseException | None


class _Worker:
    """Makes the calls from `first` on in a thread of its own."""

    def __init__(self, calls: Sequence[Callable[[], Any]], first: int) -> None:
        self.calls = calls[first:]
        self.outcomes: list[Outcome] = []
        self.since = monotonic()
        self.left_behind = False
        self.lock = threading.Lock()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, name="qdock plugins", daemon=True)

    def _run(self) -> None:
        for call in self.calls:
            outcome = _outcome_of(call)
            with self.lock:
                if self.left_behind:
                    return
                self.outcomes.append(outcome)
                self.since = monotonic()
        self.done.set()

    def wait(self, seconds: float) -> None:
        """Wait until all is done or one call has taken longer than `seconds`; that one becomes `Hung`."""
        self.thread.start()
        try:
            while not self.done.wait(max(0.0, self.since + seconds - monotonic())):
                self._check(seconds)
                if self.left_behind:
                    return
        finally:
            self.left_behind = True

    def _check(self, seconds: float) -> None:
        with self.lock:
            if monotonic() >= self.since + seconds and len(self.outcomes) < len(self.calls):
                self.outcomes.append(Outcome(None, Hung(self._where())))
                self.left_behind = True

    def _where(self) -> str:
        from traceback import format_stack

        frame = sys._current_frames().get(self.thread.ident or 0)
        return "".join(format_stack(frame)) if frame else ""


def _outcome_of(call: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(call(), None)
    except BaseException as error:  # noqa: BLE001 - sys.exit in a plugin's module must not end the program
        return Outcome(None, error)


def call_each(calls: Sequence[Callable[[], Any]], seconds: float) -> list[Outcome]:
    """Return the outcome of each call, in order; one that takes longer than `seconds` has the error `Hung`."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(calls):
        worker = _Worker(calls, len(outcomes))
        worker.wait(seconds)
        outcomes += worker.outcomes
    return outcomes
