"""BasicAer: the provider of the historical simulators, as old scripts ask it for them."""

from __future__ import annotations

import logging
import uuid
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from qdock.work.worker import current_worker
from qdock_basic import BasicProviderJob
from qdock_legacy.aer_job import BasicAerJob
from qdock_legacy.errors import QiskitBackendNotFoundError
from qdock_legacy.models import QasmBackendConfiguration
from qdock_legacy.old_backend import BackendV1
from qdock_legacy.old_result import Result
from qdock_legacy.options import Options
from qdock_legacy.qobj import Qobj
from qdock_legacy.simulators import OPTIONS, SIMULATORS, run_qobj

__all__ = [
    "BasicAer",
    "BasicAerProvider",
    "BasicProviderJob",
    "ProviderV1",
    "QasmSimulatorPy",
    "StatevectorSimulatorPy",
    "UnitarySimulatorPy",
    "filter_backends",
]

_LOG = logging.getLogger(__name__)

_BASIS = ("u1", "u2", "u3", "rz", "sx", "x", "cx", "id", "unitary")
#: Gate -> its parameters and definition, as a configuration tells them.
_GATES = {
    "u1": (["lambda"], "gate u1(lambda) q { U(0,0,lambda) q; }"),
    "u2": (["phi", "lambda"], "gate u2(phi,lambda) q { U(pi/2,phi,lambda) q; }"),
    "u3": (["theta", "phi", "lambda"], "gate u3(theta,phi,lambda) q { U(theta,phi,lambda) q; }"),
    "rz": (["phi"], "gate rz(phi) q { U(0,0,phi) q; }"),
    "sx": ([], "gate sx(phi) q { U(pi/2,7*pi/2,pi/2) q; }"),
    "x": ([], "gate x q { U(pi,7*pi/2,pi/2) q; }"),
    "cx": ([], "gate cx c,t { CX c,t; }"),
    "id": ([], "gate id a { U(0,0,0) a; }"),
    "unitary": (["matrix"], "unitary(matrix) q1, q2,..."),
}
_DEFAULTS: dict[str, Any] = {
    "shots": 1024,
    "memory": False,
    "initial_statevector": None,
    "chop_threshold": 1e-15,
    "allow_sample_measuring": True,
    "seed_simulator": None,
    "parameter_binds": None,
}
#: Options that say what circuits become, not how a Qobj is run.
_OF_CIRCUITS = ("parameter_binds", "qobj_id", "qobj_header")


class _SimulatorPy(BackendV1):
    """A historical simulator. It holds nothing of a run, so any number of threads may use one.

    Parameters
    ----------
    configuration : QasmBackendConfiguration, optional
        In place of its own.
    provider : object, optional
    **fields
        Options with another default.
    """

    _name: ClassVar[str]
    _defaults: ClassVar[Mapping[str, Any]] = _DEFAULTS

    def __init__(
        self, configuration: QasmBackendConfiguration | None = None, provider: Any = None, **fields: Any
    ) -> None:
        super().__init__(_configuration(self._name) if configuration is None else configuration, provider, **fields)

    @classmethod
    def _default_options(cls) -> Options:
        return Options(**cls._defaults, generator=None)

    def run(  # type: ignore[override]  # its first argument has the historical name
        self, qobj: Any, backend_options: Mapping[str, Any] | None = None, **options: Any
    ) -> BasicAerJob:
        """Submit a job and return it at once.

        Parameters
        ----------
        qobj : Qobj, dict or circuits
            What to run; a dict, or what makes one by `to_dict`, is read as a Qobj, and circuits are assembled.
        backend_options : mapping, optional
            The historical way to give options.
        **options
            In place of what the Qobj says: ``shots``, ``memory``, ``seed_simulator``, ``initial_statevector``,
            ``initial_unitary``, ``chop_threshold``, ``generator``. What neither of them says, `set_options` does.

        Raises
        ------
        QobjError
            If a dict is no valid Qobj. What this simulator can't run makes a job that fails with such an error.
        """
        chosen = self._known({**(backend_options or {}), **options})
        program, given = self._prepare(qobj, chosen)
        job = BasicAerJob(self, str(uuid.uuid4()), partial(self._run_job, **given), program)
        # It has been checked that this is a Qobj; the published schema asks for more than the simulators did.
        job._strict = False
        job.submit()
        return job

    def _known(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that there are; of any other a warning tells."""
        for name in options:
            if name not in OPTIONS and name not in self._options and name not in _OF_CIRCUITS:
                warnings.warn(f"Option {name} is not used by this backend", stacklevel=3)
        return {name: value for name, value in options.items() if name in OPTIONS or name in _OF_CIRCUITS}

    def _prepare(self, given: Any, chosen: dict[str, Any]) -> tuple[Qobj, dict[str, Any]]:
        """Return what to run, and the options that stand in place of its own."""
        if isinstance(given, Mapping) or (not isinstance(given, Qobj) and hasattr(given, "to_dict")):
            given = Qobj.from_dict(_as_dict(given))
        defaults = {name: value for name, value in self._options.items() if value is not None}
        if not isinstance(given, Qobj):
            from qdock_legacy.old_assemble import assemble

            values = {**defaults, **{name: value for name, value in chosen.items() if value is not None}}
            values.pop("allow_sample_measuring", None)
            how = {name: values.pop(name) for name in OPTIONS[3:] if name in values}
            return assemble(given, self, **values), how
        config: Any = given.config or {}
        unsaid = {name: value for name, value in defaults.items() if name in OPTIONS and name not in config}
        return given, {**unsaid, **{name: value for name, value in chosen.items() if name in OPTIONS}}

    def _run_job(self, job_id: str, qobj: Any, **options: Any) -> Result:
        """Run a Qobj, here and now, and return the result."""
        program = qobj if isinstance(qobj, Qobj) else Qobj.from_dict(_as_dict(qobj))
        worker = current_worker()
        check = None if worker is None else worker.check
        return Result.from_dict(run_qobj(program, self._name, job_id, check, **options))


def _as_dict(qobj: Any) -> Any:
    return qobj.to_dict() if callable(getattr(qobj, "to_dict", None)) else qobj


class QasmSimulatorPy(_SimulatorPy):
    """The simulator of counts, ``qasm_simulator``."""

    _name = "qasm_simulator"


class StatevectorSimulatorPy(_SimulatorPy):
    """The simulator of one shot's final state, ``statevector_simulator``."""

    _name = "statevector_simulator"


class UnitarySimulatorPy(_SimulatorPy):
    """The simulator of a circuit's matrix, ``unitary_simulator``."""

    _name = "unitary_simulator"
    _defaults: ClassVar[Mapping[str, Any]] = {
        "shots": 1,
        "initial_unitary": None,
        "chop_threshold": 1e-15,
        "parameter_binds": None,
    }


def _configuration(name: str) -> QasmBackendConfiguration:
    """Return the configuration of a simulator."""
    simulator = SIMULATORS[name]
    counts = simulator.method == "counts"
    matrix = simulator.method == "unitary"
    return QasmBackendConfiguration.from_dict(
        {
            "backend_name": simulator.name,
            "backend_version": simulator.version,
            "n_qubits": simulator.max_qubits,
            "url": "https://github.com/Qiskit/qiskit-terra",
            "simulator": True,
            "local": True,
            "conditional": not matrix,
            "open_pulse": False,
            "memory": not matrix,
            "max_shots": simulator.max_shots,
            "coupling_map": None,
            "description": simulator.summary,
            "basis_gates": [*(("h", "u", "p") if counts else ()), *_BASIS],
            "gates": [{"name": gate, "parameters": names, "qasm_def": text} for gate, (names, text) in _GATES.items()],
        }
    )


# --- providers


class ProviderV1(ABC):
    """What gives backends by name: implement `backends`."""

    @abstractmethod
    def backends(self, name: str | None = None, **kwargs: Any) -> list[Any]:
        """Return the backends that fit."""

    def get_backend(self, name: str | None = None, **kwargs: Any) -> Any:
        """Return the one backend that fits.

        Raises
        ------
        QiskitBackendNotFoundError
            If there is none, or more than one.
        """
        found = self.backends(name, **kwargs)
        if len(found) > 1:
            raise QiskitBackendNotFoundError("More than one backend matches the criteria")
        if not found:
            raise QiskitBackendNotFoundError("No backend matches the criteria")
        return found[0]

    def __eq__(self, other: object) -> bool:
        return type(self).__name__ == type(other).__name__

    __hash__ = None  # type: ignore[assignment]  # as it was: all of one class are equal


class BasicAerProvider(ProviderV1):
    """The provider of the three historical simulators."""

    #: Name that was given up -> what to ask for.
    _DEPRECATED: ClassVar[dict[str, str]] = {
        "qasm_simulator_py": "qasm_simulator",
        "statevector_simulator_py": "statevector_simulator",
        "unitary_simulator_py": "unitary_simulator",
        "local_qasm_simulator_py": "qasm_simulator",
        "local_statevector_simulator_py": "statevector_simulator",
        "local_unitary_simulator_py": "unitary_simulator",
        "local_unitary_simulator": "unitary_simulator",
    }

    def __init__(self) -> None:
        classes = QasmSimulatorPy, StatevectorSimulatorPy, UnitarySimulatorPy
        self._backends = {made.name(): made for made in (cls(provider=self) for cls in classes)}

    def get_backend(self, name: str | None = None, **kwargs: Any) -> Any:
        """Return the one backend that fits, always the same object.

        Parameters
        ----------
        name : str, optional
            Also one that was given up; a warning is logged then.
        **kwargs
            As for `backends`.

        Raises
        ------
        QiskitBackendNotFoundError
            If there is none, or more than one.
        """
        known = self._resolve(name) if name else None
        if name and known is None:
            raise QiskitBackendNotFoundError(f"The '{name}' backend is not installed in your system.")
        return super().get_backend(known, **kwargs)

    def backends(
        self, name: str | None = None, filters: Callable[[Any], bool] | None = None, **kwargs: Any
    ) -> list[Any]:
        """Return the backends that fit, in order: qasm, statevector, unitary; see `filter_backends`."""
        found = [self._backends[name] for name in ([self._resolve(name)] if name else self._backends) if name]
        return filter_backends(found, filters, **kwargs)

    def _resolve(self, name: str) -> str | None:
        if name in self._DEPRECATED:
            _LOG.warning("Backend '%s' is deprecated. Use '%s'.", name, self._DEPRECATED[name])
        known = self._DEPRECATED.get(name, name)
        return known if known in self._backends else None

    def __str__(self) -> str:
        return "BasicAer"


def filter_backends(backends: Iterable[Any], filters: Callable[[Any], bool] | None = None, **kwargs: Any) -> list[Any]:
    """Return the backends that fit.

    Parameters
    ----------
    backends : iterable of backends
    filters : callable, optional
        Called with each backend; whether it fits.
    **kwargs
        What a field of the configuration must be, if all configurations have it, or else one of the status.
    """
    found = list(backends)
    for name, value in kwargs.items():
        in_all = all(name in backend.configuration() for backend in found)
        found = [
            backend
            for backend in found
            if getattr(backend.configuration() if in_all else backend.status(), name, None) == value
        ]
    return [backend for backend in found if filters is None or filters(backend)]


#: What old scripts import.
BasicAer = BasicAerProvider()
