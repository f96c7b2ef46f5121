"""Circuits as JSON: flat, so that no nesting of blocks or expressions makes a deep document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from qdock.arithmetic import BINARY_OPERATORS, UNARY_OPERATORS
from qdock.errors import CircuitError
from qdock.expr import Binary, Bit, Bits, Cast, Const, Expr, Parameter, Type, Unary, Var, cast, lift
from qdock.gates import Gate
from qdock.json_guard import check_depth
from qdock.operations import Assign, Barrier, Delay, Detail, For, If, Modifier, Operation, Range, Switch, While

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["dumps", "loads"]

FORMAT, VERSION = "qdock.circuit", 1

# --- write


def dumps(circuit: Circuit) -> str:
    """Return a circuit as a JSON text."""
    blocks: list[Any] = []
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": circuit.name,
        "metadata": circuit.metadata,
        "qregs": [[register.name, register.size] for register in circuit.qregs],
        "cregs": [[register.name, register.size, register.output] for register in circuit.cregs],
        "variables": [[item.var.name, str(item.var.type), item.initial] for item in circuit.variables],
        "blocks": blocks,
        **_body(circuit, blocks),
    }
    try:
        return json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CircuitError(f"The circuit's metadata can't be written as JSON: {error}.") from None


def _body(circuit: Circuit, blocks: list[Any]) -> dict[str, Any]:
    """Return a circuit's own operations; the blocks they run are added to `blocks` and named by their place."""
    return {
        "global_phase": _write_angle(circuit.global_phase),
        "operations": [_write_operation(operation, blocks) for operation in circuit],
    }


def _write_operation(operation: Operation, blocks: list[Any]) -> list[Any]:
    params = [_write_angle(param) for param in operation.params]
    detail = None if operation.detail is None else _WRITE[type(operation.detail)](operation.detail, blocks)
    row = [operation.name, list(operation.qubits), params, list(operation.clbits), detail]
    while not row[-1]:
        row.pop()
    return row


def _write_angle(angle: float | Expr) -> Any:
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


class _Postfix(msgspec.Struct, forbid_unknown_fields=True):
    postfix: list[list[Any]]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    global_phase: float | _Postfix
    operations: list[list[Any]]


class _Document(_Body, forbid_unknown_fields=True):
    format: str
    version: int
    name: str
    metadata: dict[str, Any]
    qregs: list[tuple[str, int]]
    cregs: list[tuple[str, int, bool]]
    variables: list[tuple[str, str, bool | int | float]]
    blocks: list[_Body]


def loads(text: str, make: type[Circuit]) -> Circuit:
    """Return the circuit that `dumps` wrote; every operation goes through the checks of the builder."""
    document = _decode(text)
    circuit = make(name=document.name)
    circuit.metadata = document.metadata
    for name, size in document.qregs:
        circuit.add_qreg(name, size)
    for name, size, output in document.cregs:
        circuit.add_creg(name, size, output)
    for name, type_name, initial in document.variables:
        circuit.add_var(name, _read_type(type_name), initial)
    blocks: list[Circuit] = []
    for body in document.blocks:
        blocks.append(_read_body(body, circuit.block(), blocks))
    return _read_body(document, circuit, blocks)


def _decode(text: str) -> _Document:
    check_depth(text, "The circuit")
    try:
        document = msgspec.json.decode(text, type=_Document)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise CircuitError(f"This is no circuit in JSON: {error}.") from None
    if document.format != FORMAT or document.version > VERSION:
        raise CircuitError(
            f"This is '{document.format}' version {document.version}; what can be read is '{FORMAT}' up to {VERSION}."
        )
    return document


def _read_body(body: _Body, circuit: Circuit, blocks: list[Circuit]) -> Circuit:
    circuit.gphase(_read_angle(body.global_phase))
    for index, row in enumerate(body.operations):
        try:
            name, qubits, params, clbits, detail = row + [[], [], [], {}][len(row) - 1 :]
            angles = [_read_angle(param) for param in params]
            _READ.get(name, _read_gate)(circuit, _Row(name, qubits, angles, clbits, detail or {}, blocks))
        except (CircuitError, TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise CircuitError(f"Operation {index} of the circuit in JSON is invalid: {_reason(error)}") from None
    return circuit


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, CircuitError) else f"it is not of the form that to_json writes ({error!r})."


class _Row(NamedTuple):
    name: str
    qubits: list[int]
    params: list[Any]
    clbits: list[int]
    detail: dict[str, Any]
    blocks: list[Circuit]

    def block(self, key: str) -> Circuit:
        """Return a block that stands before this operation's own; negative places are none."""
        place = self.detail[key]
        if not 0 <= place < len(self.blocks):
            raise CircuitError(f"there is no block {place}.")
        return self.blocks[place]

    def optional_block(self, key: str) -> Circuit | None:
        return None if self.detail[key] is None else self.block(key)

    def expression(self, key: str) -> Expr:
        return _read_expression(self.detail[key])


def _read_gate(circuit: Circuit, row: _Row) -> None:
    circuit.append(row.name, row.qubits, row.params)


def _read_modified(circuit: Circuit, row: _Row) -> None:
    matrix = row.detail.get("matrix")
    array = None if matrix is None else np.array(matrix, dtype=float) @ (1, 1j)
    controls = tuple(int(bool(bit)) for bit in row.detail["controls"])
    gate = Gate(row.detail["gate"], tuple(row.params), controls, float(row.detail["power"]), array)
    circuit.append(gate, row.qubits)


def _read_for(circuit: Circuit, row: _Row) -> None:
    values = row.detail["values"]
    if isinstance(values, dict):
        values = Range(*(_read_expression(bound) for bound in values["range"]))
    variable = None if row.detail["variable"] is None else row.expression("variable")
    circuit.for_(variable, values, row.block("body"))  # type: ignore[arg-type]  # for_ checks that it is a variable


def _read_switch(circuit: Circuit, row: _Row) -> None:
    cases: dict[int | tuple[int, ...], Circuit] = {}
    for values, place in row.detail["cases"]:
        cases[tuple(values)] = row._replace(detail={"case": place}).block("case")
    circuit.switch(row.expression("target"), cases, row.optional_block("default"))


_READ: dict[str, Callable[[Circuit, _Row], Any]] = {
    "modified": _read_modified,
    "measure": lambda circuit, row: circuit.measure(row.qubits, row.clbits),
    "reset": lambda circuit, row: circuit.reset(row.qubits),
    "barrier": lambda circuit, row: circuit.barrier(row.qubits),
    "delay": lambda circuit, row: circuit.delay(row.params[0], row.qubits, row.detail["unit"]),
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


def _read_angle(value: Any) -> Any:
    if isinstance(value, dict):
        return _read_expression(value)
    return _read_nodes(value.postfix) if isinstance(value, _Postfix) else value


def _read_expression(value: dict[str, Any]) -> Expr:
    return _read_nodes(value["postfix"])


def _read_nodes(rows: list[list[Any]]) -> Expr:
    stack: list[Expr] = []
    for kind, *fields in rows:
        if kind in ("unary", "binary"):
            _check_operator(kind, fields[0])
        stack.append(_MAKE[kind](stack, *fields))
    if len(stack) != 1:
        raise CircuitError("an expression has operands left over.")
    return stack[0]


def _check_operator(kind: str, op: str) -> None:
    if op not in (UNARY_OPERATORS if kind == "unary" else BINARY_OPERATORS):
        raise CircuitError(f"'{op}' is no operator of {'one value' if kind == 'unary' else 'two values'}.")


def _read_type(text: str) -> Type:
    match = re.fullmatch(r"(bool|float|(?:uint|int|angle)\[([1-9]\d{0,3})\])", text)
    if not match:
        raise CircuitError(
            f"{text!r} is no type of a classical value; there are bool, float, uint[n], int[n] and angle[n]."
        )
    return Type(text.split("[")[0], int(match[2] or 0))


def _make_const(_stack: list[Expr], value: Any, type_name: str) -> Expr:
    return cast(lift(value), _read_type(type_name))


def _make_binary(stack: list[Expr], op: str, type_name: str) -> Expr:
    right, left = stack.pop(), stack.pop()
    return Binary(op, left, right, _read_type(type_name))


_MAKE: dict[str, Callable[..., Expr]] = {
    "const": _make_const,
    "param": lambda _stack, name: Parameter(name),
    "bit": lambda _stack, index: Bit(int(index)),
    "bits": lambda _stack, indices: Bits(tuple(int(index) for index in indices)),
    "var": lambda _stack, name, type_name: Var(str(name), _read_type(type_name)),
    "unary": lambda stack, op, type_name: Unary(op, stack.pop(), _read_type(type_name)),
    "binary": _make_binary,
    "cast": lambda stack, type_name: Cast(stack.pop(), _read_type(type_name)),
}
