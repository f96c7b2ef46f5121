"""Primitive unified blocs: a circuit with arrays of parameter values, and of observables, that broadcast as numpy's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from qdock import Circuit
from qdock.expr import Parameter
from qdock.expressions.arithmetic import shown
from qdock_algorithms.angles import ordered
from qdock_algorithms.pauli import Pauli, as_pauli

__all__ = ["EstimatorPub", "SamplerPub"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SamplerPub:
    """A circuit to be sampled.

    Attributes
    ----------
    circuit : Circuit
    values : (..., num_parameters) array
        In the order of the parameters' names, numbers in a name by value.
    shots : int
    """

    circuit: Circuit
    values: Floats
    shots: int

    @classmethod
    def of(cls, pub: Any, shots: int) -> SamplerPub:
        """Return what a circuit or a tuple ``(circuit, parameter_values, shots)`` says, its ends left out or None."""
        if isinstance(pub, SimpleNamespace):
            return cls(pub.circuit, pub.values, pub.shots)
        circuit, values, own = _parts(pub, ("circuit", "parameter_values", "shots"))
        if circuit.num_clbits == 0:
            raise ValueError(f"The circuit {circuit.name!r} has no clbit to sample; add circuit.measure_all().")
        return cls(circuit, values_of(circuit, values), check_shots(shots if own is None else own))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the sets of parameter values."""
        return self.values.shape[:-1]

    def circuits(self) -> Iterator[Circuit]:
        """Yield the circuit with each set of values, in C order."""
        return bound(self.circuit, self.values)


@dataclass(frozen=True, eq=False)
class EstimatorPub:
    """A circuit in whose final states observables are estimated.

    Attributes
    ----------
    circuit : Circuit
    observables : tuple of Pauli
    observable_shape : tuple of int
    values : (..., num_parameters) array
        In the order of the parameters' names, numbers in a name by value.
    precision : float or None
        Standard error to aim for; None: whatever the estimator does by itself.
    """

    circuit: Circuit
    observables: tuple[Pauli, ...]
    observable_shape: tuple[int, ...]
    values: Floats
    precision: float | None

    def __post_init__(self) -> None:
        for observable in self.observables:
            if observable.num_qubits != self.circuit.num_qubits:
                raise ValueError(
                    f"The observable {observable} is on {observable.num_qubits} qubits, but the circuit "
                    f"{self.circuit.name!r} has {self.circuit.num_qubits}."
                )
            if not observable.is_hermitian:
                raise ValueError(f"An observable has real coefficients, but this one is {observable}.")
        _ = self.shape

    @classmethod
    def of(cls, pub: Any, precision: float | None) -> EstimatorPub:
        """Return what ``(circuit, observables, parameter_values, precision)`` says; its ends may be left out."""
        if isinstance(pub, SimpleNamespace):
            found = tuple(map(as_pauli, pub.observables))
            return cls(pub.circuit, found, tuple(pub.observable_shape), pub.values, pub.precision)
        names = ("circuit", "observables", "parameter_values", "precision")
        circuit, observables, values, own = _parts(pub, names)
        if observables is None:
            raise ValueError("A pub of an estimator is (circuit, observables, ...), but no observable was given.")
        array = observables_of(observables)
        own = precision if own is None else own
        return cls(circuit, tuple(array.reshape(-1)), array.shape, values_of(circuit, values), check_precision(own))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the observables and the sets of parameter values, broadcast against each other."""
        try:
            return np.broadcast_shapes(self.observable_shape, self.values.shape[:-1])
        except ValueError:
            raise ValueError(
                f"Observables of the shape {self.observable_shape} and parameter values of the shape "
                f"{self.values.shape[:-1]} don't broadcast to one shape."
            ) from None

    def pairs(self) -> npt.NDArray[np.int64]:
        """Return the number of the set of values and of the observable of each entry, a (2, size) array, in C order."""
        shapes = self.values.shape[:-1], self.observable_shape
        numbers = (np.arange(np.prod(shape, dtype=int)).reshape(shape) for shape in shapes)
        return np.stack([np.broadcast_to(item, self.shape).reshape(-1) for item in numbers])

    def circuits(self) -> Iterator[Circuit]:
        """Yield the circuit with each set of values, in C order."""
        return bound(self.circuit, self.values)


def bound(circuit: Circuit, values: Floats) -> Iterator[Circuit]:
    """Yield a circuit with each row of values, a (..., num_parameters) array, in C order."""
    names = ordered(circuit.parameters)
    for row in values.reshape(np.prod(values.shape[:-1], dtype=int), len(names)).tolist():
        yield circuit.bind(dict(zip(names, row, strict=True))) if names else circuit


def _parts(pub: Any, names: Sequence[str]) -> list[Any]:
    """Return as many parts as there are names, those left out as None."""
    parts = list(pub) if isinstance(pub, (tuple, list)) else [pub]
    if not parts or not isinstance(parts[0], Circuit) or len(parts) > len(names):
        raise TypeError(f"A pub is ({', '.join(names)}), its ends left out or None, but {shown(pub)} was given.")
    return parts + [None] * (len(names) - len(parts))


# --- parts of a pub


def values_of(circuit: Circuit, given: Any) -> Floats:
    """Return parameter values as a (..., num_parameters) array.

    Parameters
    ----------
    circuit : Circuit
    given : None, array_like or mapping
        An array has the values of all parameters along its last axis, in the order of their names. A mapping has
        arrays by parameter, or by a tuple of parameters that lie along the last axis; they broadcast.
    """
    names = ordered(circuit.parameters)
    if given is None and names:
        listed = ", ".join(parameter.name for parameter in names)
        raise ValueError(f"The circuit {circuit.name!r} has parameters ({listed}), but no values were given.")
    if isinstance(given, Mapping):
        values = _from_mapping(names, given)
    else:
        values = _numbers([] if given is None else given)
        # One parameter needs no axis of its own.
        values = values[..., None] if len(names) == 1 and values.shape[-1:] != (1,) and values.size else values
    if values.ndim == 0 or values.shape[-1] != len(names):
        raise ValueError(
            f"The circuit {circuit.name!r} has {len(names)} parameters ({', '.join(p.name for p in names)}), one for "
            f"each place of the last axis, but values of the shape {values.shape} were given."
        )
    return values


def _from_mapping(names: Sequence[Parameter], given: Mapping[Any, Any]) -> Floats:
    columns: dict[str, Floats] = {}
    for key, value in given.items():
        keys = [getattr(item, "name", item) for item in (key if isinstance(key, tuple) else (key,))]
        array = _numbers(value) if isinstance(key, tuple) else _numbers(value)[..., None]
        if array.ndim == 0 or array.shape[-1] != len(keys):
            raise ValueError(
                f"The values of {', '.join(map(str, keys))} have these along the last axis, but are of {array.shape}."
            )
        columns.update({str(name): array[..., place] for place, name in enumerate(keys)})
    wanted = [parameter.name for parameter in names]
    if set(columns) != set(wanted):
        raise ValueError(f"The circuit's parameters are {wanted}, but values were given for {sorted(columns)}.")
    return np.stack(np.broadcast_arrays(*(columns[name] for name in wanted)), axis=-1) if wanted else np.zeros(0)


def _numbers(value: Any) -> Floats:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"The values of parameters are numbers, but {shown(value)} was given.") from None
    if not np.isfinite(array).all():
        raise ValueError("The values of parameters must be finite, but one is infinite or not a number.")
    return array


def observables_of(given: Any) -> npt.NDArray[np.object_]:
    """Return observables as an array of `Pauli`: lists, tuples and arrays are its axes, all else is an observable."""
    if isinstance(given, (list, tuple, np.ndarray)):
        rows = [observables_of(item) for item in given]
        if len({row.shape for row in rows}) > 1:
            raise ValueError("An array of observables has rows of one shape, but these differ.")
        made = np.empty((len(rows), *(rows[0].shape if rows else ())), dtype=object)
        for place, row in enumerate(rows):
            made[place] = row if row.ndim else row.item()
        return made
    array = np.empty((), dtype=object)
    array[()] = _observable(given)
    return array


def _observable(given: Any) -> Pauli:
    if not isinstance(given, (Pauli, str, Mapping, SimpleNamespace)):
        raise TypeError(
            f"An observable is a Pauli sum, a label such as 'ZZ', or a mapping from label to coefficient, but "
            f"{shown(given)} was given."
        )
    return as_pauli(given)


def check_shots(shots: Any) -> int:
    """Return a number of shots; what is none is an error."""
    if isinstance(shots, bool) or not hasattr(shots, "__index__") or shots < 1:
        raise ValueError(f"`shots` is a whole number of at least 1, but {shots!r} was given.")
    return int(shots)


def check_precision(precision: Any) -> float | None:
    """Return a precision; what is none is an error."""
    if precision is None:
        return None
    if isinstance(precision, (bool, str)) or not hasattr(precision, "__float__") or not 0 <= precision < np.inf:
        raise ValueError(f"`precision` is a standard error, at least 0, but {precision!r} was given.")
    return float(precision)
