"""The gates of Clifford circuits as steps, each a kind and two numbers: what states made as sums are changed by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qdock.gates import GATES
from qdock.operations import Code

__all__ = ["ADD", "COUPLE", "EIGHTHS", "FLIP", "IS_AFFINE", "IS_PAIR", "MIX", "STEPS", "STEP_COUNTS", "SWAP", "TURN"]

#: The kinds: a phase by quarter turns where a qubit is 1; a qubit turned over; a Hadamard gate; CX; CZ; an exchange of
#: qubits; and a global phase by eighths of a turn.
TURN, FLIP, MIX, ADD, COUPLE, SWAP, EIGHTHS = range(7)
_STEPS_OF: dict[str, tuple[tuple[int, int, int], ...]] = {
    "id": (),
    "x": ((FLIP, 0, 0),),
    "y": ((TURN, 0, 2), (FLIP, 0, 0), (EIGHTHS, 0, 2)),
    "z": ((TURN, 0, 2),),
    "h": ((MIX, 0, 0),),
    "s": ((TURN, 0, 1),),
    "sdg": ((TURN, 0, 3),),
    "sx": ((MIX, 0, 0), (TURN, 0, 1), (MIX, 0, 0)),
    "sxdg": ((MIX, 0, 0), (TURN, 0, 3), (MIX, 0, 0)),
    "cx": ((ADD, 0, 1),),
    "CX": ((ADD, 0, 1),),
    "cy": ((TURN, 1, 3), (ADD, 0, 1), (TURN, 1, 1)),
    "cz": ((COUPLE, 0, 1),),
    "swap": ((SWAP, 0, 1),),
    "iswap": ((TURN, 0, 1), (TURN, 1, 1), (COUPLE, 0, 1), (SWAP, 0, 1)),
    "dcx": ((ADD, 0, 1), (ADD, 1, 0)),
}
_MOST_STEPS = max(map(len, _STEPS_OF.values()))
#: Whether the second number of a kind is a qubit's place, too.
IS_PAIR = np.array([kind in (ADD, COUPLE, SWAP) for kind in range(7)])


def _tables() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which operations, by code, are known here, how many steps each has, and these."""
    known, counts = np.zeros(256, np.bool_), np.zeros(256, np.int64)
    steps = np.zeros((256, _MOST_STEPS, 3), np.int64)
    known[[Code.BARRIER, Code.DELAY]] = True
    for name, row in _STEPS_OF.items():
        if name in GATES:
            code = GATES[name].code
            known[code], counts[code] = True, len(row)
            steps[code, : len(row)] = np.array(row, np.int64).reshape(-1, 3)
    return known, counts, steps


#: Whether an operation, by code, is one of these gates or does nothing.
IS_AFFINE, STEP_COUNTS, STEPS = _tables()
