"""The historical simulators as plainly as they can be written: numpy alone, every shot from the beginning.

An independent answer for what qdock-legacy works out at once for many shots; it shares no code with it.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

RELATIONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def u3(theta: float, phi: float, lam: float) -> Any:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return [[cos, -cmath.exp(1j * lam) * sin], [cmath.exp(1j * phi) * sin, cmath.exp(1j * (phi + lam)) * cos]]


GATES = {
    "u3": u3,
    "U": u3,
    "u": u3,
    "u2": lambda phi, lam: u3(math.pi / 2, phi, lam),
    "u1": lambda lam: [[1, 0], [0, cmath.exp(1j * lam)]],
    "p": lambda lam: [[1, 0], [0, cmath.exp(1j * lam)]],
    "rz": lambda phi: [[cmath.exp(-0.5j * phi), 0], [0, cmath.exp(0.5j * phi)]],
    "x": lambda: [[0, 1], [1, 0]],
    "h": lambda: [[math.sqrt(0.5), math.sqrt(0.5)], [math.sqrt(0.5), -math.sqrt(0.5)]],
    "sx": lambda: [[0.5 + 0.5j, 0.5 - 0.5j], [0.5 - 0.5j, 0.5 + 0.5j]],
    "cx": lambda: [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]],
}
GATES["CX"] = GATES["cx"]


def apply(state: Any, matrix: Any, qubits: list[int]) -> Any:
    """Apply a matrix entry by entry."""
    matrix, new = np.asarray(matrix), np.zeros_like(state)
    for index, amplitude in enumerate(state):
        column = sum((index >> qubit & 1) << place for place, qubit in enumerate(qubits))
        rest = index & ~sum(1 << qubit for qubit in qubits)
        for row in range(len(matrix)):
            new[rest | sum((row >> place & 1) << qubit for place, qubit in enumerate(qubits))] += (
                matrix[row, column] * amplitude
            )
    return new


class Shot:
    """One shot, with its classical memory and register."""

    def __init__(self, num_qubits: int, phase: float, rng: Any) -> None:
        self.state = np.zeros(2**num_qubits, complex)
        self.state[0] = cmath.exp(1j * phase)
        self.memory = self.register = 0
        self.rng = rng

    def waits(self, instruction: dict[str, Any]) -> bool:
        given = instruction.get("conditional")
        if given is None:
            return False
        if isinstance(given, int):
            return not self.register >> given & 1
        mask, value = int(given["mask"], 16), int(given["val"], 16)
        if mask == 0:
            return False
        masked = self.memory & mask
        while not mask & 1:
            mask, masked = mask >> 1, masked >> 1
        return masked != value

    def find(self, qubit: int) -> int:
        ones = np.array([index >> qubit & 1 for index in range(len(self.state))], bool)
        zero = float(np.sum(np.abs(self.state[~ones]) ** 2))
        outcome = int(not self.rng.uniform() < zero)
        self.state[ones != bool(outcome)] = 0
        self.state /= np.linalg.norm(self.state)
        return outcome

    def do(self, instruction: dict[str, Any]) -> None:
        name = instruction["name"]
        if name in GATES:
            matrix = GATES[name](*instruction.get("params", []))
            self.state = apply(self.state, matrix, instruction["qubits"])
        elif name == "measure":
            outcome = self.find(instruction["qubits"][0])
            self.memory = self.memory & ~(1 << instruction["memory"][0]) | outcome << instruction["memory"][0]
            if "register" in instruction:
                slot = instruction["register"][0]
                self.register = self.register & ~(1 << slot) | outcome << slot
        elif name == "reset":
            if self.find(instruction["qubits"][0]):
                self.state = apply(self.state, GATES["x"](), instruction["qubits"])
        elif name == "bfunc":
            self.compare(instruction)

    def compare(self, instruction: dict[str, Any]) -> None:
        masked = self.register & int(instruction["mask"], 16)
        answer = int(RELATIONS[instruction["relation"]](masked, int(instruction["val"], 16)))
        self.register = self.register & ~(1 << instruction["register"]) | answer << instruction["register"]
        if "memory" in instruction:
            self.memory = self.memory & ~(1 << instruction["memory"]) | answer << instruction["memory"]


def may_sample(experiment: dict[str, Any]) -> bool:
    if "allows_measure_sampling" in experiment["config"]:
        return bool(experiment["config"]["allows_measure_sampling"])
    measured = False
    for instruction in experiment["instructions"]:
        name = instruction["name"]
        if name == "reset" or (measured and name not in ("measure", "barrier", "id", "u0")):
            return False
        measured = measured or name == "measure"
    return True


def memory_of(qobj: dict[str, Any], index: int, generator: str = "RandomState") -> list[str]:
    """Return the memory of an experiment, a string for each shot."""
    experiment, shots = qobj["experiments"][index], qobj["config"]["shots"]
    seed = experiment["config"].get("seed_simulator", qobj["config"]["seed_simulator"])
    rng = np.random.RandomState(seed) if generator == "RandomState" else np.random.default_rng(seed)
    size, phase = experiment["config"]["n_qubits"], experiment["header"].get("global_phase", 0.0)
    if shots > 1 and may_sample(experiment):
        return sampled(experiment, Shot(size, phase, rng), shots)
    memory = []
    for _ in range(shots):
        shot = Shot(size, phase, rng)
        for instruction in experiment["instructions"]:
            if not shot.waits(instruction):
                shot.do(instruction)
        memory.append(hex(shot.memory))
    return memory


def sampled(experiment: dict[str, Any], shot: Shot, shots: int) -> list[str]:
    readings = []
    for instruction in experiment["instructions"]:
        if shot.waits(instruction):
            continue
        if instruction["name"] == "measure":
            readings.append((instruction["qubits"][0], instruction["memory"][0]))
        else:
            shot.do(instruction)
    qubits = sorted({qubit for qubit, _ in readings})
    table = np.zeros(2 ** len(qubits))
    for index, amplitude in enumerate(shot.state):
        table[sum((index >> qubit & 1) << place for place, qubit in enumerate(qubits))] += abs(amplitude) ** 2
    memory = []
    for sample in shot.rng.choice(len(table), shots, p=table / table.sum()):
        value = shot.memory
        for qubit, slot in readings:
            value = value & ~(1 << slot) | (int(sample) >> qubits.index(qubit) & 1) << slot
        memory.append(hex(value))
    return memory
