"""Counts: how often each outcome was seen, as a dict from bit string to number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdock.errors import ResultError
from qdock.results import outcomes as _outcomes
from qdock.results.histogram import LIMIT, WIDTH, plain_histogram
from qdock.results.outcomes import Registers, Words
from qdock.results.svg import svg_histogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Counts"]

_REPR_LIMIT = 24


class Counts(dict[str, int]):
    """How often each outcome was seen.

    A dict from bit string to number: clbit 0 is the rightmost character, the last declared register comes first,
    and there is a space between registers.

    Parameters
    ----------
    data : mapping of (str or int) to int
        Keys are bit strings (with spaces between registers or not), hex strings, or integers, also mixed.
        Keys of one outcome are added up.
    registers : sequence of (name, size), optional
        First declared first: bit strings are written with a space between these.
    num_clbits : int, optional
        How long the bit strings are. Default: what the registers, or else the longest key, need.

    Raises
    ------
    TypeError, ValueError
        If a key is no outcome of so many clbits, or a number is no count.

    Examples
    --------
    >>> Counts({"0x0": 507, "0x3": 517}, num_clbits=2)
    {'00': 507, '11': 517}
    >>> Counts({5: 10}, registers=[("a", 1), ("b", 2)])
    {'10 1': 10}
    """

    registers: Registers
    num_clbits: int

    def __init__(
        self,
        data: Mapping[Any, int] | None = None,
        registers: Iterable[tuple[str, int]] = (),
        num_clbits: int | None = None,
    ) -> None:
        super().__init__()
        data = {} if data is None else data
        given = tuple(registers) or _registers_of(data)
        if num_clbits is None and not given:
            num_clbits = _longest(data)
        named, num_clbits = _outcomes.check_registers(given, num_clbits)
        words, counts = parse_counts(data, num_clbits)
        words, counts, _ = _outcomes.merge_outcomes(words, counts)
        self._fill(words, counts, named, num_clbits)

    def _fill(self, words: Words, counts: NDArray[np.int64], registers: Registers, num_clbits: int) -> None:
        self.registers, self.num_clbits = registers, num_clbits
        if num_clbits:
            self.update(zip(_outcomes.bit_strings(words, num_clbits, registers), counts.tolist(), strict=True))

    @classmethod
    def _from_pairs(cls, pairs: Iterable[tuple[str, int]], registers: Registers, num_clbits: int) -> Counts:
        """Return counts whose bit strings have been made already."""
        self = cls.__new__(cls)
        dict.__init__(self, pairs)
        self.registers, self.num_clbits = registers, num_clbits
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (dict(self), self.registers, self.num_clbits)

    def __repr__(self) -> str:
        if len(self) <= _REPR_LIMIT:
            return dict.__repr__(self)
        shown = [f"{key!r}: {self[key]!r}" for key, _ in zip(self, range(_REPR_LIMIT), strict=False)]
        return f"{{{', '.join(shown)}, ... {len(self) - _REPR_LIMIT:,} more}}"

    @property
    def shots(self) -> int:
        """How many outcomes were seen in all."""
        return sum(self.values())

    def most_frequent(self) -> str:
        """Return the bit string that was seen most often.

        Raises
        ------
        ResultError
            If there is none, or several were seen equally often.
        """
        if not self:
            raise ResultError("There is no most frequent outcome: these counts are empty.")
        most = max(self.values())
        winners = [key for key, value in self.items() if value == most]
        if len(winners) > 1:
            shown = ", ".join(repr(key) for key in winners[:4]) + (", ..." if len(winners) > 4 else "")
            raise ResultError(
                f"There is no single most frequent outcome: {len(winners):,} were seen {most:,} times each ({shown})."
            )
        return winners[0]

    def int_outcomes(self) -> dict[int, int]:
        """Return the counts by the outcome as an integer, clbit 0 the least significant bit."""
        return {_outcomes.parse_outcome(key): value for key, value in self.items()}

    def hex_outcomes(self) -> dict[str, int]:
        """Return the counts by the outcome as a hex string."""
        return {hex(key): value for key, value in self.int_outcomes().items()}

    def probabilities(self) -> dict[str, float]:
        """Return the part of the shots in which each outcome was seen."""
        shots = self.shots
        return {key: value / shots for key, value in self.items()} if shots else {}

    def marginal(self, *which: str | int) -> Counts:
        """Return the counts over some clbits or registers only, the first listed rightmost.

        Parameters
        ----------
        *which : str or int
            Names of registers, or indices of clbits.

        Raises
        ------
        ValueError
            If one of them is unknown or listed twice, or names and indices are mixed.
        """
        bits, registers = _outcomes.resolve_bits(which, self.num_clbits, self.registers)
        words, counts = parse_counts(self, self.num_clbits)
        words, counts, _ = _outcomes.merge_outcomes(_outcomes.select_bits(words, bits), counts)
        selected = Counts(registers=registers, num_clbits=len(bits))
        selected._fill(words, counts, registers, len(bits))
        return selected

    # --- pictures

    def histogram(self, limit: int = LIMIT, width: int = WIDTH, *, ascii_only: bool = False, title: str = "") -> str:
        """Return a histogram as plain text, the most frequent outcomes first and the rest summed."""
        return plain_histogram(self, limit=limit, width=width, ascii_only=ascii_only, title=title)

    def plot(self, **options: Any) -> Figure:
        """Return a matplotlib figure of the histogram; needs ``pip install qdock[plot]``.

        The options are those of `qdock.results.plot.plot_histogram`.
        """
        from qdock.results.plot import plot_histogram

        return plot_histogram(self, **options)

    def _repr_svg_(self) -> str:
        return svg_histogram(self)

    def _repr_html_(self) -> str:
        return svg_histogram(self, card=False)


def _rebuild(data: dict[str, int], registers: Registers, num_clbits: int) -> Counts:
    self = Counts(registers=registers, num_clbits=num_clbits)
    self.update(data)
    return self


def parse_counts(data: Mapping[Any, int], num_clbits: int) -> tuple[Words, NDArray[np.int64]]:
    """Return the outcomes and the numbers of a mapping as arrays, in its order; equal outcomes stay apart."""
    outcomes = [_outcomes.parse_outcome(key, num_clbits) for key in data]
    counts = np.fromiter((_check_count(key, value) for key, value in data.items()), np.int64, len(data))
    return _outcomes.words_from_ints(outcomes, num_clbits), counts


def _check_count(key: Any, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"A count is a whole number, but outcome {key!r} has {value!r}.")
    number = int(value.__index__())
    if not 0 <= number < 2**63:
        raise ValueError(f"A count is at least 0 and below 2**63, but outcome {key!r} has {number}.")
    return number


def _registers_of(data: Mapping[Any, int]) -> Registers:
    """Return unnamed registers as long as the parts of the first key, if it has spaces."""
    first = next(iter(data), "")
    parts = first.split(" ") if isinstance(first, str) else []
    return tuple(("", len(part)) for part in reversed(parts)) if len(parts) > 1 else ()


def _longest(data: Mapping[Any, int]) -> int:
    """Return how many clbits the keys need: as many as their bit strings have, or their largest integer."""
    return max((_length(key) for key in data), default=0)


def _length(key: Any) -> int:
    if isinstance(key, str) and key[1:2] not in ("x", "X", "b", "B"):
        return sum(character in "01" for character in key)
    return max(_outcomes.parse_outcome(key).bit_length(), 1)
