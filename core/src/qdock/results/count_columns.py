"""CountColumns: the counts of many circuits as a few columns, of which entries are made when somebody asks for them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdock.results import result_checks as checks
from qdock.results.circuit_result import CircuitResult, HasRegisters
from qdock.results.count_checks import check_columns, check_own
from qdock.results.counts import Counts
from qdock.results.outcomes import Registers, many_bit_strings

__all__ = ["ALIKE", "OWN", "CountColumns", "all_counts", "are_counts_alone"]

#: Fields of an entry that may differ from circuit to circuit, and those that don't.
OWN = ("name", "shots", "seed", "seconds", "header", "error")
ALIKE = ("registers", "num_clbits")
_get_more = itemgetter("memory", "statevector", "unitary", "probabilities", "data")
_MAX_CLBITS = 64

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class CountColumns:
    """What came back for m circuits with the same classical registers, if that is counts and nothing else.

    ``Result(columns)`` is the result that has these entries; it is made, read, written and kept without making them.
    The arrays are read-only.

    Attributes
    ----------
    common : dict
        Fields of a `CircuitResult` that are the same for all, by name.
    own : dict of str to list of m
        The other fields, but the arrays and `data`.
    outcomes : (k,) uint64 array
        What was seen, circuit by circuit, each circuit's ascending.
    counts : (k,) int64 array
        How often: at least once.
    starts : (m + 1,) int64 array
        Where each circuit's outcomes begin, and the end.
    """

    common: dict[str, Any]
    own: dict[str, list[Any]]
    outcomes: Words
    counts: Ints
    starts: Ints

    # --- made

    @classmethod
    def from_arrays(
        cls,
        circuits: Sequence[HasRegisters],
        outcomes: ArrayLike,
        counts: ArrayLike,
        starts: ArrayLike,
        *,
        shots: int,
        seed: int | None = None,
        seconds: float | None = None,
        headers: Sequence[Mapping[str, Any]] = (),
    ) -> CountColumns:
        """Return the columns of circuits that were counted together.

        Parameters
        ----------
        circuits : sequence of m Circuit
            Give the names; the first one gives the registers of all, of 1 to 64 clbits.
        outcomes : (k,) uint64 array
            See the attributes. Like the counts, taken over and made read-only.
        counts : (k,) int64 array
        starts : (m + 1,) integer array
        shots : int
            Of each circuit.
        seed : int, optional
            Of the job.
        seconds : float, optional
            That each circuit took.
        headers : sequence of m mappings, optional
            JSON values that came with the circuits.

        Raises
        ------
        TypeError, ValueError
            If a value is of a wrong type or shape, or does not fit the others.
        """
        if not len(circuits):
            raise ValueError("Columns of counts are of at least one circuit, but none was given.")
        if len(headers) not in (0, len(circuits)):
            raise ValueError(
                f"`headers` has a mapping for each of {len(circuits)} circuits, or none, but {len(headers)} were given."
            )
        common = vars(CircuitResult.from_circuit(circuits[0], shots=shots, seed=seed, seconds=seconds))
        own: dict[str, Sequence[Any]] = {"name": [circuit.name for circuit in circuits]}
        if any(headers):
            own["header"] = headers
        arrays = np.asarray(outcomes), np.asarray(counts), np.asarray(starts)
        return cls.checked(common, own, *arrays, len(circuits))

    @classmethod
    def checked(
        cls,
        common: Mapping[str, Any],
        own: Mapping[str, Sequence[Any]],
        outcomes: NDArray[Any],
        counts: NDArray[Any],
        starts: NDArray[Any],
        circuits: int,
    ) -> CountColumns:
        """Return columns of `circuits` circuits, made of what somebody else says; `common` is of a `CircuitResult`.

        Raises
        ------
        TypeError, ValueError
            If a value is of a wrong type or shape, or does not fit the others.
        """
        mine = check_own(own, circuits)
        check_columns(outcomes, counts, starts, circuits, common["num_clbits"], mine.get("shots", common["shots"]))
        return cls.made(common, mine, outcomes, counts, starts.astype(np.int64, copy=False))

    @classmethod
    def of(cls, entries: Sequence[CircuitResult]) -> CountColumns | None:
        """Return the columns of entries, or None if they are not alike, or have more than counts."""
        if not are_counts_alone(entries):
            return None
        own = {name: [getattr(entry, name) for entry in entries] for name in OWN}
        return cls.made(vars(entries[0]), own, *_joined(entries))

    @classmethod
    def made(
        cls, common: Mapping[str, Any], own: Mapping[str, list[Any]], outcomes: Words, counts: Ints, starts: Ints
    ) -> CountColumns:
        """Return columns of checked values; of the fields in `own` those that are the same for all stand once."""
        for array in (outcomes, counts, starts):
            checks.freeze(array)
        same = {name: values[0] for name, values in own.items() if _are_same(name, values)}
        rest = {name: values for name, values in own.items() if name not in same}
        every = {**common, **same}
        return cls({name: every[name] for name in (*OWN, *ALIKE) if name not in rest}, rest, outcomes, counts, starts)

    # --- read

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[CircuitResult]:
        """Make the entries; they share no value that can be changed."""
        rows, edges = self.outcomes.reshape(-1, 1), self.starts.tolist()
        for start, stop, mine in zip(edges, edges[1:], self._rows(), strict=False):
            values = {**_NOTHING, **self.common, **mine, "data": {}}
            values["outcomes"], values["counts"] = rows[start:stop], self.counts[start:stop]
            values["header"] = copy.deepcopy(values["header"]) if values["header"] else {}
            yield CircuitResult._of_checked(values)

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Yield what is each circuit's own."""
        if not self.own:
            return repeat({}, len(self))
        return (dict(zip(self.own, values, strict=True)) for values in zip(*self.own.values(), strict=True))

    def get_counts(self) -> list[Counts]:
        """Return what `CircuitResult.get_counts` does of each circuit."""
        return _counts_of(self.outcomes, self.counts, self.starts, self.common["registers"], self.common["num_clbits"])

    @property
    def names(self) -> list[str]:
        """The names of the circuits."""
        return self.of_each("name")

    def of_each(self, name: str) -> list[Any]:
        """Return a field of every circuit."""
        return self.own[name] if name in self.own else [self.common[name]] * len(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for array in (self.outcomes, self.counts, self.starts):
            checks.freeze(array)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.outcomes.nbytes + self.counts.nbytes + self.starts.nbytes


# What an entry has that stands in no column.
_NOTHING = vars(CircuitResult())


def _are_same(name: str, values: Sequence[Any]) -> bool:
    # Headers that are equal may still hold values of different types.
    return not any(values) if name == "header" else values.count(values[0]) == len(values)


def are_counts_alone(entries: Sequence[CircuitResult]) -> bool:
    """Whether entries have counts over the same 1 to 64 clbits, and nothing else."""
    return _have_like_counts(entries) and not any(map(_has_more, entries))


def _has_more(entry: CircuitResult) -> bool:
    memory, state, matrix, probabilities, data = _get_more(vars(entry))
    arrays = (memory, state, matrix, probabilities)
    return bool(data or entry._returned) or any(array is not None for array in arrays)


def _have_like_counts(entries: Sequence[CircuitResult]) -> bool:
    """Whether there are entries, and all have counts over the same 1 to 64 clbits."""
    if not entries:
        return False
    num_clbits, registers = entries[0].num_clbits, entries[0].registers
    return 0 < num_clbits <= _MAX_CLBITS and all(
        entry.counts is not None and entry.num_clbits == num_clbits and entry.registers == registers
        for entry in entries
    )


def _joined(entries: Sequence[CircuitResult]) -> tuple[Words, Ints, Ints]:
    """Return the outcomes and counts of entries that are alike in columns, and where each begins."""
    words = [entry.outcomes for entry in entries if entry.outcomes is not None]
    numbers = [entry.counts for entry in entries if entry.counts is not None]
    starts = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, numbers), np.int64, len(numbers)), out=starts[1:])
    return np.concatenate(words).reshape(-1), np.concatenate(numbers), starts


# --- counts of all


def all_counts(entries: Sequence[CircuitResult]) -> list[Counts]:
    """Return what `CircuitResult.get_counts` does of each entry; many that are alike take a third of its time.

    Raises
    ------
    ResultError
        If one has no counts.
    """
    if len(entries) < 2 or not _have_like_counts(entries):
        return [entry.get_counts() for entry in entries]
    return _counts_of(*_joined(entries), entries[0].registers, entries[0].num_clbits)


def _counts_of(words: Words, numbers: Ints, starts: Ints, registers: Registers, num_clbits: int) -> list[Counts]:
    pairs = zip(many_bit_strings(words, num_clbits, registers), numbers.tolist(), strict=True)
    return [Counts._from_pairs(islice(pairs, size), registers, num_clbits) for size in np.diff(starts).tolist()]
