"""The states of many small circuits of a job, made in one call before each circuit's outcomes are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qdock.circuit import Circuit
from qdock_basic.engine import Engine
from qdock_basic.fast_engine import FastEngine
from qdock_basic.kernels import Array
from qdock_basic.straight import Part, straight_of
from qdock_basic.watch import Watch

__all__ = ["states_of"]

# Larger states are worth a call each, fewer circuits are not worth the threads.
_MOST_QUBITS = 10
_LEAST_CIRCUITS = 16


def states_of(
    programs: Sequence[Circuit], options: Mapping[str, Any], engine: Engine, watch: Watch
) -> dict[int, tuple[Part, Array]]:
    """Return the final states of those circuits that can be run together, by their numbers, with what they read."""
    wanted = options["output"] == "counts" and options["method"] in ("auto", "sampling")
    if not wanted or options["initial_state"] is not None or len(programs) < _LEAST_CIRCUITS:
        return {}
    if not isinstance(engine, FastEngine):
        return {}
    groups: dict[int, list[tuple[int, Part]]] = {}
    for index, circuit in enumerate(programs):
        if 0 < circuit.num_qubits <= _MOST_QUBITS and not circuit.columns().details:
            straight = straight_of(circuit)
            if straight is not None and straight.gates.stop:
                groups.setdefault(circuit.num_qubits, []).append((index, straight))
    found = {}
    for num_qubits, members in groups.items():
        gates = [straight.gates for _, straight in members]
        states = engine.start_many(gates, num_qubits, options["precision"], watch)
        found.update({index: (straight, state) for (index, straight), state in zip(members, states, strict=True)})
    return found
