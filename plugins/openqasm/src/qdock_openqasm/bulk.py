"""Plain operations into a circuit's columns, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from qdock.circuit import Circuit
from qdock.operations import OPERATION_NAMES, Code

__all__ = ["append_rows"]


def append_rows(circuit: Circuit, rows: Sequence[Any], place: Callable[[Iterable[int]], list[int]] | None) -> None:
    """Append operations ``(code, qubits, clbits, params)`` that have been checked; `place` puts physical qubits."""
    for code, qubits, clbits, params in rows:
        where = place(qubits) if place else list(qubits)
        if code < Code.MODIFIED:
            circuit.append(OPERATION_NAMES[code], where, params)
        elif code == Code.MEASURE:
            circuit.measure(where[0], clbits[0])
        elif code == Code.RESET:
            circuit.reset(where[0])
        else:
            circuit.barrier(where)


_ = chain
