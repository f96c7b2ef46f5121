"""What a program that is sampled comes to when its classical part is followed, in which nothing has been measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from qdock_legacy.plain import Plain
from qdock_legacy.program import BFUNC, GATE, MEASURE, Program, Step, holds
from qdock_legacy.stack import Gates
from qdock_legacy.tree import apply_bfunc

__all__ = ["Classical", "Plan", "plan_of"]

Readings = tuple[tuple[int, int], ...]


class Plan(NamedTuple):
    """What there is to do.

    Attributes
    ----------
    gates : Gates
    readings : tuple of (qubit, slot)
        What is read from the final state, in order.
    memory : int
        What the memory has besides.
    memory_slots : int
    """

    gates: Gates
    readings: Readings
    memory: int
    memory_slots: int


@dataclass
class Classical:
    """The place of a run that has measured nothing yet."""

    memory: int = 0
    register: int = 0
    gates: list[Step] = field(default_factory=list)
    readings: list[tuple[int, int]] = field(default_factory=list)


def plan_of(program: Program) -> Plan:
    """Return what a program without resets does."""
    content = program.content
    if isinstance(content, Plain):
        return Plan(Gates(content.keys, content.angles, {}), content.readings, 0, program.memory_slots)
    place = Classical()
    for step in content:
        if holds(step.condition, place.memory, place.register):
            _ACTIONS[step.kind](place, step)
    return Plan(Gates.of(place.gates), tuple(place.readings), place.memory, program.memory_slots)


_ACTIONS: dict[int, Callable[[Classical, Step], None]] = {
    GATE: lambda place, step: place.gates.append(step),
    MEASURE: lambda place, step: place.readings.append((step.qubits[0], step.detail[0])),
    BFUNC: apply_bfunc,
}
