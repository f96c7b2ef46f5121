"""What this plugin brings: the backend `line`."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import BackendSpec, Option, hookimpl

#: Probability of a Pauli error on each qubit of a gate, and of reading the wrong bit.
ERRORS = {"rz": 0.0, "sx": 3e-4, "x": 3e-4, "cx": 4e-3}
READOUT = 0.01


@hookimpl
def qdock_backends() -> Iterator[BackendSpec]:
    """Yield the device."""
    yield BackendSpec(
        name="line",
        factory="qdock_noisy.backend:NoisyLine",
        summary="A model of five noisy qubits in a line.",
        simulator=False,
        num_qubits=5,
        features=frozenset({"counts", "x-noisy", "x-pauli-errors"}),
        options={
            "noise": Option(float, default=1.0, minimum=0, maximum=10, doc="Factor of all error rates; 0: none."),
            "readout": Option(bool, default=True, doc="Whether bits are read wrongly now and then."),
        },
        # How far, in total variation, the distributions of small circuits may be off.
        params={"x-noisy": 0.12, "errors": ERRORS, "readout": READOUT},
        max_shots=100_000,
    )
