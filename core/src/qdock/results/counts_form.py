"""Entries of circuits whose counts have one form: registers and possible outcomes are checked once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qdock.results import result_checks as checks
from qdock.results.circuit_result import CircuitResult, HasRegister
from qdock.results.outcomes import Words, as_words, is_ascending

__all__ = ["CountsForm"]

_INT64 = np.dtype(np.int64)


class Named(Protocol):
    """What an entry needs to know of its circuit beside the form."""

    @property
    def name(self) -> str: ...
    @property
    def metadata(self) -> dict[str, Any]: ...


class CountsForm:
    """Makes entries for circuits with the same classical registers, of which the same outcomes are possible.

    Parameters
    ----------
    registers : sequence of Register
        Of the circuits.
    outcomes : (k, words) uint64 array
        All that are possible, ascending; see `CircuitResult`.

    Raises
    ------
    ValueError
        If the outcomes are not those of so many clbits, or not ascending.
    """

    def __init__(self, registers: Sequence[HasRegister], outcomes: NDArray[Any]) -> None:
        shown = tuple([(register.name, register.size) for register in registers if register.output])
        # A copy, as it is made read-only and every entry may have it.
        self._outcomes: Words = as_words(np.array(outcomes), sum(size for _, size in shown))
        if not is_ascending(self._outcomes):
            raise ValueError("`outcomes` of a form are ascending, but some are not.")
        checks.freeze(self._outcomes)
        self._common = vars(CircuitResult(registers=shown))

    def entry(
        self, circuit: Named, counts: NDArray[np.int64], *, shots: int, seed: int, seconds: float
    ) -> CircuitResult:
        """Return the entry of a circuit.

        Parameters
        ----------
        circuit : Circuit
            Gives its name and metadata.
        counts : (k,) int64 array
            How often each of the form's outcomes was seen; taken over and made read-only.
        shots : int
            How often it was run.
        seed : int
            Of the job.
        seconds : float
            How long it took.

        Raises
        ------
        TypeError, ValueError
            If there is not one count for each outcome, or they are none of so many shots, or another value is wrong.
        """
        outcomes = self._outcomes
        # Of Python's own integers a sum does not wrap around.
        numbers = counts.tolist()
        if counts.dtype != _INT64 or len(numbers) != len(outcomes) or min(numbers) < 0 or sum(numbers) > shots:
            raise ValueError(
                f"`counts` are {len(outcomes)} numbers of type int64 of at least 0 that add up to at most the {shots} "
                f"shots, but here are {len(numbers)} of type {counts.dtype}: {str(numbers)[:60]}."
            )
        if 0 in numbers:
            seen = counts.nonzero()[0]
            outcomes, counts = outcomes[seen], counts[seen]
            checks.freeze(outcomes)
        checks.freeze(counts)
        values = self._common.copy()
        values["name"] = checks.check_text("name", circuit.name)
        values["shots"] = checks.check_integer("shots", shots, 63)
        values["seed"] = checks.check_integer("seed", seed, 64)
        values["seconds"] = checks.check_seconds(seconds)
        values["outcomes"], values["counts"] = outcomes, counts
        values["header"], values["data"] = checks.check_header("header", circuit.metadata), {}
        return CircuitResult._of_checked(values)
