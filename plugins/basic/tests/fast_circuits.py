"""What the tests of the fast engine share: random circuits of all gates, and the numpy engine's answers."""

from __future__ import annotations

import numpy as np

from qdock.circuit import Circuit
from qdock.gates import GATES, Gate
from qdock_basic.programs.program import Gates
from qdock_basic.states.kernels import apply_form


def reference(circuit, initial=None):
    """The numpy engine's state."""
    state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0] if initial is None else np.array(initial, complex)
    for form, qubits in Gates(circuit, 0, len(circuit)).forms:
        apply_form(state, form, qubits)
    return state * np.exp(1j * circuit.global_phase)


def random_state(num_qubits, rng):
    state = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    return state / np.linalg.norm(state)


def random_unitary(num_qubits, rng):
    size = 1 << num_qubits
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


def random_gate(rng, num_qubits, largest=5):
    """A gate of the table, one with modifiers, or a matrix, that fits."""
    kind = rng.integers(6)
    if kind == 0:
        return Gate("unitary", array=random_unitary(int(rng.integers(1, min(largest, num_qubits) + 1)), rng))
    rows = [row for row in GATES.values() if row.num_qubits <= num_qubits]
    row = rows[rng.integers(len(rows))]
    plain = Gate(row.name, tuple(rng.uniform(-4, 4, row.num_params)))
    room = num_qubits - row.num_qubits
    if kind == 1 and room:
        count = int(rng.integers(1, room + 1))
        plain = plain.control(count, int(rng.integers(1 << count)))
    return plain.to_power(0.7) if kind == 2 else plain


def random_circuit(num_qubits, length, rng, largest=5):
    circuit = Circuit(num_qubits, global_phase=float(rng.uniform(-3, 3)))
    for _ in range(length):
        gate = random_gate(rng, num_qubits, largest)
        circuit.append(gate, rng.permutation(num_qubits)[: gate.num_qubits].tolist())
    return circuit
