"""Small circuits of a job together: run and drawn in one call, checked once; one alone is a batch of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.result import CircuitResult
from qdock.results.count_columns import CountColumns
from qdock.streams import SHOTS_PER_BLOCK
from qdock_basic.drawing.sampling import visits_outcomes
from qdock_basic.drawing.sums import Ints
from qdock_basic.engines.engine import Asked, Engine
from qdock_basic.limits import Limits
from qdock_basic.programs.program import Gates
from qdock_basic.programs.straight import Part
from qdock_basic.shapes import Shape, shape_of
from qdock_basic.simulate import Simulation, simulate
from qdock_basic.states.kernels import Array
from qdock_basic.watch import Watch

__all__ = ["Batch", "Found", "are_sampled"]

#: Numbers of circuits, and what came back for them: entries, or columns of these.
Found = tuple[list[int], CountColumns | list[CircuitResult]]

# So many amplitudes, and so many circuits, there are at a time.
_AMPLITUDES = 1 << 20
_CIRCUITS = 1 << 10


class Batch(NamedTuple):
    """The circuits of a job, with all that decides how they are run.

    Attributes
    ----------
    circuits : sequence of Circuit
    options : dict
        Of the backend.
    context : Context
    limits : Limits
    engine : Engine
    """

    circuits: Sequence[Circuit]
    options: dict[str, Any]
    context: Context
    limits: Limits
    engine: Engine

    def run(self) -> list[Found]:
        """Run those circuits that can be run together, and return what came back.

        Each draws what it draws alone.
        """
        found: list[Found] = []
        done, total = 0, len(self.circuits)
        if total < self.engine.least_together or not are_sampled(self.options):
            return found
        for shape, (numbers, gates) in self._groups().items():
            most = min(_CIRCUITS, max(1, _AMPLITUDES >> shape.num_qubits))
            for start in range(0, len(numbers), most):
                piece, watch = numbers[start : start + most], Watch(self.context, done, total)
                found.append((piece, self._run(piece, gates[start : start + most], shape, watch)))
                done += len(piece)
                if done < total and watch.is_due():
                    watch.look(len(piece))
        return found

    def _groups(self) -> dict[Shape, tuple[list[int], list[Gates]]]:
        """Return the numbers of circuits of one shape, and their gates."""
        groups: dict[Shape, tuple[list[int], list[Gates]]] = {}
        for number, circuit in enumerate(self.circuits):
            self.context.check()
            shaped = circuit.once(shape_of)
            if shaped is not None:
                numbers, gates = groups.setdefault(shaped.shape, ([], []))
                numbers.append(number)
                gates.append(shaped.gates)
        return groups

    def _run(
        self, numbers: list[int], gates: list[Gates], shape: Shape, watch: Watch
    ) -> CountColumns | list[CircuitResult]:
        """Run circuits of one shape."""
        begin, options = perf_counter(), self.options
        if not self._draws_together(shape):
            states = self.engine.start_many(gates, shape.num_qubits, options["precision"], watch)
            return [self._drawn_alone(*each, shape) for each in zip(numbers, gates, states, strict=True)]
        asked = Asked(gates, shape, options["shots"], options["precision"], self.context, numbers)
        counts = self.engine.count_many(asked, watch)
        return self._entries(numbers, counts, shape, (perf_counter() - begin) / len(numbers))

    def _draws_together(self, shape: Shape) -> bool:
        """Whether all outcomes of each circuit are visited, and nothing but their counts is asked for."""
        options = self.options
        return shape.is_plain and not options["memory"] and visits_outcomes(len(shape.wiring.qubits), options["shots"])

    def _drawn_alone(self, number: int, gates: Gates, state: Array, shape: Shape) -> CircuitResult:
        circuit, rng = self.circuits[number], partial(self.context.moved_rng, number)
        watch, key = Watch(self.context, number, len(self.circuits)), self.context.stream_key(number)
        simulation = Simulation(circuit, self.options, rng, watch, self.limits, self.engine, key)
        entry, _ = simulate(simulation, self.context.seed, (Part(gates, shape.num_qubits, shape.readings), state))
        return entry

    def _entries(
        self, numbers: Sequence[int], counts: Ints, shape: Shape, seconds: float
    ) -> CountColumns | list[CircuitResult]:
        about = {"shots": self.options["shots"], "seed": self.context.seed, "seconds": seconds}
        if len(numbers) == 1:
            return [shape.form.entry(self.circuits[numbers[0]], counts[0], **about)]
        circuits = [self.circuits[number] for number in numbers]
        places, seen = np.nonzero(counts)
        return CountColumns.from_arrays(
            circuits,
            shape.words[seen, 0],
            counts[places, seen],
            np.searchsorted(places, np.arange(len(numbers) + 1)),
            **about,
            headers=[circuit.metadata for circuit in circuits],
        )


def left(found: Sequence[Found], total: int) -> Sequence[int]:
    """Return the numbers of those of so many circuits that nothing was found of."""
    done = [number for numbers, _ in found for number in numbers]
    return () if len(done) == total else sorted(set(range(total)).difference(done))


def are_sampled(options: Mapping[str, Any]) -> bool:
    """Whether circuits are asked for what those of one shape can be run together for."""
    if options["output"] != "counts" or options["initial_state"] is not None:
        return False
    return options["method"] in ("auto", "sampling") and options["shots"] <= SHOTS_PER_BLOCK
