"""Every promise of a backend, checked."""

from __future__ import annotations

from qdock.testing import BackendSuite


class TestQulacs(BackendSuite):
    backend = "qulacs/qulacs"
