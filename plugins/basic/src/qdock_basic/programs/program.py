"""A circuit turned into steps: runs of gates, which an engine applies from the columns, and all else one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from qdock.circuit import Circuit
from qdock.expr import FLOAT, Expr, cast, evaluate, lift
from qdock.gates import GATES as TABLE
from qdock.operations import Code, Columns, Modifier
from qdock.unitaries.matrices import matrix_power
from qdock_basic.states.kernels import Form, controlled, form_of

__all__ = [
    "CHANCES",
    "GATES",
    "LATE_GATE",
    "READ_LAST",
    "Block",
    "Flow",
    "Gates",
    "Step",
    "angle_of",
    "compile_circuit",
]

#: Kinds of steps besides the members of `qdock.operations.Code`: gates one after the other, a gate with angles that
#: are computed at run time, and measurements that may as well be made after all other steps.
GATES = 0
LATE_GATE = 1
READ_LAST = 2

#: Kinds of steps whose outcome is left to chance.
CHANCES = frozenset({int(Code.MEASURE), int(Code.RESET)})

_MODIFIED, _BARRIER, _DELAY = int(Code.MODIFIED), int(Code.BARRIER), int(Code.DELAY)
_NAMES = {row.code: name for name, row in TABLE.items()}


class Step(NamedTuple):
    """One thing to do.

    Attributes
    ----------
    kind : int
        `GATES`, `LATE_GATE`, `READ_LAST` or a `Code`.
    qubits : tuple of int
        Those that it touches. A measurement or reset has one.
    clbits : tuple of int
        A measurement has one.
    detail : object
        `Gates`; of a late gate a function from its angles to its form; a `Flow`; or an operation's own detail.
    angles : tuple of Expr
        Of a late gate: what its angles are computed from at run time.
    """

    kind: int
    qubits: tuple[int, ...] = ()
    clbits: tuple[int, ...] = ()
    detail: Any = None
    angles: tuple[Expr, ...] = ()


class Gates:
    """Gates that stand next to each other in a circuit, with barriers and delays between them.

    Parameters
    ----------
    circuit : Circuit
    start, stop : int
        Its operations from `start` to before `stop`; their angles are numbers.
    offset : int
        By how much their qubits are moved up.
    """

    __slots__ = ("_forms", "circuit", "offset", "start", "stop")

    def __init__(self, circuit: Circuit, start: int, stop: int, offset: int = 0) -> None:
        self.circuit, self.start, self.stop, self.offset = circuit, start, stop, offset
        self._forms: list[tuple[Form, tuple[int, ...]]] | None = None

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def forms(self) -> list[tuple[Form, tuple[int, ...]]]:
        """What each gate does, and its qubits; those that change nothing are left out. Made once."""
        if self._forms is None:
            self._forms = list(_forms(self))
        return self._forms


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
    return Block(list(_steps(circuit, offset)), angle_of(circuit.global_phase))


def _steps(circuit: Circuit, offset: int) -> Iterator[Step]:
    columns = circuit.columns()
    start = 0
    for index in [*_singles(columns), len(columns.code)]:
        touched = _touched(columns, start, index)
        if touched:
            on = tuple(qubit + offset for qubit in touched)
            yield Step(GATES, on, (), Gates(circuit, start, index, offset))
        start = index + 1
        if index < len(columns.code):
            yield _single(columns, index, offset)


def _singles(columns: Columns) -> list[int]:
    """Return the operations that are no part of a run of gates."""
    found = np.flatnonzero((columns.code > _MODIFIED) & (columns.code != _BARRIER) & (columns.code != _DELAY)).tolist()
    if columns.expressions:
        late = np.searchsorted(columns.param_start, sorted(columns.expressions), side="right") - 1
        found = sorted({*found, *(index for index in late.tolist() if columns.code[index] != _DELAY)})
    return found


def _touched(columns: Columns, start: int, stop: int) -> set[int]:
    """Return the qubits that gates in a range act on; barriers and delays do nothing to theirs."""
    qubits = columns.qubits[columns.qubit_start[start] : columns.qubit_start[stop]]
    is_gate = columns.code[start:stop] <= _MODIFIED
    if not is_gate.all():
        qubits = qubits[np.repeat(is_gate, np.diff(columns.qubit_start[start : stop + 1]))]
    return set(qubits.tolist())


def _single(columns: Columns, index: int, offset: int) -> Step:
    on = tuple(qubit + offset for qubit in _of(columns.qubits, columns.qubit_start, index))
    code, detail = int(columns.code[index]), columns.details.get(index)
    if code > _MODIFIED:
        return Step(code, on, _of(columns.clbits, columns.clbit_start, index), _flow(detail, offset))
    first, last = columns.param_start[index : index + 2].tolist()
    angles = (columns.expressions.get(place, columns.params[place]) for place in range(first, last))
    return Step(LATE_GATE, on, (), _maker(code, detail), tuple(lift(angle) for angle in angles))


def _of(values: Any, starts: Any, index: int) -> tuple[int, ...]:
    return tuple(values[starts[index] : starts[index + 1]].tolist())


def _flow(detail: Any, offset: int) -> Any:
    """Return a detail with its blocks compiled, if it has any."""
    if detail is not None and detail.blocks:
        return Flow(detail, tuple(compile_circuit(inner, offset) for inner in detail.blocks))
    return detail


# --- gates


def angle_of(value: float | Expr) -> float | Expr:
    """Return an angle as a number, or as it is where it is known only at run time."""
    if isinstance(value, Expr) and not value.bits and not value.variables:
        return float(evaluate(cast(value, FLOAT)))
    return value


def _forms(gates: Gates) -> Iterator[tuple[Form, tuple[int, ...]]]:
    columns, part = gates.circuit.columns(), slice(gates.start, gates.stop + 1)
    qubit_start, param_start = columns.qubit_start[part].tolist(), columns.param_start[part].tolist()
    qubits = (columns.qubits[qubit_start[0] : qubit_start[-1]] + gates.offset).tolist()
    params = columns.params[param_start[0] : param_start[-1]].tolist()
    qubit, param = 0, 0
    for index, code in enumerate(columns.code[gates.start : gates.stop].tolist()):
        last_qubit, last_param = qubit_start[index + 1] - qubit_start[0], param_start[index + 1] - param_start[0]
        if code <= _MODIFIED:
            detail = columns.details.get(gates.start + index)
            form = _maker(code, detail)(*params[param:last_param])
            if form.scaled or form.cycles or form.mixed:
                yield form, tuple(qubits[qubit:last_qubit])
        qubit, param = last_qubit, last_param


def _maker(code: int, detail: Any) -> Callable[..., Form]:
    """Return a function from a gate's angles to its form."""
    return _modified(detail) if code == _MODIFIED else partial(_table_form, code)


@lru_cache(maxsize=1 << 14)
def _table_form(code: int, *angles: float) -> Form:
    row = TABLE[_NAMES[code]]
    return controlled(form_of(row.base_matrix(*angles)), (1,) * row.num_controls)


def _modified(detail: Modifier) -> Callable[..., Form]:
    """Return a function from angles to the form; controls are not part of the matrix that is made."""

    def make(*angles: float) -> Form:
        own = TABLE[detail.name].matrix(*angles) if detail.array is None else detail.array
        return controlled(form_of(matrix_power(own, detail.power)), detail.controls)

    return make
