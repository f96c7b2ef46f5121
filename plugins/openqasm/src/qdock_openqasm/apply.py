"""Gate calls: operands, broadcasting, modifiers, and the operations they become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock.errors import CircuitError
from qdock.expr import Expr
from qdock.gates import GATES, Gate
from qdock_openqasm.errors import Fault, RepeatedQubit
from qdock_openqasm.evaluate import constant_integer, evaluate, place_of
from qdock_openqasm.grammar import ast
from qdock_openqasm.ir import BroadcastOp, ColumnsOp, DelayOp, GateOp
from qdock_openqasm.qubits import QubitsPart, broadcast
from qdock_openqasm.scope import GateSymbol, Symbol, declared
from qdock_openqasm.templates import (
    Angle,
    Controls,
    Delayed,
    Entry,
    Flat,
    GateKind,
    Modifier,
    Power,
    RowGate,
    flatten,
)
from qdock_openqasm.values import UNKNOWN, as_float

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["PHASE", "angles_of", "apply", "gate_named", "modifiers_of", "operand", "operands"]

#: A call that expands to more operations than this is kept as columns.
_MANY = 4096
_FEW = 64
_NAMES = {definition.code: name for name, definition in GATES.items()}


class _Phase(GateKind):
    """``gphase``: a gate on no qubits."""

    name, num_params, num_qubits, size = "gphase", 1, 0, 1

    def flat(self, params: tuple[Angle, ...], limits: Any) -> Flat:
        return Flat(0, [], list(params))


PHASE = _Phase()

# --- operands


def operand(p: Program, node: Any) -> QubitsPart:
    """Return the qubits that an operand stands for."""
    if isinstance(node, ast.IndexedIdentifier) and p.scopes.inside("gate"):
        raise Fault("the qubits of a gate definition are single ones and can't be indexed", node.span)
    place = place_of(p, node)
    if not isinstance(place, QubitsPart):
        name = getattr(node, "name", None)
        notes = declared(p.scopes.get(node)) if isinstance(name, str) else ()
        raise Fault(f"a qubit is expected here, but this is of type {place.type}", node.span, notes)
    return place


def operands(p: Program, nodes: Sequence[Any]) -> list[QubitsPart]:
    """Return the qubits of each operand."""
    return [operand(p, node) for node in nodes]


# --- the gate and its angles


def gate_named(p: Program, node: Any) -> GateSymbol:
    """Return the gate of that name, or raise a `Fault` that says what the name is."""
    symbol: Symbol | None = p.scopes.find(node.name)
    if symbol is None:
        if node.name in p.calibrated:
            raise Fault(f"gate '{node.name}' is defined by a calibration ('defcal') only, so its effect is unknown")
        fault = p.scopes.undefined("gate", node)
        if not fault.notes and _in_library(p, node.name):
            library = "qelib1.inc" if p.version == 2 else "stdgates.inc"
            fault.notes = (f"'{node.name}' is a gate of the standard library: include \"{library}\";",)
        raise fault
    if not isinstance(symbol, GateSymbol):
        raise p.scopes.misused(symbol, "a gate", node.span)
    return symbol


def _in_library(p: Program, name: str) -> bool:
    from qdock_openqasm.library import LIBRARIES

    return not p.included and name in LIBRARIES["qelib1.inc" if p.version == 2 else "stdgates.inc"]


def angles_of(p: Program, nodes: Sequence[Any]) -> tuple[Any, ...]:
    """Return the parameters of a gate call as real numbers, expressions or, when only checking, `UNKNOWN`."""
    found = []
    for node in nodes:
        value = evaluate(p, node)
        if value.type.kind in ("duration", "complex", "array", "qubit", "void"):
            raise Fault(f"a gate parameter is a real number, not a value of type {value.type}", node.span)
        try:
            found.append(as_float(value))
        except Fault as fault:
            raise fault.at(node.span) from None
    return tuple(found)


def modifiers_of(p: Program, nodes: Sequence[Any], num_operands: int) -> tuple[tuple[Modifier, ...], int]:
    """Return the modifiers of a call, outermost first, and how many control qubits they add."""
    found: list[Modifier] = []
    controls = 0
    for node in nodes:
        kind = node.kind.value
        if kind == "inv":
            found.append(Power(-1.0, is_inverse=True))
        elif kind == "pow":
            found.append(_power(p, node.argument))
        else:
            what = f"the number of qubits of '{kind}'"
            count = 1 if node.argument is None else constant_integer(p, node.argument, what, 1)
            controls += count
            if controls <= num_operands:
                states = (int(kind == "ctrl"),) * count
                outer = found.pop().states if found and isinstance(found[-1], Controls) else ()  # type: ignore[union-attr] # Controls
                found.append(Controls(outer + states))
    return tuple(found), controls


def _power(p: Program, node: Any) -> Power:
    exponent = as_float(evaluate(p, node))
    if exponent is UNKNOWN:
        return Power(1.0)
    if not isinstance(exponent, float):
        raise Fault(f"the exponent of 'pow' must be known when the program is loaded, but is '{exponent}'", node.span)
    return Power(exponent)


# --- operations


def apply(
    p: Program,
    kind: GateKind,
    params: tuple[Any, ...],
    modifiers: Sequence[Modifier],
    parts: Sequence[QubitsPart],
    what: str,
    span: Any,
) -> None:
    """Append a gate to each row of qubits that its operands stand for."""
    if not modifiers and not p.memory.dry and _apply_many(p, kind, params, parts, what, span):
        return
    rows_list = list(broadcast(parts, what, span))
    if p.memory.dry or not rows_list:
        return
    if isinstance(kind, RowGate) and not modifiers:
        entry: Entry = (kind.code, (), params)
        for qubits in rows_list:
            _emit(p, entry, qubits)
        return
    flat = flatten(kind, params, modifiers, p.limits)
    p.memory.charge(len(flat.entries) * len(rows_list) - len(rows_list))
    p.memory.out.phases.extend(flat.phases * len(rows_list))
    for qubits in rows_list:
        for entry in flat.entries:
            _emit(p, entry, [qubits[i] for i in entry[1]])


def _apply_many(
    p: Program, kind: GateKind, params: tuple[Any, ...], parts: Sequence[QubitsPart], what: str, span: Any
) -> bool:
    """Append what expands to very many rows of the table, as columns; False if it is not that plain."""
    count = max((len(part.indices) for part in parts if part.is_register), default=1)
    if kind.size * count <= _MANY or any(isinstance(param, Expr) for param in params):
        return False
    p.memory.charge(kind.size * count, span)
    columns = kind.columns(params)
    rows = None if columns is None else _row_array(parts, count, what, span)
    if columns is None or rows is None:
        p.memory.charge(-kind.size * count)
        return False
    if count > _FEW:
        # Made again when the circuit is built: until then very many of them would fill the memory.
        p.memory.out.ops.append(BroadcastOp(columns, lambda: _rows_of(parts, count)))
    else:
        p.memory.out.ops.extend(ColumnsOp(columns, qubits) for qubits in rows.tolist())
    return True


def _row_array(parts: Sequence[QubitsPart], count: int, what: str, span: Any) -> Any:
    """The same as `broadcast` as an (n, qubits) int32 array; None if it has physical qubits or is wrong."""
    if {len(part.indices) for part in parts if part.is_register} - {count}:
        return None
    rows = _rows_of(parts, count)
    ordered = np.sort(rows, axis=1) if len(parts) > 1 else rows
    if (ordered[:, 1:] == ordered[:, :-1]).any():
        raise RepeatedQubit(f"{what}: the same qubit is given more than once", span)
    return None if count > _FEW and (rows < 0).any() else rows


def _rows_of(parts: Sequence[QubitsPart], count: int) -> Any:
    rows = np.empty((count, len(parts)), dtype=np.int32)
    for place, part in enumerate(parts):
        indices = part.indices
        rows[:, place] = np.arange(indices.start, indices.stop, indices.step) if type(indices) is range else indices
    return rows


def _emit(p: Program, entry: Entry, qubits: Sequence[int]) -> None:
    what, _, params = entry
    if isinstance(what, int):
        if any(isinstance(param, Expr) for param in params):
            p.memory.emit(GateOp(_gate(_NAMES[what], params), qubits))
        else:
            p.memory.emit((what, qubits, (), params))  # type: ignore[arg-type] # no expression among them
    elif isinstance(what, Delayed):
        p.memory.emit(DelayOp(what.amount, what.unit, qubits))
    else:
        p.memory.emit(GateOp(what, qubits))


def _gate(name: str, params: tuple[Angle, ...]) -> Gate:
    try:
        return Gate(name, params)
    except CircuitError as error:
        raise Fault(str(error).rstrip(".")) from None
