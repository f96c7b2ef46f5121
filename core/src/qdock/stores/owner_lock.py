"""Which owners of jobs live: each holds an operating-system lock on a file of its own, and nothing else counts.

The lock goes when the process ends, however it ends, and not before: not while it is stopped, its machine sleeps or
somebody sets the clock.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from qdock.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows: no owner is ever taken for dead
    fcntl = None  # type: ignore[assignment]

__all__ = ["OwnerLocks"]

#: What this process holds; a forked child shares the locks until it closes them.
_HELD: set[int] = set()


class OwnerLocks:
    """The lock files in a folder, and those of them that this process holds.

    Parameters
    ----------
    folder : Path
        Made when the first lock is taken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mine: dict[str, int] = {}
        self._lock = threading.Lock()

    def hold(self, owner: str) -> None:
        """Show that `owner` lives, until `release` or the end of this process."""
        with self._lock:
            if owner not in self._mine and fcntl is not None:
                self._mine[owner] = self._take(owner)

    def _take(self, owner: str) -> int:
        path = self._path(owner)
        # It gets its name when it is locked: nobody ever sees it free while its owner lives.
        temporary = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            _HELD.add(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.rename(temporary, path)
        except OSError as error:
            raise StoreError(
                f"No lock can be taken in the store's folder {self.folder} ({error.strerror}). Check that it may be "
                "written to, or set QDOCK_STORE to another file, or to memory:."
            ) from error
        return descriptor

    def is_alive(self, owner: str) -> bool:
        """Whether `owner` lives, as far as anybody can know."""
        if fcntl is None or owner in self._mine:
            return True
        try:
            descriptor = os.open(self._path(owner), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        try:
            # Shared, so that two who look at once don't take each other for the owner.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def holds(self) -> list[str]:
        """Return the owners whose locks this process holds."""
        return list(self._mine)

    def release(self, owner: str) -> None:
        """Let go of a lock, as its owner is done."""
        with self._lock:
            descriptor = self._mine.pop(owner, None)
            if descriptor is not None:
                self.forget(owner)
                _HELD.discard(descriptor)
                os.close(descriptor)

    def forget(self, owner: str) -> None:
        """Remove the file of an owner that no unfinished job names any more."""
        with suppress(OSError):
            self._path(owner).unlink()

    def after_fork(self) -> None:
        """Hold nothing: the locks are the parent's."""
        self._mine, self._lock = {}, threading.Lock()

    def _path(self, owner: str) -> Path:
        return self.folder / f"{hashlib.sha256(owner.encode()).hexdigest()[:32]}.lock"


def _close_in_child() -> None:
    # Closing leaves the lock with the parent; unlocking would not.
    for descriptor in _HELD:
        with suppress(OSError):
            os.close(descriptor)
    _HELD.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
