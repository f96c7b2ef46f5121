"""What all suites share: a Dock of its own for each check, and which checks apply."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import ConfigError
from qdock.testing.checks import SUITE_VERSION, Check, expect

__all__ = ["Suite"]


class Suite:
    """Checks of one thing that a plugin brings. Subclass the suite of its kind and say what it is.

    Attributes
    ----------
    version : str
        The version of the suite to run: checks that came with a later one are skipped. A plugin pins it to choose
        when it takes on new checks; unpinned it runs all.
    patience : float
        Seconds after which a job that should have ended is taken for one that never will.
    """

    version: ClassVar[str] = SUITE_VERSION
    patience: ClassVar[float] = 60.0

    _stack: ExitStack | None = None
    _dock: Dock | None = None

    def reason_to_skip(self, about: Check) -> str:
        """Return why a check does not apply, or an empty text; nothing is run to tell."""
        if _parts(about.since) > _parts(self.version):
            return f"it came with version {about.since} of the suite, and {self.version} is asked for"
        missing = [feature for feature in about.features if feature not in self.features()]
        if missing:
            return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not declared"
        return next(filter(None, (need(self) for need in about.needs)), "")

    def features(self) -> frozenset[str]:
        """Return the features that are declared."""
        return frozenset()

    @contextmanager
    def session(self) -> Iterator[None]:
        """Give a check its own Dock and whatever else it opens, and close all of it afterwards."""
        if self._stack is not None:
            yield
            return
        try:
            with ExitStack() as self._stack:
                yield
        finally:
            self._stack = self._dock = None

    def settings(self) -> dict[str, Any]:
        """Return the settings of a check's Dock, beside those of files and environment."""
        # Two slots, whatever the machine: as few as show what waits and what runs.
        return {"store": "memory:", "executors": {"thread": {"slots": 2}, "process": {"slots": 2}}}

    @property
    def dock(self) -> Dock:
        """The Dock of this check."""
        if self._dock is None:
            assert self._stack is not None, "a check runs in a session"
            self._dock = Dock(Config.load(**self.settings()))
            self.prepare(self._dock)
            self._stack.callback(self._dock.close, wait=False)
        return self._dock

    def prepare(self, dock: Dock) -> None:
        """Register in a new Dock what no plugin brings; by default nothing."""

    def expect(self, condition: object, seen: str) -> None:
        """Raise what was seen, unless the condition holds."""
        expect(condition, seen)


def _parts(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError:
        raise ConfigError(f"A version of the suite is like {SUITE_VERSION!r}, but {version!r} was given.") from None
