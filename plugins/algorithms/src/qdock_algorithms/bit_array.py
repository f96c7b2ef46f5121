"""Samples of a classical register: one row of bits for each shot, in an array of any shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock import Counts

__all__ = ["BitArray"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class BitArray:
    """Shots of one register, for each set of parameter values.

    Parameters
    ----------
    array : (..., num_shots, num_bytes) uint8 array
        The bits of a shot as bytes, the most significant first; what is beyond `num_bits` is zero.
    num_bits : int
        The size of the register. Its first clbit is the least significant bit.
    """

    array: npt.NDArray[np.uint8]
    num_bits: int

    def __post_init__(self) -> None:
        if self.array.dtype != np.uint8 or self.array.ndim < 2 or self.array.shape[-1] != -(-self.num_bits // 8):
            raise ValueError(
                f"The samples of {self.num_bits} bits are an array of uint8 of the shape (..., shots, "
                f"{-(-self.num_bits // 8)}), but one of {self.array.dtype} and {self.array.shape} was given."
            )

    @classmethod
    def from_bool_array(cls, bits: npt.ArrayLike) -> BitArray:
        """Return the samples with these (..., num_shots, num_bits) bits, the most significant first."""
        given = np.asarray(bits, dtype=bool)
        fill = np.zeros((*given.shape[:-1], -given.shape[-1] % 8), dtype=bool)
        return cls(np.packbits(np.concatenate([fill, given], axis=-1), axis=-1), given.shape[-1])

    # --- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the sets of parameter values."""
        return self.array.shape[:-2]

    @property
    def ndim(self) -> int:
        """How many axes `shape` has."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many sets of parameter values there are."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def num_shots(self) -> int:
        """How many shots each set has."""
        return int(self.array.shape[-2])

    def __repr__(self) -> str:
        return f"BitArray(<shape={self.shape}, num_shots={self.num_shots}, num_bits={self.num_bits}>)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BitArray):
            return NotImplemented
        return self.num_bits == other.num_bits and np.array_equal(self.array, other.array)

    __hash__ = None  # type: ignore[assignment]  # equal by its content

    def __getitem__(self, index: Any) -> BitArray:
        """Return the samples of some sets of parameter values, as numpy indexes `shape`."""
        found = self.array.reshape(*self.shape, -1)[index]
        if found.ndim == 0 or found.shape[-1:] != (self.array.shape[-2] * self.array.shape[-1],):
            raise IndexError(f"The samples have the shape {self.shape}, which {index!r} does not fit.")
        return BitArray(found.reshape(*found.shape[:-1], *self.array.shape[-2:]), self.num_bits)

    # --- what was seen

    def get_counts(self, loc: int | tuple[int, ...] | None = None) -> Counts:
        """Return how often each bit string was seen, in one set of parameter values or in all."""
        rows, counts = np.unique(self._rows(loc), axis=0, return_counts=True)
        found = zip(self._strings(rows), counts.tolist(), strict=True)
        return Counts(dict(found) if self.num_bits else {}, num_clbits=self.num_bits)

    def get_int_counts(self, loc: int | tuple[int, ...] | None = None) -> dict[int, int]:
        """Return how often each value of the register was seen."""
        return self.get_counts(loc).int_outcomes()

    def get_bitstrings(self, loc: int | tuple[int, ...] | None = None) -> list[str]:
        """Return the bit string of every shot."""
        return self._strings(self._rows(loc))

    def to_bool_array(self) -> Bools:
        """Return the bits, a (..., num_shots, num_bits) array, the most significant first."""
        return np.unpackbits(self.array, axis=-1)[..., self.array.shape[-1] * 8 - self.num_bits :].astype(bool)

    def _rows(self, loc: int | tuple[int, ...] | None) -> npt.NDArray[np.uint8]:
        chosen = self if loc is None else self[loc]
        return chosen.array.reshape(-1, self.array.shape[-1])

    def _strings(self, rows: npt.NDArray[np.uint8]) -> list[str]:
        bits = np.unpackbits(rows, axis=-1)[:, rows.shape[-1] * 8 - self.num_bits :]
        return [row.tobytes().decode() for row in bits + np.uint8(ord("0"))]

    @staticmethod
    def concatenate_bits(arrays: Sequence[BitArray]) -> BitArray:
        """Return the samples of several registers as those of one, the first least significant."""
        return BitArray.from_bool_array(np.concatenate([item.to_bool_array() for item in reversed(arrays)], axis=-1))
