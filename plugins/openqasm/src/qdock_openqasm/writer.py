"""From a circuit to OpenQASM 3."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from qdock.circuit import Circuit
from qdock.errors import ConversionError
from qdock.expr import BOOL, FLOAT, Binary, Bits, Const, Expr, lift
from qdock.expressions.arithmetic import Type
from qdock.operations import Assign, Delay, For, If, Modifier, Operation, Range, Switch, While
from qdock_openqasm.library import BUILTIN_CONSTANTS
from qdock_openqasm.vocabulary import EXACT, FUNCTION_NAMES, KEYWORDS
from qdock_openqasm.write_gates import Definitions
from qdock_openqasm.write_text import Names, angle_text, expression_text, number_text, type_text

__all__ = ["dumps3"]

#: A comment that tells `qdock_openqasm.reader` to fold nothing, so that the same circuit comes back.
_INDENT = "  "
_RESERVED = {*KEYWORDS, *BUILTIN_CONSTANTS[3], *FUNCTION_NAMES[3], "sizeof", "U"}
_NAME = re.compile(r"[^\W\d]\w*")


def dumps3(circuit: Circuit) -> str:
    """Return a circuit as OpenQASM 3; reading that gives an equal circuit.

    Raises
    ------
    ConversionError
        If a register or variable bears a name that the language keeps for itself, or a delay or the step of a loop
        is an expression.
    """
    return _Writer(circuit).text()


class _Writer:
    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        taken = {register.name for register in (*circuit.qregs, *circuit.cregs)}
        taken |= {variable.var.name for variable in circuit.variables}
        taken |= {parameter.name for parameter in circuit.parameters}
        for name in sorted(taken):
            _check_name(name)
        self.gates = Definitions(3, taken)
        self.names = Names(circuit, [parameter.name for parameter in circuit.parameters])

    def text(self) -> str:
        body = self.block(self.circuit, 0)
        lines = ["OPENQASM 3.0;", EXACT]
        if self.gates.library:
            lines.append(f'include "{self.gates.library}";')
        lines += [f"input float[64] {name};" for name in sorted(item.name for item in self.circuit.parameters)]
        lines += self.gates.texts
        lines += self._declarations()
        lines += [f"let {name} = {value};" for name, value in self.names.aliases.items()]
        return "\n".join([*lines, *body, ""])

    def _declarations(self) -> list[str]:
        circuit = self.circuit
        lines = [f"qubit[{len(register)}] {register.name};" for register in circuit.qregs if len(register)]
        hidden = not all(register.output for register in circuit.cregs)
        if hidden and not any(register.output for register in circuit.cregs):
            raise ConversionError(
                "OpenQASM 3 can't say that a circuit has classical registers and shows none of them. "
                "Give it one register with output=True."
            )
        for register in circuit.cregs:
            if len(register):
                output = "output " if hidden and register.output else ""
                lines.append(f"{output}bit[{len(register)}] {register.name};")
        for variable in circuit.variables:
            var = variable.var
            start = f" = {_initial(var.type, variable.initial)}" if variable.initial else ""
            lines.append(f"{type_text(var.type)} {var.name}{start};")
        return lines

    def block(self, circuit: Circuit, level: int) -> list[str]:
        """The operations of a circuit or a block, one a line."""
        indent = _INDENT * level
        lines = []
        phase = circuit.global_phase
        if isinstance(phase, Expr) or phase:
            lines.append(f"{indent}gphase({self.angle(phase)});")
        for operation in circuit:
            lines += [indent + line for line in self.operation(operation, level)]
        return lines

    def angle(self, value: Any) -> str:
        return expression_text(value, self.names) if isinstance(value, Expr) else angle_text(value)

    def operation(self, operation: Operation, level: int) -> list[str]:
        writer = _WRITERS.get(operation.name)
        if writer:
            return writer(self, operation, level)
        return [f"{self._call(self.gates.name(operation.name), operation)};"]

    def _call(self, name: str, operation: Operation) -> str:
        angles = f"({', '.join(self.angle(param) for param in operation.params)})" if operation.params else ""
        return f"{name}{angles} {', '.join(self.names.qubits[qubit] for qubit in operation.qubits)}"

    def modified(self, operation: Operation, _level: int) -> list[str]:
        detail = operation.detail
        assert isinstance(detail, Modifier)
        name = self.gates.unitary(detail) if detail.array is not None else self.gates.modified_name(detail.name)
        return [f"{_modifiers(detail)}{self._call(name, operation)};"]

    def delay(self, operation: Operation, _level: int) -> list[str]:
        assert isinstance(operation.detail, Delay)
        length = operation.params[0]
        if isinstance(length, Expr):
            raise ConversionError(
                f"OpenQASM 3 can't say a delay of '{length}', which is no number yet. "
                "Bind the circuit's parameters first."
            )
        return [f"delay[{number_text(length)}{operation.detail.unit}] {self.names.qubits[operation.qubits[0]]};"]

    def assign(self, operation: Operation, _level: int) -> list[str]:
        assert isinstance(operation.detail, Assign)
        target, value = operation.detail.target, operation.detail.value
        text = expression_text(value, self.names)
        if isinstance(target, Bits) and isinstance(value, Const):
            text = f'"{int(value.value):0{len(target.indices)}b}"'
        return [f"{expression_text(target, self.names)} = {text};"]

    # --- control flow

    def _body(self, block: Circuit, level: int) -> list[str]:
        return [line[len(_INDENT) * level :] for line in self.block(block, level + 1)]

    def if_(self, operation: Operation, level: int) -> list[str]:
        detail = operation.detail
        assert isinstance(detail, If)
        lines = [f"if ({expression_text(detail.condition, self.names)}) {{", *self._body(detail.then, level), "}"]
        if detail.otherwise is not None:
            lines[-1] = "} else {"
            lines += [*self._body(detail.otherwise, level), "}"]
        return lines

    def while_(self, operation: Operation, level: int) -> list[str]:
        detail = operation.detail
        assert isinstance(detail, While)
        condition = expression_text(detail.condition, self.names)
        return [f"while ({condition}) {{", *self._body(detail.body, level), "}"]

    def for_(self, operation: Operation, level: int) -> list[str]:
        detail = operation.detail
        assert isinstance(detail, For)
        variable = detail.variable
        kind, name = ("int[64]", "_") if variable is None else (type_text(variable.type), variable.name)
        return [f"for {kind} {name} in {self._values(detail.values)} {{", *self._body(detail.body, level), "}"]

    def _values(self, values: Any) -> str:
        if not isinstance(values, Range):
            return "{" + ", ".join(_value(value) for value in values) + "}" if values else "[1:0]"
        if not isinstance(values.step, Const):
            raise ConversionError(
                f"OpenQASM 3 can't say a loop with the step '{values.step}': its last value depends on the step's sign."
            )
        step = int(values.step.value)
        stop = _last(values.stop, 1 if step > 0 else -1)
        parts = [values.start, *([] if values.step == lift(1) else [values.step]), stop]
        return "[" + ":".join(self._bound(part) for part in parts) + "]"

    def _bound(self, node: Expr) -> str:
        plain = isinstance(node, Const) and node == lift(int(node.value))
        text = str(node.value) if plain and isinstance(node, Const) else expression_text(node, self.names)
        return text if plain else f"({text})"

    def switch(self, operation: Operation, level: int) -> list[str]:
        detail = operation.detail
        assert isinstance(detail, Switch)
        lines = [f"switch ({expression_text(detail.target, self.names)}) {{"]
        for values, block in detail.cases:
            lines += [f"{_INDENT}case {', '.join(map(str, values))} {{"]
            lines += [_INDENT + line for line in self._body(block, level)]
            lines += [f"{_INDENT}}}"]
        if detail.default is not None:
            lines += [
                f"{_INDENT}default {{",
                *(_INDENT + line for line in self._body(detail.default, level)),
                f"{_INDENT}}}",
            ]
        return [*lines, "}"]


_WRITERS: dict[str, Callable[[_Writer, Operation, int], list[str]]] = {
    "modified": _Writer.modified,
    "measure": lambda self, op, _: [f"{self.names.bit(op.clbits[0])} = measure {self.names.qubits[op.qubits[0]]};"],
    "reset": lambda self, op, _: [f"reset {self.names.qubits[op.qubits[0]]};"],
    "barrier": lambda self, op, _: [f"barrier {self.names.qubit_list(op.qubits)};"],
    "delay": _Writer.delay,
    "assign": _Writer.assign,
    "if": _Writer.if_,
    "while": _Writer.while_,
    "for": _Writer.for_,
    "switch": _Writer.switch,
    "break": lambda *_: ["break;"],
    "continue": lambda *_: ["continue;"],
    "end": lambda *_: ["end;"],
}


def _check_name(name: str) -> None:
    if name in _RESERVED or not _NAME.fullmatch(name):
        raise ConversionError(
            f"OpenQASM 3 can't say '{name}' for a register, variable or parameter: the word means something else "
            f"there. Give it another name."
        )


def _modifiers(detail: Modifier) -> str:
    parts = []
    controls = list(detail.controls)
    while controls:
        count = next((i for i, bit in enumerate(controls) if bit != controls[0]), len(controls))
        parts.append(f"{'ctrl' if controls[0] else 'negctrl'}{f'({count})' if count > 1 else ''} @ ")
        controls = controls[count:]
    if detail.power == -1:
        parts.append("inv @ ")
    elif detail.power != 1:
        parts.append(f"pow({number_text(detail.power)}) @ ")
    return "".join(parts)


def _initial(kind: Type, value: Any) -> str:
    if kind.kind == "angle":
        return f'angle[{kind.width}]("{int(value):0{kind.width}b}")'
    return _value(value) if kind in (BOOL, FLOAT) else str(value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else number_text(value)


def _last(stop: Expr, direction: int) -> Expr:
    """The last value of a range, whose end OpenQASM includes; the reader undoes this."""
    if isinstance(stop, Const):
        return Const(int(stop.value) - direction, stop.type)
    return Binary("-" if direction > 0 else "+", stop, lift(1, stop.type), stop.type)
