"""The suites that say whether a plugin keeps every promise: ``qdock check`` runs them, and plugins subclass them.

Examples
--------
The whole test of a backend, in a plugin's ``tests/test_coin.py``::

    from qdock.testing import BackendSuite

    class TestCoin(BackendSuite):
        backend = "coin/coin"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qdock.common.lazy import lazily

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

#: Module -> what it has of the names above.
_NAMES = {
    "backend_suite": ("BackendSuite",),
    "checks": ("SUITE_VERSION", "BrokenPromise", "check"),
    "converter_suite": ("ConverterSuite",),
    "executor_suite": ("ExecutorSuite",),
    "runner": ("Report", "run_suite"),
    "suite": ("Suite",),
}

__getattr__, __dir__ = lazily(__name__, _NAMES)
