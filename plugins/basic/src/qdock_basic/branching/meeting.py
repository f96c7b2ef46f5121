"""Branches that have become alike go on as one: what keeps exact distributions of long programs small.

After a measurement or reset, and at the beginning of a loop's round, a branch waits for others that stand at the same
place. Those whose quantum states are the same but for a phase, and whose classical values are the same as far as
anything may still read them, have the same future: one goes on with the probability of both.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock_basic.programs.classical import Place, Run
from qdock_basic.programs.liveness import Live
from qdock_basic.programs.program import CHANCES
from qdock_basic.states.kernels import Array

if TYPE_CHECKING:
    from qdock_basic.branching.branches import Branch

__all__ = ["Meeting"]

# States this close in norm are one: what comes of it differs by no more than that.
_CLOSE = 1e-12
# States are looked up by their amplitudes rounded to so many digits; one that falls on an edge meets nobody.
_DIGITS = 9


class Meeting:
    """Holds the branches that wait for others.

    Parameters
    ----------
    lives : dict of int to list of Live
        From `live_values`.
    room : int
        How many may wait; those that find no room go on alone.
    """

    def __init__(self, lives: dict[int, list[Live]], room: int) -> None:
        self._lives = lives
        self._room = room
        # By situation, then by state; of one that waits alone nobody has asked for its state yet.
        self._waiting: dict[Any, dict[int | None, Branch]] = {}

    def arrive(self, branch: Branch, alone: bool) -> bool:
        """Take a branch that has come to a place to wait; say whether it was taken.

        Parameters
        ----------
        branch : Branch
            Before its next step.
        alone : bool
            Whether no other branch is left that it could meet.
        """
        if branch.has_waited or not _is_meeting_point(branch.place):
            branch.has_waited = False
            return False
        if alone and not self._waiting:
            return False
        situation = self._situation(branch)
        others = self._waiting.get(situation)
        return self._wait(situation, branch) if others is None else self._join(others, branch)

    def release(self) -> list[Branch]:
        """Return the branches that are furthest behind; nobody is left that they could meet."""
        if not self._waiting:
            return []
        progress = {key: _progress(next(iter(found.values())).place) for key, found in self._waiting.items()}
        first = min(progress.values())
        keys = [key for key, value in progress.items() if value == first]
        branches = [branch for key in keys for branch in self._waiting.pop(key).values()]
        for branch in branches:
            branch.has_waited = True
        self._room += len(branches)
        return branches

    def _situation(self, branch: Branch) -> tuple[Any, ...]:
        """Return where a branch is, and all classical values that something may still read."""
        place = branch.place
        live = self._lives[id(place.block)][place.position]
        values = tuple((name, place.variables[name]) for name in sorted(live.names))
        return _stand(place), place.bits & live.bits, values, branch.readings

    def _wait(self, situation: tuple[Any, ...], branch: Branch) -> bool:
        if self._room == 0:
            return False
        self._room -= 1
        self._waiting[situation] = {None: branch}
        return True

    def _join(self, others: dict[int | None, Branch], branch: Branch) -> bool:
        """Add a branch to one with its state, or to those that wait."""
        if None in others:
            first = others.pop(None)
            others[_digest(_turned(first.state))] = first
        turned = _turned(branch.state)
        digest = _digest(turned)
        other = others.get(digest)
        if other is not None:
            return _add(other, branch, turned)
        if self._room == 0:
            return False
        self._room -= 1
        others[digest] = branch
        return True


def _add(other: Branch, branch: Branch, turned: Array) -> bool:
    """Give a branch's probability to another one if their states are indeed the same."""
    if float(np.linalg.norm(_turned(other.state) - turned)) > _CLOSE:
        return False
    other.share += branch.share
    other.place.rounds = max(other.place.rounds, branch.place.rounds)
    other.place.while_rounds = max(other.place.while_rounds, branch.place.while_rounds)
    return True


def _is_meeting_point(place: Place) -> bool:
    """Whether a place is right behind measurements or resets, or at the beginning of a loop's round."""
    if place.position == 0:
        return place.frame is not None and place.frame.loop is not None
    steps = place.block.steps
    before, after = steps[place.position - 1 : place.position + 1]
    return before.kind in CHANCES and after.kind not in CHANCES


def _turned(state: Array) -> Array:
    """Return a state in double precision with the phase by which its largest amplitude, the first of them, is real."""
    wide = state.astype(np.complex128)
    largest = complex(wide[np.round(np.abs(wide), _DIGITS).argmax()])
    wide *= abs(largest) / largest
    return wide


def _digest(turned: Array) -> int:
    # Adding zero makes every zero a positive one.
    return hash((np.round(turned, _DIGITS) + 0.0).tobytes())


def _stand(place: Place) -> tuple[Any, ...]:
    """Return where a place is, with the rounds of `for` loops that lie before it."""
    found: list[Any] = [(id(place.block), place.position)]
    frame = place.frame
    while frame is not None:
        loop = (frame.loop.values, frame.loop.begun) if isinstance(frame.loop, Run) else None
        found.append((id(frame.block), frame.position, loop))
        frame = frame.parent
    return tuple(found)


def _progress(place: Place) -> list[tuple[float, int]]:
    """Return how far a place is, from the outermost block inwards; the beginning of a round is the end of another."""
    found: list[tuple[float, int]] = [(place.position or math.inf, 0)]
    frame = place.frame
    while frame is not None:
        found.append((frame.position, frame.loop.begun if isinstance(frame.loop, Run) else 0))
        frame = frame.parent
    return found[::-1]
