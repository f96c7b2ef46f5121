"""Gate definitions: from the tree to a template, and the rows of the table that a definition turns out to be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock.expr import Expr, Parameter
from qdock.gates import ALIASES, GATES, Gate
from qdock_openqasm.apply import PHASE, angles_of, gate_named, modifiers_of, operands
from qdock_openqasm.assigned import names_in
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import evaluate
from qdock_openqasm.grammar import ast
from qdock_openqasm.loops import iterations_of, rounds_of
from qdock_openqasm.params import Param
from qdock_openqasm.qubits import broadcast
from qdock_openqasm.scope import Constant, GateSymbol, Qubits
from qdock_openqasm.templates import Delayed, GateKind, MatrixGate, RowGate, Step, Template, flatten
from qdock_openqasm.types import FLOAT
from qdock_openqasm.values import Duration, Value, as_bool

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["MATRIX", "check_call", "define_gate", "define_opaque"]


class _Body:
    """A definition while it is read."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.steps: list[Step] = []
        self.phases: list[float | Param] = []

    def param(self, angle: Any) -> float | Param:
        """An angle as a number, or as a function of the gate's parameters."""
        return Param(angle, self.names) if isinstance(angle, Expr) else angle


def define_gate(p: Program, node: ast.GateDefinition) -> None:
    """Declare a gate, its body read and checked."""
    names = [item.name for item in node.parameters]
    outer, p.defining = p.defining, node.name.name
    body = _Body(names)
    with p.scopes.open("gate"):
        _declare_parts(p, node)
        for statement in node.body:
            _statement(p, body, statement)
    p.defining = outer
    template = Template(node.name.name, len(names), len(node.qubits), body.steps, body.phases)
    kind = _matrix_of(template, node, p) or _row_of(template, p) or template
    p.scopes.declare(GateSymbol(node.name.name, node.name.span, gate=kind))


def define_opaque(p: Program, node: ast.OpaqueDefinition) -> None:
    """Declare a gate that nobody has defined; calling it is an error."""
    with p.scopes.open("gate"):
        _declare_parts(p, node)
    p.scopes.declare(GateSymbol(node.name.name, node.name.span, gate=None))


def _declare_parts(p: Program, node: Any) -> None:
    for item in node.parameters:
        p.scopes.declare(Constant(item.name, item.span, value=Value(FLOAT, Parameter(item.name))))
    for place, item in enumerate(node.qubits):
        p.scopes.declare(Qubits(item.name, item.span, indices=(place,)))


# --- statements of a body


def _statement(p: Program, body: _Body, node: Any) -> None:
    try:
        handler = _STATEMENTS.get(type(node))
        if handler is None:
            raise Fault("a gate definition holds gates, barriers, delays and loops over them only")
        handler(p, body, node)
    except Fault as fault:
        if fault.span is None:
            fault.span = node.span
        raise


def _gate_call(p: Program, body: _Body, node: ast.GateCall) -> None:
    if node.name.name == p.defining:
        raise Fault(f"gate '{p.defining}' can't call itself", node.name.span)
    symbol = gate_named(p, node.name)
    _append(p, body, symbol, node, angles_of(p, node.arguments))


def check_call(symbol_name: str, kind: GateKind, node: Any, num_params: int, controls: int) -> None:
    """Raise a `Fault` unless a call has as many parameters and qubits as its gate takes."""
    if num_params != kind.num_params:
        raise Fault(
            f"gate '{symbol_name}' takes {_plural(kind.num_params, 'parameter')}, but {_given(num_params)}", node.span
        )
    if len(node.qubits) != kind.num_qubits + controls:
        wanted = _plural(kind.num_qubits + controls, "qubit")
        raise Fault(f"gate '{symbol_name}' acts on {wanted}, but {_given(len(node.qubits))}", node.span)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _given(count: int) -> str:
    return f"{count} {'was' if count == 1 else 'were'} given"


def _append(p: Program, body: _Body, symbol: GateSymbol, node: Any, angles: tuple[Any, ...]) -> None:
    kind = symbol.gate
    if kind is None:
        raise Fault(f"gate '{symbol.name}' is opaque: nobody has defined it, so its effect is unknown", node.name.span)
    modifiers, controls = modifiers_of(p, node.modifiers, len(node.qubits))
    check_call(symbol.name, kind, node, len(angles), controls)
    for qubits in broadcast(operands(p, node.qubits), f"gate '{symbol.name}'", node.span):
        body.steps.append(Step(kind, tuple(qubits), tuple(body.param(angle) for angle in angles), modifiers))
        p.limits.check("gates", body.steps[-1].size, node.span)
        if len(body.steps) > p.limits.iterations:
            p.limits.check("iterations", len(body.steps), node.span)


def _global_phase(p: Program, body: _Body, node: ast.GlobalPhase) -> None:
    angle = body.param(angles_of(p, [node.argument])[0])
    modifiers, controls = modifiers_of(p, node.modifiers, len(node.qubits))
    check_call("gphase", PHASE, node, 1, controls)
    if not node.modifiers:
        body.phases.append(angle)
        return
    qubits = next(broadcast(operands(p, node.qubits), "gphase", node.span)) if node.qubits else ()
    body.steps.append(Step(PHASE, qubits, (angle,), modifiers))


def _barrier(p: Program, body: _Body, node: ast.Barrier) -> None:
    nodes = node.operands
    qubits = dict.fromkeys(index for part in operands(p, nodes) for index in part.indices)
    if not nodes:
        qubits = dict.fromkeys(range(_num_qubits(p)))
    body.steps.append(Step(None, tuple(qubits)))


def _num_qubits(p: Program) -> int:
    scope: Any = p.scopes.current
    while scope.kind != "gate":
        scope = scope.parent
    return sum(isinstance(symbol, Qubits) for symbol in scope.symbols.values())


def _delay(p: Program, body: _Body, node: ast.Delay) -> None:
    value = evaluate(p, node.duration)
    if value.type.kind != "duration":
        raise Fault(f"a duration is expected here, but this is of type {value.type}", node.duration.span)
    time = value.data
    assert isinstance(time, Duration)
    parts = operands(p, node.operands)
    for index in (index for part in parts for index in part.indices):
        body.steps.append(Step(Delayed(max(time.amount, 0.0), time.unit), (index,)))


def _nop(p: Program, _body: _Body, node: ast.Nop) -> None:
    operands(p, node.operands)


def _block(p: Program, body: _Body, node: Any) -> None:
    with p.scopes.open("block"):
        for statement in node.statements if isinstance(node, ast.Block) else node.body:
            _statement(p, body, statement)


def _for(p: Program, body: _Body, node: ast.For) -> None:
    values = iterations_of(p, node)
    if node.variable.name not in names_in(node.body):
        _repeat(p, body, node, next(values, None), rounds_of(p, node) or 1 + sum(1 for _ in values))
        return
    for value in values:
        with p.scopes.open("block"):
            p.scopes.declare(Constant(node.variable.name, node.variable.span, value=value))
            for statement in node.body:
                _statement(p, body, statement)


def _repeat(p: Program, body: _Body, node: ast.For, value: Value | None, rounds: int) -> None:
    """A loop whose rounds are all the same: one definition, as often."""
    if value is None:
        return
    inner = _Body(body.names)
    with p.scopes.open("block"):
        for statement in node.body:
            _statement(p, inner, statement)
    count = _num_qubits(p)
    template = Template("", len(body.names), count, inner.steps, inner.phases)
    angles = tuple(Param(Parameter(name), body.names) for name in body.names)
    p.limits.check("gates", template.size * rounds, node.span)
    body.steps.append(Step(template, tuple(range(count)), angles, repeat=rounds))


def _if(p: Program, body: _Body, node: ast.If) -> None:
    truth = as_bool(evaluate(p, node.condition))
    if not isinstance(truth, bool):
        raise Fault("what a gate does can't depend on its parameters", node.condition.span)
    with p.scopes.open("block"):
        for statement in node.then_body if truth else node.else_body:
            _statement(p, body, statement)


_STATEMENTS: dict[type, Callable[[Any, _Body, Any], None]] = {
    ast.GateCall: _gate_call,
    ast.GlobalPhase: _global_phase,
    ast.Barrier: _barrier,
    ast.Delay: _delay,
    ast.Nop: _nop,
    ast.Block: _block,
    ast.Box: _block,
    ast.For: _for,
    ast.If: _if,
}


# --- definitions that are rows of the table

#: Annotation that gives the matrix of a definition, which is then checked against its body.
MATRIX = "qdock.matrix"
_MATRIX_TEXT = re.compile(r"[\[\]\d.,eE+\-\s]*")
_PROBES = ((0.7, 1.9, -0.4, 2.3), (2.6, -1.2, 0.9, -0.3))
_LARGEST = 5
_LONGEST = 200
_CLOSE = 1e-9
_CLOSE_MATRIX = 1e-7
#: A definition that stands for a row under another name, where a library has taken the row's own.
_PREFIX = "qdock_"


def _matrix_of(template: Template, node: Any, p: Program) -> GateKind | None:
    """Return the gate of the matrix that an annotation gives, if the definition has that matrix."""
    for annotation in node.annotations:
        if annotation.keyword == MATRIX and not template.num_params and template.num_qubits <= p.limits.matrix_qubits:
            matrix = _parsed_matrix(annotation.command or "", 1 << template.num_qubits)
            own = flatten(template, (), (), p.limits).matrix()
            if matrix is not None and np.abs(own - matrix).max() < _CLOSE_MATRIX:
                return MatrixGate(template.name, Gate("unitary", array=matrix))
            p.note(f"the matrix of gate '{template.name}' differs from its definition and is ignored")
    return None


def _parsed_matrix(text: str, size: int) -> Any:
    """A square array of complex numbers from rows of pairs, or None."""
    if not _MATRIX_TEXT.fullmatch(text) or "[[[[" in re.sub(r"\s", "", text):
        return None
    try:
        array = np.array(json.loads(text), dtype=float)
    except (ValueError, TypeError, RecursionError):
        return None
    is_matrix = array.shape == (size, size, 2) and bool(np.isfinite(array).all())
    return array[..., 0] + 1j * array[..., 1] if is_matrix else None


def _row_of(template: Template, p: Program) -> RowGate | None:
    """Return the row of the table whose name a definition bears and whose matrix it has, for any angles."""
    name = template.name.removeprefix(_PREFIX)
    row = GATES.get(ALIASES.get(name, name))
    if row is None or (row.num_qubits, row.num_params) != (template.num_qubits, template.num_params):
        return None
    if template.num_qubits > _LARGEST or template.size > _LONGEST:
        return None
    probes = _PROBES if row.num_params else _PROBES[:1]
    if all(_same(template, row, probe[: row.num_params], p) for probe in probes):
        return RowGate(template.name, row.name)
    return None


def _same(template: Template, row: Any, angles: tuple[float, ...], p: Program) -> bool:
    try:
        own = flatten(template, angles, (), p.limits).matrix()
    except Fault:
        return False
    wanted = row.matrix(*angles)
    if p.version == 2:
        # No program of version 2 can see a global phase.
        own = own * np.exp(-1j * np.angle(np.vdot(wanted, own)))
    return bool(np.abs(own - wanted).max() < _CLOSE)
