"""The backend `qulacs`: from a circuit of qdock to one of qulacs, and from its samples to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import qulacs
from numpy.typing import NDArray
from qulacs import gate as g
from qulacs.circuit import QuantumCircuitOptimizer

from qdock import Circuit, CircuitResult, Context, LocalBackend, Result

#: Gates that qulacs has kernels for; all others are given as matrices. Its rotations turn the other way.
KERNELS: dict[str, Callable[..., Any]] = {
    "x": g.X,
    "y": g.Y,
    "z": g.Z,
    "h": g.H,
    "s": g.S,
    "sdg": g.Sdag,
    "t": g.T,
    "tdg": g.Tdag,
    "sx": g.sqrtX,
    "cx": g.CNOT,
    "cz": g.CZ,
    "swap": g.SWAP,
    "rx": lambda angle, qubit: g.RX(qubit, -angle),
    "ry": lambda angle, qubit: g.RY(qubit, -angle),
    "rz": lambda angle, qubit: g.RZ(qubit, -angle),
    "p": lambda angle, qubit: g.U1(qubit, angle),
}


class QulacsBackend(LocalBackend):
    """Runs circuits that measure at their end, or not at all."""

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Return an entry for each circuit."""
        entries = []
        for index, circuit in enumerate(programs):
            context.check()
            state = qulacs.QuantumState(circuit.num_qubits)
            translated(circuit, options["fusion"]).update_quantum_state(state)
            if options["output"] == "statevector":
                vector = state.get_vector() * np.exp(1j * float(circuit.global_phase))
                entries.append(CircuitResult.from_circuit(circuit, statevector=vector))
            else:
                seed = int(context.rng(index).integers(2**31))
                samples = np.array(state.sampling(options["shots"], seed), np.int64)
                entries.append(sampled(circuit, samples, options["memory"]))
            context.progress((index + 1) / len(programs))
        return Result(entries, {"engine": f"qulacs {version('qulacs')}"})


def translated(circuit: Circuit, fusion: int) -> Any:
    """Return the gates of a circuit as a circuit of qulacs, fused into such of up to `fusion` qubits."""
    made = qulacs.QuantumCircuit(circuit.num_qubits)
    for operation in circuit:
        if operation.is_gate:
            kernel = KERNELS.get(operation.gate.label)
            if kernel is None:
                # Both take the first listed qubit as the least significant bit.
                made.add_gate(g.DenseMatrix(list(operation.qubits), operation.gate.matrix()))
            else:
                made.add_gate(kernel(*operation.params, *operation.qubits))
    if fusion:
        QuantumCircuitOptimizer().optimize(made, fusion)
    return made


def sampled(circuit: Circuit, samples: NDArray[np.int64], memory: bool) -> CircuitResult:
    """Return the entry of a circuit from the state of its qubits in every shot."""
    states, shots, counts = np.unique(samples, return_inverse=True, return_counts=True)
    place = {clbit: bit for bit, clbit in enumerate(circuit.output_clbits)}
    words = np.zeros((len(states), len(place) // 64 + 1), np.uint64)
    for operation in circuit:
        if operation.name == "measure" and operation.clbits[0] in place:
            word, bit = divmod(place[operation.clbits[0]], 64)
            words[:, word] |= (states >> operation.qubits[0] & 1).astype(np.uint64) << np.uint64(bit)
    words = words[:, : max(1, -(-len(place) // 64))]
    return CircuitResult.from_outcomes(circuit, words, counts, shots if memory else None)
