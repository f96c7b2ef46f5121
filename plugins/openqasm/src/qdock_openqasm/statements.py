"""Statements: one short function for each kind of node, found in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from qdock.errors import CircuitError, LimitExceeded
from qdock.operations import Code
from qdock_openqasm import control, declarations, jumps, looping, places
from qdock_openqasm.apply import PHASE, angles_of, apply, gate_named, modifiers_of, operand, operands
from qdock_openqasm.arithmetic import binary
from qdock_openqasm.errors import Fault, Suppressed, from_core
from qdock_openqasm.evaluate import evaluate, place_of
from qdock_openqasm.flow import Flow
from qdock_openqasm.gatebody import MATRIX, check_call, define_gate, define_opaque
from qdock_openqasm.grammar import ast
from qdock_openqasm.indexing import RuntimeIndex
from qdock_openqasm.ir import DelayOp, EachOp
from qdock_openqasm.memory import Bits
from qdock_openqasm.places import BitsPart
from qdock_openqasm.qubits import QubitsPart
from qdock_openqasm.runtime_index import switch_on
from qdock_openqasm.scope import Extern, Subroutine, declared
from qdock_openqasm.subroutines import call_by_gate_syntax, define_extern, define_subroutine
from qdock_openqasm.types import BIT, bits
from qdock_openqasm.values import UNKNOWN, Duration, Value

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["measured_value", "run"]

_MEASURE, _RESET, _BARRIER = int(Code.MEASURE), int(Code.RESET), int(Code.BARRIER)


def run(p: Program, node: Any) -> Flow:
    """Run one statement; what is wrong with it is a `Fault` at its place."""
    guesses = p.memory.guesses
    try:
        if node.annotations:
            _note_annotations(p, node)
        if p.version == 2 and not _is_version_2(node):
            p.note("statements of version 3 in a program of version 2 are read as in version 3")
        with p.releasing():
            flow = _chosen_at_run_time(p, node) or Flow.NEXT
        if p.ending:
            p.ending, flow = False, Flow.END
        return flow
    except Fault as fault:
        if p.memory.guesses != guesses and _is_excused(p, node, fault):
            declarations.declare_unchecked(p, node)
            return Flow.NEXT
        if fault.span is None:
            fault.span = node.span
        raise
    except (CircuitError, LimitExceeded) as error:
        raise from_core(error, node.span) from None


_COMPOUND = (ast.If, ast.For, ast.While, ast.Switch, ast.Block, ast.Box)


_VERSION_2 = (ast.GateDefinition, ast.OpaqueDefinition, ast.Reset, ast.Barrier, ast.If, ast.Include)


def _is_version_2(node: Any) -> bool:
    """Whether OpenQASM 2 has such a statement."""
    if isinstance(node, (ast.QubitDeclaration, ast.ClassicalDeclaration)):
        return node.legacy_syntax
    if isinstance(node, ast.GateCall):
        return not node.modifiers
    return isinstance(node, _VERSION_2) or (isinstance(node, ast.MeasureStatement) and node.arrow_syntax)


def _is_excused(p: Program, node: Any, fault: Fault) -> bool:
    """Whether it may be only a guess that is wrong: no index was known, so all were taken for the first one."""
    if not p.memory.dry or isinstance(node, _COMPOUND):
        return False
    return not fault.is_limit and not isinstance(fault, Suppressed)


def _note_annotations(p: Program, node: Any) -> None:
    names = [item.keyword for item in node.annotations if item.keyword != MATRIX]
    if names:
        p.note("annotations have no effect: " + ", ".join(f"@{name}" for name in names))


def _chosen_at_run_time(p: Program, node: Any) -> Flow | None:
    """Run a statement; where it names an element by an index that only the circuit knows, once for each index."""
    try:
        return _STATEMENTS[type(node)](p, node)
    except RuntimeIndex as index:
        if not isinstance(node, _INDEXED) or index.node is None:
            raise
        return switch_on(p, node, index)


#: More operations than this for a statement are kept as columns.
_MANY = 4096
_INDEXED = (ast.GateCall, ast.MeasureStatement, ast.Reset, ast.Assignment, ast.Barrier, ast.Delay)

# --- gates


def _gate_call(p: Program, node: ast.GateCall) -> None:
    symbol = p.scopes.find(node.name.name)
    if isinstance(symbol, (Subroutine, Extern)):
        call_by_gate_syntax(p, symbol, node)
        return
    gate = gate_named(p, node.name)
    if node.duration is not None:
        _duration_of(p, node.duration)
        p.note("the duration of a gate call is not kept")
    angles = angles_of(p, node.arguments)
    modifiers, controls = modifiers_of(p, node.modifiers, len(node.qubits))
    parts = operands(p, node.qubits)
    if gate.gate is None:
        raise Fault(f"gate '{gate.name}' is opaque: nobody has defined it, so its effect is unknown", node.name.span)
    try:
        check_call(gate.name, gate.gate, node, len(angles), controls)
    except Fault as fault:
        raise fault.at(fault.span, declared(gate)) from None
    apply(p, gate.gate, angles, modifiers, parts, f"gate '{gate.name}'", node.span)


def _global_phase(p: Program, node: ast.GlobalPhase) -> None:
    angles = angles_of(p, [node.argument])
    modifiers, controls = modifiers_of(p, node.modifiers, len(node.qubits))
    check_call("gphase", PHASE, node, 1, controls)
    apply(p, PHASE, angles, modifiers, operands(p, node.qubits), "gphase", node.span)


# --- measurement and the rest


def _measure(p: Program, node: ast.MeasureStatement) -> None:
    if isinstance(node.measure, ast.QuantumCall):
        evaluate(p, node.measure)
    assert isinstance(node.measure, ast.MeasureExpression), "a calibrated measurement is refused"
    part = operand(p, node.measure.operand)
    if node.target is None:
        _measure_into(p, part.indices, _scratch(p, len(part.indices)))
        return
    declarations.check_writable(p, node.target)
    target = place_of(p, node.target)
    if isinstance(target, BitsPart):
        _check_sizes(part, target, node)
        if not p.memory.dry:
            _measure_into(p, part.indices, places.clbits_of(p.memory, target))
        return
    if target.type.kind not in ("bit", "bool"):
        raise Fault(f"a measurement result can't be stored in a value of type {target.type}", node.target.span)
    _check_sizes(part, target, node)
    places.write(p.memory, target, _measured(p, part))


def _check_sizes(part: QubitsPart, target: Any, node: Any) -> None:
    size = target.type.width or 1
    if len(part.indices) != size:
        number = f"{len(part.indices)} qubit{'' if len(part.indices) == 1 else 's'}"
        raise Fault(f"the measurement of {number} can't be stored in {target.type}", node.span)


def _measure_into(p: Program, qubits: Sequence[int], clbits: Sequence[int]) -> None:
    if p.memory.dry:
        return
    _emit_each(p, _MEASURE, qubits, clbits)
    p.memory.measured(clbits)


def _emit_each(p: Program, code: int, qubits: Sequence[int], clbits: Sequence[int] = ()) -> None:
    """Append an operation on each of some qubits, and on the clbit beside it if there are any."""
    if len(qubits) > _MANY and not p.memory.dry:
        p.memory.charge(len(qubits))
        p.memory.out.ops.append(EachOp(code, qubits, clbits))
        return
    for place, qubit in enumerate(qubits):
        p.memory.emit((code, (qubit,), (clbits[place],) if clbits else (), ()))


def _scratch(p: Program, size: int) -> Sequence[int]:
    """Clbits for a measurement whose result has no name."""
    if p.memory.dry or not size:
        return range(size)
    item = Bits("unnamed", size, True, home=p.memory.depth)
    p.borrow(item)
    return p.memory.clbits(item)


def _measured(p: Program, part: QubitsPart) -> Value:
    kind = bits(len(part.indices)) if part.is_register else BIT
    if p.memory.dry or not part.indices:
        return Value(kind, UNKNOWN)
    clbits = _scratch(p, len(part.indices))
    _measure_into(p, part.indices, clbits)
    item = Bits("unnamed", len(clbits), part.is_register, clbits)
    return p.memory.read_bits(item)


def measured_value(p: Program, node: ast.MeasureExpression) -> Value:
    """Measure, and return the result as a value."""
    return _measured(p, operand(p, node.operand))


def _reset(p: Program, node: ast.Reset) -> None:
    _emit_each(p, _RESET, operand(p, node.operand).indices)


def _barrier(p: Program, node: ast.Barrier) -> None:
    qubits = _qubits_of(p, node.operands)
    if qubits:
        p.memory.emit((_BARRIER, qubits, (), ()))


def _qubits_of(p: Program, nodes: Sequence[Any]) -> Sequence[int]:
    """The qubits of some operands, each once; those of the whole program where there is no operand."""
    parts = operands(p, nodes)
    if not nodes:
        physical = range(-p.memory.layout.num_physical, 0)[::-1]
        parts = [QubitsPart(range(p.memory.num_qubits), True), QubitsPart(physical, True)]
    found = [part.indices for part in parts if part.indices]
    if not p.memory.dry:
        p.memory.charge(sum(map(len, found)))
    return found[0] if len(found) == 1 else tuple(dict.fromkeys(chain.from_iterable(found)))


def _duration_of(p: Program, node: Any) -> Duration | None:
    value = evaluate(p, node)
    if value.type.kind != "duration":
        raise Fault(f"a duration is expected here, but this is of type {value.type}", node.span)
    return None if value.is_unknown else value.data


def _delay(p: Program, node: ast.Delay) -> None:
    time = _duration_of(p, node.duration)
    qubits = _qubits_of(p, node.operands)
    if time is None or not qubits:
        return
    if time.amount < 0 and time.exact:
        raise Fault(f"a delay must not be negative, but is {time.amount:g} {time.unit}", node.duration.span)
    if not time.exact:
        p.note("a delay with 'stretch' or 'durationof' gets its length from a device; here these count as 0")
    if not p.memory.dry:
        p.memory.emit(DelayOp(max(time.amount, 0.0), time.unit, qubits))


def _nop(p: Program, node: ast.Nop) -> None:
    operands(p, node.operands)


def _box(p: Program, node: ast.Box) -> Flow:
    if node.duration is not None:
        _duration_of(p, node.duration)
    p.note("a box is read as its content: nothing is kept of its border and its duration")
    return p.run_body(node.body)


# --- assignment


def _assignment(p: Program, node: ast.Assignment) -> None:
    declarations.check_writable(p, node.target)
    value = evaluate(p, node.value)
    target = place_of(p, node.target)
    if node.op.value != "=":
        value = binary(node.op.value[:-1], places.read(p.memory, target), value, p.limits)
    try:
        places.write(p.memory, target, value)
    except Fault as fault:
        raise fault.at(fault.span or node.value.span) from None


def _expression(p: Program, node: ast.ExpressionStatement) -> None:
    evaluate(p, node.expression)


# --- what has no place in a circuit


def _pragma(p: Program, node: ast.Pragma) -> None:
    p.pragmas.append(node.command)


def _calibration(p: Program, node: Any) -> None:
    p.note("calibrations ('cal', 'defcal') have no effect on a circuit")
    if isinstance(node, ast.CalibrationDefinition):
        p.calibrated.add(node.name.name)


def _include(p: Program, node: ast.Include) -> None:
    p.include(node.filename, node.span)


def _block(p: Program, node: ast.Block) -> Flow:
    return p.run_body(node.statements)


_STATEMENTS: dict[type, Callable[[Any, Any], Flow | None]] = {
    ast.QubitDeclaration: declarations.declare_qubits,
    ast.ClassicalDeclaration: declarations.declare_variable,
    ast.ConstDeclaration: declarations.declare_constant,
    ast.IODeclaration: declarations.declare_input_or_output,
    ast.AliasDeclaration: declarations.declare_alias,
    ast.GateDefinition: define_gate,
    ast.OpaqueDefinition: define_opaque,
    ast.SubroutineDefinition: define_subroutine,
    ast.ExternDeclaration: define_extern,
    ast.GateCall: _gate_call,
    ast.GlobalPhase: _global_phase,
    ast.MeasureStatement: _measure,
    ast.Reset: _reset,
    ast.Barrier: _barrier,
    ast.Delay: _delay,
    ast.Nop: _nop,
    ast.Box: _box,
    ast.Block: _block,
    ast.Assignment: _assignment,
    ast.ExpressionStatement: _expression,
    ast.If: control.run_if,
    ast.While: looping.run_while,
    ast.For: looping.run_for,
    ast.Switch: control.run_switch,
    ast.Break: jumps.run_break,
    ast.Continue: jumps.run_continue,
    ast.Return: jumps.run_return,
    ast.End: jumps.run_end,
    ast.Pragma: _pragma,
    ast.CalibrationGrammar: _calibration,
    ast.CalibrationBlock: _calibration,
    ast.CalibrationDefinition: _calibration,
    ast.Include: _include,
}
