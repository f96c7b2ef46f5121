"""Columns that nobody can change, and what was appended behind them."""

from __future__ import annotations

from struct import pack
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock.expr import Expr
from qdock.operations import Columns, Detail

__all__ = ["Tail"]

_NO_BITS = np.frombuffer(b"", np.int32)
_EMPTY = Columns(np.frombuffer(b"", np.uint8), _NO_BITS, _NO_BITS, np.frombuffer(b"", np.float64), {}, {})


class Tail:
    """The operations of a circuit: frozen columns, and lists of those that came later.

    An append to a list takes a third of the time of one to an array, and the columns are made only when they are asked
    for. A circuit goes on with another tail then, in one assignment: threads that ask at the same time do the same.
    """

    __slots__ = ("clbits", "code", "columns", "params", "qubits")

    def __init__(self, columns: Columns = _EMPTY) -> None:
        self.columns = columns
        self.code: list[int] = []
        self.qubits: list[int] = []
        self.clbits: list[int] = []
        self.params: list[float] = []

    def __len__(self) -> int:
        return len(self.columns.code) + len(self.code)

    @property
    def num_params(self) -> int:
        """How many angles there are."""
        return len(self.columns.params) + len(self.params)

    def extend(self, code: Any, qubits: Any, clbits: Any, params: Any) -> None:
        """Append arrays."""
        self.code += code.tolist()
        self.qubits += qubits.tolist()
        self.clbits += clbits.tolist()
        self.params += params.tolist()

    def frozen(self, details: dict[int, Detail], expressions: dict[int, Expr]) -> Tail:
        """Return a tail in which all stands in the columns, with their details and expressions."""
        # Half of what arrays take to make of numbers.
        qubits, clbits = pack(f"{len(self.qubits)}i", *self.qubits), pack(f"{len(self.clbits)}i", *self.clbits)
        params = pack(f"{len(self.params)}d", *self.params)
        return self.with_arrays(bytearray(self.code), qubits, clbits, params, details, expressions)

    def with_arrays(
        self, code: Any, qubits: Any, clbits: Any, params: Any, details: dict[int, Detail], expressions: dict[int, Expr]
    ) -> Tail:
        """Return a tail with arrays behind the columns, in place of what is in the lists."""
        before = self.columns
        return Tail(
            Columns(
                _joined(before.code, code),
                _joined(before.qubits, qubits),
                _joined(before.clbits, clbits),
                _joined(before.params, params),
                details.copy(),
                expressions.copy(),
            )
        )


def _joined(column: npt.NDArray[Any], more: Any) -> npt.NDArray[Any]:
    """Return a column with the memory of an array behind it, where nobody can write."""
    data = bytes(more)
    if not data:
        return column
    return np.frombuffer(column.tobytes() + data if len(column) else data, column.dtype)
