"""Algorithms as jobs: functions that run circuits and compute between them.

Importing this imports nothing else: every name is looked up when it is first used.
"""

from __future__ import annotations

from qdock.common.lazy import lazily

#: Module -> what it has of the public names.
_NAMES: dict[str, tuple[str, ...]] = {
    "ansatz": ("evolution", "hardware_efficient", "trotter_ansatz"),
    "bit_array": ("BitArray",),
    "combinatorial": ("cost_of", "qaoa", "qaoa_ansatz"),
    "eigensolver": ("vqe",),
    "estimator": ("Estimator",),
    "fidelity": ("measure_fidelity", "state_fidelity"),
    "gradients": ("adjoint_gradient", "parameter_shift"),
    "hamiltonians": ("annihilator", "hydrogen", "ising_chain", "maxcut", "molecule"),
    "pauli": ("Pauli", "as_pauli"),
    "phases": ("fourier", "phase_estimation", "phase_estimation_circuit"),
    "primitive_job": ("AlgorithmJob", "PrimitiveJob"),
    "primitive_result": ("PrimitiveResult", "PubResult"),
    "map_job": ("MapJob", "SweepJob"),
    "runner": ("AlgorithmRunner", "CallsFailed"),
    "spread": ("SpreadExecutor",),
    "sampler": ("Sampler",),
    "search": ("grover", "grover_circuit", "phase_oracle"),
}

__all__ = [name for names in _NAMES.values() for name in names]

__getattr__, __dir__ = lazily(__name__, _NAMES)
