"""What a circuit's builder methods record: numbers, checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, Self

import numpy as np

from qdock.circuits.tail import Tail
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import Expr
from qdock.expressions.arithmetic import shown, whole
from qdock.gates import GATES, Gate, check_angle
from qdock.operations import (
    OPERATION_NAMES,
    Code,
    Columns,
    Detail,
    Modifier,
)

__all__ = ["Qubits", "Recorder", "items"]

MAX_NESTING = 100
_MEASURE = [int(Code.MEASURE)]

#: A qubit, or several that an operation is applied to one after the other.
Qubits = int | Sequence[int]


class Recorder:
    """The operations of a circuit while it is built."""

    def __init__(self, num_qubits: int, num_clbits: int) -> None:
        self._num_qubits = num_qubits
        self._num_clbits = num_clbits
        self._tail = Tail()
        self._details: dict[int, Detail] = {}
        self._expressions: dict[int, Expr] = {}
        self._nesting = 0
        #: What has been worked out about the circuit as it is; whatever changes it begins another one.
        self._known: dict[Any, Any] = {}

    # --- append

    def _one(self, code: int, qubit: Qubits) -> Self:
        """Append a gate on one qubit."""
        if type(qubit) is int and 0 <= qubit < self._num_qubits:
            tail = self._tail
            tail.code.append(code)
            tail.qubits.append(qubit)
            return self
        return self._each(code, (qubit,), ())

    def _turn(self, code: int, theta: float | Expr, qubit: Qubits) -> Self:
        """Append a gate on one qubit with one angle."""
        if type(theta) is float and type(qubit) is int and 0 <= qubit < self._num_qubits and isfinite(theta):
            tail = self._tail
            tail.code.append(code)
            tail.qubits.append(qubit)
            tail.params.append(theta)
            return self
        return self._each(code, (qubit,), (theta,))

    def _two(self, code: int, first: Qubits, second: Qubits) -> Self:
        """Append a gate on two qubits."""
        if (
            type(first) is int
            and type(second) is int
            and 0 <= first < self._num_qubits
            and 0 <= second < self._num_qubits
            and first != second
        ):
            tail = self._tail
            tail.code.append(code)
            tail.qubits.append(first)
            tail.qubits.append(second)
            return self
        return self._each(code, (first, second), ())

    def _broadcast(self, code: int, qubits: Sequence[Qubits], params: Sequence[Any] = ()) -> Self:
        """Append a gate of the table to each combination of its qubits, or nothing if one of them is wrong."""
        # Single different qubits and finite floats need no further look.
        limit = self._num_qubits
        for qubit in qubits:
            if type(qubit) is not int or not 0 <= qubit < limit:
                return self._each(code, qubits, params)
        for param in params:
            if type(param) is not float or not isfinite(param):
                return self._each(code, qubits, params)
        if len(qubits) > 1 and len({*qubits}) != len(qubits):
            return self._each(code, qubits, params)
        tail = self._tail
        tail.code.append(code)
        tail.qubits += qubits  # type: ignore[arg-type]  # they are integers
        tail.params += params
        return self

    def _each(self, code: int, qubits: Sequence[Qubits], params: Sequence[Any]) -> Self:
        """Do as `_broadcast` does, for arguments of all kinds."""
        name = OPERATION_NAMES[code]
        angles = tuple(self._checked_angle(name, param) for param in params)
        for row in self._rows(name, qubits):
            self._record(code, row, params=angles)
        return self

    def _record(
        self,
        code: int,
        qubits: Iterable[int] = (),
        clbits: Iterable[int] = (),
        params: Iterable[Any] = (),
        detail: Detail | None = None,
    ) -> None:
        """Append one operation that has been checked."""
        nesting, tail = _nesting(detail) if detail is not None else 0, self._tail
        if detail is not None:
            self._details[len(tail)] = detail
            self._nesting = max(self._nesting, nesting)
        tail.code.append(code)
        tail.qubits.extend(qubits)
        tail.clbits.extend(clbits)
        for param in params:
            if isinstance(param, Expr):
                self._expressions[tail.num_params] = param
                param = math.nan
            tail.params.append(param)

    def _record_measurements(self, qubits: list[int], clbits: list[int]) -> None:
        """Append measurements that have been checked."""
        tail = self._tail
        tail.code += _MEASURE * len(qubits)
        tail.qubits += qubits
        tail.clbits += clbits

    def _record_all(self, code: Any, qubits: Any, clbits: Any, params: Any) -> None:
        """Append operations as arrays, which have been checked; their details and expressions are recorded before."""
        code, qubits = code.astype(np.uint8, copy=False), qubits.astype(np.int32, copy=False)
        clbits, params = clbits.astype(np.int32, copy=False), params.astype(np.float64, copy=False)
        if len(code) < len(self._tail):
            self._tail.extend(code, qubits, clbits, params)
        else:
            # They are more than there were: copying those once more is no matter.
            self.columns()
            self._tail = self._tail.with_arrays(code, qubits, clbits, params, self._details, self._expressions)
            self._known = {}

    # --- check

    def _rows(self, name: str, qubits: Sequence[Qubits]) -> list[tuple[int, ...]]:
        """Return the qubits of each single operation that the arguments stand for."""
        lists = [self._qubit_list(name, argument) for argument in qubits]
        if len(lists) == 1:
            return [(qubit,) for qubit in lists[0]]
        lengths = {len(found) for found in lists if len(found) != 1}
        if len(lengths) > 1:
            raise CircuitError(
                f"'{name}' was given lists of {' and '.join(map(str, sorted(lengths)))} qubits; "
                "give lists of one length, or single qubits."
            )
        count = lengths.pop() if lengths else 1
        rows = list(zip(*(found if len(found) == count else found * count for found in lists), strict=True))
        for row in rows:
            if len(set(row)) != len(row):
                twice = next(qubit for qubit in row if row.count(qubit) > 1)
                raise CircuitError(f"'{name}' was given qubit {twice} twice; its qubits must differ.")
        return rows

    def _qubit_list(self, name: str, argument: Any) -> list[int]:
        return _indices(name, "qubit", argument, self._num_qubits)

    def _clbit_list(self, name: str, argument: Any) -> list[int]:
        return _indices(name, "clbit", argument, self._num_clbits)

    def _checked_angle(self, name: str, value: Any) -> float | Expr:
        angle = check_angle(name, value)
        return self._checked_expression(angle) if isinstance(angle, Expr) else angle

    def _checked_expression(self, expression: Expr) -> Expr:
        """Return an expression whose clbits all exist."""
        for index in expression.bits:
            if not 0 <= index < self._num_clbits:
                raise CircuitError(
                    f"'{expression}' reads clbit {index}, but the circuit has {_counted('clbit', self._num_clbits)}."
                )
        return expression

    def _append_gate(self, gate: Gate, qubits: Sequence[Qubits]) -> Self:
        """Append a gate with its modifiers, on as many qubits as it takes."""
        if len(qubits) != gate.num_qubits:
            raise CircuitError(
                f"Gate '{gate.label}' acts on {_counted('qubit', gate.num_qubits)}, but {len(qubits)} were given."
            )
        if gate.is_plain:
            return self._broadcast(GATES[gate.name].code, qubits, gate.params)
        angles = tuple(self._checked_angle(gate.label, param) for param in gate.params)
        for row in self._rows(gate.label, qubits):
            self._record(Code.MODIFIED, row, params=angles, detail=Modifier.of(gate))
        return self

    # --- read

    def columns(self) -> Columns:
        """Return the operations as flat arrays, without a copy; see `Columns`."""
        tail = self._tail
        if tail.code:
            self._known = {}
            self._tail = tail = tail.frozen(self._details, self._expressions)
        return tail.columns


def _nesting(detail: Detail) -> int:
    """Return how many levels of blocks an operation adds, or raise `LimitExceeded`."""
    levels = max((block._nesting + 1 for block in detail.blocks), default=0)
    if levels > MAX_NESTING:
        raise LimitExceeded(f"Control flow is nested {levels} blocks deep; the limit is {MAX_NESTING}.")
    return levels


def _indices(name: str, kind: str, argument: Any, count: int) -> list[int]:
    """Return an argument of a builder method as indices that exist."""
    found = []
    for item in items(argument):
        index = whole(item)
        if index is None:
            raise CircuitError(f"A {kind} of '{name}' is an index or a register, but {shown(item)} was given.")
        if not 0 <= index < count:
            numbers = f", 0 to {count - 1}" if count else ""
            raise CircuitError(
                f"'{name}' was given {kind} {shown(index)}, but the circuit has {_counted(kind, count)}{numbers}."
            )
        found.append(index)
    return found


def items(argument: Any) -> Iterable[Any]:
    """Return what stands in a sequence, or the argument itself if it is none; texts are none."""
    if isinstance(argument, (str, bytes)) or whole(argument) is not None:
        return (argument,)
    try:
        found: Iterable[Any] = iter(argument)
    except TypeError:
        found = (argument,)
    return found


def _counted(kind: str, count: int) -> str:
    return f"{count or 'no'} {kind}{'' if count == 1 else 's'}"
