"""Many small circuits of a job together: their states in one call, their shots from one array, checked once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock.result import CircuitResult
from qdock.results.counted import counted_entries
from qdock.streams import SHOTS_PER_BLOCK
from qdock_basic.engine import Engine
from qdock_basic.kernels import Array
from qdock_basic.limits import Limits
from qdock_basic.program import Gates
from qdock_basic.readout import Wiring
from qdock_basic.sampling import Ints, steps_of, visits_outcomes
from qdock_basic.shapes import Shape, shape_of
from qdock_basic.simulate import Simulation, simulate
from qdock_basic.state import marginal, probabilities
from qdock_basic.straight import Part
from qdock_basic.watch import Watch

__all__ = ["Batch", "are_sampled"]

# Fewer circuits are not worth the arrays.
_LEAST_CIRCUITS = 16
# So many amplitudes there are at a time.
_AMPLITUDES = 1 << 20
# So many circuits are drawn from between two looks.
_BETWEEN_LOOKS = 1024


class Member(NamedTuple):
    """A circuit of a batch: its number in the job, and its gates."""

    number: int
    gates: Gates


@dataclass(frozen=True)
class Batch:
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

    def run(self) -> dict[int, CircuitResult]:
        """Run those circuits that can be run together, and return what came back by their numbers.

        Each draws what it draws alone.
        """
        found: dict[int, CircuitResult] = {}
        if are_sampled(self.circuits, self.options):
            for shape, members in self._groups().items():
                for piece in _pieces(members, max(1, _AMPLITUDES >> shape.num_qubits)):
                    watch = Watch(self.context, len(found), len(self.circuits))
                    entries = self._run(piece, shape, watch)
                    found.update(zip((member.number for member in piece), entries, strict=True))
        return found

    def _groups(self) -> dict[Shape, list[Member]]:
        groups: dict[Shape, list[Member]] = {}
        for number, circuit in enumerate(self.circuits):
            shaped = circuit.once(shape_of)
            if shaped is not None:
                groups.setdefault(shaped.shape, []).append(Member(number, shaped.gates))
        return groups

    def _run(self, members: Sequence[Member], shape: Shape, watch: Watch) -> list[CircuitResult]:
        """Run circuits of one shape."""
        begin = perf_counter()
        gates = [member.gates for member in members]
        states = self.engine.start_many(gates, shape.num_qubits, self.options["precision"], watch)
        if not self._draws_together(shape):
            return [self._drawn_alone(*each, shape) for each in zip(members, states, strict=True)]
        drawing = perf_counter()
        counts = self._draw(members, states, shape.wiring, watch)
        now = perf_counter()
        self.engine.effort.sample += now - drawing
        return self._entries(members, counts, shape.wiring, (now - begin) / len(members))

    def _draws_together(self, shape: Shape) -> bool:
        """Whether all outcomes of each circuit are visited, and nothing but their counts is asked for."""
        options = self.options
        return shape.is_plain and not options["memory"] and visits_outcomes(len(shape.wiring.qubits), options["shots"])

    def _drawn_alone(self, member: Member, state: Array, shape: Shape) -> CircuitResult:
        number, gates = member
        circuit, rng = self.circuits[number], partial(self.context.moved_rng, number)
        watch, key = Watch(self.context, number, len(self.circuits)), self.context.stream_key(number)
        simulation = Simulation(circuit, self.options, rng, watch, self.limits, self.engine, key)
        entry, _ = simulate(simulation, self.context.seed, (Part(gates, shape.num_qubits, shape.readings), state))
        return entry

    def _draw(self, members: Sequence[Member], states: Array, wiring: Wiring, watch: Watch) -> Ints:
        """Return how often each circuit's shots saw each reading, ``(m, 2^k)``."""
        steps = steps_of(marginal(probabilities(states), wiring.qubits))
        counts, numbers = np.empty_like(steps), [member.number for member in members]
        for start in range(0, len(members), _BETWEEN_LOOKS):
            part = slice(start, start + _BETWEEN_LOOKS)
            if watch.is_due():
                watch.look(start / len(members))
            shots = self.options["shots"]
            self.engine.draw_many(steps[part], shots, self.context, numbers[part], counts[part])
        return counts

    def _entries(self, members: Sequence[Member], counts: Ints, wiring: Wiring, seconds: float) -> list[CircuitResult]:
        places, seen = np.nonzero(counts)
        circuits = [self.circuits[member.number] for member in members]
        return counted_entries(
            circuits,
            wiring.outcomes(seen).reshape(-1),
            counts[places, seen],
            np.searchsorted(places, np.arange(len(members) + 1)),
            shots=self.options["shots"],
            seed=self.context.seed,
            seconds=seconds,
            headers=[circuit.metadata for circuit in circuits],
        )


def are_sampled(circuits: Sequence[Circuit], options: Mapping[str, Any]) -> bool:
    """Whether circuits are as many, and asked for what they are, that those of one shape are run together."""
    if len(circuits) < _LEAST_CIRCUITS or options["output"] != "counts" or options["initial_state"] is not None:
        return False
    return options["method"] in ("auto", "sampling") and options["shots"] <= SHOTS_PER_BLOCK


def _pieces(members: Sequence[Member], most: int) -> Iterator[Sequence[Member]]:
    return (members[start : start + most] for start in range(0, len(members), most))
