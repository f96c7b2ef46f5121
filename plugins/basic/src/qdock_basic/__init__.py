"""The basic simulator of qdock: its backend, its job, and functions on statevectors, each imported when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdock.common.lazy import lazily

if TYPE_CHECKING:
    from qdock_basic.backend import BasicSimulator
    from qdock_basic.job import BasicProviderJob
    from qdock_basic.states.stacks import apply_matrices
    from qdock_basic.states.state import apply_gate, apply_matrix, collapse, measure, prepare, probabilities, reset

__all__ = [
    "BasicProviderJob",
    "BasicSimulator",
    "apply_gate",
    "apply_matrices",
    "apply_matrix",
    "collapse",
    "measure",
    "prepare",
    "probabilities",
    "reset",
]

#: Module -> what it has of the names above.
_NAMES = {
    "backend": ("BasicSimulator",),
    "job": ("BasicProviderJob",),
    "states.stacks": ("apply_matrices",),
    "states.state": ("apply_gate", "apply_matrix", "collapse", "measure", "prepare", "probabilities", "reset"),
}

__getattr__, __dir__ = lazily(__name__, _NAMES)
