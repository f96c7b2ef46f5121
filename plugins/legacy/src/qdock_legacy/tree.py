"""Shots one after the other, as the historical simulators ran them, but every way that a shot can go simulated once.

Each measurement or reset takes the next draw, so what a shot draws depends on how the shots before it went. The ways
form a tree that grows where a shot goes first; a shot that goes where another went only follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qdock_basic import apply_matrix, collapse, probabilities
from qdock_legacy.arrays import Array
from qdock_legacy.gates import matrix_for
from qdock_legacy.program import BFUNC, GATE, MEASURE, Program, Step, holds

__all__ = ["Node", "Tree"]

#: Bytes of states that are kept where a shot may still go another way; beyond that they are computed again.
_KEPT_BYTES = 256 << 20
_FLIP = np.array([[0, 1], [1, 0]], dtype=np.complex128)


class Node:
    """A place where a shot takes a draw, or its end.

    Attributes
    ----------
    state : array, optional
        Just before the draw; None where it was given up.
    step : Step, optional
        The measurement or reset; None at the end.
    position : int
        Of the step after it.
    memory, register : int
        Classical values just before the draw.
    zero : float
        Probability of finding 0.
    children : list of two Nodes, or None where no shot went yet
    parent, outcome : Node and int
        How it was reached.
    """

    __slots__ = ("children", "memory", "outcome", "parent", "position", "register", "state", "step", "zero")

    def __init__(self, state: Array, position: int, memory: int, register: int) -> None:
        self.state: Array | None = state
        self.position = position
        self.memory = memory
        self.register = register
        self.step: Step | None = None
        self.zero = 1.0
        self.children: list[Node | None] = [None, None]
        self.parent: Node | None = None
        self.outcome = 0


class Tree:
    """The ways that shots of a program can go.

    Parameters
    ----------
    program : Program
    initial : array
        The state at the beginning, global phase included.
    keep_ends : bool
        Whether the states at the ends of shots are wanted.
    kept_bytes : int
        Of states that may be kept for ways that no shot has gone yet.
    """

    def __init__(
        self, program: Program, initial: Array, keep_ends: bool = False, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        self._steps = program.steps
        self._initial = initial
        self._keep_ends = keep_ends
        self._room = kept_bytes
        self.root = Node(initial.copy(), 0, 0, 0)
        self._settle(self.root)

    def follow(self, draws: Iterator[float]) -> Node:
        """Return where a shot with these draws ends."""
        node = self.root
        while node.step is not None:
            outcome = 0 if next(draws) < node.zero else 1
            node = node.children[outcome] or self._grow(node, outcome)
        return node

    def _grow(self, node: Node, outcome: int) -> Node:
        """Make the child of a node."""
        assert node.step is not None
        state = self._take(node, node.children[1 - outcome] is None and 0 < node.zero <= 1)
        child = Node(state, node.position, node.memory, node.register)
        child.parent, child.outcome = node, outcome
        _find(child, node.step, outcome)
        self._settle(child)
        node.children[outcome] = child
        return child

    def _take(self, node: Node, wanted_again: bool) -> Array:
        """Return the state of a node to be overwritten; a copy stays if it is wanted again and there is room."""
        state, node.state = node.state, None
        if state is None:
            state = self._compute_again(node)
        else:
            self._room += state.nbytes
        if wanted_again and self._room >= state.nbytes:
            node.state = state.copy()
            self._room -= state.nbytes
        return state

    def _settle(self, node: Node) -> None:
        """Run a new node to its draw or its end, and keep its state only where it is wanted."""
        self._run(node)
        assert node.state is not None
        if node.step is not None:
            self._room -= node.state.nbytes
        elif not self._keep_ends:
            node.state = None

    def _compute_again(self, node: Node) -> Array:
        """Compute a state that was given up, from the nearest one on the way to it that is left."""
        way = [node]
        while way[-1].parent is not None and way[-1].parent.state is None:
            way.append(way[-1].parent)
        start = way[-1].parent
        if start is None or start.state is None:
            way.pop()
            here = Node(self._initial.copy(), 0, 0, 0)
            self._run(here)
        else:
            here = Node(start.state.copy(), start.position, start.memory, start.register)
            here.step = start.step
        while way:
            assert here.step is not None
            _find(here, here.step, way.pop().outcome)
            self._run(here)
        assert here.state is not None
        return here.state

    def _run(self, node: Node) -> None:
        """Do the steps up to the next draw, or to the end."""
        state, node.step = node.state, None
        assert state is not None
        for position in range(node.position, len(self._steps)):
            step = self._steps[position]
            if not holds(step.condition, node.memory, node.register):
                continue
            if step.kind == GATE:
                apply_matrix(state, matrix_for(step.detail), step.qubits)
            elif step.kind == BFUNC:
                apply_bfunc(node, step)
            else:
                node.step, node.position = step, position + 1
                node.zero = _zero(state, step.qubits)
                return


def _zero(state: Array, qubits: tuple[int, ...]) -> float:
    zero, one = probabilities(state, qubits).tolist()
    # What can't be found has no state after it.
    return float(zero) if one > 0 else 2.0


def _find(node: Node, step: Step, outcome: int) -> None:
    """Let a node, which stands before a measurement or reset, find an outcome."""
    state = node.state
    assert state is not None
    weight = float(probabilities(state, step.qubits)[outcome])
    collapse(state, step.qubits[0], outcome, weight)
    if step.kind == MEASURE:
        memory, register = step.detail
        node.memory = write(node.memory, memory, outcome)
        if register is not None:
            node.register = write(node.register, register, outcome)
    elif outcome:
        apply_matrix(state, _FLIP, step.qubits)


def write(bits: int, slot: int, value: int | bool) -> int:
    """Return bits with one of them set."""
    return bits & ~(1 << slot) | bool(value) << slot


def apply_bfunc(place: Any, step: Step) -> None:
    """Compare the masked register with a value, and write the answer; `place` has memory and register."""
    mask, relation, value, register, memory = step.detail
    answer = relation(place.register & mask, value)
    place.register = write(place.register, register, answer)
    if memory is not None:
        place.memory = write(place.memory, memory, answer)
