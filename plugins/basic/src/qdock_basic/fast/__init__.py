"""The fast engine: statevectors and unitaries by compiled code, with the extra ``qdock-basic[fast]``.

Importing this imports nothing heavy: numba is imported when a function is called. Circuits given here have no
measurement, reset, control flow, nor angles that are computed at run time, in the range that is run.

`run` is behind every function here. Below it lie the rooms, each importing from those after it only: `branching`;
`small`, `large` and `clifford`; `drawing`; `loops`; `front`; `machine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qdock_basic.fast.stats import Looker, Stats

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from qdock.circuit import Circuit
    from qdock_basic.drawing.affine import AffineSpace, Words
    from qdock_basic.drawing.sampling import Ints
    from qdock_basic.engines.engine import Asked
    from qdock_basic.states.kernels import Array

__all__ = [
    "Stats",
    "apply",
    "block_sums",
    "choose",
    "count_many",
    "outcomes_of",
    "probabilities",
    "start_many",
    "statevector",
    "statevectors",
    "unitary",
    "why_not",
]


@cache
def why_not() -> str | None:
    """Return why the engine can't run here, or None if it can; cheap, as it imports nothing."""
    if find_spec("numba") is None:
        return "numba is not installed; `pip install 'qdock-basic[fast]'` brings it."
    return None


def statevector(
    circuit: Circuit,
    *,
    precision: str = "double",
    threads: int | None = None,
    watch: Looker | None = None,
    initial: npt.ArrayLike | None = None,
) -> tuple[Array, Stats]:
    """Return the state that a circuit makes, its global phase included.

    Parameters
    ----------
    circuit : Circuit
        Gates, barriers and delays.
    precision : {"double", "single"}
        complex128 or complex64 amplitudes.
    threads : int, optional
        How many threads at most; ``QDOCK_THREADS`` or the CPUs of the process if not given.
    watch : Looker, optional
        Is asked between passes whether to look, shown how far the run is, and may stop it by raising.
    initial : (2^n,) array_like, optional
        The state to begin with, copied; all qubits are 0 if not given.

    Returns
    -------
    (2^n,) complex array, Stats

    Raises
    ------
    CircuitError
        If a parameter is not bound.
    ValueError
        If the circuit has other operations, or there can't be so many threads.
    """
    from qdock_basic.fast import run

    return run.statevector(circuit, precision, threads, watch, initial)


def apply(
    state: Array,
    circuit: Circuit,
    start: int = 0,
    stop: int | None = None,
    *,
    threads: int | None = None,
    watch: Looker | None = None,
) -> Stats:
    """Apply the operations from `start` up to `stop` of a circuit to a state in place.

    The circuit's global phase is left to the caller. If `watch` raises, the state holds neither what was given nor
    the answer.

    Parameters
    ----------
    state : (2^n,) contiguous complex128 or complex64 array
        Overwritten.
    circuit : Circuit
        Of n qubits; only gates, barriers and delays in the range.
    start, stop : int
        Positions in the circuit's columns; up to the end if `stop` is not given.
    threads, watch
        As in `statevector`.
    """
    from qdock_basic.fast import run

    return run.apply(state, circuit, start, stop, threads, watch)


def unitary(
    circuit: Circuit, *, precision: str = "double", threads: int | None = None, watch: Looker | None = None
) -> tuple[Array, Stats]:
    """Return the unitary of a circuit, its global phase included.

    Parameters
    ----------
    circuit, precision, threads, watch
        As in `statevector`.

    Returns
    -------
    (2^n, 2^n) complex array, Stats
        Qubit 0 is the least significant bit of both indices.
    """
    from qdock_basic.fast import run

    return run.unitary(circuit, precision, threads, watch)


def statevectors(
    circuits: Sequence[Circuit],
    *,
    precision: str = "double",
    threads: int | None = None,
    watch: Looker | None = None,
) -> tuple[list[Array], Stats]:
    """Return the states of several circuits from all qubits 0, spread over the threads; see `statevector`."""
    from qdock_basic.fast import run

    return run.statevectors(circuits, precision, threads, watch)


def start_many(
    circuits: Sequence[Circuit],
    stops: Sequence[int],
    num_qubits: int,
    *,
    precision: str = "double",
    threads: int | None = None,
    watch: Looker | None = None,
) -> tuple[Array, Stats]:
    """Return the states after the first operations of small circuits of one size, spread over the threads.

    Parameters
    ----------
    circuits : sequence of m Circuit
        Whose states fit in cache.
    stops : sequence of m int
        How many operations of each are run: gates, barriers and delays.
    num_qubits : int
        Of each circuit.
    precision, threads, watch
        As in `statevector`.

    Returns
    -------
    (m, 2^num_qubits) complex array, Stats
    """
    from qdock_basic.fast import run

    return run.start_many(circuits, stops, num_qubits, precision, threads, watch)


def count_many(asked: Asked, threads: int | None = None) -> tuple[Ints, Stats] | None:
    """Run small circuits and draw their shots in one call, spread over the threads.

    Parameters
    ----------
    asked : Asked
        The circuits.
    threads : int, optional
        As in `statevector`.

    Returns
    -------
    (m, 2^k) int64 array, Stats
        How often the shots of each circuit saw each reading; None if compiled code can't do all of it.
    """
    found: tuple[Ints, Stats] | None = _run().count_many(asked, threads)
    return found


@cache
def _run() -> Any:
    # An import that is done already still takes a microsecond each time.
    from qdock_basic.fast import run

    return run


def probabilities(state: Array, threads: int | None = None) -> npt.NDArray[np.float64]:
    """Return the squared amplitudes of a state, a (2^n,) float64 array."""
    from qdock_basic.fast import run

    return run.probabilities(state, threads)


def block_sums(state: Array, width: int, threads: int | None = None) -> npt.NDArray[np.float64]:
    """Return the squared norms of runs of `width` amplitudes, a (2^n / width,) float64 array; width a power of two."""
    from qdock_basic.fast import run

    return run.block_sums(state, width, threads)


def outcomes_of(circuit: Circuit, watch: Looker) -> AffineSpace:
    """Return what the clbits shown may be at the end of a Clifford circuit; see `qdock_basic.engines.tableau`."""
    from qdock_basic.fast.clifford import tableau

    return tableau.outcomes_of(circuit, watch)


def choose(space: AffineSpace, choices: Words) -> Words:
    """Return the outcomes that ascending choices of a space's rows make; see `AffineSpace.outcomes`."""
    from qdock_basic.fast.clifford import tableau

    return tableau.choose(space, choices)
