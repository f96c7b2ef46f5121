"""Runs of a circuit followed branch by branch: every measurement splits what is left of a run in two at most.

A branch is simulated once for all the shots, or all the probability, that it has. Of two branches the smaller one
goes on and the larger one waits, so that no more than log2(shots) of them wait at any time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.random import Generator

from qdock.operations import Code
from qdock.streams import ROOT_PATH, child_path
from qdock_basic.branching.meeting import Meeting
from qdock_basic.drawing.sampling import STEPS, share_of_one
from qdock_basic.engines.engine import Engine
from qdock_basic.programs.classical import ACTIONS as CLASSICAL_ACTIONS
from qdock_basic.programs.classical import Place
from qdock_basic.programs.program import CHANCES, GATES, LATE_GATE, READ_LAST, Step
from qdock_basic.states.kernels import Array, apply_form
from qdock_basic.states.state import collapse, flip, weights_of
from qdock_basic.watch import Span, Watch

__all__ = ["Branch", "Mass", "Part", "Shares", "Shots", "follow"]


@dataclass
class Branch:
    """One way that a run can go.

    Attributes
    ----------
    state : (2^n,) complex array
        Normalised, without the global phase.
    place : Place
        Where it is in the program, with its classical values.
    share : tuple of int, or float
        Its shots in every block of 2^20 shots, or its probability.
    path : int
        Names its stream of random numbers.
    readings : tuple of (qubit, clbit)
        What is to be read from its final state, in order.
    has_waited : bool
        Whether it has just been released from a `Meeting`.
    """

    state: Array
    place: Place
    share: Any
    path: int = ROOT_PATH
    readings: tuple[tuple[int, int], ...] = ()
    has_waited: bool = False


class Part(NamedTuple):
    """An outcome of a measurement with the share of the branch that gets it, and the path of that branch."""

    outcome: int
    share: Any
    path: int


class Shares(Protocol):
    """What branches share: shots or probability."""

    def divide(self, branch: Branch, zero: float, one: float) -> list[Part]:
        """Return the outcomes that happen, if any, with probabilities as `zero` to `one`; the smaller part first."""

    def size(self, share: Any) -> float:
        """Return a share as a number."""


class Shots:
    """Branches share shots, drawn from the stream of their path and block."""

    def __init__(self, rng: Callable[[int, int], Generator]) -> None:
        self.rng = rng

    def divide(self, branch: Branch, zero: float, one: float) -> list[Part]:
        """See `Shares`."""
        steps = share_of_one(zero, one)
        if steps in (0, STEPS):
            return [Part(steps // STEPS, branch.share, branch.path)]
        ones = tuple(
            int(self.rng(block, branch.path).binomial(shots, steps / STEPS)) if shots else 0
            for block, shots in enumerate(branch.share)
        )
        zeros = tuple(shots - part for shots, part in zip(branch.share, ones, strict=True))
        parts = [Part(outcome, share, child_path(branch.path, outcome)) for outcome, share in enumerate((zeros, ones))]
        return sorted((part for part in parts if any(part.share)), key=lambda part: sum(part.share))

    def size(self, share: tuple[int, ...]) -> float:
        """See `Shares`."""
        return sum(share)


class Mass:
    """Branches share probability; those below a bound are left out, and added up in `missing`."""

    def __init__(self, bound: float) -> None:
        self.bound = bound
        self.missing = 0.0

    def divide(self, branch: Branch, zero: float, one: float) -> list[Part]:
        """See `Shares`."""
        parts = [Part(outcome, branch.share * weight / (zero + one), 0) for outcome, weight in enumerate((zero, one))]
        kept = sorted((part for part in parts if part.share >= self.bound), key=lambda part: float(part.share))
        self.missing += sum(part.share for part in parts if part not in kept)
        return kept

    def size(self, share: float) -> float:
        """See `Shares`."""
        return share


def follow(
    root: Branch, shares: Shares, watch: Watch, engine: Engine, meeting: Meeting | None = None
) -> Iterator[Branch]:
    """Run a program from a branch on, and yield every branch at its end.

    Parameters
    ----------
    root : Branch
        Overwritten.
    shares : Shares
        Says how a branch is divided.
    watch : Watch
        Is shown how far the run is, and may stop it.
    engine : Engine
        Applies the gates.
    meeting : Meeting, optional
        Where branches whose shares can be added up become one.
    """
    waiting = [root]
    total, done = shares.size(root.share), 0.0
    while waiting or (meeting is not None and (waiting := meeting.release())):
        branch = waiting.pop()
        while branch.place.has_next():
            if meeting is not None and meeting.arrive(branch, alone=not waiting):
                break
            begin = branch.place.fraction()
            step = branch.place.take_step()
            size = shares.size(branch.share)
            if watch.is_due():
                watch.look((done + size * begin) / total)
            if step.kind == GATES:
                end = branch.place.fraction()
                span = Span(watch, (done + size * begin) / total, (done + size * end) / total)
                engine.apply(branch.state, step.detail, span)
            elif step.kind in CHANCES:
                waiting += _chance(branch, step, shares)
            else:
                _ACTIONS[step.kind](branch, step)
        else:
            done += shares.size(branch.share)
            if shares.size(branch.share):
                yield branch


# --- what each kind of step does to a branch


def _late_gate(branch: Branch, step: Step) -> None:
    angles = [float(branch.place.evaluate(angle)) for angle in step.angles]
    apply_form(branch.state, step.detail(*angles), step.qubits)


def _read_last(branch: Branch, step: Step) -> None:
    branch.readings += ((step.qubits[0], step.clbits[0]),)


def _classical(branch: Branch, step: Step) -> None:
    CLASSICAL_ACTIONS[step.kind](branch.place, step.detail)


_ACTIONS: dict[int, Callable[[Branch, Step], None]] = {
    LATE_GATE: _late_gate,
    READ_LAST: _read_last,
    **dict.fromkeys(CLASSICAL_ACTIONS, _classical),
}


def _chance(branch: Branch, step: Step, shares: Shares) -> list[Branch]:
    """Measure or reset a qubit: `branch` goes on with one outcome; return the branch with the other, if any."""
    qubit = step.qubits[0]
    weights = weights_of(branch.state, qubit)
    parts = shares.divide(branch, *weights)
    if not parts:
        branch.share = 0
        branch.place.end()
        return []
    first, *others = parts
    rest = [_split_off(branch, qubit, part, weights[part.outcome]) for part in others]
    branch.share, branch.path = first.share, first.path
    if weights[1 - first.outcome]:
        collapse(branch.state, qubit, first.outcome, weights[first.outcome])
    for part, each in zip((first, *others), (branch, *rest), strict=True):
        _note(each, step, part.outcome)
    return rest


def _split_off(branch: Branch, qubit: int, part: Part, weight: float) -> Branch:
    """Return a new branch with the part of the state in which a qubit has an outcome."""
    state = np.zeros_like(branch.state)
    halves, kept = (array.reshape(-1, 2, 1 << qubit)[:, part.outcome] for array in (state, branch.state))
    np.multiply(kept, 1 / math.sqrt(weight), out=halves)
    return Branch(state, branch.place.copy(), part.share, part.path, branch.readings)


def _note(branch: Branch, step: Step, outcome: int) -> None:
    """Write down what was measured, or set the qubit to 0."""
    if step.kind == Code.MEASURE:
        branch.place.write(step.clbits[0], outcome)
    elif outcome:
        flip(branch.state, step.qubits[0])
