"""Converters of a format that is the JSON of circuits, with one mistake each."""

from __future__ import annotations

from qdock.circuit import Circuit
from qdock.errors import ProgramError


def right(text):
    try:
        return Circuit.from_json(text.partition("\n")[2])
    except ValueError as error:
        raise ProgramError(f"This is no circuit: {error}") from None


def dumps(circuit):
    return "#json\n" + circuit.to_json()


def bare(text):
    return Circuit.from_json(text.split("\n", 2)[1]) if text else {}["text"]


def reordered(text):
    circuit = right(text)
    turned = Circuit(circuit.num_qubits, circuit.num_clbits)
    size = circuit.num_qubits
    for operation in circuit:
        qubits = [size - 1 - qubit for qubit in operation.qubits]
        if operation.is_gate:
            turned.append(operation.gate, qubits)
        else:
            turned.measure(qubits[0], operation.clbits[0])
    return turned


def changing(circuit):
    text = dumps(circuit)
    circuit.x(0)
    return text
