"""What the plugin brings: the backend `basic_simulator`."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import FEATURES, BackendSpec, Option, hookimpl

SPEC = BackendSpec(
    name="basic_simulator",
    factory="qdock_basic.backend:BasicSimulator",
    summary="Exact statevector simulator with every kind of classical control.",
    features=frozenset(FEATURES),
    options={
        "shots": Option(int, default=1024, minimum=1, maximum=10**9, doc="How often each circuit is run."),
        "memory": Option(bool, default=False, doc="Whether to keep the outcome of every shot, in order."),
        "output": Option(
            str,
            default="counts",
            choices=("counts", "statevector", "unitary", "probabilities"),
            doc="What comes back: sampled counts, one run's final state, the matrix, or the exact distribution.",
        ),
        "initial_state": Option("array", doc="Amplitudes to begin with, in place of all qubits 0."),
        "precision": Option(
            str,
            default="double",
            choices=("double", "single"),
            doc="Type of the amplitudes: complex128, or complex64 in half the memory.",
        ),
        "method": Option(
            str,
            default="auto",
            choices=("auto", "sampling", "branching", "stabilizer"),
            doc="How counts and probabilities are found: one final state, branches, or a tableau of Clifford gates.",
        ),
        "engine": Option(
            str,
            default="auto",
            choices=("auto", "numpy", "fast"),
            doc="What applies the gates: numpy, or kernels compiled by numba. Results differ by rounding alone.",
        ),
        "threads": Option(
            int, minimum=1, maximum=4096, doc="How many may work; if not set, QDOCK_THREADS or the CPUs there are."
        ),
    },
    max_shots=10**9,
)


@hookimpl
def qdock_backends() -> Iterator[BackendSpec]:
    """Yield the simulator."""
    yield SPEC
