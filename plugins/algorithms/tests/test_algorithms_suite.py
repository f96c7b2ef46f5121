"""The runner of functions keeps every promise that a backend makes."""

from __future__ import annotations

from qdock.testing import BackendSuite


class TestAlgorithmRunner(BackendSuite):
    backend = "algorithms/algorithm_runner"
