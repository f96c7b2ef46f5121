"""Expressions: from the tree to a value, one short function for each kind of node."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock.errors import CircuitError, LimitExceeded
from qdock_openqasm import exact, places
from qdock_openqasm.arithmetic import binary, unary
from qdock_openqasm.cost import GENERAL
from qdock_openqasm.errors import Fault, from_core
from qdock_openqasm.functions import call_function
from qdock_openqasm.grammar import ast
from qdock_openqasm.indexing import IndexFault, RuntimeIndex
from qdock_openqasm.memory import Bits, Storage
from qdock_openqasm.places import BitSlice, BitsPart, Elements, Place
from qdock_openqasm.qubits import QubitsPart
from qdock_openqasm.runtime_index import collected, read_at_run_time
from qdock_openqasm.scope import (
    ArrayAlias,
    BitsSymbol,
    Constant,
    Extern,
    Function,
    GateSymbol,
    Qubits,
    Subroutine,
    Symbol,
    Variable,
    declared,
)
from qdock_openqasm.types import BOOL, COMPLEX, DURATION, FLOAT, LITERAL, MACHINE_WIDTH, QType, bits
from qdock_openqasm.values import UNKNOWN, Duration, Unknown, Value, as_bool, as_integer, cast, whole

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["constant_integer", "evaluate", "place_of", "resolve_type", "truth_of"]

_SIZE = QType("uint")


def evaluate(p: Program, node: Any) -> Value:
    """Return the value of an expression; what is wrong with it is a `Fault` at its place."""
    try:
        return _EVALUATE[type(node)](p, node)
    except Fault as fault:
        if fault.span is None:
            fault.span = node.span
        raise
    except (CircuitError, LimitExceeded) as error:
        raise from_core(error, node.span) from None


def truth_of(p: Program, node: Any) -> bool | ex.Expr | Unknown:
    """Return the truth of a condition."""
    value = evaluate(p, node)
    try:
        return as_bool(value)
    except Fault as fault:
        raise fault.at(node.span) from None


# --- literals


def _integer(p: Program, node: ast.IntegerLiteral) -> Value:
    p.limits.check("constant_bits", node.value.bit_length(), node.span)
    return Value(LITERAL, node.value, True)


def _float(_p: Program, node: ast.FloatLiteral) -> Value:
    if not math.isfinite(node.value):
        raise Fault("this number is too large for a float")
    return Value(FLOAT, node.value, True)


def _bitstring(p: Program, node: ast.BitstringLiteral) -> Value:
    p.limits.check("constant_bits", node.width, node.span)
    return Value(bits(node.width), node.value, True)


def _duration(_p: Program, node: ast.DurationLiteral) -> Value:
    if not math.isfinite(node.value):
        raise Fault("this duration is not finite")
    return Value(DURATION, Duration(node.value, node.unit.value), True)


def _duration_of(p: Program, node: ast.DurationOf) -> Value:
    p.check_only(node.body)
    p.note("the length of 'durationof' is known only to a device; it is taken as 0")
    return Value(DURATION, Duration(0.0, "dt", exact=False), True)


# --- operators


def _unary(p: Program, node: ast.UnaryExpression) -> Value:
    chain = [node.op.value]
    operand = node.operand
    while isinstance(operand, ast.UnaryExpression):
        chain.append(operand.op.value)
        operand = operand.operand
    value = evaluate(p, operand)
    for op in reversed(chain):
        value = exact.unary(op, value) if p.exact and exact.is_exact(value) else unary(op, value)
    return value


def _binary(p: Program, node: ast.BinaryExpression) -> Value:
    """From the left on without recursion: a sum may have any number of terms."""
    spine = [node]
    while isinstance(spine[-1].lhs, ast.BinaryExpression):
        spine.append(spine[-1].lhs)
    value = evaluate(p, spine[-1].lhs)
    for item in reversed(spine):
        try:
            value = _applied(p, item, value)
        except Fault as fault:
            if fault.span is None:
                fault.span = item.span
            raise
    return value


def _applied(p: Program, node: ast.BinaryExpression, left: Value) -> Value:
    op = node.op.value
    if op in ("&&", "||") and left.is_known and as_bool(left, f"an operand of '{op}'") is (op == "||"):
        with p.only_checking():
            binary(op, left, evaluate(p, node.rhs), p.limits)
        return Value(BOOL, op == "||", left.const)
    right = evaluate(p, node.rhs)
    if op == "**" and right.is_known and left.type.is_integer and right.type.is_integer:
        p.memory.spend_work(_power_cost(left.type, right.data), node.span)
    if p.exact and exact.is_exact(left, right):
        return exact.binary(op, left, right)
    return binary(op, left, right, p.limits)


def _power_cost(base: QType, exponent: Any) -> int:
    """What a power takes: nothing much unless an integer is very wide."""
    return (base.num_bits // MACHINE_WIDTH) ** 2 * (whole(exponent).bit_length() // MACHINE_WIDTH)


def _cast(p: Program, node: ast.Cast) -> Value:
    target = resolve_type(p, node.type)
    if target.kind == "array":
        raise Fault("arrays have no casts")
    value = evaluate(p, node.operand)
    return exact.cast(value, target) if p.exact and exact.is_exact(value) else cast(value, target)


# --- calls


def _call(p: Program, node: ast.FunctionCall) -> Value:
    name = node.name.name
    if name == "sizeof" and p.version == 3 and p.scopes.find(name) is None:
        return _sizeof(p, node)
    symbol = p.scopes.get(node.name)
    if isinstance(symbol, Function):
        arguments = [evaluate(p, argument) for argument in node.arguments]
        made = exact.call(name, arguments) if p.exact and exact.is_exact(*arguments) else None
        return made or call_function(name, arguments, p.version, p.limits)
    if isinstance(symbol, Subroutine):
        return p.call_subroutine(symbol, node.arguments, node)
    if isinstance(symbol, Extern):
        return p.call_extern(symbol, node.arguments, node)
    hint = "; apply it to qubits: name qubits" if isinstance(symbol, GateSymbol) else ""
    raise p.scopes.misused(symbol, "a subroutine", node.name.span, hint)


def _sizeof(p: Program, node: ast.FunctionCall) -> Value:
    kind = evaluate(p, node.arguments[0]).type
    dims = kind.dims if kind.kind == "array" else (kind.width,) if kind.is_register else ()
    if not dims:
        raise Fault(f"'sizeof' is the size of an array, not of a value of type {kind}")
    axis = 0
    if len(node.arguments) > 1:
        axis = constant_integer(p, node.arguments[1], "the dimension of 'sizeof'")
    if not 0 <= axis < len(dims):
        raise Fault(f"{kind} has the dimensions 0 to {len(dims) - 1}, but {axis} was asked for", node.span)
    size = dims[axis]
    return Value(_SIZE, UNKNOWN if size is None or size < 0 else size, True)


def _quantum_call(_p: Program, node: ast.QuantumCall) -> Value:
    raise Fault(f"'{node.name.name}' is measured by a calibration ('defcal'), which no circuit can hold")


# --- names and indices


def place_of(p: Program, node: Any) -> Place:
    """Return what a name, an indexed name or a concatenation refers to."""
    if isinstance(node, ast.Identifier):
        return _place_of_symbol(p, p.scopes.get(node), node)
    if isinstance(node, ast.HardwareQubit):
        if p.scopes.inside("gate"):
            raise Fault("physical qubits can't stand in a gate definition", node.span)
        return QubitsPart((p.memory.physical(node.index),), False)
    if isinstance(node, ast.IndexedIdentifier):
        symbol = p.scopes.get(node.name)
        place = _place_of_symbol(p, symbol, node.name)
        try:
            for index in node.indices:
                place = _selected(p, place, index, node)
        except IndexFault as fault:
            fault.notes = declared(symbol)
            raise
        return place
    if isinstance(node, ast.IndexExpression):
        return _selected(p, place_of(p, node.collection), node.index, node)
    if isinstance(node, ast.Concatenation):
        return _concatenated(p, node)
    return evaluate(p, node)


def _selected(p: Program, place: Place, index: Any, node: Any) -> Place:
    if p.exact and isinstance(place, Value) and exact.is_exact(place) and isinstance(index, list):
        return exact.bit(place, constant_integer(p, index[0], "an index"))
    try:
        return places.select(p.memory, place, index, lambda item: _index(p, item))
    except Fault as fault:
        if fault.span is None:
            fault.span = node.span
        raise


def _index(p: Program, node: Any) -> Value:
    value = evaluate(p, node)
    if value.is_unknown:
        p.memory.guesses += 1
    return value


def _place_of_symbol(p: Program, symbol: Symbol, node: Any) -> Place:
    p.memory.guesses += symbol.is_guess
    if isinstance(symbol, Qubits):
        return QubitsPart(symbol.indices, symbol.is_register)
    if isinstance(symbol, BitsSymbol):
        return BitsPart(symbol.bits, range(symbol.bits.size), symbol.bits.is_register)
    if isinstance(symbol, Variable):
        storage = symbol.storage
        return Elements(storage, range(len(storage.values)), storage.dims)
    if isinstance(symbol, (ArrayAlias, Constant)):
        return symbol.value
    raise p.scopes.misused(symbol, "a value", node.span)


def _read(p: Program, node: Any) -> Value:
    try:
        place = place_of(p, node)
    except RuntimeIndex as index:
        if p.exact and isinstance(node, ast.IndexExpression):
            return exact.bit(evaluate(p, node.collection), index.number)
        return read_at_run_time(p, node, index)
    if p.memory.dry and not isinstance(place, (Value, QubitsPart)) and place.type.kind != "array":
        return Value(place.type, UNKNOWN)
    if p.exact and isinstance(place, BitSlice) and not place.is_register:
        return exact.bit(places.read(p.memory, place.whole), place.positions[0])
    return places.read(p.memory, place)


def _concatenated(p: Program, node: ast.Concatenation) -> Place:
    parts = [node.rhs]
    left = node.lhs
    while isinstance(left, ast.Concatenation):
        parts.append(left.rhs)
        left = left.lhs
    found = [place_of(p, part) for part in reversed([*parts, left])]
    kinds = {part.type.kind for part in found}
    if kinds == {"qubit"}:
        p.memory.spend_work(sum(len(part.indices) for part in found if isinstance(part, QubitsPart)))
        qubits = [i for part in found if isinstance(part, QubitsPart) for i in part.indices]
        _check_apart(qubits)
        return QubitsPart(qubits, True)
    if kinds == {"bit"}:
        return _joined_bits(p, found)
    if kinds == {"array"}:
        return _joined_arrays(p, found)
    raise Fault(f"values of type {' and '.join(str(part.type) for part in found)} cannot be concatenated", node.span)


def _check_apart(indices: Sequence[int]) -> None:
    if len(set(indices)) != len(indices):
        raise Fault("a register can't be concatenated with a part of itself")


def _joined_bits(p: Program, parts: Sequence[Place]) -> Place:
    size = sum(part.type.width or 1 for part in parts)
    if p.memory.dry:
        return Value(bits(size), UNKNOWN)
    if all(isinstance(part, BitsPart) for part in parts):
        size = sum(part.type.width or 1 for part in parts)
        p.limits.check("clbits", size)
        p.memory.spend_work(size)
        clbits = [clbit for part in parts for clbit in places.clbits_of(p.memory, part)]  # type: ignore[arg-type] # just tested
        _check_apart(clbits)
        return BitsPart(Bits("alias", size, True, clbits), range(size), True)
    raise Fault("only bits of registers can be concatenated, not values")


def _joined_arrays(p: Program, parts: Sequence[Place]) -> Place:
    found = [part.data if isinstance(part, Value) else part for part in parts]
    arrays = [part for part in found if isinstance(part, Elements)]
    first = arrays[0]
    if any(array.dims[1:] != first.dims[1:] for array in arrays):
        raise Fault("arrays whose inner dimensions differ cannot be concatenated")
    p.limits.check("elements", sum(len(array.positions) for array in arrays))
    dims = (sum(array.dims[0] for array in arrays), *first.dims[1:])
    joined = _joined_storage(p, arrays, first.storage.type, dims)
    return Elements(joined, range(len(joined.values)), dims)


def _joined_storage(p: Program, arrays: Sequence[Elements], kind: QType, dims: tuple[int, ...]) -> Storage:
    memory = p.memory
    storage = Storage("array", kind, [], memory.depth, dims)
    if all(memory.copies(array.storage, storage) for array in arrays):
        memory.spend_elements(sum(len(array.positions) for array in arrays))
        storage.values = [array.storage.values[place] for array in arrays for place in array.positions]
        return storage
    memory.spend_work(GENERAL * sum(len(array.positions) for array in arrays))
    values = [memory.read(array.storage, place) for array in arrays for place in array.positions]
    return collected(memory, kind, values, dims)


# --- types


def constant_integer(p: Program, node: Any, what: str, minimum: int | None = None) -> int:
    """Return the value of an expression that the language requires to be a constant integer."""
    value = evaluate(p, node)
    number = as_integer(value, what)
    if not value.const or not isinstance(number, int):
        name = getattr(node, "name", None)
        reason = f", but '{name}' is none" if name else ""
        raise Fault(f"{what} must be a constant{reason}", node.span)
    if minimum is not None and number < minimum:
        raise Fault(f"{what} must be at least {minimum}, but is {number}", node.span)
    return number


_SIZED = {ast.IntType: "int", ast.UintType: "uint", ast.FloatType: "float", ast.AngleType: "angle"}
_MAX_DIMENSIONS = 7


def resolve_type(p: Program, node: Any) -> QType:
    """Return the type that a program names."""
    if type(node) in _SIZED:
        kind = _SIZED[type(node)]
        width = None if node.size is None else constant_integer(p, node.size, f"the width of {kind}", 1)
        if width is not None:
            p.limits.check("constant_bits", width, node.span)
        return QType(kind, width)
    if isinstance(node, ast.BitType):
        size = None if node.size is None else constant_integer(p, node.size, "the size of a bit register", 1)
        if size is not None:
            p.limits.check("clbits", size, node.span)
        return QType("bit", size)
    if isinstance(node, ast.BoolType):
        return BOOL
    if isinstance(node, ast.ComplexType):
        return QType("complex", resolve_type(p, node.base).width if node.base is not None else None)
    if isinstance(node, (ast.DurationType, ast.StretchType)):
        return DURATION
    return _array_type(p, node)


def _array_type(p: Program, node: Any) -> QType:
    base = resolve_type(p, node.base)
    if isinstance(node, ast.ArrayReferenceType) and node.rank is not None:
        rank = constant_integer(p, node.rank, "the number of array dimensions", 1)
        return QType("array", base=base, dims=(-1,) * min(rank, _MAX_DIMENSIONS + 1))
    dims = tuple(constant_integer(p, size, "an array dimension", 0) for size in node.dimensions or [])
    if len(dims) > _MAX_DIMENSIONS:
        raise Fault(f"arrays have at most {_MAX_DIMENSIONS} dimensions, but {len(dims)} were given", node.span)
    p.limits.check("elements", math.prod(dims), node.span)
    return QType("array", base=base, dims=dims)


_EVALUATE: dict[type, Callable[[Any, Any], Value]] = {
    ast.IntegerLiteral: _integer,
    ast.FloatLiteral: _float,
    ast.ImaginaryLiteral: lambda _, node: Value(COMPLEX, complex(0, node.value), True),
    ast.BooleanLiteral: lambda _, node: Value(BOOL, node.value, True),
    ast.BitstringLiteral: _bitstring,
    ast.DurationLiteral: _duration,
    ast.DurationOf: _duration_of,
    ast.UnaryExpression: _unary,
    ast.BinaryExpression: _binary,
    ast.Cast: _cast,
    ast.FunctionCall: _call,
    ast.QuantumCall: _quantum_call,
    ast.MeasureExpression: lambda p, node: p.measured_value(node),
    ast.Identifier: _read,
    ast.HardwareQubit: _read,
    ast.IndexExpression: _read,
    ast.IndexedIdentifier: _read,
    ast.Concatenation: _read,
}
