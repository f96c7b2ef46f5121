"""What a loop that is written out costs in all, told from its first rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["Pace"]

#: Iterations or gates below which nobody asks how long it will go on.
_SMALL = 10_000
#: The rounds that are left may be cheaper than the last ones; a loop is refused if it would cost so much too much.
_CLEARLY = 2


class Pace:
    """Watches what the rounds of a loop cost: one that would clearly cost more than a limit is refused early.

    It is asked when the number of rounds is a power of two, and takes the second half of them for what is to come.

    Parameters
    ----------
    p : Program
        The program, before the first round.
    span : optional
        Where the loop is.
    """

    def __init__(self, p: Program, span: Any) -> None:
        self.p, self.span = p, span
        self._start = self._before = self._spent()

    def _spent(self) -> tuple[int, int]:
        return self.p.iterations, self.p.memory.charged

    def check(self, rounds: int, left: float) -> None:
        """Refuse a loop of which `left` rounds are left after some, a power of two."""
        spent = self._spent()
        for place, limit in enumerate(("iterations", "gates")):
            recent = spent[place] - self._before[place]
            total = spent[place] + recent * left / max(rounds - rounds // 2, 1)
            allowed = getattr(self.p.limits, limit)
            if rounds > 1 and spent[place] - self._start[place] > _SMALL and total >= _CLEARLY * allowed:
                raise self.p.limits.reached(limit, int(total), self.span)
        self._before = spent
