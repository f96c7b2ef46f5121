"""Which small circuits can be run together: those of one size that are read alike at their end."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from qdock.circuit import Circuit, Register
from qdock.results.counts_form import CountsForm
from qdock_basic.branching.readout import Layout, Wiring
from qdock_basic.drawing.sums import Ints, Words
from qdock_basic.programs.program import Gates
from qdock_basic.programs.straight import straight_of

__all__ = ["Shape", "Shaped", "shape_of"]

# Larger states are worth a call each.
_MOST_QUBITS = 10

Readings = tuple[tuple[int, int], ...]


class Shape:
    """What circuits have in common that are run together; of equal ones there is one.

    Attributes
    ----------
    num_qubits : int
    readings : tuple of (qubit, clbit)
    wiring : Wiring
        How the readings become outcomes.
    is_plain : bool
        Whether every outcome is one word and of one reading, so that they stay in their order.
    """

    def __init__(self, num_qubits: int, cregs: tuple[Register, ...], readings: Readings, wiring: Wiring) -> None:
        self.num_qubits, self.readings, self.wiring = num_qubits, readings, wiring
        self._cregs = cregs
        self.is_plain = wiring.num_words == 1 and sum(run.size for run in wiring.moves) == len(wiring.qubits)

    @cached_property
    def places(self) -> Ints:
        """For each index of an amplitude what is read there, ``(2^num_qubits,)``."""
        indices = np.arange(1 << self.num_qubits)
        read = np.zeros_like(indices)
        for place, qubit in enumerate(self.wiring.qubits):
            read |= (indices >> qubit & 1) << place
        return read

    @cached_property
    def words(self) -> Words:
        """The outcome of every reading, ``(2^k, 1)``, read-only."""
        words = self.wiring.outcomes(np.arange(1 << len(self.wiring.qubits)))
        words.flags.writeable = False
        return words

    @cached_property
    def form(self) -> CountsForm:
        """What makes entries of the circuits' counts."""
        return CountsForm(self._cregs, self.words)


class Shaped(NamedTuple):
    """A circuit's shape, and its gates."""

    shape: Shape
    gates: Gates


def shape_of(circuit: Circuit) -> Shaped | None:
    """Return the shape of a small circuit that is measured last and only there, or None if it is another one."""
    if not 0 < circuit.num_qubits <= _MOST_QUBITS:
        return None
    straight = straight_of(circuit)
    if straight is None:
        return None
    shape = _shape(circuit.num_qubits, circuit.cregs, straight.readings)
    return None if shape is None else Shaped(shape, straight.gates)


@lru_cache(maxsize=256)
def _shape(num_qubits: int, cregs: tuple[Register, ...], readings: Readings) -> Shape | None:
    shown: list[Any] = [clbit for register in cregs if register.output for clbit in register]
    wiring = Layout(shown).wire(readings)
    return Shape(num_qubits, cregs, readings, wiring) if wiring.qubits else None
