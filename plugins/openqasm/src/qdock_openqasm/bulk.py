"""Plain operations into a circuit's columns, many at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from qdock.circuit import Circuit
from qdock.operations import Barrier, Code

__all__ = ["append_rows"]

_BARRIER = int(Code.BARRIER)


def append_rows(circuit: Circuit, rows: Sequence[Any], place: Callable[[Iterable[int]], list[int]] | None) -> None:
    """Append operations ``(code, qubits, clbits, params)`` that have been checked; `place` puts physical qubits."""
    codes = array("B", [row[0] for row in rows])
    qubits = list(chain.from_iterable([row[1] for row in rows]))
    if circuit._columns is not None:
        circuit._thaw()
    if _BARRIER in codes:
        first = len(circuit)
        for index, row in enumerate(rows):
            if row[0] == _BARRIER:
                circuit._details[first + index] = Barrier(len(row[1]))
    circuit._code.extend(codes)
    circuit._qubits.extend(array("i", place(qubits) if place else qubits))
    circuit._clbits.extend(array("i", list(chain.from_iterable([row[2] for row in rows]))))
    circuit._params.extend(array("d", list(chain.from_iterable([row[3] for row in rows]))))
