"""Pulse Qobj: recognised, checked for their shape, and refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from qdock_legacy.qobj_rules import MAX_PROBLEMS, Problem

__all__ = ["pulse_problems"]

_REFUSED = Problem(
    "type",
    "'PULSE' was given; allowed is 'QASM'. Pulses drive a device; no simulator here, nor any of old, ran them.",
)
#: What the config of a Pulse Qobj has.
_CONFIG = ("meas_level", "meas_return", "pulse_library", "qubit_lo_freq", "meas_lo_freq")


def pulse_problems(data: Mapping[str, Any]) -> list[Problem]:
    """Return why a Pulse Qobj, plain JSON values, is refused: that it is one, and where it does not look like one."""
    return [_REFUSED, *islice(_shape(data), MAX_PROBLEMS - 1)]


def _shape(data: Mapping[str, Any]) -> Iterator[Problem]:
    config = data.get("config")
    for name in _CONFIG:
        if not isinstance(config, Mapping) or name not in config:
            yield Problem(f"config.{name}", "nothing was given; every Pulse Qobj has it.")
    experiments = data.get("experiments")
    if not isinstance(experiments, list) or not experiments:
        yield Problem("experiments", "no list of experiments was given; at least one is needed.")
        return
    for index, experiment in enumerate(experiments):
        yield from _experiment(experiment, f"experiments[{index}]")


def _experiment(experiment: Any, path: str) -> Iterator[Problem]:
    instructions = experiment.get("instructions") if isinstance(experiment, Mapping) else None
    if not isinstance(instructions, list):
        yield Problem(f"{path}.instructions", "no list was given; every experiment has one.")
        return
    for index, instruction in enumerate(instructions):
        for name in ("name", "t0"):
            if not isinstance(instruction, Mapping) or name not in instruction:
                yield Problem(
                    f"{path}.instructions[{index}].{name}", "nothing was given; every pulse instruction has it."
                )
