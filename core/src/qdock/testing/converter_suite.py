"""The suite of converters: what is read means what was written, and what is no program is refused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from qdock.circuit import Circuit
from qdock.discovery.plugins import import_object
from qdock.dock import Dock
from qdock.errors import PluginError, QdockError
from qdock.gates import GATES, Gate
from qdock.spec import ConverterSpec
from qdock.testing import circuits as c
from qdock.testing.checks import SkipTest, check
from qdock.testing.judge import judge_array
from qdock.testing.light import LightPlugin
from qdock.testing.reference import distribution, final_state

__all__ = ["ConverterSuite"]

#: What no format of programs is.
GARBAGE = ("", "\n", "\0\n", "}{\n", "(" * 1000 + "\n", "qdock qdock qdock;\n", "\ud7ff\uffff\n")
#: At how many places a program is cut, or a character changed.
CUTS = 20


def reads(suite: ConverterSuite) -> str:
    """Need a converter that makes circuits."""
    return "" if suite.target == "circuit" else "it makes no circuits"


def has_texts(suite: ConverterSuite) -> str:
    """Need programs of the source format."""
    if reads(suite):
        return reads(suite)
    return "" if suite.samples or suite.has_way_back else "there are no `samples`, and no converter writes the format"


def goes_both_ways(suite: ConverterSuite) -> str:
    """Need converters in both directions."""
    return "" if suite.has_way_back else f"no converter leads from {suite.target!r} to {suite.source!r}"


class ConverterSuite(LightPlugin):
    r"""Every promise that a converter makes. Subclass it in a plugin's tests and name both formats.

    Attributes
    ----------
    source, target : str
        The formats, as the spec names them.
    samples : sequence
        Programs in the source format. Needed where no converter writes that format.
    specs : tuple of ConverterSpec
        Converters that no plugin brings.

    Examples
    --------
    ::

        class TestQuil(ConverterSuite):
            source, target = "quil", "circuit"
            samples = ["DECLARE ro BIT[1]\nX 0\nMEASURE 0 ro[0]\n"]
    """

    source: ClassVar[str] = ""
    target: ClassVar[str] = "circuit"
    samples: ClassVar[Sequence[Any]] = ()
    specs: ClassVar[tuple[ConverterSpec, ...]] = ()

    @cached_property
    def spec(self) -> ConverterSpec:
        """What the converter says about itself."""
        found = self._find(self.source, self.target)
        if found is None:
            raise PluginError(f"No converter leads from {self.source!r} to {self.target!r}.")
        return found

    @cached_property
    def has_way_back(self) -> bool:
        """Whether a converter leads from the target format to the source."""
        return self._find(self.target, self.source) is not None

    def _find(self, source: str, target: str) -> ConverterSpec | None:
        with self.session():
            specs = self.dock.registry.converters()
        return next((spec for spec in specs if (spec.source, spec.target) == (source, target)), None)

    def prepare(self, dock: Dock) -> None:
        """Register converters that no plugin brings."""
        for spec in self.specs:
            dock.register(spec)

    def programs(self) -> list[Any]:
        """Return programs in the source format: the samples, and what the way back makes of circuits."""
        return [*self.samples, *(self._written(circuit) for circuit in _circuits()[:3] if self.has_way_back)]

    def _written(self, circuit: Circuit) -> Any:
        return self.dock.convert(circuit, self.source if self.target == "circuit" else self.target)

    # --- the checks

    @check("plugin")
    def test_recognises_what_it_reads(self) -> None:
        """Suffixes begin with a dot, and a reader tells its programs by a suffix, a type or a pattern."""
        wrong = [suffix for suffix in self.spec.suffixes if not suffix.startswith(".")]
        self.expect(not wrong, f"suffixes without a dot: {wrong}")
        if self.source != "circuit":
            told = self.spec.suffixes or self.spec.type_names or self.spec.pattern
            self.expect(told, f"nothing tells a program in {self.source!r}: give suffixes, type_names or a pattern")

    @check("numbers", needs=(has_texts,))
    def test_reads_its_programs(self) -> None:
        """A program in the source format is recognised and becomes a circuit, the same one each time."""
        for number, program in enumerate(self.programs()):
            one, two = self.dock.convert(program), self.dock.convert(program)
            self.expect(one == two, f"program {number} became two different circuits")
            found = one if isinstance(one, list) else [one]
            self.expect(all(isinstance(item, Circuit) for item in found), f"program {number} became {one!r}")

    @check("numbers", needs=(goes_both_ways,))
    def test_there_and_back(self) -> None:
        """A circuit that is written and read again does the same to its qubits and clbits."""
        for circuit in _circuits():
            there = self._written(circuit)
            read = self.dock.convert(there)
            # Of a format whose programs may hold several circuits it is a list of one.
            (back,) = read if isinstance(read, list) else [read]
            judge_array(circuit.name, "state after writing and reading", final_state(back), final_state(circuit))
            same = np.allclose(distribution(back), distribution(circuit))
            self.expect(same, f"circuit {circuit.name!r} measures into other clbits after writing and reading")

    @check("numbers")
    def test_leaves_circuits_alone(self) -> None:
        """A circuit that is written is as it was."""
        if self.source != "circuit":
            raise SkipTest("it writes no circuits")
        for circuit in _circuits():
            before = circuit.copy()
            self._written(circuit)
            self.expect(circuit == before, f"circuit {circuit.name!r} was changed")

    @check("input", needs=(reads,))
    def test_garbage(self) -> None:
        """What is no program is refused with an error of qdock, whatever it is."""
        for text in GARBAGE:
            self._is_handled(text, repr(text[:30]))

    @check("input", needs=(has_texts,))
    def test_damaged_programs(self) -> None:
        """A program that is cut short, or has a character changed, is read or refused with an error of qdock."""
        texts = [program for program in self.programs() if isinstance(program, str)]
        if not texts:
            raise SkipTest("its programs are no texts")
        for text in texts:
            for place in range(0, len(text), max(1, len(text) // CUTS)):
                self._is_handled(text[:place] + "\n", f"a program cut after {place} characters")
                self._is_handled(text[:place] + "§" + text[place + 1 :], f"a program with a wrong character at {place}")

    def _is_handled(self, text: str, what: str) -> None:
        function = import_object(self.spec.function, f"Converter {self.source!r} to {self.target!r}")
        try:
            function(text)
        except QdockError:
            return
        except Exception as error:  # noqa: BLE001  # whatever else it raises is what was seen
            self.expect(False, f"{what} raised {type(error).__name__}: {error}. Refuse it with a ProgramError")


def _circuits() -> list[Circuit]:
    """Return circuits with every gate, random ones among them, that measure at their end."""
    made = [c.measured(c.random_circuit([0, 1, 2], seed), [2, 0, 1]) for seed in range(4)]
    every = Circuit(5, name="every gate")
    for row in GATES.values():
        if row.name != "u0":
            every.append(Gate(row.name, c.ANGLES[: row.num_params]), list(range(row.num_qubits)))
    return [*made, c.measured(every, range(5))]
