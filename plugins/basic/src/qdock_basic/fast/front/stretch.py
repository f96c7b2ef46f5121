"""Operations of a circuit that are run in one go, and where in a state."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Stretch"]


class Stretch(NamedTuple):
    """Operations of a circuit that follow each other: the middle arguments of compiled code, in its order.

    Attributes
    ----------
    num_qubits, offset : int
        How many qubits the circuit has, and where the first one lies in the state's index.
    first, end : int
        Which operations.
    phase : float
        A global phase besides theirs.
    fresh : bool
        Whether all qubits are 0 at first; what the state holds is not read then.
    """

    num_qubits: int
    offset: int
    first: int
    end: int
    phase: float
    fresh: bool
