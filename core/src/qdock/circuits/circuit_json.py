"""Circuits as JSON: flat, so that no nesting of blocks or expressions makes a deep document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from qdock.common.json_guard import check_depth
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import Binary, Bit, Bits, Cast, Const, Expr, Parameter, Type, Unary, Var, cast
from qdock.expressions.arithmetic import BINARY_OPERATORS, UNARY_OPERATORS
from qdock.expressions.nodes import make_binary, make_unary
from qdock.gates import Gate
from qdock.operations import (
    OPERATION_NAMES,
    Assign,
    Barrier,
    Delay,
    Detail,
    For,
    If,
    Modifier,
    Operation,
    Range,
    Switch,
    While,
)

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = [
    "INVALID",
    "Body",
    "Head",
    "Postfix",
    "checked_metadata",
    "dumps",
    "head_to_dict",
    "invalid",
    "loads",
    "read_angle",
    "read_blocks",
    "read_head",
    "read_row",
    "write_angle",
    "write_row",
]

FORMAT, VERSION = "qdock.circuit", 1

# --- write


def dumps(circuit: Circuit) -> str:
    """Return a circuit as a JSON text."""
    checked_metadata(circuit)
    blocks: list[Any] = []
    document = {
        "format": FORMAT,
        "version": VERSION,
        **head_to_dict(circuit),
        "blocks": blocks,
        **_body(circuit, blocks),
    }
    return json.dumps(document, allow_nan=False)


def checked_metadata(circuit: Circuit) -> str:
    """Return a circuit's metadata as a JSON text, or raise `CircuitError` if that can't be."""
    if circuit.metadata == {}:
        return "{}"
    if not isinstance(circuit.metadata, dict):
        raise CircuitError(f"The metadata of a circuit is a dict of JSON values, but {circuit.metadata!r} was given.")
    try:
        text = json.dumps(circuit.metadata, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise CircuitError(f"The circuit's metadata can't be written as JSON: {error}.") from None
    # It stands in an object.
    check_depth(f"[{text}]", "The circuit's metadata")
    return text


def head_to_dict(circuit: Circuit) -> dict[str, Any]:
    """Return what a circuit is besides its operations and its global phase."""
    return {
        # A name that came from a file's may have bytes that are no text.
        "name": circuit.name.encode("utf-8", "replace").decode(),
        "metadata": circuit.metadata,
        "qregs": [[register.name, register.size] for register in circuit.qregs],
        "cregs": [[register.name, register.size, register.output] for register in circuit.cregs],
        "variables": [[item.var.name, str(item.var.type), item.initial] for item in circuit.variables],
    }


def _body(circuit: Circuit, blocks: list[Any]) -> dict[str, Any]:
    """Return a circuit's own operations; the blocks they run are added to `blocks` and named by their place."""
    return {"global_phase": write_angle(circuit.global_phase), "operations": list(_write_rows(circuit, blocks))}


def _write_rows(circuit: Circuit, blocks: list[Any]) -> Iterator[list[Any]]:
    """Yield the row of each operation."""
    columns = circuit.columns()
    qubits, clbits, angles = columns.qubits.tolist(), columns.clbits.tolist(), columns.params.tolist()
    for place, expression in columns.expressions.items():
        angles[place] = _write_expression(expression)
    starts = (columns.qubit_start, columns.param_start, columns.clbit_start)
    ends = zip(columns.code.tolist(), *(start[1:].tolist() for start in starts), strict=True)
    details = columns.details
    q = p = c = 0
    for index, (code, q_end, p_end, c_end) in enumerate(ends):
        row = [OPERATION_NAMES[code], qubits[q:q_end], angles[p:p_end], clbits[c:c_end]]
        yield _finished(row, details.get(index), blocks)
        q, p, c = q_end, p_end, c_end


def write_row(operation: Operation, blocks: list[Any]) -> list[Any]:
    """Return ``[name, qubits, angles, clbits, detail]`` of an operation, without what is empty at its end."""
    angles = [write_angle(param) for param in operation.params]
    return _finished([operation.name, list(operation.qubits), angles, list(operation.clbits)], operation.detail, blocks)


def _finished(row: list[Any], detail: Detail | None, blocks: list[Any]) -> list[Any]:
    if detail is not None:
        row.append(_WRITE[type(detail)](detail, blocks))
    while not row[-1]:
        row.pop()
    return row


def write_angle(angle: float | Expr) -> Any:
    """Return an angle as a JSON value."""
    return _write_expression(angle) if isinstance(angle, Expr) else angle


def _write_expression(node: Expr | None) -> Any:
    """Return an expression in postfix order: operands before what takes them."""
    if node is None:
        return None
    return {"postfix": [_NODES[type(item)](item) for item in reversed(_prefix(node))]}


def _prefix(node: Expr) -> list[Expr]:
    """Return a node before its children, the last child first, so that the reverse is postfix order."""
    found, waiting = [], [node]
    while waiting:
        item = waiting.pop()
        found.append(item)
        waiting.extend(item.children)
    return found


_NODES: dict[type[Expr], Callable[[Any], list[Any]]] = {
    Const: lambda node: ["const", node.value, str(node.type)],
    Parameter: lambda node: ["param", node.name],
    Bit: lambda node: ["bit", node.index],
    Bits: lambda node: ["bits", list(node.indices)],
    Var: lambda node: ["var", node.name, str(node.type)],
    Unary: lambda node: ["unary", node.op, str(node.type)],
    Binary: lambda node: ["binary", node.op, str(node.type)],
    Cast: lambda node: ["cast", str(node.type)],
}


def _write_block(block: Circuit | None, blocks: list[Any]) -> int | None:
    if block is None:
        return None
    body = _body(block, blocks)
    blocks.append(body)
    return len(blocks) - 1


def _write_modifier(detail: Modifier, _blocks: list[Any]) -> dict[str, Any]:
    written: dict[str, Any] = {"gate": detail.name, "controls": list(detail.controls), "power": detail.power}
    if detail.array is not None:
        written["matrix"] = np.stack((detail.array.real, detail.array.imag), axis=-1).tolist()
    return written


def _write_values(values: Range | tuple[Any, ...]) -> Any:
    if isinstance(values, Range):
        return {"range": [_write_expression(bound) for bound in (values.start, values.stop, values.step)]}
    return list(values)


_WRITE: dict[type[Detail], Callable[[Any, list[Any]], Any]] = {
    Modifier: _write_modifier,
    Barrier: lambda _detail, _: None,
    Delay: lambda detail, _: {"unit": detail.unit},
    Assign: lambda detail, _: {"target": _write_expression(detail.target), "value": _write_expression(detail.value)},
    If: lambda detail, blocks: {
        "condition": _write_expression(detail.condition),
        "then": _write_block(detail.then, blocks),
        "otherwise": _write_block(detail.otherwise, blocks),
    },
    While: lambda detail, blocks: {
        "condition": _write_expression(detail.condition),
        "body": _write_block(detail.body, blocks),
    },
    For: lambda detail, blocks: {
        "variable": _write_expression(detail.variable),
        "values": _write_values(detail.values),
        "body": _write_block(detail.body, blocks),
    },
    Switch: lambda detail, blocks: {
        "target": _write_expression(detail.target),
        "cases": [[list(values), _write_block(block, blocks)] for values, block in detail.cases],
        "default": _write_block(detail.default, blocks),
    },
}


# --- read


class Postfix(msgspec.Struct, forbid_unknown_fields=True):
    """An expression."""

    postfix: list[list[Any]]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """The operations of a circuit or a block."""

    global_phase: float | Postfix
    operations: list[list[Any]]


class Head(msgspec.Struct, forbid_unknown_fields=True):
    """What a circuit is besides its operations and its global phase."""

    name: str
    metadata: dict[str, Any]
    qregs: list[tuple[str, int]]
    cregs: list[tuple[str, int, bool]]
    variables: list[tuple[str, str, bool | int | float]]


class _Document(Head, forbid_unknown_fields=True):
    format: str
    version: int
    blocks: list[Body]
    global_phase: float | Postfix
    operations: list[list[Any]]


def loads(text: str, make: type[Circuit]) -> Circuit:
    """Return the circuit that `dumps` wrote; every operation goes through the checks of the builder."""
    document = _decode(text)
    circuit = read_head(document, make)
    body = Body(document.global_phase, document.operations)
    return _read_body(body, circuit, read_blocks(document.blocks, circuit))


def read_head(head: Head, make: type[Circuit]) -> Circuit:
    """Return a circuit without operations."""
    circuit = make(name=head.name)
    circuit.metadata = head.metadata
    for name, size in head.qregs:
        circuit.add_qreg(name, size)
    for name, size, output in head.cregs:
        circuit.add_creg(name, size, output)
    for name, type_name, initial in head.variables:
        circuit.add_var(name, *_read_value(initial, type_name))
    return circuit


def read_blocks(bodies: Sequence[Body], circuit: Circuit) -> list[Circuit | None]:
    """Return the blocks of a circuit; reading an operation takes those that it runs."""
    blocks: list[Circuit | None] = []
    for body in bodies:
        blocks.append(_read_body(body, circuit.block(), blocks))
    return blocks


def _decode(text: str) -> _Document:
    if not isinstance(text, str):
        raise CircuitError(f"A circuit in JSON is a text, but {type(text).__name__} was given.")
    check_depth(text, "The circuit")
    try:
        document = msgspec.json.decode(text, type=_Document)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise CircuitError(f"This is no circuit in JSON: {error}.") from None
    if document.format != FORMAT or not 1 <= document.version <= VERSION:
        raise CircuitError(
            f"This is '{document.format}' version {document.version}; what can be read is '{FORMAT}' 1 to {VERSION}."
        )
    return document


_FIELDS: list[Any] = [None, [], [], [], {}]
#: What can be raised by reading a part that is not of the right form; our own errors are ValueErrors.
INVALID = (ValueError, TypeError, KeyError, IndexError, AttributeError, msgspec.ValidationError)


def _read_body(body: Body, circuit: Circuit, blocks: list[Circuit | None]) -> Circuit:
    try:
        circuit.gphase(read_angle(body.global_phase))
    except INVALID as error:
        raise invalid("The global phase of the circuit in JSON", error) from None
    for index, row in enumerate(body.operations):
        try:
            read_row(circuit, row, blocks)
        except INVALID as error:
            raise invalid(f"Operation {index} of the circuit in JSON", error) from None
    return circuit


def invalid(what: str, error: Exception) -> Exception:
    """Return the error about a part of a circuit that can't be read."""
    if isinstance(error, LimitExceeded):
        return error
    known = isinstance(error, CircuitError)
    reason = str(error) if known else f"it is not of the form that to_json writes ({error!r})."
    return CircuitError(f"{what} is invalid: {reason}")


def read_row(circuit: Circuit, row: list[Any], blocks: list[Circuit | None]) -> None:
    """Append the operation that a row says, through the checks of the builder."""
    length = len(circuit)
    name, qubits, params, clbits, detail = row + _FIELDS[len(row) :]
    angles = [read_angle(param) for param in params]
    if name in _READ:
        _READ[name](circuit, _Row(name, qubits, angles, clbits, detail or {}, blocks))
    elif clbits or detail:
        raise CircuitError(f"'{name}' has clbits or details, but is a gate.")
    else:
        circuit.append(name, qubits, angles)
    if len(circuit) != length + 1:
        raise CircuitError("it stands for several or none.")


class _Row(NamedTuple):
    name: str
    qubits: list[int]
    params: list[Any]
    clbits: list[int]
    detail: dict[str, Any]
    blocks: list[Circuit | None]

    def block(self, key: str) -> Circuit:
        """Return a block that stands before this operation's own and that no other operation has."""
        return self.block_at(self.detail[key])

    def block_at(self, place: int) -> Circuit:
        found = self.blocks[place] if 0 <= place < len(self.blocks) else None
        if found is None:
            raise CircuitError(f"there is no block {place}, or another operation has it.")
        # Blocks are copied: forty of them, each with the one before twice, would become a million million.
        self.blocks[place] = None
        return found

    def optional_block(self, key: str) -> Circuit | None:
        return None if self.detail[key] is None else self.block(key)

    def expression(self, key: str) -> Expr:
        return _read_expression(self.detail[key])


def _read_modified(circuit: Circuit, row: _Row) -> None:
    array = None
    if "matrix" in row.detail:
        array = np.array(msgspec.convert(row.detail["matrix"], list[list[tuple[float, float]]])) @ (1, 1j)
    controls = tuple(row.detail["controls"])
    circuit.append(Gate(row.detail["gate"], tuple(row.params), controls, row.detail["power"], array), row.qubits)


def _read_delay(circuit: Circuit, row: _Row) -> None:
    (duration,) = row.params
    circuit.delay(duration, row.qubits, row.detail["unit"])


def _read_for(circuit: Circuit, row: _Row) -> None:
    values = row.detail["values"]
    variable = None if row.detail["variable"] is None else row.expression("variable")
    if isinstance(values, dict):
        values = Range(*(_read_expression(bound) for bound in values["range"]))
    elif variable is not None:
        values = [_read_value(value, str(variable.type))[1] for value in values]
    circuit.for_(variable, values, row.block("body"))  # type: ignore[arg-type]  # for_ checks that it is a variable


def _read_switch(circuit: Circuit, row: _Row) -> None:
    cases: dict[int | tuple[int, ...], Circuit] = {}
    for values, place in row.detail["cases"]:
        cases[tuple(values)] = row.block_at(place)
    circuit.switch(row.expression("target"), cases, row.optional_block("default"))


_READ: dict[str, Callable[[Circuit, _Row], Any]] = {
    "modified": _read_modified,
    "measure": lambda circuit, row: circuit.measure(row.qubits, row.clbits),
    "reset": lambda circuit, row: circuit.reset(row.qubits),
    "barrier": lambda circuit, row: circuit.barrier(row.qubits),
    "delay": _read_delay,
    "assign": lambda circuit, row: circuit.assign(row.expression("target"), row.expression("value")),  # type: ignore[arg-type]  # assign checks its target
    "if": lambda circuit, row: circuit.if_(
        row.expression("condition"), row.block("then"), row.optional_block("otherwise")
    ),
    "while": lambda circuit, row: circuit.while_(row.expression("condition"), row.block("body")),
    "for": _read_for,
    "switch": _read_switch,
    "break": lambda circuit, _row: circuit.break_(),
    "continue": lambda circuit, _row: circuit.continue_(),
    "end": lambda circuit, _row: circuit.end(),
}


def read_angle(value: Any) -> Any:
    """Return an angle that `write_angle` wrote."""
    if isinstance(value, dict):
        return _read_expression(value)
    return _read_nodes(value.postfix) if isinstance(value, Postfix) else value


def _read_expression(value: dict[str, Any]) -> Expr:
    return _read_nodes(value["postfix"])


def _read_nodes(rows: list[list[Any]]) -> Expr:
    stack: list[Expr] = []
    for kind, *fields in rows:
        stack.append(_MAKE[kind](stack, *fields))
    if len(stack) != 1:
        raise CircuitError("an expression has operands left over, or none.")
    return stack[0]


def _read_type(text: str) -> Type:
    match = re.fullmatch(r"(bool|float|(?:uint|int|angle)\[([1-9]\d{0,3})\])", text)
    if not match:
        raise CircuitError(
            f"{text!r} is no type of a classical value; there are bool, float, uint[n], int[n] and angle[n]."
        )
    return Type(text.split("[")[0], int(match[2] or 0))


def _read_value(value: Any, type_name: str) -> tuple[Type, Const]:
    """Return a type and a value of it; a number of another kind than the type's is an error."""
    type_ = _read_type(type_name)
    if type(value) is not {"bool": bool, "float": float}.get(type_.kind, int):
        raise CircuitError(f"{value!r} is no value of type {type_name}.")
    return type_, Const(value, type_)


def _make_unary(stack: list[Expr], op: str, type_name: str) -> Expr:
    if op not in UNARY_OPERATORS:
        raise CircuitError(f"'{op}' is no operator of one value.")
    return _of_type(make_unary(op, stack.pop()), type_name)


def _make_binary(stack: list[Expr], op: str, type_name: str) -> Expr:
    if op not in BINARY_OPERATORS:
        raise CircuitError(f"'{op}' is no operator of two values.")
    right, left = stack.pop(), stack.pop()
    return _of_type(make_binary(op, left, right), type_name)


def _of_type(node: Expr, type_name: str) -> Expr:
    if str(node.type) != type_name:
        raise CircuitError(f"'{node}' is of type {node.type}, not {type_name}.")
    return node


_MAKE: dict[str, Callable[..., Expr]] = {
    "const": lambda _stack, value, type_name: _read_value(value, type_name)[1],
    "param": lambda _stack, name: Parameter(name),
    "bit": lambda _stack, index: Bit(index),
    "bits": lambda _stack, indices: Bits(tuple(indices)),
    "var": lambda _stack, name, type_name: Var(name, _read_type(type_name)),
    "unary": _make_unary,
    "binary": _make_binary,
    "cast": lambda stack, type_name: cast(stack.pop(), _read_type(type_name)),
}
