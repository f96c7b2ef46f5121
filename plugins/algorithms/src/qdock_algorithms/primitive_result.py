"""What primitives return: for each pub its arrays by name, and what is known of how they came about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, overload

from qdock_algorithms.bit_array import BitArray

__all__ = ["PrimitiveResult", "PubResult"]


@dataclass(frozen=True)
class PubResult:
    """What came back for one pub.

    Attributes
    ----------
    data : namespace
        Of an estimator ``evs`` and ``stds``, arrays of the pub's shape; of a sampler a `BitArray` for each register.
    metadata : dict
        How it was computed, as JSON values.
    """

    data: SimpleNamespace
    metadata: dict[str, Any] = field(default_factory=dict)

    def join_data(self) -> BitArray:
        """Return the samples of all registers as one, the first declared least significant.

        Raises
        ------
        TypeError
            If these are no samples.
        """
        arrays = list(vars(self.data).values())
        if not arrays or not all(isinstance(item, BitArray) for item in arrays):
            raise TypeError(f"Only samples of registers can be joined; this pub has {', '.join(vars(self.data))}.")
        return BitArray.concatenate_bits(arrays)


@dataclass(frozen=True)
class PrimitiveResult:
    """What came back for the pubs of a job: a sequence of `PubResult`.

    Attributes
    ----------
    entries : tuple of PubResult
    metadata : dict
    """

    entries: tuple[PubResult, ...]
    metadata: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[PubResult]:
        return iter(self.entries)

    @overload
    def __getitem__(self, index: int) -> PubResult: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[PubResult, ...]: ...
    def __getitem__(self, index: int | slice) -> PubResult | tuple[PubResult, ...]:
        return self.entries[index]
