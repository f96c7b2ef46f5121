"""What old backends said about themselves: configuration, status, and the properties that were measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from qdock_legacy.errors import BackendPropertyError, QiskitError

__all__ = [
    "BackendConfiguration",
    "BackendProperties",
    "BackendStatus",
    "GateConfig",
    "GateProperties",
    "Nduv",
    "QasmBackendConfiguration",
]


class _Model:
    """Attributes that make a dict and are made of one; what was given beyond them is an attribute too."""

    #: What came along under names of its own.
    _data: dict[str, Any]

    def __init__(self, **extra: Any) -> None:
        self._data = extra

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_data")[name]
        except (KeyError, AttributeError):
            raise AttributeError(f"Attribute {name} is not defined") from None

    def to_dict(self) -> dict[str, Any]:
        """Return the values by name; `from_dict` makes an equal object of them."""
        own = {name: _plain(value) for name, value in vars(self).items() if not name.startswith("_")}
        return {**own, **_plain(self._data)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the object of a dict, which is not changed."""
        return cls(**data)

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if type(other) is type(self) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # its values can be changed

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"{type(self).__name__}({shown})"

    def _set_given(self, **values: Any) -> None:
        """Set attributes, but for those that were not given: they are absent."""
        vars(self).update({name: value for name, value in values.items() if value is not None})


def _plain(value: Any) -> Any:
    if isinstance(value, _Model):
        return value.to_dict()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def _made(kind: type[_Model], items: Iterable[Any]) -> list[Any]:
    """Return objects, made of dicts where need be."""
    return [kind.from_dict(item) if isinstance(item, Mapping) else item for item in items]


# --- status


class BackendStatus(_Model):
    """Whether a backend works, and how long its queue is.

    Parameters
    ----------
    backend_name, backend_version : str
    operational : bool
    pending_jobs : int
        At least 0.
    status_msg : str

    Raises
    ------
    QiskitError
        If `pending_jobs` is negative.
    """

    def __init__(
        self, backend_name: str, backend_version: str, operational: bool, pending_jobs: int, status_msg: str
    ) -> None:
        super().__init__()
        if pending_jobs < 0:
            raise QiskitError(f"Pending jobs must be >=0, but {pending_jobs} was given.")
        self.backend_name, self.backend_version, self.operational = backend_name, backend_version, operational
        self.pending_jobs, self.status_msg = pending_jobs, status_msg


# --- configuration


class GateConfig(_Model):
    """A gate of a device.

    Parameters
    ----------
    name : str
    parameters : list of str
    qasm_def : str
        Its definition in OpenQASM 2.
    coupling_map, latency_map : list of list of int, optional
    conditional : bool, optional
    description : str, optional
    """

    def __init__(
        self,
        name: str,
        parameters: list[str],
        qasm_def: str,
        coupling_map: list[list[int]] | None = None,
        latency_map: list[list[int]] | None = None,
        conditional: bool | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__()
        self.name, self.parameters, self.qasm_def = name, parameters, qasm_def
        self._set_given(
            coupling_map=coupling_map, latency_map=latency_map, conditional=conditional, description=description
        )


#: Field of a configuration -> what a value of its dict is in SI units: ns, µs and GHz.
_UNITS = {
    "dt": 1e-9,
    "dtm": 1e-9,
    "rep_delay_range": 1e-6,
    "default_rep_delay": 1e-6,
    "rep_times": 1e-6,
    "qubit_lo_range": 1e9,
    "meas_lo_range": 1e9,
}
#: Optional fields that are absent also when they are empty or 0.
_NEVER_EMPTY = ("max_experiments", "n_registers", "register_map", "rep_delay_range")


class QasmBackendConfiguration(_Model):
    """What a backend can do. Times in a dict are in ns (`dt`, `dtm`) and µs; as attributes all are in seconds.

    Parameters
    ----------
    backend_name, backend_version : str
    n_qubits : int
    basis_gates : list of str
    gates : list of GateConfig
    local, simulator, conditional, open_pulse, memory : bool
    max_shots : int
    coupling_map : list of (int, int) or None
    supported_instructions : list of str, optional
    dynamic_reprate_enabled : bool
    **optional
        ``max_experiments``, ``n_registers``, ``register_map``, ``description``, ``dt`` and all else, which becomes
        an attribute; what is not given is absent.
    """

    def __init__(
        self,
        backend_name: str,
        backend_version: str,
        n_qubits: int,
        basis_gates: list[str],
        gates: list[Any],
        local: bool,
        simulator: bool,
        conditional: bool,
        open_pulse: bool,
        memory: bool,
        max_shots: int,
        coupling_map: list[Any] | None,
        supported_instructions: list[str] | None = None,
        dynamic_reprate_enabled: bool = False,
        **optional: Any,
    ) -> None:
        known = {name: optional.pop(name) for name in _OPTIONAL if name in optional}
        super().__init__(**{name: _scaled(value, _UNITS.get(name, 1)) for name, value in optional.items()})
        self.backend_name, self.backend_version, self.n_qubits = backend_name, backend_version, n_qubits
        self.basis_gates, self.gates = basis_gates, _made(GateConfig, gates)
        self.local, self.simulator, self.conditional, self.open_pulse = local, simulator, conditional, open_pulse
        self.memory, self.max_shots, self.coupling_map = memory, max_shots, coupling_map
        self.dynamic_reprate_enabled = dynamic_reprate_enabled
        known = {name: value for name, value in known.items() if value or name not in _NEVER_EMPTY}
        scaled = {name: _scaled(value, _UNITS.get(name, 1)) for name, value in known.items()}
        self._set_given(supported_instructions=supported_instructions, **scaled)
        # A number that was scaled and is scaled back is not always the number it was.
        self._given = {name: value for name, value in {**known, **optional}.items() if name in _UNITS}

    @property
    def num_qubits(self) -> int:
        """How many qubits there are."""
        return self.n_qubits

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as a dict, times in ns and µs, frequencies in GHz; `from_dict` is the inverse."""
        data = super().to_dict()
        for name in _UNITS.keys() & data.keys():
            given = self._given.get(name)
            unchanged = given is not None and _scaled(given, _UNITS[name]) == data[name]
            data[name] = given if unchanged else _scaled(data[name], 1 / _UNITS[name])
        return data


#: Optional fields that have always been attributes of their own.
_OPTIONAL = (
    *_NEVER_EMPTY,
    "default_rep_delay",
    "sample_name",
    "configurable",
    "credits_required",
    "online_date",
    "display_name",
    "description",
    "tags",
    "dt",
    "dtm",
    "processor_type",
    "parametric_pulses",
)


class BackendConfiguration(QasmBackendConfiguration):
    """The same under the name that later programs use."""


def _scaled(value: Any, unit: float) -> Any:
    """Return a number, or lists of them, in another unit."""
    if value is None or unit == 1:
        return value
    return [_scaled(item, unit) for item in value] if isinstance(value, (list, tuple)) else value * unit


# --- properties

#: SI prefix -> (factor, divisor); a division by 1e6 is exact where a product with 1e-6 is not.
_PREFIXES: dict[str, tuple[float, float]] = {"p": (1, 1e12), "n": (1, 1e9), "u": (1, 1e6), "µ": (1, 1e6), "m": (1, 1e3)}
_PREFIXES |= {"k": (1e3, 1), "M": (1e6, 1), "G": (1e9, 1)}


class Nduv(_Model):
    """A measured value: its date, name, unit and value.

    Parameters
    ----------
    date : datetime or str
    name : str
    unit : str
        With an SI prefix: ``"us"``, ``"GHz"``; empty for none.
    value : float
    """

    def __init__(self, date: Any, name: str, unit: str, value: float) -> None:
        super().__init__()
        self.date, self.name, self.unit, self.value = date, name, unit, value

    def in_si_units(self) -> float:
        """Return the value in s, Hz or whatever its unit is without the prefix."""
        factor, divisor = _PREFIXES.get(self.unit[:1], (1, 1)) if len(self.unit) > 1 else (1, 1)
        return self.value * factor / divisor


class GateProperties(_Model):
    """What was measured of a gate on some qubits.

    Parameters
    ----------
    qubits : list of int
    gate : str
    parameters : list of Nduv
    **extra
        Whatever else came along.
    """

    def __init__(self, qubits: list[int], gate: str, parameters: list[Any], **extra: Any) -> None:
        super().__init__(**extra)
        self.qubits, self.gate, self.parameters = qubits, gate, _made(Nduv, parameters)


_Measured = dict[str, tuple[float, Any]]


class BackendProperties(_Model):
    """What was measured of a device: each property a value in SI units and a date.

    Parameters
    ----------
    backend_name, backend_version : str
    last_update_date : datetime or str
        As text, in ISO format.
    qubits : list of list of Nduv
        By qubit.
    gates : list of GateProperties
    general : list of Nduv
    **extra
        Whatever else came along.
    """

    def __init__(
        self,
        backend_name: str,
        backend_version: str,
        last_update_date: datetime | str,
        qubits: Sequence[Sequence[Any]],
        gates: Sequence[Any],
        general: Sequence[Any],
        **extra: Any,
    ) -> None:
        super().__init__(**extra)
        self.backend_name, self.backend_version = backend_name, backend_version
        self._date = last_update_date
        self.last_update_date = _date(last_update_date)
        self.qubits = [_made(Nduv, properties) for properties in qubits]
        self.gates: list[GateProperties] = _made(GateProperties, gates)
        self.general: list[Nduv] = _made(Nduv, general)
        self._qubits = dict(enumerate(map(_measured, self.qubits)))
        self._gates: dict[str, dict[tuple[int, ...], _Measured]] = {}
        for gate in self.gates:
            self._gates.setdefault(gate.gate, {})[tuple(gate.qubits)] = _measured(gate.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Return the properties as a dict; the date is what was given."""
        data = super().to_dict()
        same = isinstance(self._date, str) and _date(self._date) == self.last_update_date
        return {**data, "last_update_date": self._date} if same else data

    # --- qubits

    def qubit_property(self, qubit: int, name: str | None = None) -> Any:
        """Return a property of a qubit as (value in SI units, date), or all of them by name.

        Raises
        ------
        BackendPropertyError
            If there is none.
        """
        found = self._qubits.get(qubit)
        if found is None or (name is not None and name not in found):
            raise BackendPropertyError(f"Couldn't find the {_what(name)} for qubit {qubit}.")
        return dict(found) if name is None else found[name]

    def t1(self, qubit: int) -> float:
        """Return the relaxation time of a qubit in seconds, or raise `BackendPropertyError`."""
        return float(self.qubit_property(qubit, "T1")[0])

    def t2(self, qubit: int) -> float:
        """Return the dephasing time of a qubit in seconds, or raise `BackendPropertyError`."""
        return float(self.qubit_property(qubit, "T2")[0])

    def frequency(self, qubit: int) -> float:
        """Return the frequency of a qubit in Hz, or raise `BackendPropertyError`."""
        return float(self.qubit_property(qubit, "frequency")[0])

    def readout_error(self, qubit: int) -> float:
        """Return the probability of a wrong readout of a qubit, or raise `BackendPropertyError`."""
        return float(self.qubit_property(qubit, "readout_error")[0])

    def readout_length(self, qubit: int) -> float:
        """Return how many seconds the readout of a qubit takes, or raise `BackendPropertyError`."""
        return float(self.qubit_property(qubit, "readout_length")[0])

    def faulty_qubits(self) -> list[int]:
        """Return the qubits that don't work."""
        return [qubit for qubit in self._qubits if not self.is_qubit_operational(qubit)]

    def is_qubit_operational(self, qubit: int) -> bool:
        """Whether a qubit works: so it does unless its properties say otherwise."""
        return _operational(self.qubit_property(qubit))

    # --- gates

    def gate_property(self, gate: str, qubits: int | Iterable[int] | None = None, name: str | None = None) -> Any:
        """Return a property of a gate on some qubits as (value in SI units, date), or all of them by name.

        Parameters
        ----------
        gate : str
        qubits : int or iterable of int, optional
            None: what there is, by qubits.
        name : str, optional
            None: all properties, by name.

        Raises
        ------
        BackendPropertyError
            If there is none, or a name is given without qubits.
        """
        found = self._gates.get(gate)
        if found is None:
            raise BackendPropertyError(f"Could not find the desired property for {gate}.")
        if qubits is None:
            if name is not None:
                raise BackendPropertyError(f"Provide qubits to get {name} of {gate}")
            return {key: dict(measured) for key, measured in found.items()}
        where = (qubits,) if isinstance(qubits, int) else tuple(qubits)
        if where not in found or (name is not None and name not in found[where]):
            raise BackendPropertyError(f"Could not find the desired {_what(name)} for {gate} on qubits {list(where)}.")
        return dict(found[where]) if name is None else found[where][name]

    def gate_error(self, gate: str, qubits: int | Iterable[int]) -> float:
        """Return the error of a gate on some qubits, or raise `BackendPropertyError`."""
        return float(self.gate_property(gate, qubits, "gate_error")[0])

    def gate_length(self, gate: str, qubits: int | Iterable[int]) -> float:
        """Return how many seconds a gate takes on some qubits, or raise `BackendPropertyError`."""
        return float(self.gate_property(gate, qubits, "gate_length")[0])

    def faulty_gates(self) -> list[GateProperties]:
        """Return the gates that don't work."""
        return [gate for gate in self.gates if not _operational(_measured(gate.parameters))]

    def is_gate_operational(self, gate: str, qubits: int | Iterable[int] | None = None) -> bool:
        """Whether a gate works on some qubits: so it does unless its properties say otherwise."""
        found = self.gate_property(gate, qubits)
        return all(map(_operational, found.values())) if qubits is None else _operational(found)


def _measured(properties: Iterable[Nduv]) -> _Measured:
    return {item.name: (item.in_si_units(), item.date) for item in properties}


def _operational(measured: Mapping[str, tuple[float, Any]]) -> bool:
    return bool(measured["operational"][0]) if "operational" in measured else True


def _what(name: str | None) -> str:
    return "properties" if name is None else f"property '{name}'"


def _date(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
