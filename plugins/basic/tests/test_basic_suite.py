"""The basic simulator keeps every promise that a backend makes."""

from __future__ import annotations

from qdock.testing import BackendSuite


class TestBasicSimulator(BackendSuite):
    backend = "basic/basic_simulator"
