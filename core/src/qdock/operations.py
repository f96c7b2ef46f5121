"""What a circuit is made of: operation codes, the details that some operations carry, and views of one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qdock.expr import Bit, Bits, Const, Expr, Int, Number, Var
from qdock.gates import GATES, Gate, label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qdock.circuit import Circuit

__all__ = [
    "NUM_CLBITS",
    "NUM_PARAMS",
    "NUM_QUBITS",
    "OPERATION_NAMES",
    "Assign",
    "Barrier",
    "Code",
    "Columns",
    "Delay",
    "Detail",
    "For",
    "If",
    "Modifier",
    "Operation",
    "Range",
    "Register",
    "Switch",
    "Variable",
    "While",
    "starts_of",
]


class Code(IntEnum):
    """Codes of the operations that are no row of the table of gates; those have 0 to 127."""

    MODIFIED = 128
    MEASURE = 129
    RESET = 130
    BARRIER = 131
    DELAY = 132
    ASSIGN = 133
    IF = 134
    WHILE = 135
    FOR = 136
    SWITCH = 137
    BREAK = 138
    CONTINUE = 139
    END = 140


#: Name of every code, as `count_ops` and the JSON form have it.
OPERATION_NAMES: dict[int, str] = {
    **{definition.code: name for name, definition in GATES.items()},
    **{code: code.name.lower() for code in Code},
}

VARIABLE = -1


def _sizes(gate_field: str, others: dict[Code, int]) -> npt.NDArray[np.int64]:
    sizes = np.zeros(256, dtype=np.int64)
    for definition in GATES.values():
        sizes[definition.code] = getattr(definition, gate_field)
    for code, size in others.items():
        sizes[code] = size
    return sizes


#: How many qubits, angles and clbits an operation takes, by code; -1 where its detail says.
NUM_QUBITS = _sizes(
    "num_qubits",
    {Code.MODIFIED: VARIABLE, Code.BARRIER: VARIABLE, Code.MEASURE: 1, Code.RESET: 1, Code.DELAY: 1},
)
NUM_PARAMS = _sizes("num_params", {Code.MODIFIED: VARIABLE, Code.DELAY: 1})
NUM_CLBITS = np.zeros(256, dtype=np.int64)
NUM_CLBITS[Code.MEASURE] = 1
_ALL_SIZES = np.array([NUM_QUBITS, NUM_CLBITS, NUM_PARAMS])


# --- details


class Detail:
    """What an operation knows beyond its numbers in the columns: expressions that it reads and blocks that it runs."""

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The expressions that the operation itself reads, its blocks left out."""
        return ()

    @property
    def written(self) -> Expr | None:
        """The variable or clbits that the operation sets."""
        return None

    @property
    def blocks(self) -> tuple[Circuit, ...]:
        """The blocks, in order."""
        return ()

    def mapped(self, expression: Callable[[Any], Any], block: Callable[[Circuit], Circuit]) -> Detail:
        """Return the detail with functions applied to its expressions and its blocks."""
        return self


@dataclass(frozen=True)
class Barrier(Detail):
    """Detail of `Code.BARRIER`: on how many qubits."""

    num_qubits: int


@dataclass(frozen=True)
class Delay(Detail):
    """Detail of `Code.DELAY`: the unit of its duration, which is in the columns."""

    unit: str


@dataclass(frozen=True, eq=False)
class Modifier(Detail):
    """Detail of `Code.MODIFIED`: which gate, with which controls and power; its angles are in the columns.

    Parameters
    ----------
    name : str
        A row of the table, or ``"unitary"``.
    controls : tuple of int
        The state of each control qubit in which the gate acts; controls are the first of its qubits.
    power : float
        Exponent of the matrix.
    array : (2^k, 2^k) complex128 array, optional
        The matrix of a ``"unitary"``.
    """

    name: str
    controls: tuple[int, ...] = ()
    power: float = 1.0
    array: npt.NDArray[np.complex128] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, gate: Gate) -> Modifier:
        """Return the detail of a gate, its angles left out."""
        return cls(gate.name, gate.controls, gate.power, gate.array)

    def gate(self, params: tuple[Any, ...] = ()) -> Gate:
        """Return the gate with the angles put back."""
        return Gate(self.name, params, self.controls, self.power, self.array)

    @property
    def label(self) -> str:
        """Name with modifiers, as `Gate.label`."""
        return label(self.name, self.controls, self.power)

    @property
    def num_targets(self) -> int:
        """How many qubits it acts on besides the controls."""
        return GATES[self.name].num_qubits if self.array is None else len(self.array).bit_length() - 1

    @property
    def num_qubits(self) -> int:
        """How many qubits it acts on."""
        return len(self.controls) + self.num_targets

    @property
    def num_params(self) -> int:
        """How many angles it takes."""
        return GATES[self.name].num_params if self.array is None else 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Modifier):
            return NotImplemented
        return (self.name, self.controls, self.power) == (other.name, other.controls, other.power) and np.array_equal(
            np.zeros(0) if self.array is None else self.array, np.zeros(0) if other.array is None else other.array
        )

    def __hash__(self) -> int:
        return hash((self.name, self.controls, self.power))


@dataclass(frozen=True)
class Assign(Detail):
    """Detail of `Code.ASSIGN`: a variable or clbits get the value of an expression of the same type."""

    target: Var | Bit | Bits
    value: Expr

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.value,)

    @property
    def written(self) -> Expr | None:
        return self.target

    def mapped(self, expression: Callable[[Any], Any], block: Callable[[Circuit], Circuit]) -> Assign:
        return Assign(expression(self.target), expression(self.value))


@dataclass(frozen=True)
class If(Detail):
    """Detail of `Code.IF`."""

    condition: Expr
    then: Circuit
    otherwise: Circuit | None = None

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.condition,)

    @property
    def blocks(self) -> tuple[Circuit, ...]:
        return (self.then,) if self.otherwise is None else (self.then, self.otherwise)

    def mapped(self, expression: Callable[[Any], Any], block: Callable[[Circuit], Circuit]) -> If:
        otherwise = None if self.otherwise is None else block(self.otherwise)
        return If(expression(self.condition), block(self.then), otherwise)


@dataclass(frozen=True)
class While(Detail):
    """Detail of `Code.WHILE`: the body runs as long as the condition holds before it."""

    condition: Expr
    body: Circuit

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.condition,)

    @property
    def blocks(self) -> tuple[Circuit, ...]:
        return (self.body,)

    def mapped(self, expression: Callable[[Any], Any], block: Callable[[Circuit], Circuit]) -> While:
        return While(expression(self.condition), block(self.body))


@dataclass(frozen=True)
class Range:
    """The values from `start` on in steps of `step`, up to but without `stop`, as in Python."""

    start: Expr
    stop: Expr
    step: Expr = Const(1, Int(64))  # noqa: RUF009  # it is frozen


@dataclass(frozen=True)
class For(Detail):
    """Detail of `Code.FOR`: the body runs once for each value, which the variable holds if there is one."""

    variable: Var | None
    values: Range | tuple[Number, ...]
    body: Circuit

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.values.start, self.values.stop, self.values.step) if isinstance(self.values, Range) else ()

    @property
    def written(self) -> Expr | None:
        return self.variable

    @property
    def blocks(self) -> tuple[Circuit, ...]:
        return (self.body,)

    def mapped(self, expression: Callable[[Any], Any], block: Callable[[Circuit], Circuit]) -> For:
        values = Range(*map(expression, self.expressions)) if isinstance(self.values, Range) else self.values
        return For(self.variable, values, block(self.body))


@dataclass(frozen=True)
class Switch(Detail):
    """Detail of `Code.SWITCH`: the first case that lists the target's value runs, without falling through."""

    target: Expr
    cases: tuple[tuple[tuple[int, ...], Circuit], ...]
    default: Circuit | None = None

    @property
    def expressions(self) -> tuple[Expr, ...]:
        return (self.target,)

    @property
    def blocks(self) -> tuple[Circuit, ...]:
        blocks = tuple(block for _, block in self.cases)
        return blocks if self.default is None else (*blocks, self.default)

    def mapped(self, expression: Callable[[Any], Any], block: Callable[[Circuit], Circuit]) -> Switch:
        cases = tuple((values, block(inner)) for values, inner in self.cases)
        return Switch(expression(self.target), cases, None if self.default is None else block(self.default))


# --- registers, variables, columns, views


@dataclass(frozen=True)
class Register(Sequence[int]):
    """A named run of qubits or clbits: a sequence of their indices.

    `output` is False for clbits that serve the circuit itself and are left out of its results.
    """

    name: str
    start: int
    size: int
    output: bool = True

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, item: int | slice) -> Any:
        return self._range[item]

    def __iter__(self) -> Iterator[int]:
        return iter(self._range)

    def __contains__(self, index: object) -> bool:
        return index in self._range

    @property
    def _range(self) -> range:
        return range(self.start, self.start + self.size)


@dataclass(frozen=True)
class Variable:
    """A declared classical variable and the value with which every shot begins."""

    var: Var
    initial: Number = 0


Starts = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Columns:
    """A circuit's operations as flat arrays, read-only; row ``i`` of a flat column is ``[start[i]:start[i + 1]]``.

    Attributes
    ----------
    code : (n,) uint8 array
        Row of the table of gates, or a `Code`.
    qubits, qubit_start : int32 and (n + 1,) int64 arrays
    clbits, clbit_start : int32 and (n + 1,) int64 arrays
    params, param_start : float64 and (n + 1,) int64 arrays
        Angles in radians; NaN where `expressions` has one.
    details : dict of int to Detail
        By operation: `Modifier`, `Barrier`, `Delay`, `Assign`, `If`, `While`, `For`, `Switch`.
    expressions : dict of int to Expr
        By position in `params`.
    """

    __slots__ = ("_starts", "clbits", "code", "details", "expressions", "params", "qubits")

    def __init__(
        self,
        code: npt.NDArray[np.uint8],
        qubits: npt.NDArray[np.int32],
        clbits: npt.NDArray[np.int32],
        params: npt.NDArray[np.float64],
        details: dict[int, Detail],
        expressions: dict[int, Expr],
    ) -> None:
        self.code, self.qubits, self.clbits, self.params = code, qubits, clbits, params
        self.details, self.expressions = details, expressions
        # They take longer than all the rest, and many small circuits are run together without them.
        self._starts: Starts | None = None

    @property
    def qubit_start(self) -> npt.NDArray[np.int64]:
        """Where the qubits of each operation begin, and the end."""
        return self._get_starts()[0]

    @property
    def clbit_start(self) -> npt.NDArray[np.int64]:
        """Where the clbits of each operation begin, and the end."""
        return self._get_starts()[1]

    @property
    def param_start(self) -> npt.NDArray[np.int64]:
        """Where the angles of each operation begin, and the end."""
        return self._get_starts()[2]

    def _get_starts(self) -> Starts:
        if self._starts is None:
            self._starts = starts_of(self.code, self.details)
        return self._starts


def starts_of(code: npt.NDArray[np.uint8], details: Mapping[int, Detail]) -> Starts:
    """Return where the qubits, clbits and angles of each of n operations begin, and the ends: read-only arrays."""
    sizes = _ALL_SIZES.take(code, axis=1)
    for index, detail in details.items():
        if isinstance(detail, Modifier):
            sizes[:, index] = detail.num_qubits, 0, detail.num_params
        elif isinstance(detail, Barrier):
            sizes[0, index] = detail.num_qubits
    starts = np.zeros((len(sizes), len(code) + 1), np.int64)
    sizes.cumsum(axis=1, out=starts[:, 1:])
    starts.flags.writeable = False
    return starts[0], starts[1], starts[2]


@dataclass(frozen=True)
class Operation:
    """One operation of a circuit, as a view made on request."""

    name: str
    qubits: tuple[int, ...]
    clbits: tuple[int, ...] = ()
    params: tuple[Any, ...] = ()
    detail: Detail | None = None

    @property
    def is_gate(self) -> bool:
        """Whether it is unitary."""
        return self.name in GATES or isinstance(self.detail, Modifier)

    @property
    def gate(self) -> Gate:
        """The gate it applies; a TypeError for what is no gate."""
        if isinstance(self.detail, Modifier):
            return self.detail.gate(self.params)
        if self.name not in GATES:
            raise TypeError(f"'{self.name}' is no gate; it has no matrix and no inverse.")
        return Gate(self.name, self.params)

    @property
    def label(self) -> str:
        """Its name, modifiers included."""
        return self.detail.label if isinstance(self.detail, Modifier) else self.name

    @property
    def blocks(self) -> tuple[Circuit, ...]:
        """The blocks of a control-flow operation."""
        return self.detail.blocks if self.detail else ()
