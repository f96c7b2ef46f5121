"""The fast engine keeps every promise that a backend makes, however little work there is."""

from __future__ import annotations

from typing import ClassVar

import pytest

from qdock.testing import BackendSuite

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")


class TestFastEngine(BackendSuite):
    backend = "basic/basic_simulator"
    options: ClassVar[dict[str, str]] = {"engine": "fast"}
