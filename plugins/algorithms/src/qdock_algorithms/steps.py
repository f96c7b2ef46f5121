"""A circuit's gates, each in one of four kinds that numpy does quickly, and gathered in layers of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit, Operation
from qdock.errors import CircuitError
from qdock.expr import Expr
from qdock.gates import GATES
from qdock.lower import lower
from qdock.operations import Modifier

__all__ = ["Kind", "Layer", "Step", "layers_of", "steps_of"]

Matrix = npt.NDArray[np.complex128]


class Kind(Enum):
    """What a layer does to a state."""

    PRODUCT = "a matrix on each single qubit"
    DIAGONAL = "a phase on each amplitude"
    PERMUTATION = "amplitudes in another order"
    DENSE = "one matrix on several qubits"


#: Gate -> its generator G as Pauli Z strings: masks of the gate's qubits with coefficients, in exp(-i angle G).
#: What only turns the global phase is left out, as no observable sees it.
_Z_TURNS: dict[str, tuple[tuple[int, float], ...]] = {
    "rz": ((1, 0.5),),
    "p": ((1, 0.5),),
    "u1": ((1, 0.5),),
    "rzz": ((3, 0.5),),
    "cp": ((1, 0.25), (2, 0.25), (3, -0.25)),
    "cu1": ((1, 0.25), (2, 0.25), (3, -0.25)),
    "crz": ((2, 0.25), (3, -0.25)),
}
_AXES = {"rx": "x", "ry": "y", "rz": "z", "p": "z", "u1": "z"}
_KEPT_GATES = [name for name, row in GATES.items() if not row.num_params or name in _Z_TURNS or name in _AXES]


@dataclass(frozen=True, eq=False)
class Step:
    """A gate.

    Attributes
    ----------
    name : str
    controls : tuple of int
        States of the control qubits in which it acts.
    qubits : tuple of int
        Controls first.
    matrix : (2^t, 2^t) array or None
        What acts on the t targets. None: a turn by `angle`.
    angle : Expr, optional
        What the parameters turn.
    """

    name: str
    controls: tuple[int, ...]
    qubits: tuple[int, ...]
    matrix: Matrix | None
    angle: Expr | None = None

    @property
    def axis(self) -> str:
        """Of a turn of one qubit: x, y or z."""
        return _AXES[self.name]

    @property
    def z_strings(self) -> list[tuple[int, float]]:
        """Of a diagonal turn the generator: masks of the circuit's qubits, with coefficients."""
        return [
            (sum(1 << qubit for place, qubit in enumerate(self.qubits) if mask >> place & 1), number)
            for mask, number in _Z_TURNS[self.name]
        ]

    @cached_property
    def kinds(self) -> list[Kind]:
        """The kinds that it is of, the preferred one first."""
        found = [Kind.PRODUCT] if len(self.qubits) == 1 else []
        if self.matrix is None:
            return found + [Kind.DIAGONAL] * (self.name in _Z_TURNS)
        if not np.count_nonzero(self.matrix - np.diag(np.diagonal(self.matrix))):
            return [*found, Kind.DIAGONAL]
        is_order = set(np.unique(self.matrix)) <= {0, 1}
        return [*found, Kind.PERMUTATION] if is_order else found or [Kind.DENSE]


@dataclass
class Layer:
    """Steps of one kind, in order."""

    kind: Kind
    steps: list[Step]


def steps_of(circuit: Circuit) -> list[Step]:
    """Return the gates of a circuit, those that parameters turn in a few simple ones.

    Raises
    ------
    CircuitError
        If there is anything but gates, barriers and delays.
    """
    turned = [op.detail for op in circuit if isinstance(op.detail, Modifier) and _is_turned(op)]
    for detail in turned:
        if detail.power != 1:
            raise CircuitError(
                f"A power of '{detail.name}' can't be differentiated by its angle; multiply the angle instead."
            )
    lowered = lower(circuit, [*_KEPT_GATES, "unitary", *([] if turned else ["modified"])])
    return [_step(operation) for operation in lowered if operation.name not in ("barrier", "delay")]


def _is_turned(operation: Operation) -> bool:
    return any(isinstance(angle, Expr) for angle in operation.params)


def _step(operation: Operation) -> Step:
    if not operation.is_gate:
        raise CircuitError(
            f"The state of a circuit of gates alone can be differentiated, but this one has a '{operation.name}'. "
            f"Take it out, or use an estimator on a backend."
        )
    if _is_turned(operation):
        (angle,) = operation.params
        assert isinstance(angle, Expr)
        return Step(operation.name, (), operation.qubits, None, angle)
    gate = operation.gate
    if gate.array is None and gate.power == 1:
        row = GATES[gate.name]
        controls = (*gate.controls, *(1,) * row.num_controls)
        return Step(gate.name, controls, operation.qubits, _base(gate.name, gate.params))
    return Step(gate.name, gate.controls, operation.qubits, gate.target_matrix())


@lru_cache(maxsize=1024)
def _base(name: str, params: tuple[float, ...]) -> Matrix:
    return GATES[name].base_matrix(*params)


def layers_of(steps: list[Step], num_qubits: int) -> list[Layer]:
    """Return steps in layers: each goes to the first layer that takes it after all that it has to follow."""
    layers: list[Layer] = []
    last = [-1] * num_qubits
    for step in steps:
        place = _place(step, layers, max(last[qubit] for qubit in step.qubits))
        if place == len(layers):
            layers.append(Layer(step.kinds[0], []))
        layers[place].steps.append(step)
        for qubit in step.qubits:
            last[qubit] = place
    return layers


def _place(step: Step, layers: list[Layer], earliest: int) -> int:
    """Return the layer for a step; steps of one layer keep their order, so that it may be the one it follows."""
    kinds = [kind for kind in step.kinds if kind != Kind.DENSE]
    return next((i for i in range(max(earliest, 0), len(layers)) if layers[i].kind in kinds), len(layers))
