"""Which owners on other hosts live: their heartbeats in a shared store say it, where a lock can't.

No host's clock is compared with another's, and none that anybody can set: an owner is taken for dead only by an
observer that has seen its heartbeat stand still for longer than the lease, on its own monotonic clock.
"""

from __future__ import annotations

import platform
import time

__all__ = ["BEAT_SECONDS", "LEASE_SECONDS", "Leases", "is_of_this_host"]

#: Seconds between two heartbeats of an owner that has jobs.
BEAT_SECONDS = 10.0
#: Seconds without one after which an owner on another host counts as dead.
LEASE_SECONDS = 120.0


def is_of_this_host(owner: str) -> bool:
    """Whether an owner's lock is to be seen here; its name is ``host:pid:token``."""
    host, colon, _ = owner.partition(":")
    return not colon or host == platform.node()


class Leases:
    """What an observer has seen of heartbeats."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def is_over(self, owner: str, beat: int) -> bool:
        """Take note of an owner's heartbeat, and return whether it has stood still for too long."""
        now = time.monotonic()
        before, since = self._seen.get(owner, (None, now))
        if before != beat:
            since = now
        self._seen[owner] = beat, since
        return now - since > LEASE_SECONDS

    def forget(self, owner: str) -> None:
        """Let go of an owner that has no unfinished jobs any more."""
        self._seen.pop(owner, None)
