"""What the plugin brings: the backend that runs functions."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import BackendSpec, Option, hookimpl


@hookimpl
def qdock_backends() -> Iterator[BackendSpec]:
    """Yield the backend."""
    yield BackendSpec(
        name="algorithm_runner",
        factory="qdock_algorithms.runner:AlgorithmRunner",
        summary="Functions that run circuits and compute between them.",
        simulator=False,
        accepts=("call",),
        options={"keep_going": Option(bool, default=False, doc="Whether a call that fails leaves the others alone.")},
    )
