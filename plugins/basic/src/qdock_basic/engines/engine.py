"""What applies gates to states: an interface, and the engine in numpy, which faster ones are compared with.

Engines differ in speed alone: what is drawn from a state does not depend on the last bit of its amplitudes, so the
same seed gives the same counts on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from qdock.circuit import Circuit
from qdock.streams import ROOT_PATH
from qdock_basic.drawing.affine import AffineSpace, Words
from qdock_basic.drawing.sampling import Ints, counts_of_each, draw_choices, steps_of
from qdock_basic.engines.tableau import outcomes_of
from qdock_basic.programs.program import Gates
from qdock_basic.states.kernels import Array, apply_form
from qdock_basic.states.state import PRECISIONS, marginal, prepare, probabilities

if TYPE_CHECKING:
    from qdock_basic.branching.readout import Tally
    from qdock_basic.shapes import Shape
    from qdock_basic.simulate import Simulation

__all__ = ["Asked", "Effort", "Engine", "NumpyEngine", "Progress", "Streams", "count_states", "start_each"]

Floats = npt.NDArray[np.float64]

# So many amplitudes are squared at a time, so that what is allocated for it stays small.
_PIECE = 1 << 18


@dataclass
class Effort:
    """What an engine has done, for the result's metadata.

    Attributes
    ----------
    passes : int
        How often a whole state was gone through to apply gates.
    threads : int
        The most that worked at the same time.
    plan, run, sample : float
        Seconds in which gates were put together and applied, and outcomes drawn.
    """

    passes: int = 0
    threads: int = 1
    plan: float = 0.0
    run: float = 0.0
    sample: float = 0.0


class Progress(Protocol):
    """What an engine asks between passes: `qdock_basic.watch.Watch` and its parts."""

    def is_due(self) -> bool:
        """Whether it is time to look."""

    def look(self, fraction: float) -> None:
        """Stop if asked to; say that this part of the gates is done."""


class Streams(Protocol):
    """What a `qdock.backend.Context` offers for draws."""

    def moved_rng(self, circuit: int = 0) -> Generator:
        """Return the stream of a circuit; there is one at a time."""

    def stream_key(self, circuit: int = 0) -> tuple[int, int]:
        """Return what it is made of."""


class Asked(NamedTuple):
    """Circuits of one shape, of which each outcome is visited, and what they are asked for.

    Attributes
    ----------
    gates : sequence of m Gates
        From the first operation of each circuit on.
    shape : Shape
    shots : int
        Of each, in one block.
    precision : str
    streams : Streams
    numbers : sequence of m int
        Of the circuits: each draws from the stream of its own.
    """

    gates: Sequence[Gates]
    shape: Shape
    shots: int
    precision: str
    streams: Streams
    numbers: Sequence[int]


class Engine(Protocol):
    """Applies gates to states, and reads them."""

    name: str
    effort: Effort
    #: From how many circuits on it is worth its while to run them together.
    least_together: int

    def start(self, gates: Gates, num_qubits: int, initial: Any, precision: str, watch: Progress) -> Array:
        """Return the state after gates that begin a circuit; `initial` is a state to copy, or None for all 0."""

    def start_many(self, gates: Sequence[Gates], num_qubits: int, precision: str, watch: Progress) -> Array:
        """Return the states, ``(m, 2^n)``, after gates that begin m circuits, from all qubits 0."""

    def count_many(self, asked: Asked, watch: Progress) -> Ints:
        """Run circuits of one shape, and return how often the shots of each saw each reading, ``(m, 2^k)``."""

    def apply(self, state: Array, gates: Gates, watch: Progress) -> None:
        """Apply gates to a state in place."""

    def unitary(self, gates: Gates, num_qubits: int, precision: str, watch: Progress) -> Array:
        """Return the (2^n, 2^n) matrix of gates."""

    def outcomes(self, circuit: Circuit, watch: Progress) -> AffineSpace:
        """Return what the clbits that results show may be at the end of a Clifford circuit."""

    def choose(self, space: AffineSpace, choices: Words) -> Words:
        """Return the outcomes that choices make; see `AffineSpace.outcomes`."""

    def draw(self, space: AffineSpace, shots: int, simulation: Simulation, block: int) -> tuple[Words, Ints]:
        """Draw shots of a block from outcomes that are equally likely: those seen, ascending, and how often."""

    def count(self, simulation: Simulation, shares: Sequence[int], rows: int, tally: Tally) -> bool:
        """Run all branches of a circuit's shots into a tally, if this engine can do that by itself.

        Parameters
        ----------
        simulation : Simulation
        shares : sequence of int
            Shots in every block.
        rows : int
            How many branches there may be at once.
        tally : Tally
            Is of no use if the answer is False.
        """

    def probabilities(self, state: Array) -> Floats:
        """Return the squared magnitudes of all amplitudes."""

    def block_sums(self, state: Array, width: int) -> Floats:
        """Return the sum of the squared magnitudes of every `width` amplitudes."""


def start_each(engine: Engine, gates: Sequence[Gates], num_qubits: int, precision: str, watch: Progress) -> Array:
    """Return what `Engine.start_many` does, one state after the other."""
    states = np.empty((len(gates), 1 << num_qubits), PRECISIONS[precision])
    for state, item in zip(states, gates, strict=True):
        state[:] = engine.start(item, num_qubits, None, precision, watch)
    return states


def count_states(engine: Engine, asked: Asked, watch: Progress) -> Ints:
    """Return what `Engine.count_many` does, from the states and with draws of numpy."""
    states = engine.start_many(asked.gates, asked.shape.num_qubits, asked.precision, watch)
    begin = perf_counter()
    steps = steps_of(marginal(probabilities(states), asked.shape.wiring.qubits))
    counts = np.empty_like(steps)
    counts_of_each(steps, asked.shots, map(asked.streams.moved_rng, asked.numbers), counts)
    engine.effort.sample += perf_counter() - begin
    return counts


class NumpyEngine:
    """See `Engine`: a gate at a time, in numpy alone and in this thread."""

    name = "numpy"
    # For fewer circuits the arrays of all of them are not worth it.
    least_together = 16

    def __init__(self) -> None:
        self.effort = Effort()

    def start(self, gates: Gates, num_qubits: int, initial: Any, precision: str, watch: Progress) -> Array:
        """See `Engine`."""
        state = prepare(num_qubits, initial, precision)
        self.apply(state, gates, watch)
        return state

    def start_many(self, gates: Sequence[Gates], num_qubits: int, precision: str, watch: Progress) -> Array:
        """See `Engine`."""
        return start_each(self, gates, num_qubits, precision, watch)

    def count_many(self, asked: Asked, watch: Progress) -> Ints:
        """See `Engine`."""
        return count_states(self, asked, watch)

    def apply(self, state: Array, gates: Gates, watch: Progress) -> None:
        """See `Engine`."""
        begin = perf_counter()
        forms = gates.forms
        middle = perf_counter()
        for number, (form, qubits) in enumerate(forms):
            if watch.is_due():
                watch.look(number / len(forms))
            apply_form(state, form, qubits)
        self.effort.passes += len(forms)
        self.effort.plan += middle - begin
        self.effort.run += perf_counter() - middle

    def unitary(self, gates: Gates, num_qubits: int, precision: str, watch: Progress) -> Array:
        """See `Engine`."""
        size = 1 << num_qubits
        # The lower qubits of a state of twice as many number the columns.
        columns = np.eye(size, dtype=PRECISIONS[precision]).reshape(-1)
        self.apply(columns, Gates(gates.circuit, gates.start, gates.stop, num_qubits), watch)
        return columns.reshape(size, size)

    def outcomes(self, circuit: Circuit, watch: Progress) -> AffineSpace:
        """See `Engine`."""
        begin = perf_counter()
        space = outcomes_of(circuit, watch)
        self.effort.passes += 1
        self.effort.run += perf_counter() - begin
        return space

    def choose(self, space: AffineSpace, choices: Words) -> Words:
        """See `Engine`."""
        return space.outcomes(choices)

    def draw(self, space: AffineSpace, shots: int, simulation: Simulation, block: int) -> tuple[Words, Ints]:
        """See `Engine`."""
        choices, counts = draw_choices(len(space.rows), shots, simulation.rng(block, ROOT_PATH))
        return space.outcomes(choices), counts

    def count(self, simulation: Simulation, shares: Sequence[int], rows: int, tally: Tally) -> bool:
        """See `Engine`: one step of a branch after the other is done by who asks."""
        return False

    def probabilities(self, state: Array) -> Floats:
        """See `Engine`."""
        return probabilities(state)

    def block_sums(self, state: Array, width: int) -> Floats:
        """See `Engine`."""
        step = max(width, _PIECE)
        pieces = (probabilities(state[start : start + step]) for start in range(0, len(state), step))
        return np.concatenate([piece.reshape(-1, min(width, len(piece))).sum(axis=1) for piece in pieces])
