"""The basic simulator of qdock: its backend, its job, and functions on statevectors, each imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qdock_basic.backend import BasicSimulator
    from qdock_basic.job import BasicProviderJob
    from qdock_basic.stacks import apply_matrices
    from qdock_basic.state import apply_gate, apply_matrix, collapse, measure, prepare, probabilities, reset

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

_MODULES = {
    "BasicProviderJob": "qdock_basic.job",
    "BasicSimulator": "qdock_basic.backend",
    "apply_matrices": "qdock_basic.stacks",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, "qdock_basic.state")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
