"""Where the amplitudes lie that a gate acts on, and tables of that kept while they are small."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Tables", "places_of"]

Ints = npt.NDArray[np.int64]

#: Bytes of tables that a compiled circuit keeps; what is beyond is made again at each use.
_KEPT = 1 << 28


class Tables:
    """Arrays that are made when they are needed, equal ones once, and kept up to a size in all."""

    def __init__(self, limit: int = _KEPT) -> None:
        self._room = limit
        self._kept: dict[Hashable, npt.NDArray[Any]] = {}

    def get(self, key: Hashable, make: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return the array of that key, made if it is not there."""
        found = self._kept.get(key)
        if found is None:
            found = make()
            if found.nbytes <= self._room:
                self._room -= found.nbytes
                self._kept[key] = found
        return found


def places_of(num_qubits: int, qubits: Sequence[int], controls: Sequence[int]) -> Ints:
    """Return the indices of the amplitudes that a gate mixes, a (2^t, 2^(num_qubits - k)) array for t targets.

    The first of the `qubits` are the controls, which are in their states; a row has the value of the targets, the
    first target least significant.
    """
    rest = np.arange(1 << (num_qubits - len(qubits)), dtype=np.int64)
    for qubit in sorted(qubits):
        rest = (rest >> qubit) << (qubit + 1) | rest & ((1 << qubit) - 1)
    rest |= sum(state << qubit for state, qubit in zip(controls, qubits, strict=False))
    targets = qubits[len(controls) :]
    values = np.arange(1 << len(targets), dtype=np.int64)
    moved = sum(((values >> place & 1) << qubit for place, qubit in enumerate(targets)), np.zeros_like(values))
    return moved[:, None] | rest[None]
