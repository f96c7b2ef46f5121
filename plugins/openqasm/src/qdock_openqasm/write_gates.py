"""Gate definitions for what the standard libraries don't have, so that other readers understand it too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from qdock.circuit import Circuit
from qdock.expr import Expr, Parameter
from qdock.gates import GATES
from qdock.lowering.synthesis import synthesize
from qdock.operations import Modifier
from qdock.unitaries.decompositions import Step
from qdock_openqasm.library import LIBRARIES
from qdock_openqasm.write_text import Names, angle_text, expression_text

__all__ = ["Definitions"]

_QUBITS = "abcdefgh"
_PREFIX = "qdock_"
#: Gates of OpenQASM 3 that are a row of the table times a phase.
_WITH_PHASE = ("U", "u2", "u3")


class Definitions:
    """The gates that a program defines, each once, before those that use it.

    Parameters
    ----------
    version : int
        Of the language: what U means, and which library there is.
    taken : set of str
        Names of the circuit's registers, variables and parameters.
    """

    def __init__(self, version: int, taken: set[str]) -> None:
        self.version = version
        self.taken = taken
        library = "stdgates.inc" if version == 3 else "qelib1.inc"
        #: The library to include, or None where one of its names is taken.
        self.library = None if taken & set(LIBRARIES[library]) else library
        self._known = {*(LIBRARIES[library] if self.library else ()), *(("U",) if version == 3 else ("U", "CX"))}
        self._names: dict[str, str] = {name: name for name in self._known}
        self._exact: set[str] = set()
        self._matrices: list[tuple[Any, str]] = []
        self.texts: list[str] = []

    def name(self, row: str) -> str:
        """Return the name by which a row of the table can be called, defining it if need be."""
        if row not in self._names:
            name = _PREFIX + row if row in self.taken else row
            text = self._definition(row, name)
            self._names[row] = name
            self.texts.append(text)
        return self._names[row]

    def modified_name(self, row: str) -> str:
        """Return the name by which a row can be called under modifiers: there, a phase that its name has counts."""
        if row not in _WITH_PHASE or self.version == 2 or self._names.get(row, row).startswith(_PREFIX):
            return self.name(row)
        name = _PREFIX + row
        if row not in self._exact:
            self._exact.add(row)
            self.texts.append(self._definition(row, name))
        return name

    def _definition(self, row: str, name: str) -> str:
        definition = GATES[row]
        # Names whose alphabetical order is their place: qiskit-qasm3-import 0.6 binds them in that order.
        names = [f"p{place}" for place in range(definition.num_params)]
        params = [Parameter(param) for param in names]
        qubits = _QUBITS[: definition.num_qubits]
        steps = _BASE.get(row) or self._steps(definition.steps(*params) if definition.steps else [])
        if row == "u" and self.version == 2:
            steps = _BASE_2["u"]
        if row == "cx" and self.version == 2:
            steps = _BASE_2["cx"]
        if row == "cx":
            self.name("x")
            steps = steps.replace("x a", f"{self.name('x')} a")
        return f"gate {name}{_listed(names)} {', '.join(qubits)} {{ {steps} }}"

    def _steps(self, steps: Sequence[Step]) -> str:
        return " ".join(filter(None, (self._step(*step) for step in steps)))

    def _step(self, name: str, params: Sequence[Any], qubits: Sequence[int]) -> str:
        angles = [
            expression_text(angle, _NO_NAMES) if isinstance(angle, Expr) else angle_text(angle) for angle in params
        ]
        if name == "gphase":
            # No program of version 2 can see a global phase, or say one.
            return f"gphase({angles[0]});" if self.version == 3 else ""
        where = ", ".join(_QUBITS[qubit] for qubit in qubits)
        return f"{self.name(name)}{_listed(angles)} {where};"

    def unitary(self, detail: Modifier) -> str:
        """Return the name of a gate given by its matrix: a decomposition for all, the matrix for qdock."""
        for matrix, name in self._matrices:
            if matrix.shape == detail.array.shape and (matrix == detail.array).all():  # type: ignore[union-attr] # a unitary has one
                return name
        number = len(self._matrices)
        name = f"unitary_{number}"
        while name in self.taken:
            name += "_"
        array = detail.array
        assert array is not None
        self._matrices.append((array, name))
        rows = json.dumps([[[value.real, value.imag] for value in row] for row in array.tolist()])
        body = self._steps(synthesize(array))
        qubits = ", ".join(_QUBITS[: detail.num_targets])
        self.texts.append(f"@qdock.matrix {rows}\ngate {name} {qubits} {{ {body} }}")
        return name


_NO_NAMES = Names(Circuit())
_BASE = {
    "u": "U(p0, p1, p2) a; gphase(-p0 / 2);",
    "cx": "ctrl @ x a, b;",
}
_BASE_2 = {"u": "U(p0, p1, p2) a;", "cx": "CX a, b;"}


def _listed(items: Sequence[str]) -> str:
    return f"({', '.join(items)})" if items else ""
