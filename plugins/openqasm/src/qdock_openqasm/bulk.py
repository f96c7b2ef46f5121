"""Plain operations into a circuit's columns, many at once."""

from __future__ import annotations

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


def append_columns(circuit: Circuit, columns: Columns, clbits: Any = _NONE) -> None:
    """Append columns whose qubits are those of the circuit, and the clbits that they need."""
    circuit._record_all(columns.codes, columns.qubits, clbits, columns.params)


def append_each(circuit: Circuit, code: int, qubits: Sequence[int], clbits: Sequence[int]) -> None:
    """Append an operation on each of some qubits, and on the clbit beside it if there are any."""
    codes = np.full(len(qubits), code, dtype=np.uint8)
    append_columns(circuit, Columns(codes, np.array(qubits, dtype=np.int32), _NONE), np.array(clbits, dtype=np.int32))


def append_repeated(
    circuit: Circuit, rows: Sequence[Any], place: Callable[[Iterable[int]], list[int]], count: int
) -> None:
    """Append operations ``(code, qubits, clbits, params)``, none of them a barrier, several times in a row."""
    clbits = np.array(list(chain.from_iterable(row[2] for row in rows)), dtype=np.int32)
    columns = Columns.of([(row[0], row[1], row[3]) for row in rows])
    placed = Columns(columns.codes, np.array(place(columns.qubits.tolist()), dtype=np.int32), columns.params)
    append_columns(circuit, placed.times(count), np.tile(clbits, count))


def append_rows(circuit: Circuit, rows: Sequence[Any], place: Callable[[Iterable[int]], list[int]] | None) -> None:
    """Append operations ``(code, qubits, clbits, params)`` that have been checked; `place` puts physical qubits."""
    tail, codes = circuit._tail, bytes([row[0] for row in rows])
    qubits = chain.from_iterable([row[1] for row in rows])
    if _BARRIER in codes:
        first = len(tail)
        for index, row in enumerate(rows):
            if row[0] == _BARRIER:
                circuit._details[first + index] = Barrier(len(row[1]))
    tail.code.extend(codes)
    tail.qubits.extend(place(qubits) if place else qubits)
    tail.clbits.extend(chain.from_iterable([row[2] for row in rows]))
    tail.params.extend(chain.from_iterable([row[3] for row in rows]))
