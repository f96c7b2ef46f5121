"""An experiment made ready to run: its instructions as steps, checked against what the historical simulators knew."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Struct
from msgspec.structs import replace

from qdock_legacy.arrays import matrix_of
from qdock_legacy.errors import QobjError, error_at
from qdock_legacy.plain import BARRIER, SHAPES, Plain
from qdock_legacy.qobj import Condition, Experiment, Instruction

__all__ = [
    "BFUNC",
    "GATE",
    "KNOWN",
    "MEASURE",
    "RESET",
    "Program",
    "Step",
    "check_matrix_given",
    "compile_experiment",
    "holds",
]

GATE, MEASURE, RESET, BFUNC = range(4)

_GATES = frozenset(SHAPES)
_NOTHING = frozenset(("id", "u0", BARRIER))
#: Every name that they ran.
KNOWN = _GATES | _NOTHING | {"unitary", "measure", "reset", "bfunc"}

_RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: How far from unitary a matrix in a file may be: it is rounded to some decimals there.
_TOLERANCE = 1e-6


class Step(Struct, frozen=True, gc=False):
    """One thing to do.

    Attributes
    ----------
    kind : int
        `GATE`, `MEASURE`, `RESET` or `BFUNC`.
    qubits : tuple of int
    detail : tuple
        Of a gate its name and angles, or ``("unitary", matrix)``; of a measurement the memory slot, and the slot of
        the register or None; of a bfunc the mask, the relation, the value, and both slots.
    condition : int or (mask, shift, value), optional
        A bit of the register that must be 1, or what the masked memory must be.
    key : tuple
        Of a gate its name and its qubits.
    """

    kind: int
    qubits: tuple[int, ...]
    detail: tuple[Any, ...]
    condition: Any = None
    key: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Program:
    """An experiment ready to run.

    Attributes
    ----------
    path : str
        Where it stands in its Qobj.
    name : str
    num_qubits, memory_slots : int
    content : Plain or list of Step
    phase : float
        Global phase in radians.
    sampling : bool
        Whether its final state may be sampled, by the historical rule.
    measures, resets : bool
        Whether there is such an instruction.
    seed : int, optional
        Of its own.
    """

    path: str
    name: str
    num_qubits: int
    memory_slots: int
    content: Plain | list[Step]
    phase: float
    sampling: bool
    measures: bool
    resets: bool
    seed: int | None

    @cached_property
    def steps(self) -> list[Step]:
        """Everything there is to do, one after the other."""
        return list(_steps_of(self.content)) if isinstance(self.content, Plain) else self.content


def _steps_of(plain: Plain) -> Iterator[Step]:
    angles = iter(plain.angles)
    for key in plain.keys:
        if key[0] != BARRIER:
            yield Step(GATE, key[1], (key[0], *islice(angles, SHAPES[key[0]][1])), key=key)
    for qubit, slot in plain.readings:
        yield Step(MEASURE, (qubit,), (slot, None))


def holds(condition: Any, memory: int, register: int) -> bool:
    """Whether a step is to be done with these classical values."""
    if condition is None:
        return True
    if isinstance(condition, int):
        return bool(register >> condition & 1)
    mask, shift, value = condition
    return bool(mask == 0 or (memory & mask) >> shift == value)


def compile_experiment(experiment: Experiment, index: int, simulator: str) -> Program:
    """Return the program of an experiment that has been checked.

    Raises
    ------
    QobjError
        For an instruction that `simulator` did not know, or a ``unitary`` that is none.
    """
    path = f"experiments[{index}]"
    header = {} if experiment.header is UNSET else experiment.header._data
    config = experiment.config._data  # type: ignore[union-attr]  # a Qobj without it is invalid
    plain = experiment.plain
    # A plain circuit ends with its measurements, if it has any.
    names = [item.name for item in (experiment.instructions if plain is None else experiment.instructions[-1:])]
    sampling = config.get("allows_measure_sampling")
    return Program(
        path,
        header.get("name", f"circuit-{index}"),
        config["n_qubits"],
        config["memory_slots"],
        _compile(experiment, path, simulator) if plain is None else plain,
        float(header.get("global_phase", 0.0)),
        _may_sample(names) if sampling is None else sampling,
        "measure" in names,
        "reset" in names,
        config.get("seed_simulator", config.get("seed")),
    )


def _compile(experiment: Experiment, path: str, simulator: str) -> list[Step]:
    steps: list[Step] = []
    for number, instruction in enumerate(experiment.instructions):
        name = instruction.name
        if name in _GATES:
            params, qubits, condition = instruction.params, instruction.qubits, instruction.conditional
            detail = (name, *params) if params is not UNSET else (name,)
            waits = None if condition is UNSET else _condition(condition)
            steps.append(Step(GATE, qubits, detail, waits, (name, qubits)))  # type: ignore[arg-type]  # checked
        elif name not in _NOTHING:
            steps.append(_step(instruction, f"{path}.instructions[{number}]", simulator))
    return steps


def _may_sample(names: list[str]) -> bool:
    """Whether nothing is reset, and nothing is done after the first measurement but more of them."""
    if "reset" in names:
        return False
    if "measure" not in names:
        return True
    return {"measure", "id", "u0", BARRIER}.issuperset(names[names.index("measure") :])


def _step(instruction: Instruction, path: str, simulator: str) -> Step:
    make = _OTHERS.get(instruction.name)
    if make is None:
        raise QobjError(
            f'{path}.name: {simulator} encountered unrecognized operation "{instruction.name}"; allowed are '
            f"{', '.join(sorted(KNOWN))}.",
            f"{path}.name",
        )
    condition = None if instruction.conditional is UNSET else _condition(instruction.conditional)
    return replace(make(instruction, path), condition=condition)


def _condition(given: int | Condition) -> Any:
    if isinstance(given, int):
        return given
    mask = int(given.mask, 16)
    return mask, max((mask & -mask).bit_length() - 1, 0), int(given.val, 16)


def _measure(instruction: Any, _path: str) -> Step:
    register = None if instruction.register is UNSET else instruction.register[0]
    return Step(MEASURE, instruction.qubits[:1], (instruction.memory[0], register))


def _reset(instruction: Any, _path: str) -> Step:
    return Step(RESET, instruction.qubits, ())


def _bfunc(instruction: Any, _path: str) -> Step:
    memory = None if instruction.memory is UNSET else instruction.memory
    relation = _RELATIONS[instruction.relation]
    return Step(
        BFUNC, (), (int(instruction.mask, 16), relation, int(instruction.val, 16), instruction.register, memory)
    )


def check_matrix_given(instruction: Any, path: str) -> None:
    """Raise `QobjError` unless a ``unitary`` has one parameter, and qubits."""
    if instruction.params is UNSET or len(instruction.params) != 1 or not instruction.qubits:
        raise error_at(f"{path}.params", "'unitary' has a matrix, and the qubits that it acts on.")


def _unitary(instruction: Any, path: str) -> Step:
    check_matrix_given(instruction, path)
    matrix = matrix_of(instruction.params[0], f"{path}.params[0]")
    check_unitary(matrix, len(instruction.qubits), f"{path}.params[0]")
    return Step(GATE, instruction.qubits, ("unitary", matrix), key=("unitary", instruction.qubits))


def check_unitary(matrix: npt.NDArray[np.complex128], num_qubits: int, path: str) -> None:
    """Raise `QobjError` unless a matrix is a unitary of so many qubits."""
    size = 1 << num_qubits
    if matrix.shape != (size, size):
        raise error_at(
            path, f"a matrix of shape {matrix.shape} was given; on {num_qubits} qubits allowed is ({size}, {size})."
        )
    defect = float(np.abs(matrix.conj().T @ matrix - np.eye(size)).max())
    if not defect <= _TOLERANCE:
        raise error_at(path, f"a matrix that is not unitary was given, by {defect:.3g}; allowed are unitary ones.")


_OTHERS: dict[str, Callable[[Instruction, str], Step]] = {
    "measure": _measure,
    "reset": _reset,
    "bfunc": _bfunc,
    "unitary": _unitary,
}
