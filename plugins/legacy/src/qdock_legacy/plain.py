"""Plain circuits: gates of known shape, then measurements. Nearly all experiments of old files are nothing else.

Files have thousands of them, so what the rules ask of each instruction, what a run needs of it, and how many names it
has in JSON are found out in one look at it. An experiment with anything else in it is looked at by the general rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import UNSET

from qdock_legacy.qobj import Experiment, Instruction

__all__ = ["BARRIER", "MAX_SLOTS", "SHAPES", "Key", "Plain", "read_plain"]

#: Classical slots and qubits that an experiment may have.
MAX_SLOTS = 1_000_000
BARRIER = "barrier"
#: How many qubits and angles the gates have that the historical simulators knew.
SHAPES: dict[str, tuple[int, int]] = {
    name: (qubits, angles)
    for qubits, angles, names in ((1, 3, "u3 U u"), (1, 0, "h x sx"), (1, 1, "u1 rz p"), (1, 2, "u2"), (2, 0, "cx CX"))
    for name in names.split()
}
#: So many gates on some qubits are remembered.
_MOST_KNOWN = 1 << 16

Key = tuple[str, tuple[int, ...]]


class Plain(NamedTuple):
    """What a plain circuit does.

    Attributes
    ----------
    keys : list of (name, qubits)
        Of every gate, and of every barrier before the measurements.
    angles : list of float
        Of all gates, one after the other.
    readings : tuple of (qubit, slot)
        Of every measurement.
    names : int
        How many names of fields its instructions have in JSON.
    """

    keys: list[Key]
    angles: list[float]
    readings: tuple[tuple[int, int], ...]
    names: int


def read_plain(experiment: Experiment) -> Plain | None:
    """Return what a circuit does, or None unless it is plain, which also says that no rule finds anything wrong."""
    num_qubits = experiment.config._data.get("n_qubits") if experiment.config else None
    if type(num_qubits) is not int or not 1 <= num_qubits <= MAX_SLOTS:
        return None
    keys, angles, names = _read_gates(experiment.instructions, num_qubits)
    readings = _read_readings(experiment.instructions[len(keys) :], num_qubits)
    if readings is None or not _are_finite(angles):
        return None
    return Plain(keys, angles, readings, names + 3 * len(readings))


def _read_gates(instructions: Sequence[Instruction], num_qubits: int) -> tuple[list[Key], list[float], int]:
    """Return the keys, angles and number of names of the instructions before the first that is no plain gate."""
    known = _known_on(num_qubits)
    keys: list[Key] = []
    angles: list[float] = []
    names = 0
    for item in instructions:
        params = item.params
        key, number = known[item.name, item.qubits]  # type: ignore[index]  # without qubits it is an unusual one
        # A call for each of these would take as long as all else.
        if (
            number != (len(params) if params else 0)
            or item.memory is not UNSET
            or item.conditional is not UNSET
            or item.register is not UNSET
            or item.texparams is not UNSET
            or item.condition is not UNSET
        ):
            break
        keys.append(key)
        names += 2 if params is UNSET else 3
        if number:
            angles += params  # type: ignore[arg-type]  # it has so many
    return keys, angles, names


class _Known(dict[Key, tuple[Key, int]]):
    """The gates on some qubits that were met, each with the number of its angles; -1 if it is an unusual one."""

    def __init__(self, num_qubits: int) -> None:
        super().__init__()
        self._num_qubits = num_qubits

    def __missing__(self, key: Key) -> tuple[Key, int]:
        name, qubits = key
        fits = isinstance(qubits, tuple) and (name == BARRIER or self._fits(name, qubits))
        found = key, SHAPES.get(name, (0, 0))[1] if fits else -1
        if len(self) < _MOST_KNOWN:
            self[key] = found
        return found

    def _fits(self, name: str, qubits: tuple[int, ...]) -> bool:
        width = SHAPES[name][0] if name in SHAPES else -1
        return len(qubits) == width == len(set(qubits)) and all(0 <= qubit < self._num_qubits for qubit in qubits)


_known_on = lru_cache(maxsize=64)(_Known)


def _are_finite(angles: list[float]) -> bool:
    try:
        # Truth values are integers, too.
        return {float, int}.issuperset(map(type, angles)) and math.isfinite(sum(angles))
    except OverflowError:
        return False


def _read_readings(instructions: Sequence[Instruction], num_qubits: int) -> tuple[tuple[int, int], ...] | None:
    """Return the qubit and slot of each instruction, or None unless each is a measurement of one qubit."""
    readings = []
    for item in instructions:
        qubits, memory = item.qubits, item.memory
        if item.name != "measure" or item != Instruction("measure", qubits, UNSET, memory):
            return None
        if type(qubits) is not tuple or type(memory) is not tuple or not len(qubits) == len(memory) == 1:
            return None
        if not (0 <= qubits[0] < num_qubits and 0 <= memory[0] < MAX_SLOTS):
            return None
        readings.append((qubits[0], memory[0]))
    return tuple(readings)
