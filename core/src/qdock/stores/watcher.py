"""A thread that looks into a shared store while an owner has jobs: for requests of other processes, and their death."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

__all__ = ["Watcher"]

#: Seconds between two looks: with the time that a look takes nobody is more than 250 ms behind.
WATCH_SECONDS = 0.2
#: Seconds between two looks at the other owners.
OTHERS_SECONDS = 2.0
#: Seconds without a job after which the thread ends.
IDLE_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Watcher:
    """Calls `look` every `WATCH_SECONDS` while there is something to look for.

    Parameters
    ----------
    look : callable
        What it raises is logged once, and it is called again all the same.
    needed : callable
        Whether there is something to look for.
    look_around : callable
        Called like `look`, every `OTHERS_SECONDS`.
    """

    def __init__(
        self, look: Callable[[], None], needed: Callable[[], bool], look_around: Callable[[], None] = lambda: None
    ) -> None:
        self._look, self._needed, self._look_around = look, needed, look_around
        self.after_fork()

    def after_fork(self) -> None:
        """Forget the thread, which a forked child does not have."""
        self._lock, self._stopped, self._running = threading.Lock(), threading.Event(), False
        self._failed: set[Callable[[], None]] = set()

    def wake(self) -> None:
        """See to it that the thread runs, if there is something to look for."""
        with self._lock:
            if not self._running and self._needed():
                self._running = True
                threading.Thread(target=self._run, name="qdock-owner", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end soon."""
        self._stopped.set()

    def _run(self) -> None:
        idle_since = looked_around = time.monotonic()
        while not self._stopped.wait(WATCH_SECONDS):
            if self._needed():
                idle_since = time.monotonic()
                self._try(self._look)
                if time.monotonic() >= looked_around + OTHERS_SECONDS:
                    looked_around = time.monotonic()
                    self._try(self._look_around)
            with self._lock:
                if not self._needed() and time.monotonic() > idle_since + IDLE_SECONDS:
                    self._running = False
                    return

    def _try(self, look: Callable[[], None]) -> None:
        try:
            look()
            self._failed.discard(look)
        # A store that fails may work again; nobody is told twice.
        except Exception:  # noqa: BLE001
            if look not in self._failed:
                _log.exception("What other processes ask for, or whether they live, could not be read.")
            self._failed.add(look)
