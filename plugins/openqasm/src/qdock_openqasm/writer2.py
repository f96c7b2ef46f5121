"""From a circuit to OpenQASM 2, or an error that says what version 2 has no words for."""

from __future__ import annotations

import re
from collections.abc import Callable

from qdock.circuit import Circuit
from qdock.errors import ConversionError
from qdock.expr import Binary, Bit, Bits, Const, Expr
from qdock.operations import If, Operation
from qdock_openqasm.vocabulary import EXACT, FUNCTION_NAMES
from qdock_openqasm.write_gates import Definitions
from qdock_openqasm.write_text import Names, angle_text

__all__ = ["dumps2"]

_NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
_RESERVED = {"include", "qreg", "creg", "gate", "opaque", "if", "measure", "reset", "barrier", "pi", *FUNCTION_NAMES[2]}
_INSTEAD = "Write OpenQASM 3, which can."


def dumps2(circuit: Circuit) -> str:
    """Return a circuit as OpenQASM 2; reading that gives an equal circuit.

    Raises
    ------
    ConversionError
        That names what version 2 can't say: modifiers, matrices, parameters, a global phase, delays, variables,
        loops, conditions that don't compare one register with a number, hidden registers.
    """
    return _Writer(circuit).text()


def _cannot(what: str) -> ConversionError:
    return ConversionError(f"OpenQASM 2 can't say {what}. {_INSTEAD}")


class _Writer:
    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        registers = (*circuit.qregs, *circuit.cregs)
        for register in registers:
            if not _NAME.fullmatch(register.name) or register.name in _RESERVED:
                raise _cannot(f"'{register.name}' for a register: a name there begins with a small letter")
        if circuit.parameters:
            names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
            raise ConversionError(f"OpenQASM 2 has no parameters, but the circuit has {names}. Bind them first.")
        if circuit.variables:
            raise _cannot(f"the classical variable '{circuit.variables[0].var.name}'")
        if not all(register.output for register in circuit.cregs):
            raise _cannot("that results don't show a register")
        self.gates = Definitions(2, {register.name for register in registers})
        self.names = Names(circuit)
        self._values = {tuple(register): register.name for register in circuit.cregs}

    def text(self) -> str:
        if self.circuit.global_phase:
            raise _cannot("a global phase")
        body = [line for operation in self.circuit for line in self.operation(operation)]
        lines = ["OPENQASM 2.0;", EXACT]
        if self.gates.library:
            lines.append(f'include "{self.gates.library}";')
        lines += self.gates.texts
        lines += [f"qreg {register.name}[{len(register)}];" for register in self.circuit.qregs if len(register)]
        lines += [f"creg {register.name}[{len(register)}];" for register in self.circuit.cregs if len(register)]
        return "\n".join([*lines, *body, ""])

    def operation(self, operation: Operation) -> list[str]:
        writer = _WRITERS.get(operation.name)
        if writer:
            return writer(self, operation)
        if operation.name in _MISSING:
            raise _cannot(_MISSING[operation.name])
        for param in operation.params:
            if isinstance(param, Expr):
                raise _cannot(f"the angle '{param}', which depends on a measurement")
        angles = f"({','.join(angle_text(param) for param in operation.params)})" if operation.params else ""
        qubits = ",".join(self.names.qubits[qubit] for qubit in operation.qubits)
        return [f"{self.gates.name(operation.name)}{angles} {qubits};"]

    def if_(self, operation: Operation) -> list[str]:
        detail = operation.detail
        assert isinstance(detail, If)
        register, value = self._compared(detail.condition)
        if detail.otherwise is not None:
            raise _cannot("'else'")
        if len(detail.then) != 1 or detail.then.global_phase:
            raise _cannot(f"a condition on {len(detail.then)} operations at once")
        if detail.then[0].name in ("if", "barrier"):
            raise _cannot(f"a condition on '{detail.then[0].name}'")
        return [f"if({register}=={value}) {line}" for line in self.operation(detail.then[0])]

    def _compared(self, condition: Expr) -> tuple[str, int]:
        """The register and the number that a condition compares."""
        if isinstance(condition, Bit) and (condition.index,) in self._values:
            return self._values[(condition.index,)], 1
        if isinstance(condition, Binary) and condition.op == "==":
            left, right = condition.left, condition.right
            if isinstance(left, Bits) and isinstance(right, Const) and left.indices in self._values:
                return self._values[left.indices], int(right.value)
        raise _cannot(f"the condition '{condition}', which is not that one register equals a number")


_WRITERS: dict[str, Callable[[_Writer, Operation], list[str]]] = {
    "measure": lambda self, op: [f"measure {self.names.qubits[op.qubits[0]]} -> {self.names.bit(op.clbits[0])};"],
    "reset": lambda self, op: [f"reset {self.names.qubits[op.qubits[0]]};"],
    "barrier": lambda self, op: [f"barrier {','.join(self.names.qubits[qubit] for qubit in op.qubits)};"],
    "if": _Writer.if_,
}
_MISSING = {
    "modified": "a gate with controls, a power or a matrix of its own",
    "delay": "a delay",
    "assign": "an assignment",
    "while": "a loop",
    "for": "a loop",
    "switch": "a switch",
    "break": "'break'",
    "continue": "'continue'",
    "end": "'end'",
}
