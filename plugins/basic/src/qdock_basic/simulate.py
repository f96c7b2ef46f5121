"""One circuit, simulated: what each kind of output asks for, and what it may cost in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.random import Generator

from qdock.circuit import Circuit
from qdock.circuits import circuit_facts
from qdock.result import CircuitResult
from qdock.streams import ROOT_PATH, child_path
from qdock_basic.branching.branches import Branch, Mass, Shares, Shots, follow
from qdock_basic.branching.meeting import Meeting
from qdock_basic.branching.readout import Distribution, Layout, Tally, layout_of
from qdock_basic.branching.unitary import unitary_of
from qdock_basic.drawing.sampling import blocks_of
from qdock_basic.engines.engine import Engine
from qdock_basic.engines.tableau import tableau_bytes
from qdock_basic.limits import Limits
from qdock_basic.memory import ALWAYS_FREE, check_memory
from qdock_basic.programs.analysis import facts_of, read_last, splits_of
from qdock_basic.programs.classical import Place
from qdock_basic.programs.liveness import Live, live_values
from qdock_basic.programs.methods import method_of
from qdock_basic.programs.program import GATES, Block, Gates, angle_of, compile_circuit
from qdock_basic.programs.straight import Part, parts_of, straight_of
from qdock_basic.states.kernels import Array
from qdock_basic.states.state import PRECISIONS, prepare
from qdock_basic.watch import Watch

__all__ = ["Simulation", "check_parts", "check_size", "check_tableau", "simulate"]

Found = dict[str, Any]

# Branches less likely than this are left out of exact distributions, or a `while` loop might never end.
_LEAST_MASS = 1e-15
# Measured with tracemalloc: what the tables of a distribution take for each amplitude when it is sampled and when it
# is the result, what comparing two branches takes, and the order of the shots for each shot.
_SAMPLING_BYTES = 24
_EXACT_BYTES = 48
_JOINING_BYTES = 64
_BYTES_A_SHOT = 24
_AMPLITUDE_BYTES = {name: np.dtype(kind).itemsize for name, kind in PRECISIONS.items()}
# An outcome of a Clifford circuit, its probability, and what sorting them takes.
_LISTED_BYTES = 48
# Fewer qubits than these are not worth a look at whether each is used.
_WIDE = 14
# The streams of the second part of a circuit and those after it begin with this outcome.
_PART_PATHS = 3
# A program whose run has ended.
_NOTHING = Block([], 0.0)
# States of branches that wait to become one with others take no more than this.
_MEETING_BYTES = 64 << 20
# So many branches can wait at once where each has at most half the probability of the one before.
_MOST_WAITING = 50


def without_idle_qubits(circuit: Circuit) -> Circuit:
    """Return a circuit on only those of its qubits that something happens to."""
    used = sorted(circuit_facts.bits_used(circuit)[0])
    return circuit if len(used) == circuit.num_qubits else circuit.select(range(len(circuit)), used)


@dataclass(frozen=True)
class Simulation:
    """A circuit with all that decides how it is run.

    Attributes
    ----------
    circuit : Circuit
    options : dict
        Of the backend.
    rng : callable
        Block and path to a stream of random numbers.
    watch : Watch
    limits : Limits
    engine : Engine
        Applies the gates; it changes no result.
    key : tuple of int
        Seed and number of the circuit: what `rng` makes its streams of.
    """

    circuit: Circuit
    options: dict[str, Any]
    rng: Callable[[int, int], Generator]
    watch: Watch
    limits: Limits
    engine: Engine
    key: tuple[int, int]

    def branches(self, block: Block, share: Any, shares: Shares, meeting: Meeting | None = None) -> Iterator[Branch]:
        """Run the whole circuit."""
        place = self.place(block)
        if block.steps and block.steps[0].kind == GATES:
            state = self.start(block.steps[0].detail, self.circuit.num_qubits)
            place.position = 1
        else:
            state = prepare(self.circuit.num_qubits, self.options["initial_state"], self.options["precision"])
        yield from follow(Branch(state, place, share), shares, self.watch, self.engine, meeting)

    def without_idle_qubits(self) -> Simulation:
        """Return this with a circuit of only those qubits that something happens to."""
        if self.circuit.num_qubits < _WIDE or self.options["initial_state"] is not None:
            return self
        return replace(self, circuit=without_idle_qubits(self.circuit))

    def start(self, gates: Gates, num_qubits: int) -> Array:
        """Return the state after the gates that a circuit begins with."""
        options = self.options
        return self.engine.start(gates, num_qubits, options["initial_state"], options["precision"], self.watch)

    def place(self, block: Block) -> Place:
        """Return the beginning of the program."""
        variables = {variable.var.name: variable.initial for variable in self.circuit.variables}
        return Place(block, variables, self.limits)

    @property
    def layout(self) -> Layout | None:
        """Where clbits stand in the result; None if nothing writes any that are shown."""
        clbits = self.circuit.output_clbits
        return None if self.circuit.once(facts_of).written.isdisjoint(clbits) else layout_of(clbits)

    def tally(self) -> Tally:
        """Return where the counts are added up."""
        memory = self.options["output"] == "counts" and self.options["memory"]
        return Tally(layout_of(self.circuit.output_clbits), self.rng, self.engine, memory)

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
    num_qubits: int | None = None,
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
    num_qubits : int, optional
        Of a state, where the circuit is not simulated as a whole.

    Raises
    ------
    LimitExceeded
        With the bytes that are needed and free.
    """
    qubits = circuit.num_qubits if num_qubits is None else num_qubits
    qubits *= 2 if options["output"] == "unitary" else 1
    bytes_each = round(_AMPLITUDE_BYTES[options["precision"]] * states) + table_bytes
    needed, what = (bytes_each << qubits) + more, ""
    if needed > ALWAYS_FREE:
        what = f"Circuit {circuit.name!r} of {circuit.num_qubits:,} qubits with output={options['output']!r}"
    check_memory(needed, what, limits.max_memory_percent / 100)


def simulate(
    simulation: Simulation, seed: int | None = None, ready: tuple[Part, Array] | None = None
) -> tuple[CircuitResult, str]:
    """Run a circuit that has been checked, and return what came back and the name of the method that was used.

    Parameters
    ----------
    simulation : Simulation
    seed : int, optional
        Of the job, for the result.
    ready : tuple of Part and array, optional
        The circuit as one part with its final state, where there is one already.

    Raises
    ------
    LimitExceeded
        If it needs more memory, rounds of loops or branches than are allowed.
    """
    begin = perf_counter()
    if ready is not None:
        fields = _sampled_once(simulation, *ready)
        return _entry(simulation, fields, begin, seed), "sampling"
    straight = simulation.circuit.once(straight_of)
    method = method_of(simulation.circuit, simulation.options, straight)
    fields = _RUNS[simulation.options["output"], method](simulation, straight)
    method = fields.pop("method", method)
    return _entry(simulation, fields, begin, seed), method


def _entry(simulation: Simulation, fields: Found, begin: float, seed: int | None) -> CircuitResult:
    fields |= {"seed": seed, "seconds": perf_counter() - begin, "header": simulation.circuit.metadata}
    return CircuitResult.from_circuit(simulation.circuit, **fields)


# --- counts


def _branched_counts(simulation: Simulation, __: Part | None = None) -> Found:
    """Sample the shots; the runs are split as the measurements ask for."""
    simulation = simulation.without_idle_qubits()
    options = simulation.options
    shots = options["shots"]
    splits = simulation.circuit.once(_splits)
    states, shares = 1 + _waiting(splits, math.log2(shots)), blocks_of(shots)
    simulation.check_memory(states, _SAMPLING_BYTES, _BYTES_A_SHOT * shots * options["memory"])
    tally = simulation.tally()
    if not simulation.engine.count(simulation, shares, states, tally):
        tally = _followed(simulation, shares)
    return _counted(simulation, tally) | _called(splits, options)


def _splits(circuit: Circuit) -> int | None:
    return splits_of(read_last(compile_circuit(circuit)))


def _followed(simulation: Simulation, shares: tuple[int, ...]) -> Tally:
    """Follow the branches one by one."""
    tally, block = simulation.tally(), read_last(compile_circuit(simulation.circuit))
    for branch in simulation.branches(block, shares, Shots(simulation.rng)):
        tally.add(branch)
    return tally


def _sampled_counts(simulation: Simulation, straight: Part | None = None) -> Found:
    """Sample one final state, or those of parts of the circuit that have nothing to do with each other."""
    if straight is None:
        return _branched_counts(simulation)
    parts = parts_of(straight) if simulation.options["initial_state"] is None else [straight]
    check_parts(simulation.circuit, simulation.options, simulation.limits, parts)
    tally, place = simulation.tally(), simulation.place(_NOTHING)
    share = blocks_of(simulation.options["shots"])
    ends = []
    for number, part in enumerate(parts):
        path = child_path(ROOT_PATH, _PART_PATHS + number) if number else ROOT_PATH
        ends.append(Branch(simulation.start(part.gates, part.num_qubits), place, share, path, part.readings))
    if len(ends) == 1:
        tally.add(ends[0])
    else:
        tally.add_together(ends)
    return _counted(simulation, tally)


def _sampled_once(simulation: Simulation, straight: Part, state: Array) -> Found:
    """Sample a final state that has been made."""
    tally = simulation.tally()
    share = blocks_of(simulation.options["shots"])
    tally.add(Branch(state, simulation.place(_NOTHING), share, readings=straight.readings))
    return _counted(simulation, tally)


def check_parts(circuit: Circuit, options: Mapping[str, Any], limits: Limits, parts: Sequence[Part]) -> None:
    """Refuse parts of a circuit that don't fit in memory together; see `check_size`."""
    widest, *others = sorted((part.num_qubits for part in parts), reverse=True)
    bytes_each = _AMPLITUDE_BYTES[options["precision"]] + _SAMPLING_BYTES
    more = sum(bytes_each << qubits for qubits in others) + _BYTES_A_SHOT * options["shots"] * options["memory"]
    check_size(circuit, options, limits, 1, _SAMPLING_BYTES, more, widest)


def check_tableau(circuit: Circuit, limits: Limits) -> None:
    """Refuse a Clifford circuit whose tableau does not fit in memory."""
    what = f"Circuit {circuit.name!r} of {circuit.num_qubits:,} qubits with method='stabilizer'"
    check_memory(circuit.once(tableau_bytes), what, limits.max_memory_percent / 100)


def _stabilizer_counts(simulation: Simulation, __: Part | None = None) -> Found:
    """Draw from the outcomes that a Clifford circuit may have."""
    check_tableau(simulation.circuit, simulation.limits)
    space = simulation.engine.outcomes(simulation.circuit, simulation.watch)
    begin, tally = perf_counter(), simulation.tally()
    for block, shots in enumerate(blocks_of(simulation.options["shots"])):
        tally.put(block, *simulation.engine.draw(space, shots, simulation, block))
    simulation.engine.effort.sample += perf_counter() - begin
    return _counted(simulation, tally)


def _counted(simulation: Simulation, tally: Tally) -> Found:
    outcomes, counts, order = tally.finish()
    return {"shots": simulation.options["shots"], "outcomes": outcomes, "counts": counts, "memory": order}


# --- exact distributions


def _probabilities(simulation: Simulation, __: Part | None = None) -> Found:
    """Put together the exact distribution, over the clbits if any of them are written, or else over the qubits."""
    block = read_last(compile_circuit(simulation.circuit))
    branching = splits_of(block) != 0
    simulation.check_memory(
        1 + _waiting(splits_of(block), _MOST_WAITING),
        _EXACT_BYTES + _JOINING_BYTES * branching,
        _MEETING_BYTES * branching,
    )
    mass, distribution = Mass(_LEAST_MASS), Distribution(simulation.layout, simulation.engine)
    meeting = _meeting(simulation, block) if branching else None
    for number, branch in enumerate(simulation.branches(block, 1.0, mass, meeting)):
        simulation.limits.check("max_branches", number + 1, "branches of an exact distribution; counts need none")
        distribution.add(branch)
    outcomes, table = distribution.finish()
    missing = mass.missing + distribution.missing
    data = {"missing_probability": missing} if missing else {}
    found = {"probabilities": table, "probability_outcomes": outcomes, "data": data}
    return found | _called(splits_of(block), simulation.options)


def _called(splits: int | None, options: Mapping[str, Any]) -> Found:
    """Return what the method is called where only branches are known to do: one branch alone is sampled."""
    return {"method": "sampling"} if splits == 0 and options["method"] != "branching" else {}


def _stabilizer_probabilities(simulation: Simulation, __: Part | None = None) -> Found:
    """List the outcomes that a Clifford circuit may have: all are equally likely."""
    check_tableau(simulation.circuit, simulation.limits)
    space = simulation.engine.outcomes(simulation.circuit, simulation.watch)
    what = f"Circuit {simulation.circuit.name!r} has 2^{len(space.rows)} outcomes; listing them"
    check_memory(_LISTED_BYTES << len(space.rows), what, simulation.limits.max_memory_percent / 100)
    outcomes = simulation.engine.choose(space, np.arange(1 << len(space.rows), dtype=np.uint64).reshape(-1, 1))
    table = np.full(len(outcomes), 0.5 ** len(space.rows))
    return {"probabilities": table, "probability_outcomes": outcomes}


def _meeting(simulation: Simulation, block: Block) -> Meeting:
    """Return where the branches of an exact distribution become one."""
    circuit, layout = simulation.circuit, simulation.layout
    names = frozenset(variable.var.name for variable in circuit.variables)
    shown = () if layout is None else circuit.output_clbits
    lives = live_values(block, shown, Live((1 << circuit.num_clbits) - 1, names))
    return Meeting(lives, room=_MEETING_BYTES // (np.dtype(np.complex128).itemsize << circuit.num_qubits))


# --- states and matrices


def _statevector(simulation: Simulation, __: Part | None = None) -> Found:
    """Follow one shot to its end, whatever is measured on the way, and keep its state."""
    simulation.check_memory(1.5)
    block = compile_circuit(simulation.circuit)
    (end,) = simulation.branches(block, (1,), Shots(simulation.rng))
    if end.place.phase:
        end.state *= np.exp(1j * end.place.phase)
    fields: Found = {"statevector": end.state}
    if simulation.layout is not None:
        tally = simulation.tally()
        tally.add(end)
        outcomes, counts, _ = tally.finish()
        fields |= {"shots": 1, "outcomes": outcomes, "counts": counts}
    return fields


def _unitary(simulation: Simulation, straight: Part | None = None) -> Found:
    """Make the matrix: all columns at once, as one state of twice as many qubits."""
    simulation.check_memory(1.5)
    circuit, precision = simulation.circuit, simulation.options["precision"]
    if straight is not None:
        matrix = simulation.engine.unitary(straight.gates, circuit.num_qubits, precision, simulation.watch)
        phase = simulation.place(Block([], angle_of(circuit.global_phase))).phase
    else:
        place = simulation.place(compile_circuit(circuit, offset=circuit.num_qubits))
        matrix, phase = unitary_of(place, circuit.num_qubits, simulation.watch, simulation.engine, precision)
    if phase:
        matrix *= np.exp(1j * phase)
    return {"unitary": matrix}


_RUNS: dict[tuple[str, str], Callable[[Simulation, Part | None], Found]] = {
    ("counts", "sampling"): _sampled_counts,
    ("counts", "branching"): _branched_counts,
    ("counts", "stabilizer"): _stabilizer_counts,
    ("probabilities", "sampling"): _probabilities,
    ("probabilities", "branching"): _probabilities,
    ("probabilities", "stabilizer"): _stabilizer_probabilities,
    ("statevector", "statevector"): _statevector,
    ("unitary", "unitary"): _unitary,
}


def _waiting(splits: int | None, most: float) -> int:
    """Return how many branches can wait at once, each with a state of its own."""
    return math.ceil(most if splits is None else min(splits, most))
