"""The result of a circuit over some of its registers or clbits only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qdock.results import outcomes as _outcomes
from qdock.results import result_checks as checks
from qdock.results.circuit_result import CircuitResult
from qdock.results.outcomes import Words

__all__ = ["marginal_of"]


def marginal_of(entry: CircuitResult, which: Sequence[str | int]) -> CircuitResult:
    """Return what `CircuitResult.marginal` does."""
    bits, registers = _outcomes.resolve_bits(which, entry.num_clbits, entry.registers)
    outcomes = None if entry.outcomes is None else _outcomes.select_bits(entry.outcomes, bits)
    likely, possible = _probabilities(entry, bits)
    return replace(
        entry,
        registers=registers,
        num_clbits=len(bits),
        outcomes=outcomes,
        statevector=None,
        unitary=None,
        probabilities=likely,
        probability_outcomes=possible,
        data={},
    )


def _probabilities(entry: CircuitResult, bits: Sequence[int]) -> tuple[NDArray[np.float64] | None, Words | None]:
    values, words = entry.probabilities, entry.probability_outcomes
    if values is None or (words is None and checks.bit_length(values) != entry.num_clbits):
        return None, None
    likely, possible = checks.likely_outcomes(values, words)
    selected = _outcomes.select_bits(possible, bits)
    if words is not None:
        return likely, selected
    index = selected[:, 0].astype(np.intp) if bits else np.zeros(len(likely), np.intp)
    return np.bincount(index, weights=likely, minlength=1 << len(bits)).astype(np.float64), None
