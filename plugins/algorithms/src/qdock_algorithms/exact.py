"""A circuit's statevector as a function of its parameters, compiled once: energies, and adjoint gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded
from qdock_algorithms.angles import Angles, ordered
from qdock_algorithms.pauli import Pauli
from qdock_algorithms.stages import Bound, stages_of
from qdock_algorithms.steps import Kind, layers_of, steps_of
from qdock_algorithms.turns import Turns

__all__ = ["ExactCircuit"]

Complexes = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]

#: Amplitudes beyond this are not held: two states of 32 qubits are 128 GiB.
_MAX_QUBITS = 30


class ExactCircuit:
    """A circuit of gates whose final state, up to a global phase, is computed here.

    The circuit is compiled once, into layers that numpy does in few calls; values are an array after that.

    Parameters
    ----------
    circuit : Circuit
        Of gates, barriers and delays.

    Attributes
    ----------
    parameters : tuple of Parameter
        In the order of the values.
    num_qubits : int

    Raises
    ------
    CircuitError
        If there is anything else in the circuit, or an angle depends on what is known at run time only.
    LimitExceeded
        If the circuit has more than 30 qubits.
    """

    def __init__(self, circuit: Circuit) -> None:
        if circuit.num_qubits > _MAX_QUBITS:
            raise LimitExceeded(f"A statevector may have {_MAX_QUBITS} qubits here, but has {circuit.num_qubits}.")
        self.num_qubits = circuit.num_qubits
        self.parameters = ordered(circuit.parameters)
        self._angles = Angles(self.parameters)
        layers = layers_of(steps_of(circuit), self.num_qubits)
        products = [layer for layer in layers if layer.kind == Kind.PRODUCT]
        self._turns = Turns(self.num_qubits, products, self._angles)
        self._stages = stages_of(layers, self.num_qubits, self._turns, self._angles)

    def statevector(self, values: npt.ArrayLike) -> Complexes:
        """Return the final state, a (2^num_qubits,) array, up to a global phase.

        Parameters
        ----------
        values : (len(parameters),) array_like
        """
        return self._run(self._bind(self._checked(values)))

    def energy(self, observable: Pauli, values: npt.ArrayLike) -> float:
        """Return the expectation value of an observable in the final state."""
        state = self.statevector(values)
        return float(np.vdot(state, self._image(observable, state)).real)

    def energy_and_gradient(self, observable: Pauli, values: npt.ArrayLike) -> tuple[float, Floats]:
        """Return an expectation value and its derivative by each parameter.

        The state and the observable's image of it are taken back through the circuit together, so that it costs
        about as much as three runs, however many parameters there are.

        Returns
        -------
        energy : float
        gradient : (len(parameters),) array

        References
        ----------
        Jones and Gacon, "Efficient calculation of gradients in classical simulations of variational quantum
        algorithms", arXiv:2009.02823.
        """
        given = self._checked(values)
        bound = self._bind(given)
        state = self._run(bound)
        pair = np.stack([state, self._image(observable, state)])
        energy = float(np.vdot(pair[0], pair[1]).real)
        collected, slopes = self._turns.empty(), np.zeros(len(self._angles))
        for stage in reversed(self._stages):
            stage.collect(pair, collected, slopes)
            pair = stage.undo(pair, bound)
        slopes += self._turns.gradient(bound.turned, collected, len(slopes))
        return energy, self._angles.pull_back(slopes, given)

    def _bind(self, values: Floats) -> Bound:
        atoms = self._angles.values(values)
        return Bound(atoms, self._turns.turn(atoms), {})

    def _run(self, bound: Bound) -> Complexes:
        states = np.zeros((1, 1 << self.num_qubits), dtype=complex)
        states[0, 0] = 1
        for stage in self._stages:
            states = stage.apply(states, bound)
        return states.reshape(-1)

    def _image(self, observable: Pauli, state: Complexes) -> Complexes:
        if observable.num_qubits != self.num_qubits:
            raise ValueError(
                f"The observable is on {observable.num_qubits} qubits, but the circuit has {self.num_qubits}."
            )
        if not observable.is_hermitian:
            raise ValueError(f"An observable has real coefficients, but this one is {observable}.")
        return observable.apply(state)

    def _checked(self, values: npt.ArrayLike) -> Floats:
        given = np.asarray(values, dtype=float)
        if given.shape != (len(self.parameters),):
            raise ValueError(
                f"The circuit has {len(self.parameters)} parameters, so that their values are an array of the shape "
                f"({len(self.parameters)},), but one of {given.shape} was given."
            )
        if not np.isfinite(given).all():
            raise ValueError("The values of the parameters must be finite, but one is infinite or not a number.")
        return given
