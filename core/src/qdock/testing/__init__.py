"""The suites that say whether a plugin keeps every promise: ``qdock check`` runs them, and plugins subclass them.

Examples
--------
The whole test of a backend, in a plugin's ``tests/test_coin.py``::

    from qdock.testing import BackendSuite

    class TestCoin(BackendSuite):
        backend = "coin/coin"
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qdock.testing.backend_suite import BackendSuite
    from qdock.testing.checks import SUITE_VERSION, BrokenPromise, check
    from qdock.testing.converter_suite import ConverterSuite
    from qdock.testing.executor_suite import ExecutorSuite
    from qdock.testing.runner import Report, run_suite
    from qdock.testing.suite import Suite

__all__ = [
    "SUITE_VERSION",
    "BackendSuite",
    "BrokenPromise",
    "ConverterSuite",
    "ExecutorSuite",
    "Report",
    "Suite",
    "check",
    "run_suite",
]

_MODULE_OF = {
    "SUITE_VERSION": "checks",
    "BackendSuite": "backend_suite",
    "BrokenPromise": "checks",
    "ConverterSuite": "converter_suite",
    "ExecutorSuite": "executor_suite",
    "Report": "runner",
    "Suite": "suite",
    "check": "checks",
    "run_suite": "runner",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'qdock.testing' has no attribute {name!r}")
    return getattr(import_module(f"qdock.testing.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
