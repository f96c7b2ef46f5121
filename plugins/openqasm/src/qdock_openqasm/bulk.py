"""Plain operations into a circuit's columns, many at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from qdock.circuit import Circuit
from qdock.operations import Barrier, Code

__all__ = ["Columns", "append_columns", "append_each", "append_repeated", "append_rows"]

_BARRIER = int(Code.BARRIER)
_NONE = np.zeros(0, dtype=np.float64)


@dataclass(frozen=True)
class Columns:
    """Rows of the table of gates as flat columns: codes, qubits among those of a definition, angles."""

    codes: Any
    qubits: Any
    params: Any

    @classmethod
    def of(cls, rows: Sequence[tuple[int, Sequence[int], Sequence[float]]]) -> Columns:
        """Return the columns of some rows."""
        return cls(
            np.array([row[0] for row in rows], dtype=np.uint8),
            np.array(list(chain.from_iterable(row[1] for row in rows)), dtype=np.int32),
            np.array(list(chain.from_iterable(row[2] for row in rows)), dtype=np.float64),
        )

    @classmethod
    def joined(cls, parts: Sequence[Columns]) -> Columns:
        """Return columns one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("codes", "qubits", "params")))

    def times(self, count: int) -> Columns:
        """Return the same several times in a row."""
        return (
            self if count == 1 else Columns(*(np.tile(part, count) for part in (self.codes, self.qubits, self.params)))
        )

    def on_each(self, rows: Any) -> Columns:
        """Return the same on each of several rows of qubits, an (n, qubits) int32 array."""
        qubits = rows[:, self.qubits].ravel()
        return Columns(np.tile(self.codes, len(rows)), qubits, np.tile(self.params, len(rows)))

    def on(self, qubits: Sequence[int]) -> Columns:
        """Return the same on other qubits."""
        return Columns(self.codes, np.array(qubits, dtype=np.int32)[self.qubits], self.params)


def append_columns(circuit: Circuit, columns: Columns) -> None:
    """Append columns whose qubits are those of the circuit."""
    if circuit._columns is not None:
        circuit._thaw()
    circuit._code.frombytes(columns.codes.tobytes())
    circuit._qubits.frombytes(columns.qubits.tobytes())
    circuit._params.frombytes(columns.params.tobytes())


def append_each(circuit: Circuit, code: int, qubits: Sequence[int], clbits: Sequence[int]) -> None:
    """Append an operation on each of some qubits, and on the clbit beside it if there are any."""
    append_columns(
        circuit, Columns(np.full(len(qubits), code, dtype=np.uint8), np.array(qubits, dtype=np.int32), _NONE)
    )
    circuit._clbits.frombytes(np.array(clbits, dtype=np.int32).tobytes())


def append_repeated(
    circuit: Circuit, rows: Sequence[Any], place: Callable[[Iterable[int]], list[int]], count: int
) -> None:
    """Append operations ``(code, qubits, clbits, params)``, none of them a barrier, several times in a row."""
    if circuit._columns is not None:
        circuit._thaw()
    circuit._code.extend(array("B", [row[0] for row in rows]) * count)
    parts = [list(chain.from_iterable(row[column] for row in rows)) for column in (1, 2, 3)]
    circuit._qubits.extend(array(circuit._qubits.typecode, place(parts[0])) * count)
    circuit._clbits.extend(array(circuit._clbits.typecode, parts[1]) * count)
    circuit._params.extend(array(circuit._params.typecode, parts[2]) * count)


def append_rows(circuit: Circuit, rows: Sequence[Any], place: Callable[[Iterable[int]], list[int]] | None) -> None:
    """Append operations ``(code, qubits, clbits, params)`` that have been checked; `place` puts physical qubits."""
    codes = array("B", [row[0] for row in rows])
    qubits = chain.from_iterable([row[1] for row in rows])
    if circuit._columns is not None:
        circuit._thaw()
    if _BARRIER in codes:
        first = len(circuit)
        for index, row in enumerate(rows):
            if row[0] == _BARRIER:
                circuit._details[first + index] = Barrier(len(row[1]))
    circuit._code.extend(codes)
    circuit._qubits.extend(place(qubits) if place else qubits)
    circuit._clbits.extend(chain.from_iterable([row[2] for row in rows]))
    circuit._params.extend(chain.from_iterable([row[3] for row in rows]))
