"""Algorithms as jobs: functions that run circuits and compute between them.

Importing this imports nothing else: every name is looked up when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Module -> what it has of the public names.
_NAMES: dict[str, tuple[str, ...]] = {
    "pauli": ("Pauli", "as_pauli"),
    "primitive_job": ("AlgorithmJob", "PrimitiveJob"),
    "runner": ("AlgorithmRunner",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
