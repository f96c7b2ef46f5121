"""A circuit's columns turned into steps: gates with their forms made, no-ops left out, blocks nested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from qdock.circuit import Circuit
from qdock.expr import FLOAT, Expr, cast, evaluate, lift
from qdock.gates import GATES
from qdock.matrices import matrix_power
from qdock.operations import Code, Columns, Detail, Modifier
from qdock_basic.kernels import Form, controlled, form_of

__all__ = ["GATE", "LATE_GATE", "READ_LAST", "Block", "Flow", "Step", "compile_circuit"]

#: Kinds of steps besides the members of `qdock.operations.Code`: gates, those with angles that are computed at
#: run time, and measurements that may as well be made after all other steps.
GATE = 0
LATE_GATE = 1
READ_LAST = 2

_NO_OPS = frozenset({Code.BARRIER, Code.DELAY})
_NAMES = {row.code: name for name, row in GATES.items()}


class Step(NamedTuple):
    """One thing to do.

    Attributes
    ----------
    kind : int
        `GATE`, `LATE_GATE`, `READ_LAST` or a `Code`.
    qubits : tuple of int
        A measurement or reset has one.
    clbits : tuple of int
        A measurement has one.
    detail : object
        A gate's `Form`; of a late gate a function from its angles to that; a `Flow`; or an operation's own detail.
    angles : tuple of Expr
        Of a late gate: what its angles are computed from at run time.
    """

    kind: int
    qubits: tuple[int, ...] = ()
    clbits: tuple[int, ...] = ()
    detail: Any = None
    angles: tuple[Expr, ...] = ()


@dataclass(frozen=True)
class Block:
    """Steps that run one after the other, and the global phase, in radians, that each run of them adds."""

    steps: list[Step]
    phase: float | Expr


class Flow(NamedTuple):
    """A control-flow operation, and its blocks compiled, in the order in which it has them."""

    detail: Any
    blocks: tuple[Block, ...]


def compile_circuit(circuit: Circuit, offset: int = 0) -> Block:
    """Return the steps of a circuit, its qubits moved up by `offset`.

    Raises
    ------
    CircuitError
        If a parameter is not bound.
    """
    return _Compiler(offset).block(circuit)


class _Compiler:
    """Compiles each block once, however often it is used."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def block(self, circuit: Circuit) -> Block:
        return Block(list(self._steps(circuit.columns())), _angle(circuit.global_phase))

    def _steps(self, columns: Columns) -> Iterator[Step]:
        qubits = [qubit + self.offset for qubit in columns.qubits.tolist()]
        clbits, params = columns.clbits.tolist(), columns.params.tolist()
        for position, expression in columns.expressions.items():
            params[position] = _angle(expression)
        starts = [columns.qubit_start.tolist(), columns.clbit_start.tolist(), columns.param_start.tolist()]
        for index, code in enumerate(columns.code.tolist()):
            if code in _NO_OPS:
                continue
            on, to, angles = (
                tuple(flat[start[index] : start[index + 1]])
                for flat, start in zip((qubits, clbits, params), starts, strict=True)
            )
            yield from self._operation(code, on, to, angles, columns.details.get(index))

    def _operation(
        self, code: int, qubits: tuple[int, ...], clbits: tuple[int, ...], angles: tuple[Any, ...], detail: Any
    ) -> Iterator[Step]:
        if code <= Code.MODIFIED:
            yield from _gate(code, qubits, angles, detail)
        elif code == Code.MEASURE:
            for qubit, clbit in zip(qubits, clbits, strict=True):
                yield Step(code, (qubit,), (clbit,))
        elif code == Code.RESET:
            for qubit in qubits:
                yield Step(code, (qubit,))
        else:
            yield Step(code, detail=self._flow(detail))

    def _flow(self, detail: Any) -> Any:
        if isinstance(detail, Detail) and detail.blocks:
            return Flow(detail, tuple(self.block(inner) for inner in detail.blocks))
        return detail


# --- gates


def _angle(value: float | Expr) -> float | Expr:
    """Return an angle as a number, or as it is where it is known only at run time."""
    if isinstance(value, Expr) and not value.bits and not value.variables:
        return float(evaluate(cast(value, FLOAT)))
    return value


def _gate(code: int, qubits: tuple[int, ...], angles: tuple[Any, ...], detail: Any) -> Iterator[Step]:
    make = _modified(detail) if code == Code.MODIFIED else _table_gate(code)
    if any(isinstance(angle, Expr) for angle in angles):
        yield Step(LATE_GATE, qubits, (), make, tuple(lift(angle) for angle in angles))
        return
    form = make(*angles)
    if form.scaled or form.cycles or form.mixed:
        yield Step(GATE, qubits, (), form)


def _table_gate(code: int) -> Callable[..., Form]:
    return lambda *angles: _table_form(code, angles)


@lru_cache(maxsize=1 << 14)
def _table_form(code: int, angles: tuple[float, ...]) -> Form:
    row = GATES[_NAMES[code]]
    return controlled(form_of(row.base_matrix(*angles)), (1,) * row.num_controls)


def _modified(detail: Modifier) -> Callable[..., Form]:
    """Return a function from angles to the form; controls are not part of the matrix that is made."""

    def make(*angles: float) -> Form:
        own = GATES[detail.name].matrix(*angles) if detail.array is None else detail.array
        return controlled(form_of(matrix_power(own, detail.power)), detail.controls)

    return make
