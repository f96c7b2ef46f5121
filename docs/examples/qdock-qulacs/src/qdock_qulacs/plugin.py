"""What this plugin brings: the backend `qulacs`."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import BackendSpec, Option, hookimpl


@hookimpl
def qdock_backends() -> Iterator[BackendSpec]:
    """Yield the backend."""
    yield BackendSpec(
        name="qulacs",
        factory="qdock_qulacs.backend:QulacsBackend",
        summary="The compiled statevector simulator qulacs.",
        num_qubits=26,
        features=frozenset({"counts", "memory", "statevector"}),
        options={
            "memory": Option(bool, default=False, doc="Whether to keep the outcome of every shot, in order."),
            "output": Option(str, default="counts", choices=("counts", "statevector"), doc="What comes back."),
            "fusion": Option(int, default=0, minimum=0, maximum=5, doc="Fuse gates into such of so many qubits."),
        },
        # A circuit that is being simulated looks at nothing; a process can be killed.
        executor="process",
        install_hint="pip install qulacs",
    )
