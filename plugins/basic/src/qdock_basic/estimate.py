"""How long a circuit will take, roughly: so that tiny work is done on the spot, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qdock.circuit import Circuit
from qdock.expr import Const
from qdock.operations import Code, Columns, For, While
from qdock.streams import SHOTS_PER_BLOCK

__all__ = ["seconds_of"]

# Measured on one core: what an operation costs whatever the state's size, each amplitude that it goes through, a
# circuit, an outcome that is counted, and a shot whose place in the order is kept.
_PER_OPERATION = 6e-6
_PER_AMPLITUDE = 3e-9
_PER_CIRCUIT = 3e-4
_PER_OUTCOME = 5e-8
_PER_SHOT_KEPT = 5e-8
# How often a loop goes round of which nothing is known.
_ROUNDS = 20


def seconds_of(circuit: Circuit, options: Mapping[str, Any]) -> float:
    """Return how many seconds a circuit will take with some options, to a factor of about three."""
    width = circuit.num_qubits * (2 if options["output"] == "unitary" else 1)
    # Beyond this nothing is done on the spot, and a float would not hold it.
    size = 1 << min(width, 64)
    each_run = _operations(circuit) * (_PER_OPERATION + _PER_AMPLITUDE * size)
    return _PER_CIRCUIT + _branches(circuit, options) * each_run + _reading(circuit, options)


def _reading(circuit: Circuit, options: Mapping[str, Any]) -> float:
    if options["output"] != "counts":
        return 0.0
    shots: int = options["shots"]
    outcomes = min(shots, 1 << min(circuit.num_clbits, 64)) * (1 + shots / SHOTS_PER_BLOCK)
    return _PER_OUTCOME * outcomes + _PER_SHOT_KEPT * shots * bool(options["memory"])


def _operations(circuit: Circuit) -> float:
    """Return how many operations a run goes through."""
    columns = circuit.columns()
    inner = (
        _rounds(detail) * sum(_operations(block) for block in detail.blocks) for detail in columns.details.values()
    )
    return len(columns.code) + sum(inner)


def _rounds(detail: Any) -> int:
    if isinstance(detail, For):
        if isinstance(detail.values, tuple):
            return len(detail.values)
        bounds = [int(item.value) for item in detail.expressions if isinstance(item, Const)]
        if len(bounds) == 3 and bounds[2]:
            return max(0, -((bounds[0] - bounds[1]) // bounds[2]))
    return _ROUNDS if isinstance(detail, (For, While)) else 1


def _branches(circuit: Circuit, options: Mapping[str, Any]) -> int:
    """Return how many branches a run may have."""
    if options["output"] in ("statevector", "unitary"):
        return 1
    splits = _splits(circuit.columns())
    most = options["shots"] if options["output"] == "counts" else 1 << 12
    return int(min(1 << min(splits, 30), most))


def _splits(columns: Columns) -> int:
    """Return how many operations may split a run: resets, and measurements before the last gate."""
    code = columns.code
    gates = np.flatnonzero(code < Code.MEASURE)
    early = code[: gates[-1]] if gates.size else code[:0]
    splits = int(((early == Code.MEASURE) | (early == Code.RESET)).sum())
    return splits + sum(_splits(block.columns()) for detail in columns.details.values() for block in detail.blocks)
