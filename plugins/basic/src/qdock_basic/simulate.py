"""One circuit, simulated: what each kind of output asks for, and what it may cost in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.random import Generator

from qdock.circuit import Circuit
from qdock.result import CircuitResult
from qdock_basic.analysis import facts_of, method_of, read_last, splits_of
from qdock_basic.branches import Branch, Mass, Shares, Shots, follow
from qdock_basic.classical import Place
from qdock_basic.limits import Limits
from qdock_basic.liveness import Live, live_values
from qdock_basic.meeting import Meeting
from qdock_basic.memory import check_memory
from qdock_basic.program import Block, compile_circuit
from qdock_basic.readout import Distribution, Layout, Tally
from qdock_basic.sampling import blocks_of
from qdock_basic.state import PRECISIONS, prepare
from qdock_basic.unitary import unitary_of
from qdock_basic.watch import Watch

__all__ = ["Simulation", "check_size", "simulate"]

# Branches less likely than this are left out of exact distributions, or a `while` loop might never end.
_LEAST_MASS = 1e-15
# Measured with tracemalloc: what the tables of a distribution take for each amplitude when it is sampled and when it
# is the result, what comparing two branches takes, and the order of the shots for each shot.
_SAMPLING_BYTES = 24
_EXACT_BYTES = 48
_JOINING_BYTES = 64
_BYTES_A_SHOT = 24
# States of branches that wait to become one with others take no more than this.
_MEETING_BYTES = 64 << 20
# So many branches can wait at once where each has at most half the probability of the one before.
_MOST_WAITING = 50


@dataclass(frozen=True)
class Simulation:
    """A circuit with all that decides how it is run.

    Attributes
    ----------
    circuit : Circuit
    options : dict
        Of the backend: shots, memory, output, initial_state, precision.
    rng : callable
        Block and path to a stream of random numbers.
    watch : Watch
    limits : Limits
    """

    circuit: Circuit
    options: dict[str, Any]
    rng: Callable[[int, int], Generator]
    watch: Watch
    limits: Limits

    def branches(self, block: Block, share: Any, shares: Shares, meeting: Meeting | None = None) -> Iterator[Branch]:
        """Run the whole circuit."""
        state = prepare(self.circuit.num_qubits, self.options["initial_state"], self.options["precision"])
        yield from follow(Branch(state, self.place(block), share), shares, self.watch, meeting)

    def place(self, block: Block) -> Place:
        """Return the beginning of the program."""
        variables = {variable.var.name: variable.initial for variable in self.circuit.variables}
        return Place(block, variables, self.limits)

    @property
    def layout(self) -> Layout | None:
        """Where clbits stand in the result; None if nothing writes any that are shown."""
        clbits = self.circuit.output_clbits
        return None if facts_of(self.circuit).written.isdisjoint(clbits) else Layout(clbits)

    def check_memory(self, states: float, table_bytes: int = 0, more: int = 0) -> None:
        """Refuse what needs more memory than this process may use, before anything is allocated."""
        check_size(self.circuit, self.options, self.limits, states, table_bytes, more)


def check_size(
    circuit: Circuit,
    options: Mapping[str, Any],
    limits: Limits,
    states: float = 1,
    table_bytes: int = 0,
    more: int = 0,
) -> None:
    """Refuse a circuit that does not fit in memory.

    Parameters
    ----------
    circuit : Circuit
    options : mapping
        Of the backend.
    limits : Limits
    states : float
        How many states there are at once at most, those on the way from one to another included.
    table_bytes : int
        Bytes of tables for each amplitude, whatever the precision.
    more : int
        Other bytes.

    Raises
    ------
    LimitExceeded
        With the bytes that are needed and free.
    """
    qubits = circuit.num_qubits * (2 if options["output"] == "unitary" else 1)
    bytes_each = round(np.dtype(PRECISIONS[options["precision"]]).itemsize * states) + table_bytes
    what = f"Circuit {circuit.name!r} of {circuit.num_qubits:,} qubits with output={options['output']!r}"
    check_memory((bytes_each << qubits) + more, what, limits.max_memory_percent / 100)


def simulate(simulation: Simulation, seed: int | None = None) -> tuple[CircuitResult, str]:
    """Run a circuit that has been checked, and return what came back and the name of the method that was used.

    Raises
    ------
    LimitExceeded
        If it needs more memory, rounds of loops or branches than are allowed.
    """
    begin = perf_counter()
    fields, method = _OUTPUTS[simulation.options["output"]](simulation)
    fields |= {"seed": seed, "seconds": perf_counter() - begin, "header": simulation.circuit.metadata}
    return CircuitResult.from_circuit(simulation.circuit, **fields), method


Found = tuple[dict[str, Any], str]


def _counts(simulation: Simulation) -> Found:
    """Sample the shots; the runs are split as the measurements ask for."""
    shots, memory = simulation.options["shots"], simulation.options["memory"]
    block = read_last(compile_circuit(simulation.circuit))
    splits = splits_of(block)
    simulation.check_memory(1 + _waiting(splits, math.log2(shots)), _SAMPLING_BYTES, _BYTES_A_SHOT * shots * memory)
    tally = Tally(Layout(simulation.circuit.output_clbits), simulation.rng, memory)
    for branch in simulation.branches(block, blocks_of(shots), Shots(simulation.rng)):
        tally.add(branch)
    outcomes, counts, order = tally.finish()
    return {"shots": shots, "outcomes": outcomes, "counts": counts, "memory": order}, method_of(splits)


def _probabilities(simulation: Simulation) -> Found:
    """Put together the exact distribution, over the clbits if any of them are written, or else over the qubits."""
    block = read_last(compile_circuit(simulation.circuit))
    splits = splits_of(block)
    branching = splits != 0
    simulation.check_memory(
        1 + _waiting(splits, _MOST_WAITING), _EXACT_BYTES + _JOINING_BYTES * branching, _MEETING_BYTES * branching
    )
    mass, distribution = Mass(_LEAST_MASS), Distribution(simulation.layout)
    meeting = _meeting(simulation, block) if branching else None
    for number, branch in enumerate(simulation.branches(block, 1.0, mass, meeting)):
        simulation.limits.check("max_branches", number + 1, "branches of an exact distribution; counts need none")
        distribution.add(branch)
    outcomes, table = distribution.finish()
    missing = mass.missing + distribution.missing
    data = {"missing_probability": missing} if missing else {}
    return {"probabilities": table, "probability_outcomes": outcomes, "data": data}, method_of(splits)


def _meeting(simulation: Simulation, block: Block) -> Meeting:
    """Return where the branches of an exact distribution become one."""
    circuit, layout = simulation.circuit, simulation.layout
    names = frozenset(variable.var.name for variable in circuit.variables)
    shown = () if layout is None else circuit.output_clbits
    lives = live_values(block, shown, Live((1 << circuit.num_clbits) - 1, names))
    return Meeting(lives, room=_MEETING_BYTES // (np.dtype(np.complex128).itemsize << circuit.num_qubits))


def _statevector(simulation: Simulation) -> Found:
    """Follow one shot to its end, whatever is measured on the way, and keep its state."""
    simulation.check_memory(1.5)
    block = compile_circuit(simulation.circuit)
    (end,) = simulation.branches(block, (1,), Shots(simulation.rng))
    end.state *= np.exp(1j * end.place.phase)
    fields: dict[str, Any] = {"statevector": end.state}
    if (layout := simulation.layout) is not None:
        tally = Tally(layout, simulation.rng)
        tally.add(end)
        outcomes, counts, _ = tally.finish()
        fields |= {"shots": 1, "outcomes": outcomes, "counts": counts}
    return fields, "statevector"


def _unitary(simulation: Simulation) -> Found:
    simulation.check_memory(1.5)
    circuit, options = simulation.circuit, simulation.options
    block = compile_circuit(circuit, offset=circuit.num_qubits)
    place = simulation.place(block)
    matrix = unitary_of(place, circuit.num_qubits, simulation.watch, options["precision"])
    return {"unitary": matrix}, "unitary"


_OUTPUTS: dict[str, Callable[[Simulation], Found]] = {
    "counts": _counts,
    "probabilities": _probabilities,
    "statevector": _statevector,
    "unitary": _unitary,
}


def _waiting(splits: int | None, most: float) -> int:
    """Return how many branches can wait at once, each with a state of its own."""
    return math.ceil(most if splits is None else min(splits, most))
