"""The fast engine behind the interface of engines; nothing here imports numba before there is something to run."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock.circuit import Circuit
from qdock.streams import ROOT_PATH
from qdock_basic import fast
from qdock_basic.drawing.affine import AffineSpace, Words
from qdock_basic.drawing.sampling import Ints, draw_choices, visits_choices
from qdock_basic.engines.engine import Asked, Effort, Floats, Progress, count_states
from qdock_basic.programs.program import Gates
from qdock_basic.states.kernels import Array
from qdock_basic.states.state import prepare, probabilities

if TYPE_CHECKING:
    from qdock_basic.branching.readout import Tally
    from qdock_basic.simulate import Simulation

__all__ = ["FastEngine"]


# A state of so few qubits is run from its zeros: it costs less than taking the gates out of their circuit.
_SMALL = 8
# States of so many qubits lie in cache, where compiled code goes from branch to branch by itself.
_IN_CACHE = 13
_REAL = {"double": "f8", "single": "f4"}


class FastEngine:
    """See `qdock_basic.engines.engine.Engine`: compiled kernels, spread over threads.

    Parameters
    ----------
    threads : int, optional
        How many may work; if not given, ``QDOCK_THREADS`` or the CPUs that this process may use.
    """

    name = "fast"
    least_together = 1

    def __init__(self, threads: int | None = None) -> None:
        self.effort = Effort()
        self._threads = threads

    def start(self, gates: Gates, num_qubits: int, initial: Any, precision: str, watch: Progress) -> Array:
        """See `Engine`."""
        if num_qubits <= _SMALL and gates.start == 0:
            state = prepare(num_qubits, initial, precision)
            self.apply(state, gates, watch)
            return state
        state, stats = fast.statevector(
            _alone(gates), precision=precision, threads=self._threads, watch=watch, initial=initial
        )
        self._note(stats)
        return state

    def apply(self, state: Array, gates: Gates, watch: Progress) -> None:
        """See `Engine`."""
        if gates.offset:
            self._apply_moved(state, gates, watch)
            return
        self._note(fast.apply(state, gates.circuit, gates.start, gates.stop, threads=self._threads, watch=watch))

    def _apply_moved(self, state: Array, gates: Gates, watch: Progress) -> None:
        """Apply gates whose qubits are moved up, as in a unitary with classical control."""
        num_qubits = gates.circuit.num_qubits
        circuit = Circuit(num_qubits + gates.offset, gates.circuit.num_clbits)
        circuit.compose(_alone(gates), range(gates.offset, gates.offset + num_qubits))
        self._note(fast.apply(state, circuit, 0, len(circuit), threads=self._threads, watch=watch))

    def start_many(self, gates: Sequence[Gates], num_qubits: int, precision: str, watch: Progress) -> Array:
        """See `Engine`."""
        circuits, stops = [item.circuit for item in gates], [item.stop for item in gates]
        states, stats = fast.start_many(
            circuits, stops, num_qubits, precision=precision, threads=self._threads, watch=watch
        )
        self._note(stats)
        return states

    def count_many(self, asked: Asked, watch: Progress) -> Ints:
        """See `Engine`."""
        found = fast.count_many(asked, self._threads)
        if found is None:
            return count_states(self, asked, watch)
        counts, stats = found
        self._note(stats)
        return counts

    def unitary(self, gates: Gates, num_qubits: int, precision: str, watch: Progress) -> Array:
        """See `Engine`."""
        matrix, stats = fast.unitary(_alone(gates), precision=precision, threads=self._threads, watch=watch)
        self._note(stats)
        return matrix

    def outcomes(self, circuit: Circuit, watch: Progress) -> AffineSpace:
        """See `Engine`."""
        begin = perf_counter()
        space = fast.outcomes_of(circuit, watch)
        self.effort.passes += 1
        self.effort.run += perf_counter() - begin
        return space

    def choose(self, space: AffineSpace, choices: Words) -> Words:
        """See `Engine`."""
        return fast.choose(space, choices)

    def draw(self, space: AffineSpace, shots: int, simulation: Simulation, block: int) -> tuple[Words, Ints]:
        """See `Engine`."""
        from qdock_basic.fast.drawing.fair import MOST_BITS, draw_fair

        num_bits = len(space.rows)
        if visits_choices(num_bits, shots) or num_bits > MOST_BITS:
            choices, counts = draw_choices(num_bits, shots, simulation.rng(block, ROOT_PATH))
        else:
            choices, counts = draw_fair(np.array(simulation.key, np.uint64), block, num_bits, shots)
        return fast.choose(space, choices), counts

    def count(self, simulation: Simulation, shares: Sequence[int], rows: int, tally: Tally) -> bool:
        """See `Engine`."""
        if simulation.circuit.num_qubits > _IN_CACHE:
            return False
        from qdock_basic.fast.branching.branches import Course, count

        options = simulation.options
        initial = options["initial_state"]
        if initial is not None:
            initial = prepare(simulation.circuit.num_qubits, initial, options["precision"])
        course = Course(
            simulation.circuit,
            initial,
            _REAL[options["precision"]],
            np.array(simulation.key, np.uint64),
            shares,
            rows,
            simulation.limits,
            bool(options["memory"]),
            simulation.watch,
            tally.put,
        )
        stats = count(course)
        if stats is not None:
            self._note(stats)
        return stats is not None

    def probabilities(self, state: Array) -> Floats:
        """See `Engine`."""
        if len(state) <= 1 << _SMALL:
            return probabilities(state)
        return fast.probabilities(state, self._threads)

    def block_sums(self, state: Array, width: int) -> Floats:
        """See `Engine`."""
        return fast.block_sums(state, width, self._threads)

    def _note(self, stats: fast.Stats) -> None:
        effort = self.effort
        effort.passes += stats.passes
        effort.threads = max(effort.threads, stats.threads)
        effort.plan += stats.seconds_plan
        effort.run += stats.seconds_run


def _alone(gates: Gates) -> Circuit:
    """Return gates as a circuit that has nothing else, and no global phase."""
    circuit = gates.circuit
    if gates.start == 0 and gates.stop == len(circuit) and circuit.global_phase == 0:
        return circuit
    return circuit.select(np.arange(gates.start, gates.stop), range(circuit.num_qubits))
