"""A circuit's columns turned into steps: gates with their forms made, no-ops left out, blocks nested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from qdock.circuit import Circuit
from qdock.expr import FLOAT, Expr, cast, evaluate, lift
from qdock.gates import GATES
from qdock.matrices import matrix_power
from qdock.operations import Code, Columns, Modifier
from qdock_basic.kernels import Form, controlled, form_of

__all__ = ["CHANCES", "GATE", "LATE_GATE", "READ_LAST", "Block", "Flow", "Step", "compile_circuit"]

#: Kinds of steps besides the members of `qdock.operations.Code`: gates, those with angles that are computed at
#: run time, and measurements that may as well be made after all other steps.
GATE = 0
LATE_GATE = 1
READ_LAST = 2

#: Kinds of steps whose outcome is left to chance.
CHANCES = frozenset({int(Code.MEASURE), int(Code.RESET)})

_NO_OPS = frozenset({int(Code.BARRIER), int(Code.DELAY)})
_LAST_GATE = int(Code.MODIFIED)
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
    steps = [step for step in _steps(circuit.columns(), offset) if step is not None]
    return Block(steps, _angle(circuit.global_phase))


def _steps(columns: Columns, offset: int) -> Iterator[Step | None]:
    qubits = (columns.qubits + offset).tolist()
    clbits, params = columns.clbits.tolist(), columns.params.tolist()
    for position, expression in columns.expressions.items():
        params[position] = _angle(expression)
    firsts = (columns.qubit_start.tolist(), columns.clbit_start.tolist(), columns.param_start.tolist())
    rows = zip(columns.code.tolist(), *firsts, *(starts[1:] for starts in firsts), strict=False)
    for index, (code, qubit, clbit, param, last_qubit, last_clbit, last_param) in enumerate(rows):
        on, detail = tuple(qubits[qubit:last_qubit]), columns.details.get(index)
        if code <= _LAST_GATE:
            yield _gate(code, on, tuple(params[param:last_param]), detail)
        elif code not in _NO_OPS:
            yield Step(code, on, tuple(clbits[clbit:last_clbit]), _flow(detail, offset))


def _flow(detail: Any, offset: int) -> Any:
    """Return a detail with its blocks compiled, if it has any."""
    if detail is not None and detail.blocks:
        return Flow(detail, tuple(compile_circuit(inner, offset) for inner in detail.blocks))
    return detail


# --- gates


def _angle(value: float | Expr) -> float | Expr:
    """Return an angle as a number, or as it is where it is known only at run time."""
    if isinstance(value, Expr) and not value.bits and not value.variables:
        return float(evaluate(cast(value, FLOAT)))
    return value


def _gate(code: int, qubits: tuple[int, ...], angles: tuple[Any, ...], detail: Any) -> Step | None:
    """Return the step of a gate, or nothing for one that changes nothing."""
    make = _modified(detail) if code == Code.MODIFIED else partial(_table_form, code)
    if any(isinstance(angle, Expr) for angle in angles):
        return Step(LATE_GATE, qubits, (), make, tuple(lift(angle) for angle in angles))
    form = make(*angles)
    return Step(GATE, qubits, (), form) if form.scaled or form.cycles or form.mixed else None


@lru_cache(maxsize=1 << 14)
def _table_form(code: int, *angles: float) -> Form:
    row = GATES[_NAMES[code]]
    return controlled(form_of(row.base_matrix(*angles)), (1,) * row.num_controls)


def _modified(detail: Modifier) -> Callable[..., Form]:
    """Return a function from angles to the form; controls are not part of the matrix that is made."""

    def make(*angles: float) -> Form:
        own = GATES[detail.name].matrix(*angles) if detail.array is None else detail.array
        return controlled(form_of(matrix_power(own, detail.power)), detail.controls)

    return make
