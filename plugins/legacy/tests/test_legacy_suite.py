"""The historical simulators keep the promises of backends, and their converters those of converters."""

from __future__ import annotations

from qdock.testing import BackendSuite, ConverterSuite


class TestQasmSimulator(BackendSuite):
    backend = "legacy/qasm_simulator"


class TestStatevectorSimulator(BackendSuite):
    backend = "legacy/statevector_simulator"


class TestUnitarySimulator(BackendSuite):
    backend = "legacy/unitary_simulator"


class TestQobjReader(ConverterSuite):
    source, target = "qobj", "circuit"


class TestQobjWriter(ConverterSuite):
    source, target = "circuit", "qobj"
