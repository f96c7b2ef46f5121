"""The converters of OpenQASM keep every promise that a converter makes."""

from __future__ import annotations

from qdock.testing import ConverterSuite


class TestReader(ConverterSuite):
    source, target = "openqasm", "circuit"


class TestWriter(ConverterSuite):
    source, target = "circuit", "openqasm"


class TestWriterOfVersion2(ConverterSuite):
    source, target = "circuit", "openqasm2"
