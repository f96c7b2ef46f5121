"""Declarations: qubits, variables, constants, inputs and outputs, aliases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm import places
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import constant_integer, evaluate, place_of, resolve_type
from qdock_openqasm.grammar import ast
from qdock_openqasm.memory import Bits, Storage
from qdock_openqasm.places import BitsPart, Elements
from qdock_openqasm.qubits import QubitsPart
from qdock_openqasm.scope import ArrayAlias, BitsSymbol, Constant, Input, Qubits, Variable, a, declared
from qdock_openqasm.types import BOOL, FLOAT, LITERAL, QType, core_type
from qdock_openqasm.values import UNKNOWN, Duration, Value, convert

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = [
    "check_writable",
    "declare_alias",
    "declare_constant",
    "declare_input_or_output",
    "declare_qubits",
    "declare_unchecked",
    "declare_variable",
    "new_variable",
]


def declare_qubits(p: Program, node: ast.QubitDeclaration) -> None:
    """``qubit q;``, ``qubit[n] q;``, ``qreg q[n];``."""
    size = None if node.size is None else constant_integer(p, node.size, "the size of a qubit register", 1)
    p.limits.check("qubits", p.memory.num_qubits + (size or 1), node.span)
    symbol = Qubits(node.name.name, node.name.span, is_register=size is not None)
    p.scopes.declare(symbol)
    symbol.indices = p.memory.add_qubits(symbol.name, size or 1)


# --- variables


def declare_variable(p: Program, node: ast.ClassicalDeclaration) -> None:
    """``type name;``, ``type name = value;``, ``creg c[n];``."""
    kind = resolve_type(p, node.type)
    if isinstance(node.type, ast.StretchType):
        value: Any = Value(kind, Duration(0.0, "dt", exact=False))
    else:
        value = _initial(p, node, kind)
    symbol = new_variable(p, node.name.name, node.name.span, kind)
    if isinstance(node.init, ast.MeasureExpression) and isinstance(symbol, BitsSymbol):
        target = ast.Identifier(symbol.name, span=node.name.span)
        p.run(ast.MeasureStatement(node.init, target, span=node.span))
    elif isinstance(node.init, ast.ArrayLiteral):
        assert isinstance(symbol, Variable)
        _fill(p, symbol.storage, node.init, kind.dims, 0)
    elif p.exact and isinstance(symbol, Variable) and not kind.dims and core_type(kind) is not None:
        start = None if value is None else convert(value, kind).data
        p.memory.declare(symbol.storage, start)
    elif value is not None:
        places.write(p.memory, place_of(p, node.name), value)


def _initial(p: Program, node: Any, kind: QType) -> Value | None:
    """The value of an initialiser, as far as it is one value."""
    init = node.init
    if init is None:
        return None
    if isinstance(init, ast.ArrayLiteral):
        if kind.kind != "array":
            raise Fault(f"an array literal can't initialise '{node.name.name}' of type {kind}", init.span)
        return None
    if isinstance(init, ast.MeasureExpression) and kind.kind in ("bit", "bool"):
        return None if kind.kind == "bit" else evaluate(p, init)
    if isinstance(init, ast.MeasureExpression):
        raise Fault(f"a measurement result can't be stored in a value of type {kind}", init.span)
    value = evaluate(p, init)
    try:
        convert(value, kind, f"'{node.name.name}'")
    except Fault as fault:
        raise fault.at(init.span) from None
    return value


def new_variable(p: Program, name: str, span: Any, kind: QType, value: Value | None = None) -> BitsSymbol | Variable:
    """Declare a variable, with a value if one is given."""
    home = p.memory.depth
    symbol: BitsSymbol | Variable
    if kind.kind == "bit":
        bits = Bits(name, kind.width or 1, kind.width is not None, home=home)
        symbol = BitsSymbol(name, span, bits=bits)
        p.limits.check("clbits", bits.size, span)
    else:
        if kind.dims and p.scopes.is_global and not p.memory.dry:
            p.memory.charge_elements(math.prod(kind.dims), span)
        symbol = Variable(name, span, storage=_storage(name, kind, home))
    p.scopes.declare(symbol)
    if isinstance(symbol, BitsSymbol) and p.scopes.is_global and not p.memory.dry:
        symbol.bits.clbits = p.memory.add_clbits(name, symbol.bits.size, output=True)
    if value is not None and isinstance(symbol, Variable):
        p.memory.write(symbol.storage, 0, value)
    elif value is not None and isinstance(symbol, BitsSymbol):
        p.memory.write_bits(symbol.bits, value)
    return symbol


_ZEROS: dict[str, Any] = {"bool": False, "float": 0.0, "complex": 0j, "duration": Duration(0.0)}


def _storage(name: str, kind: QType, home: int) -> Storage:
    base = kind.base if kind.kind == "array" and kind.base is not None else kind
    return Storage(name, base, [_ZEROS.get(base.kind, 0)] * math.prod(kind.dims), home, kind.dims)


def _fill(p: Program, storage: Storage, node: Any, dims: tuple[int, ...], first: int) -> None:
    """Set the elements of an array from a literal, which may hold other arrays."""
    if not dims:
        raise Fault("this array literal is nested deeper than the array has dimensions", node.span)
    if len(node.values) != dims[0]:
        raise Fault(f"{dims[0]} values are needed here, but {len(node.values)} were given", node.span)
    stride = math.prod(dims[1:])
    for place, item in enumerate(node.values):
        start = first + place * stride
        if isinstance(item, ast.ArrayLiteral):
            _fill(p, storage, item, dims[1:], start)
            continue
        value = evaluate(p, item)
        try:
            places.write(p.memory, Elements(storage, range(start, start + stride), dims[1:]), value)
        except Fault as fault:
            raise fault.at(item.span) from None


# --- assignment


def check_writable(p: Program, node: Any) -> None:
    """Raise a `Fault` if an assignment's target is something that never changes."""
    name = node.name if isinstance(node, ast.IndexedIdentifier) else node
    symbol = p.scopes.get(name)
    if isinstance(symbol, Qubits):
        raise Fault(f"a qubit has no value: '{name.name}' can't be assigned to", node.span, declared(symbol))
    if isinstance(symbol, (Constant, Input)):
        raise Fault(f"'{name.name}' is {a(symbol.what)} and can't be assigned to", node.span, declared(symbol))
    if p.scopes.is_outside(name.name):
        message = f"'{name.name}' belongs to the program: inside a subroutine it can be read, but not changed"
        raise Fault(message, node.span, declared(symbol))


# --- constants, inputs, outputs


def declare_constant(p: Program, node: ast.ConstDeclaration) -> None:
    """``const type name = value;``."""
    kind = resolve_type(p, node.type)
    if not isinstance(node.init, ast.Expression):
        raise Fault("a constant has a value that is known before anything is measured", node.init.span)
    value = evaluate(p, node.init)
    if not value.const:
        name = getattr(node.init, "name", None)
        reason = f"'{name}' is none" if isinstance(name, str) else "this value is none"
        raise Fault(f"constant '{node.name.name}' needs a constant value, but {reason}", node.init.span)
    try:
        value = convert(value, kind, f"constant '{node.name.name}'")
    except Fault as fault:
        raise fault.at(node.init.span) from None
    p.scopes.declare(Constant(node.name.name, node.name.span, value=Value(kind, value.data, True)))


def declare_input_or_output(p: Program, node: ast.IODeclaration) -> None:
    """``input type name;`` and ``output type name;``."""
    kind = resolve_type(p, node.type)
    name = node.name.name
    if node.io is ast.IOKeyword.OUTPUT:
        symbol = new_variable(p, name, node.name.span, kind)
        p.outputs.add(name)
        if not isinstance(symbol, BitsSymbol):
            p.note(f"output '{name}' of type {kind} is computed, but results show bits only")
        return
    if kind.kind == "array":
        p.scopes.declare(Variable(name, node.name.span, storage=_input_array(p, name, kind)))
        return
    p.scopes.declare(Input(name, node.name.span, value=_input(p, name, kind, node.span)))


def _input(p: Program, name: str, kind: QType, span: Any) -> Value:
    """An input's value if it was given, else a parameter of the circuit."""
    given = p.inputs.pop(name, None)
    if given is not None:
        return convert(_given_value(given), kind, f"input '{name}'")
    target = core_type(kind)
    if target is None:
        raise Fault(f"input '{name}' of type {kind} needs a value when the program is loaded", span)
    if name in p.parameters:
        raise Fault(f"two values that are left open would have the name '{name}'", span)
    p.parameters.add(name)
    parameter: ex.Expr = ex.Parameter(name)
    return Value(kind, parameter if target == core.FLOAT else ex.cast(parameter, target))


def _given_value(given: Any) -> Value:
    if isinstance(given, bool):
        return Value(BOOL, given)
    return Value(LITERAL, given) if isinstance(given, int) else Value(FLOAT, float(given))


def _input_array(p: Program, name: str, kind: QType) -> Storage:
    storage = _storage(name, kind, p.memory.depth)
    storage.values = [_input(p, f"{name}_{place}", storage.type, None).data for place in range(len(storage.values))]
    storage.is_writable = False
    return storage


# --- aliases


def declare_alias(p: Program, node: ast.AliasDeclaration) -> None:
    """``let name = qubits or bits or an array;``."""
    guesses = p.memory.guesses
    place = place_of(p, node.value)
    name, span = node.name.name, node.name.span
    if isinstance(place, QubitsPart):
        p.scopes.declare(Qubits(name, span, indices=place.indices, is_register=place.is_register))
    elif isinstance(place, BitsPart) and not p.memory.dry:
        clbits = places.clbits_of(p.memory, place)
        bits = Bits(name, len(clbits), place.is_register, clbits, home=place.whole.home)
        p.scopes.declare(BitsSymbol(name, span, bits=bits, owns=False))
    elif place.type.kind == "bit" and (isinstance(place, BitsPart) or (place.type.is_register and p.memory.dry)):
        bits = Bits(name, place.type.width or 1, place.type.is_register, home=p.memory.depth)
        p.scopes.declare(BitsSymbol(name, span, bits=bits, owns=False))
    elif place.type.kind == "array":
        value = place if isinstance(place, Value) else Value(place.type, place)
        p.scopes.declare(ArrayAlias(name, span, value=value))
    else:
        raise Fault(
            f"'let' names qubits, registers of bits or arrays, not a value of type {place.type}", node.value.span
        )
    p.scopes.current.symbols[name].is_guess = p.memory.guesses != guesses


# --- what could not be checked


def declare_unchecked(p: Program, node: Any) -> None:
    """Declare the name of a declaration that is not run, and in which an index was guessed."""
    name = getattr(node, "name", None)
    if name is None or name.name in p.scopes.current.symbols:
        return
    if isinstance(node, ast.ClassicalDeclaration):
        new_variable(p, name.name, name.span, resolve_type(p, node.type))
    elif isinstance(node, ast.ConstDeclaration):
        p.scopes.declare(Constant(name.name, name.span, value=Value(resolve_type(p, node.type), UNKNOWN, True)))
    elif isinstance(node, ast.AliasDeclaration):
        p.scopes.declare(Qubits(name.name, name.span, indices=range(1), is_register=True))
        p.scopes.current.symbols[name.name].is_guess = True
