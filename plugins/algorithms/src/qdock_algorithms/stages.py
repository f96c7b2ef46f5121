"""The stages of a compiled circuit: what a layer does to states, undone, and what its angles do to an energy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qdock_algorithms.angles import Angles
from qdock_algorithms.pauli_action import signed_sum
from qdock_algorithms.steps import Kind, Layer, Step
from qdock_algorithms.tables import Tables, places_of
from qdock_algorithms.turns import Turned, Turns

__all__ = ["Bound", "Stage", "stages_of"]

Complexes = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]


class Bound(NamedTuple):
    """What depends on the values of the parameters.

    Attributes
    ----------
    atoms : (n,) array
    turned : Turned
        Matrices of the gates on single qubits.
    phases : dict
        Of diagonal stages, by identity, kept from the way there for the way back.
    """

    atoms: Floats
    turned: Turned
    phases: dict[int, Complexes]


class Stage:
    """Something done to states, a (k, 2^n) array, that can be undone."""

    def apply(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states after it."""
        raise NotImplementedError

    def undo(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states before it."""
        raise NotImplementedError

    def collect(self, pair: Complexes, turned: list[Complexes], slopes: Floats) -> None:
        """Note what its angles do, from the state and the observable's image of it, both after the stage."""


class Product(Stage):
    """A matrix on each single qubit: a layer of `Turns`."""

    def __init__(self, turns: Turns, layer: int) -> None:
        self._turns, self._layer = turns, layer

    def apply(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states after it."""
        return self._turns.apply(states, self._layer, bound.turned)

    def undo(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states before it."""
        return self._turns.apply(states, self._layer, bound.turned, undo=True)

    def collect(self, pair: Complexes, turned: list[Complexes], slopes: Floats) -> None:
        """Note the reduced matrices of each block of qubits."""
        self._turns.collect(turned, self._layer, pair)


class Diagonal(Stage):
    """A phase on each amplitude: ``exp(-i (constant + sum over atoms of value * table))``."""

    def __init__(self, steps: list[Step], num_qubits: int, angles: Angles, tables: Tables) -> None:
        self._num_qubits, self._tables = num_qubits, tables
        turned = [step for step in steps if step.matrix is None]
        weights = angles.map(step.angle for step in turned if step.angle is not None)
        strings = [step.z_strings for step in turned]
        #: By atom the masks of Z strings with their factors; None stands for what no atom turns.
        self._strings: dict[int | None, list[tuple[int, float]]] = {}
        for row, constant in enumerate(weights.constants.tolist()):
            self._add(None, strings[row], constant)
        for row, atom, number in zip(
            *(item.tolist() for item in (weights.rows, weights.columns, weights.numbers)), strict=True
        ):
            self._add(atom, strings[row], number)
        self._fixed = [step for step in steps if step.matrix is not None]
        self._key = tuple((step.name, step.controls, step.qubits, id(step.matrix)) for step in self._fixed)

    def _add(self, atom: int | None, strings: list[tuple[int, float]], factor: float) -> None:
        if factor:
            self._strings.setdefault(atom, []).extend((mask, number * factor) for mask, number in strings)

    def _table(self, atom: int | None) -> Floats:
        strings = tuple(self._strings.get(atom, ()))
        key = (strings, self._key if atom is None else None)
        return self._tables.get(key, lambda: self._make(strings, self._fixed if atom is None else []))

    def _make(self, strings: tuple[tuple[int, float], ...], fixed: list[Step]) -> Floats:
        masks, numbers = (
            (np.array(column) for column in zip(*strings, strict=True)) if strings else (np.zeros(1, int), np.zeros(1))
        )
        total = signed_sum(masks, numbers, self._num_qubits)
        for step in fixed:
            assert step.matrix is not None
            places = places_of(self._num_qubits, step.qubits, step.controls)
            total[places] -= np.angle(np.diagonal(step.matrix))[:, None]
        return total

    def _phases(self, bound: Bound) -> Complexes:
        if id(self) not in bound.phases:
            angle = self._table(None)
            for atom in self._strings.keys() - {None}:
                angle = angle + bound.atoms[atom] * self._table(atom)
            bound.phases[id(self)] = np.exp(-1j * angle)
        return bound.phases[id(self)]

    def apply(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states after it."""
        return states * self._phases(bound)

    def undo(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states before it."""
        return states * self._phases(bound).conj()

    def collect(self, pair: Complexes, turned: list[Complexes], slopes: Floats) -> None:
        """Add the derivatives by the atoms."""
        if self._strings.keys() - {None}:
            weights = 2 * (pair[1].conj() * pair[0]).imag
            for atom in self._strings.keys() - {None}:
                slopes[atom] += self._table(atom) @ weights


class Permutation(Stage):
    """Amplitudes in another order."""

    def __init__(self, steps: list[Step], num_qubits: int, angles: Angles, tables: Tables) -> None:
        self._steps, self._num_qubits, self._tables = steps, num_qubits, tables
        self._key = tuple((step.name, step.controls, step.qubits, id(step.matrix)) for step in steps)

    def _sources(self) -> npt.NDArray[np.int64]:
        """Return for each amplitude the index of the one that comes there."""
        sources = np.arange(1 << self._num_qubits)
        for step in self._steps:
            assert step.matrix is not None
            places = places_of(self._num_qubits, step.qubits, step.controls)
            sources[places] = sources[places[np.argmax(step.matrix.real, axis=1)]]
        return sources

    def _order(self, undo: bool) -> npt.NDArray[np.int64]:
        if not undo:
            return self._tables.get((self._key, False), self._sources)
        return self._tables.get((self._key, True), lambda: np.argsort(self._order(False)))

    def apply(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states after it."""
        return states.take(self._order(False), axis=1)

    def undo(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states before it."""
        return states.take(self._order(True), axis=1)


class Dense(Stage):
    """One matrix on several qubits, with or without controls."""

    def __init__(self, steps: list[Step], num_qubits: int, angles: Angles, tables: Tables) -> None:
        (self._step,), self._num_qubits, self._tables = steps, num_qubits, tables

    def _mixed(self, states: Complexes, matrix: Complexes) -> Complexes:
        qubits, controls = self._step.qubits, self._step.controls
        places = self._tables.get((qubits, controls), lambda: places_of(self._num_qubits, qubits, controls))
        mixed = states.copy()
        mixed[:, places] = matrix @ states[:, places]
        return mixed

    def apply(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states after it."""
        assert self._step.matrix is not None
        return self._mixed(states, self._step.matrix)

    def undo(self, states: Complexes, bound: Bound) -> Complexes:
        """Return the states before it."""
        assert self._step.matrix is not None
        return self._mixed(states, self._step.matrix.conj().T)


_STAGES: dict[Kind, Callable[[list[Step], int, Angles, Tables], Stage]] = {
    Kind.DIAGONAL: Diagonal,
    Kind.PERMUTATION: Permutation,
    Kind.DENSE: Dense,
}


def stages_of(layers: list[Layer], num_qubits: int, turns: Turns, angles: Angles) -> list[Stage]:
    """Return the stage of each layer; those on single qubits are, in order, the layers of `turns`."""
    tables, numbers = Tables(), count()
    return [
        Product(turns, next(numbers))
        if layer.kind == Kind.PRODUCT
        else _STAGES[layer.kind](layer.steps, num_qubits, angles, tables)
        for layer in layers
    ]
