"""Subroutines: checked where they are defined, written out where they are called."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm.assigned import walk
from qdock_openqasm.declarations import new_variable
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import constant_integer, evaluate, resolve_type
from qdock_openqasm.flow import CallFrame, Flow
from qdock_openqasm.grammar import ast
from qdock_openqasm.memory import Storage
from qdock_openqasm.places import Elements
from qdock_openqasm.scope import ArrayAlias, Extern, Qubits, Subroutine, a, declared
from qdock_openqasm.types import VOID, QType, core_type, is_assignable
from qdock_openqasm.values import UNKNOWN, Duration, Value, convert

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["call_by_gate_syntax", "call_extern", "call_subroutine", "define_extern", "define_subroutine", "set_result"]


# --- definitions


def _argument_type(p: Program, node: Any) -> QType:
    if isinstance(node, ast.QuantumArgument):
        size = None if node.size is None else constant_integer(p, node.size, "the size of a qubit register", 1)
        if size is not None:
            p.limits.check("qubits", size, node.span)
        return QType("qubit", size)
    return resolve_type(p, node.type)


def define_subroutine(p: Program, node: ast.SubroutineDefinition) -> None:
    """Declare a ``def``, its body checked with arguments of which nothing but the type is known."""
    arguments = tuple(_argument_type(p, item) for item in node.arguments)
    returns = VOID if node.return_type is None else resolve_type(p, node.return_type)
    symbol = Subroutine(node.name.name, node.name.span, node=node, arguments=arguments, returns=returns)
    symbol.weight = _weight(p, node)
    p.scopes.declare(symbol)
    outer, p.frames = p.frames, [CallFrame(0, p.memory.out, 0, returns, symbol.name)]
    try:
        with p.only_checking(), p.scope("subroutine", p.scopes.globals):
            _check_body(p, node, arguments)
    finally:
        p.frames = outer


def _check_body(p: Program, node: ast.SubroutineDefinition, arguments: Sequence[QType]) -> None:
    unknown = [_unknown_argument(kind) for kind in arguments]
    for item, kind, value in zip(node.arguments, arguments, unknown, strict=True):
        _bind(p, item, kind, value)
    for statement in node.body:
        p.run(statement)


#: Numbers for qubits that are only spoken of; 2^30 apart, as each may stand for a register.
_unknown = count(1 << 40, 1 << 30)


def _unknown_argument(kind: QType) -> Value:
    if kind.kind == "qubit":
        first = next(_unknown)
        return Value(kind, range(first, first + (kind.width or 1)))
    if kind.kind == "array":
        assert kind.base is not None
        return Value(kind, Elements(Storage("", kind.base, [None], dims=kind.dims), (0,), kind.dims))
    return Value(kind, UNKNOWN)


def _weight(p: Program, node: ast.SubroutineDefinition) -> int:
    """How many calls one call leads to at least: those that no condition guards."""
    total = 1
    for statement in node.body:
        if isinstance(statement, (ast.If, ast.While, ast.For, ast.Switch)):
            continue
        for item in walk([statement]):
            if isinstance(item, (ast.FunctionCall, ast.GateCall)):
                symbol = p.scopes.find(item.name.name)
                total += symbol.weight if isinstance(symbol, Subroutine) else 0
        if isinstance(statement, (ast.Return, ast.End)):
            break
    return total


def define_extern(p: Program, node: ast.ExternDeclaration) -> None:
    """Declare an ``extern``."""
    arguments = tuple(resolve_type(p, item.type) for item in node.arguments)
    returns = VOID if node.return_type is None else resolve_type(p, node.return_type)
    p.scopes.declare(Extern(node.name.name, node.name.span, arguments=arguments, returns=returns))


# --- calls


def _checked_count(symbol: Subroutine | Extern, given: int, span: Any) -> None:
    if given != len(symbol.arguments):
        wanted = len(symbol.arguments)
        number = f"{given} {'was' if given == 1 else 'were'} given"
        message = f"'{symbol.name}' takes {wanted} argument{'' if wanted == 1 else 's'}, but {number}"
        raise Fault(message, span, declared(symbol))


def _arguments(p: Program, symbol: Subroutine | Extern, nodes: Sequence[Any], span: Any) -> list[Value]:
    _checked_count(symbol, len(nodes), span)
    found = []
    for node, kind in zip(nodes, symbol.arguments, strict=True):
        value = evaluate(p, node)
        _check_argument(symbol, kind, value, node)
        found.append(value)
    return found


def _check_argument(symbol: Subroutine | Extern, kind: QType, value: Value, node: Any) -> None:
    if kind.kind == "qubit":
        fits = value.type.kind == "qubit" and (kind.width or 1) == len(value.data)
    elif kind.kind == "array":
        fits = value.type.kind == "array" and _same_shape(kind, value.type)
    else:
        fits = is_assignable(kind, value.type)
    if not fits:
        message = f"an argument of '{symbol.name}' must be of type {kind}, not {value.type}"
        raise Fault(message, node.span, declared(symbol))


def _same_shape(kind: QType, given: QType) -> bool:
    """Whether an array fits an argument: same element type, as many dimensions, the same sizes where they are set."""
    if kind.base != given.base or len(kind.dims) != len(given.dims):
        return False
    return all(wanted in (-1, size) for wanted, size in zip(kind.dims, given.dims, strict=True))


def call_subroutine(p: Program, symbol: Subroutine, nodes: Sequence[Any], node: Any) -> Value:
    """Write out a call and return its value."""
    values = _arguments(p, symbol, nodes, node.span)
    qubits = [index for value in values if value.type.kind == "qubit" for index in value.data]
    if len(set(qubits)) != len(qubits):
        raise Fault(f"'{symbol.name}': the same qubit is given more than once", node.span)
    if p.memory.dry:
        return Value(symbol.returns, UNKNOWN)
    if symbol.name in p.calls:
        raise Fault(f"'{symbol.name}' calls itself, which a circuit can't hold", node.span, declared(symbol))
    p.spend(1, node.span)
    p.limits.check("iterations", symbol.weight, node.span)
    p.memory.spend_work(p.cost_of(symbol.node.body), node.span)
    p.limits.check("nesting", len(p.calls) + 1, node.span)
    return _written_out(p, symbol, values)


def _written_out(p: Program, symbol: Subroutine, values: Sequence[Value]) -> Value:
    from qdock_openqasm.jumps import inside, run_all  # control flow holds calls, and calls hold control flow

    memory = p.memory
    frame = CallFrame(memory.depth, memory.out, len(memory.out.ops), symbol.returns, symbol.name)
    p.calls.append(symbol.name)
    with p.scope("subroutine", p.scopes.globals), inside(p, frame):
        for item, kind, value in zip(symbol.node.arguments, symbol.arguments, values, strict=True):
            _bind(p, item, kind, value)
        frame.start = len(memory.out.ops)
        flow = run_all(p, symbol.node.body)
    p.calls.pop()
    if flow is Flow.END and not memory.dry:
        p.ending = True
        return Value(symbol.returns, None if symbol.returns == VOID else _zero(symbol.returns))
    if frame.place is not None:
        p.borrow(frame.place)
    if symbol.returns == VOID:
        return Value(VOID, None)
    if frame.place is not None:
        return memory.read(frame.place, 0)
    if frame.value is None:
        message = f"'{symbol.name}' ends without returning a value of type {symbol.returns}"
        raise Fault(message, symbol.node.span)
    return frame.value


def _bind(p: Program, node: Any, kind: QType, value: Value) -> None:
    """Declare an argument in the scope of a call."""
    name, span = node.name.name, node.name.span
    if kind.kind == "qubit":
        p.scopes.declare(Qubits(name, span, indices=value.data, is_register=kind.width is not None))
    elif kind.kind == "array":
        p.scopes.declare(ArrayAlias(name, span, value=_reference(node, value)))
    else:
        new_variable(p, name, span, kind, value)


def _reference(node: Any, value: Value) -> Value:
    """An array as an argument sees it: the elements themselves, locked if the argument says so."""
    if node.type.access is ast.AccessControl.MUTABLE or not isinstance(value.data, Elements):
        return value
    source = value.data.storage
    locked = Storage(source.name, source.type, source.values, source.home, source.dims, source.variables, False)
    return Value(value.type, Elements(locked, value.data.positions, value.data.dims))


def call_by_gate_syntax(p: Program, symbol: Subroutine | Extern, node: ast.GateCall) -> None:
    """``f(a) q0, q1;``: the way in which earlier drafts of the language called subroutines."""
    if node.modifiers or node.duration is not None:
        raise Fault(f"'{symbol.name}' is {a(symbol.what)}: modifiers and durations are for gates", node.span)
    nodes = [*node.arguments, *node.qubits]
    if isinstance(symbol, Subroutine):
        call_subroutine(p, symbol, nodes, node)
    else:
        call_extern(p, symbol, nodes, node)


def call_extern(p: Program, symbol: Extern, nodes: Sequence[Any], node: Any) -> Value:
    """Return what a function that nobody here can run stands for: a parameter of the circuit, to be bound."""
    _arguments(p, symbol, nodes, node.span)
    if symbol.returns == VOID:
        p.note(f"'{symbol.name}' is extern and returns nothing: it is not called")
        return Value(VOID, None)
    if p.memory.dry:
        return Value(symbol.returns, UNKNOWN)
    kind = core_type(symbol.returns)
    if kind is None:
        raise Fault(f"'{symbol.name}' is extern: a value of type {symbol.returns} can't be left open", node.span)
    symbol.calls += 1
    name = symbol.name if symbol.calls == 1 else f"{symbol.name}_{symbol.calls}"
    while name in p.parameters:
        name += "_"
    p.parameters.add(name)
    p.note(f"'{symbol.name}' is extern: the value of its call number {symbol.calls} is the parameter '{name}'")
    parameter: ex.Expr = ex.Parameter(name)
    return Value(symbol.returns, parameter if kind == core.FLOAT else ex.cast(parameter, kind))


# --- return


def set_result(p: Program, value: Value | None, node: Any) -> CallFrame | None:
    """Keep the value of a ``return`` and return the call that it ends."""
    frame = next((frame for frame in reversed(p.frames) if isinstance(frame, CallFrame)), None)
    assert frame is not None, "the parser refuses a return outside a subroutine"
    if value is None:
        if frame.returns != VOID:
            raise Fault(f"'{frame.name}' must return a value of type {frame.returns}", node.span)
        return frame
    if frame.returns == VOID:
        raise Fault(f"'{frame.name}' returns nothing, but a value is given here", node.value.span)
    try:
        value = convert(value, frame.returns, f"the result of '{frame.name}'")
    except Fault as fault:
        raise fault.at(node.value.span) from None
    if not p.memory.dry:
        _store(p, frame, value)
    return frame


def _store(p: Program, frame: CallFrame, value: Value) -> None:
    if p.memory.depth == frame.depth and frame.place is None:
        frame.value = value
        return
    if frame.place is None:
        frame.place = Storage("result", frame.returns, [_zero(frame.returns)], home=frame.depth)
    p.memory.write(frame.place, 0, value)


def _zero(kind: QType) -> Any:
    return {"bool": False, "float": 0.0, "duration": Duration(0.0)}.get(kind.kind, 0)
