"""Gates as the program sees them: rows of the table, and definitions that are expanded where they are called.

A gate is told by what it was declared as, never by its name: a program may have its own ``cu`` or ``unitary``.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qdock.errors import CircuitError
from qdock.expr import Expr
from qdock.gates import GATES, Gate
from qdock.operations import Code
from qdock.unitaries.matrices import matrix_power
from qdock_openqasm.bulk import Columns
from qdock_openqasm.errors import Fault
from qdock_openqasm.ir import exact_sum
from qdock_openqasm.limits import Limits
from qdock_openqasm.params import Param

__all__ = ["Controls", "Flat", "GateKind", "MatrixGate", "Power", "RowGate", "Step", "Template", "flatten"]

Angle = float | Expr
#: Barriers and delays keep their place in a definition; nothing else there is no gate.
_BARRIER = int(Code.BARRIER)
_MEMO = 4096
_FEW = 16
_MEMO_SIZE = 100_000
#: A whole power of a definition that would be longer than this is computed as a matrix, if it is small enough.
_LONG = 1000


# --- modifiers


@dataclass(frozen=True)
class Controls:
    """``ctrl`` or ``negctrl``: the state in which each new control qubit lets the gate act."""

    states: tuple[int, ...]


@dataclass(frozen=True)
class Power:
    """``pow``, or ``inv`` with exponent -1."""

    exponent: float
    is_inverse: bool = False


Modifier = Controls | Power


# --- what a gate expands to


@dataclass(frozen=True)
class Delayed:
    """A delay inside a definition."""

    amount: float
    unit: str


#: A row's code, a gate with modifiers or a delay; its qubits among those of the definition; a row's angles.
Entry = tuple[int | Gate | Delayed, tuple[int, ...], tuple[Angle, ...]]


@dataclass
class Flat:
    """A gate as operations on its own qubits, with the global phases that go with them."""

    num_qubits: int
    entries: list[Entry] = field(default_factory=list)
    phases: list[Angle] = field(default_factory=list)

    def phase(self) -> Angle:
        """Return the sum of the phases."""
        return exact_sum(self.phases)

    def add(self, other: Flat, qubits: Sequence[int]) -> None:
        """Append another gate on some of the qubits."""
        self.entries += [(what, tuple([qubits[i] for i in own]), angles) for what, own, angles in other.entries]
        self.phases += other.phases

    def times(self, count: int) -> Flat:
        """Return this several times in a row."""
        if count == 1:
            return self
        return Flat(self.num_qubits, self.entries * count, self.phases * count)

    # --- modifiers

    def inverse(self) -> Flat:
        """Return what undoes this."""
        entries = [_made(_gate(entry).inverse(), entry[1]) if _is_gate(entry) else entry for entry in self.entries]
        return Flat(self.num_qubits, entries[::-1], [-angle for angle in self.phases])

    def control(self, states: tuple[int, ...]) -> Flat:
        """Return this under new control qubits, which come first; its phases act on them."""
        count = len(states)
        state = sum(bit << place for place, bit in enumerate(states))
        made = Flat(self.num_qubits + count)
        controls = tuple(range(count))
        for entry in self.entries:
            own = tuple(qubit + count for qubit in entry[1])
            if _is_gate(entry):
                made.entries.append(_made(_gate(entry).control(count, state), controls + own))
            else:
                made.entries.append((entry[0], own, entry[2]))
        phase = self.phase()
        if isinstance(phase, Expr) or phase:
            made.add(_controlled_phase(phase, states), controls)
        return made

    def power(self, exponent: float, limits: Limits) -> Flat:
        """Return this to a power: the principal one where the exponent is no whole number."""
        gates = [entry for entry in self.entries if _is_gate(entry)]
        phase = self.phase()
        whole = exponent == int(exponent)
        if not gates or (len(gates) == 1 and (whole or not (isinstance(phase, Expr) or phase))):
            entries = [_made(_gate(entry).to_power(exponent), entry[1]) for entry in gates if exponent]
            return Flat(self.num_qubits, entries, [angle * exponent for angle in self.phases])
        count = abs(int(exponent)) if whole else 0
        if whole and (count * len(self.entries) <= _LONG or self.num_qubits > limits.matrix_qubits):
            limits.check("gates", count * len(self.entries))
            base = self if exponent > 0 else self.inverse()
            return Flat(self.num_qubits, base.entries * count, [angle * count for angle in base.phases])
        limits.check("matrix_qubits", self.num_qubits)
        made = Gate("unitary", array=_matrix_power(self.matrix(), exponent))
        return Flat(self.num_qubits, [(made, tuple(range(self.num_qubits)), ())])

    def matrix(self) -> Any:
        """Return the unitary, a (2^n, 2^n) complex128 array; an angle that is no number yet is a `Fault`."""
        phase = self.phase()
        if isinstance(phase, Expr):
            raise Fault(f"this power needs a number, but the angle '{phase}' is not known yet")
        total = np.eye(1 << self.num_qubits, dtype=complex) * cmath.exp(1j * phase)
        for entry in self.entries:
            if _is_gate(entry):
                total = _apply(_gate(entry).matrix(), entry[1], total, self.num_qubits)
        return total


def _matrix_power(matrix: Any, exponent: float) -> Any:
    """A power of a unitary, by its principal logarithm, cleaned of what rounding added over many rounds."""
    found = matrix_power(matrix, exponent)
    return 1.5 * found - 0.5 * found @ found.conj().T @ found


def _is_gate(entry: Entry) -> bool:
    return entry[0] != _BARRIER and not isinstance(entry[0], Delayed)


def _gate(entry: Entry) -> Gate:
    what = entry[0]
    return what if isinstance(what, Gate) else Gate(_NAMES[int(what)], entry[2])  # type: ignore[call-overload,arg-type,unused-ignore] # _is_gate


_NAMES = {definition.code: name for name, definition in GATES.items()}


def _made(gate: Gate, qubits: tuple[int, ...]) -> Entry:
    """An entry for a gate: a row if it is one."""
    if gate.is_plain:
        return GATES[gate.name].code, qubits, gate.params
    return gate, qubits, ()


def _controlled_phase(phase: Angle, states: tuple[int, ...]) -> Flat:
    """The phase of an angle on the control qubits alone, where they have these states."""
    count = len(states)
    if 1 in states:
        # The gate p acts on the last control that must be one; the others stay its controls.
        target = count - 1 - states[::-1].index(1)
        rest = [place for place in range(count) if place != target]
        return Flat(count, [_phase_entry(phase, [states[place] for place in rest], [*rest, target])])
    flat = Flat(count)
    if count == 1:
        flat.phases.append(phase)
    else:
        flat.add(_controlled_phase(phase, states[:-1]), range(count - 1))
    flat.entries.append(_phase_entry(-phase, states[:-1], list(range(count))))
    return flat


def _phase_entry(phase: Angle, states: Sequence[int], qubits: Sequence[int]) -> Entry:
    gate = Gate("p", (phase,))
    if states:
        gate = gate.control(len(states), sum(bit << place for place, bit in enumerate(states)))
    return _made(gate, tuple(qubits))


def _apply(matrix: Any, qubits: tuple[int, ...], total: Any, num_qubits: int) -> Any:
    """A gate's matrix times a matrix on all qubits; qubit 0 is the least significant bit of an index."""
    count = len(qubits)
    tensor = total.reshape([2] * num_qubits + [-1])
    axes = [num_qubits - 1 - qubit for qubit in reversed(qubits)]
    moved = np.tensordot(matrix.reshape([2] * (2 * count)), tensor, axes=(list(range(count, 2 * count)), axes))
    return np.moveaxis(moved, range(count), axes).reshape(total.shape)


# --- kinds of gates


class GateKind:
    """Something that can be called as a gate.

    Attributes
    ----------
    name : str
        As the program calls it.
    num_params, num_qubits : int
        What a call takes.
    size : int
        How many operations a call expands to.
    """

    name: str
    num_params: int
    num_qubits: int
    size: int

    def flat(self, params: tuple[Angle, ...], limits: Limits) -> Flat:
        """Return the operations of a call."""
        raise NotImplementedError

    def columns(self, params: tuple[float, ...]) -> Columns | None:
        """Return the operations of a call as columns, or None if they are more than rows of the table."""
        return None


@dataclass(eq=False)
class RowGate(GateKind):
    """A gate of the table under a name of the language or a library.

    `phase` is by what the gate differs from the row, for U, u2 and u3 of OpenQASM 3: no measurement can see it
    unless the gate is controlled or raised to a power.
    """

    name: str
    row: str
    phase: Callable[..., Angle] | None = None

    def __post_init__(self) -> None:
        definition = GATES[self.row]
        self.code = definition.code
        self.num_params, self.num_qubits, self.size = definition.num_params, definition.num_qubits, 1

    def flat(self, params: tuple[Angle, ...], limits: Limits) -> Flat:
        """Return the operations of a call."""
        phases = [self.phase(*params)] if self.phase else []
        return Flat(self.num_qubits, [(self.code, tuple(range(self.num_qubits)), params)], phases)

    def columns(self, params: tuple[float, ...]) -> Columns | None:
        """Return the operations of a call as columns."""
        return Columns.of([(self.code, range(self.num_qubits), params)])


@dataclass(eq=False)
class MatrixGate(GateKind):
    """A gate given by its matrix."""

    name: str
    gate: Gate

    def __post_init__(self) -> None:
        self.num_params, self.num_qubits, self.size = 0, self.gate.num_qubits, 1

    def flat(self, params: tuple[Angle, ...], limits: Limits) -> Flat:
        """Return the operations of a call."""
        return Flat(self.num_qubits, [(self.gate, tuple(range(self.num_qubits)), ())])


@dataclass(frozen=True)
class Step:
    """A call inside a definition: a gate with its modifiers, or a barrier or delay."""

    kind: GateKind | Delayed | None
    qubits: tuple[int, ...]
    params: tuple[float | Param, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    repeat: int = 1

    @property
    def size(self) -> int:
        """How many operations it expands to, as far as that can be told from the definition."""
        size = self.repeat * (self.kind.size if isinstance(self.kind, GateKind) else 1)
        for modifier in self.modifiers:
            if isinstance(modifier, Power) and size > 1 and modifier.exponent == int(modifier.exponent):
                size *= max(1, abs(int(modifier.exponent)))
        return size


class Template(GateKind):
    """A gate that the program defines.

    Parameters
    ----------
    name : str
        Its name.
    num_params, num_qubits : int
        What it takes.
    steps : list of Step
        Its body.
    phases : list of float or Param
        Its ``gphase`` statements.
    """

    def __init__(
        self, name: str, num_params: int, num_qubits: int, steps: list[Step], phases: list[float | Param]
    ) -> None:
        self.name = name
        self.num_params, self.num_qubits = num_params, num_qubits
        self.steps, self.phases = steps, phases
        self.size = sum(step.size for step in steps)
        #: Whether calls add to the global phase.
        self.has_phase = bool(phases) or any(
            getattr(step.kind, "has_phase", False) or getattr(step.kind, "phase", None) or step.kind is None
            for step in steps
        )
        self._memo: dict[tuple[Angle, ...], Flat] = {}
        self._columns: dict[tuple[float, ...], Columns | None] = {}

    def flat(self, params: tuple[Angle, ...], limits: Limits) -> Flat:
        """Return the operations of a call."""
        found = self._memo.get(params)
        if found is None:
            limits.check("gates", self.size)
            found = self._expand(params, limits)
            if len(self._memo) < _MEMO and len(found.entries) < _MEMO_SIZE:
                self._memo[params] = found
        return found

    def columns(self, params: tuple[float, ...]) -> Columns | None:
        """Return the operations of a call as columns."""
        if params not in self._columns:
            if len(self._columns) >= _FEW:
                self._columns.clear()
            self._columns[params] = self._joined_columns(params)
        return self._columns[params]

    def _joined_columns(self, params: tuple[float, ...]) -> Columns | None:
        if self.has_phase:
            return None
        parts: list[Columns] = []
        made: dict[tuple[Any, ...], Columns] = {}
        for step in self.steps:
            if not isinstance(step.kind, GateKind) or step.modifiers:
                return None
            angles = tuple([angle(params) if isinstance(angle, Param) else angle for angle in step.params])
            if any(isinstance(angle, Expr) for angle in angles):
                return None
            key = (id(step.kind), step.qubits, angles, step.repeat)
            if key not in made:
                inner = step.kind.columns(angles)  # type: ignore[arg-type] # numbers, as tested
                if inner is None:
                    return None
                made[key] = inner.on(step.qubits).times(step.repeat)
            parts.append(made[key])
        return Columns.joined(parts)

    def _expand(self, params: tuple[Angle, ...], limits: Limits) -> Flat:
        flat = Flat(self.num_qubits)
        flat.phases = [angle(params) if isinstance(angle, Param) else angle for angle in self.phases]
        for step in self.steps:
            if not isinstance(step.kind, GateKind):
                flat.entries.append((_BARRIER if step.kind is None else step.kind, step.qubits, ()))
                continue
            angles = tuple([angle(params) if isinstance(angle, Param) else angle for angle in step.params])
            flat.add(flatten(step.kind, angles, step.modifiers, limits).times(step.repeat), step.qubits)
        return flat


def flatten(kind: GateKind, params: tuple[Angle, ...], modifiers: Sequence[Modifier], limits: Limits) -> Flat:
    """Return the operations of a call with modifiers, the first of which was applied last."""
    flat = kind.flat(params, limits)
    try:
        for modifier in reversed(modifiers):
            if isinstance(modifier, Controls):
                flat = flat.control(modifier.states)
            elif modifier.is_inverse:
                flat = flat.inverse()
            else:
                flat = flat.power(modifier.exponent, limits)
    except CircuitError as error:
        raise Fault(str(error).rstrip(".")) from None
    return flat
