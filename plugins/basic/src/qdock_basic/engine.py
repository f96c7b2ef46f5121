"""What applies gates to states: an interface, and the engine in numpy, which faster ones are compared with.

Engines differ in speed alone: what is drawn from a state does not depend on the last bit of its amplitudes, so the
same seed gives the same counts on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from qdock.circuit import Circuit
from qdock_basic.affine import AffineSpace, Words
from qdock_basic.kernels import Array, apply_form
from qdock_basic.program import Gates
from qdock_basic.sampling import Ints, counts_of_each
from qdock_basic.state import PRECISIONS, prepare, probabilities
from qdock_basic.tableau import outcomes_of

if TYPE_CHECKING:
    from qdock_basic.readout import Tally
    from qdock_basic.simulate import Simulation

__all__ = ["Effort", "Engine", "NumpyEngine", "Progress", "Streams", "start_each"]

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


class Engine(Protocol):
    """Applies gates to states, and reads them."""

    name: str
    effort: Effort

    def start(self, gates: Gates, num_qubits: int, initial: Any, precision: str, watch: Progress) -> Array:
        """Return the state after gates that begin a circuit; `initial` is a state to copy, or None for all 0."""

    def start_many(self, gates: Sequence[Gates], num_qubits: int, precision: str, watch: Progress) -> Array:
        """Return the states, ``(m, 2^n)``, after gates that begin m circuits, from all qubits 0."""

    def draw_many(self, steps: Ints, shots: int, streams: Streams, numbers: Sequence[int], counts: Ints) -> None:
        """Draw from (m, k) distributions, each from the stream of its circuit's number; see `counts_of_each`."""

    def apply(self, state: Array, gates: Gates, watch: Progress) -> None:
        """Apply gates to a state in place."""

    def unitary(self, gates: Gates, num_qubits: int, precision: str, watch: Progress) -> Array:
        """Return the (2^n, 2^n) matrix of gates."""

    def outcomes(self, circuit: Circuit, watch: Progress) -> AffineSpace:
        """Return what the clbits that results show may be at the end of a Clifford circuit."""

    def choose(self, space: AffineSpace, choices: Words) -> Words:
        """Return the outcomes that choices make; see `AffineSpace.outcomes`."""

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


class NumpyEngine:
    """See `Engine`: a gate at a time, in numpy alone and in this thread."""

    name = "numpy"

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

    def draw_many(self, steps: Ints, shots: int, streams: Streams, numbers: Sequence[int], counts: Ints) -> None:
        """See `Engine`."""
        counts_of_each(steps, shots, map(streams.moved_rng, numbers), counts)

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
