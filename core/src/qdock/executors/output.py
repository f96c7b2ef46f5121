"""What a job prints, as lines of its log: passed on while it runs, and of a flood the newest now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["BURST_BYTES", "KEPT_BYTES", "Output"]

#: What may come at once, what may come each second for as long as it likes, and what is kept of the rest.
BURST_BYTES = 1 << 20
BYTES_PER_SECOND = 1 << 18
KEPT_BYTES = 1 << 16
#: A line that gets longer than this is passed on in pieces.
_LINE_BYTES = 1 << 13


class Output:
    """Makes lines of bytes; it never holds more than it was just given and `KEPT_BYTES`.

    Parameters
    ----------
    pass_on : callable
        Called with a text of one or more lines.
    """

    def __init__(self, pass_on: Callable[[str], None]) -> None:
        self._pass_on = pass_on
        self._pending = bytearray()
        self._budget, self._time = float(BURST_BYTES), time.monotonic()
        self._skipped = 0

    def feed(self, data: bytes) -> None:
        """Take what was printed, and pass on the lines that are whole by that."""
        self._pending += data
        self._earn()
        end = self._pending.rfind(b"\n") + 1 or (len(self._pending) if len(self._pending) > _LINE_BYTES else 0)
        if end <= self._budget:
            self._send(end)
        elif len(self._pending) > KEPT_BYTES:
            self._skip(len(self._pending) - KEPT_BYTES)

    def finish(self) -> None:
        """Pass on what is left."""
        if len(self._pending) > KEPT_BYTES:
            self._skip(len(self._pending) - KEPT_BYTES)
        self._send(len(self._pending))

    def _earn(self) -> None:
        now = time.monotonic()
        self._budget = min(self._budget + (now - self._time) * BYTES_PER_SECOND, BURST_BYTES)
        self._time = now

    def _skip(self, size: int) -> None:
        del self._pending[:size]
        self._skipped += size

    def _send(self, end: int) -> None:
        if not end:
            return
        text = self._pending[:end].decode(errors="replace").removesuffix("\n")
        if self._skipped:
            text = f"[{self._skipped:,} bytes that were printed are not kept: they came too fast]\n{text}"
        del self._pending[:end]
        self._budget -= end
        self._skipped = 0
        self._pass_on(text)
