"""How long a circuit will take, roughly: so that tiny work is done on the spot, and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from qdock.circuit import Circuit
from qdock.expr import Const
from qdock.operations import Code, Columns, For, While
from qdock.streams import SHOTS_PER_BLOCK
from qdock_basic.engines.tableau import tableau_bytes
from qdock_basic.programs.methods import FEW_QUBITS, fits_tableau

__all__ = ["expected_seconds", "seconds_of"]

# Measured on one core: what an operation costs whatever the state's size, each amplitude that it goes through, a
# circuit, an outcome that is counted, and a shot whose place in the order is kept.
_PER_OPERATION = 6e-6
_PER_AMPLITUDE = 3e-9
_PER_CIRCUIT = 3e-4
_PER_OUTCOME = 5e-8
_PER_SHOT_KEPT = 5e-8
# Of a tableau in numpy: a gate, and 64 bits that are gone through, of which a gate has four columns.
_PER_CLIFFORD = 2.5e-6
_PER_WORD = 4e-9
# What takes so many seconds is not done on the spot, however much longer it takes.
_MUCH = 1e-2
_MEASURE, _RESET = int(Code.MEASURE), int(Code.RESET)
_READINGS = bytes((_MEASURE, int(Code.BARRIER), int(Code.DELAY)))
# How often a loop goes round of which nothing is known.
_ROUNDS = 20


def seconds_of(circuit: Circuit, options: Mapping[str, Any]) -> float:
    """Return how many seconds a circuit will take with some options, to a factor of about three."""
    work = circuit.once(_work)
    if work.num_qubits > FEW_QUBITS and _has_tableau(circuit, options):
        return _seconds_of_tableau(circuit, options, work.outcomes)
    is_unitary = options["output"] == "unitary"
    branches = _branches(work.splits, options) if work.splits else 1
    each_run = work.operations * (_PER_OPERATION + _PER_AMPLITUDE * (work.entries if is_unitary else work.size))
    return _PER_CIRCUIT + branches * each_run + _reading(work.outcomes, options)


def _has_tableau(circuit: Circuit, options: Mapping[str, Any]) -> bool:
    """Whether a tableau is used in place of a state of many qubits."""
    asked = options["output"] in ("counts", "probabilities") and options["method"] in ("auto", "stabilizer")
    return asked and fits_tableau(circuit, options)


def _seconds_of_tableau(circuit: Circuit, options: Mapping[str, Any], outcomes: int) -> float:
    size = math.sqrt(circuit.once(tableau_bytes))
    gates = len(circuit.columns().code) * (_PER_CLIFFORD + _PER_WORD * size / 16)
    return _PER_CIRCUIT + gates + _PER_WORD * size * size / 64 + _reading(outcomes, options)


def expected_seconds(circuits: Iterable[Circuit], options: Mapping[str, Any], most: float = _MUCH) -> float:
    """Return how many seconds circuits will take one after the other; where that is over `most`, a part of it."""
    total = 0.0
    for circuit in circuits:
        total += seconds_of(circuit, options)
        if total > most:
            break
    return total


def _reading(outcomes: int, options: Mapping[str, Any]) -> float:
    if options["output"] != "counts":
        return 0.0
    shots: int = options["shots"]
    seen = min(shots, outcomes) * (1 + shots / SHOTS_PER_BLOCK)
    return _PER_OUTCOME * seen + (_PER_SHOT_KEPT * shots if options["memory"] else 0.0)


class _Work(NamedTuple):
    """What the time depends on, whatever is asked for."""

    num_qubits: int
    #: How many operations a run goes through, and how many may split it.
    operations: float
    splits: int
    #: Of a state, a matrix, and the clbits: beyond 2^64 nothing is done on the spot, and a float would not hold it.
    size: int
    entries: int
    outcomes: int


def _work(circuit: Circuit) -> _Work:
    qubits, clbits = circuit.num_qubits, circuit.num_clbits
    sizes = [1 << min(bits, 64) for bits in (qubits, 2 * qubits, clbits)]
    return _Work(qubits, _operations(circuit), _splits(circuit.columns()), *sizes)


def _operations(circuit: Circuit) -> float:
    """Return how many operations a run goes through."""
    columns = circuit.columns()
    if not columns.details:
        return len(columns.code)
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


def _branches(splits: int, options: Mapping[str, Any]) -> int:
    """Return how many branches a run may have."""
    if options["output"] in ("statevector", "unitary"):
        return 1
    most = options["shots"] if options["output"] == "counts" else 1 << 12
    return int(min(1 << min(splits, 30), most))


def _splits(columns: Columns) -> int:
    """Return how many operations may split a run: resets, and measurements before the last gate."""
    data = columns.code.tobytes()
    # What is left without the readings at the end.
    early = data.rstrip(_READINGS)
    splits = early.count(_MEASURE) + early.count(_RESET)
    return splits + sum(_splits(block.columns()) for detail in columns.details.values() for block in detail.blocks)
