"""assemble and execute: how scripts of 2019 made a Qobj of circuits, and ran it."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

import qdock
from qdock.backend import Backend
from qdock.circuit import Circuit
from qdock.gates import GATES
from qdock.lower import lower
from qdock_legacy.convert_write import BASIS, circuits_to_qobj
from qdock_legacy.errors import QiskitError
from qdock_legacy.qobj import Fields, Qobj

__all__ = ["assemble", "execute"]

#: What the old `assemble` wrote into every config, beyond what a run needs.
_ALWAYS: dict[str, Any] = {"init_qubits": True, "meas_level": 2, "parameter_binds": [], "parametric_pulses": []}
#: Arguments of the old `execute` that said how to compile. There is nothing to choose here, and nothing to lose.
_HARMLESS = ("backend_properties", "optimization_level", "seed_transpiler", "seed_mapper", "skip_transpiler")
#: Those that asked for what is not done here.
_COMPILING = ("coupling_map", "initial_layout", "pass_manager", "schedule_circuit", "schedule", "inst_map")


def assemble(
    experiments: Circuit | Sequence[Circuit],
    backend: Any = None,
    qobj_id: str | None = None,
    qobj_header: Mapping[str, Any] | None = None,
    shots: int | None = None,
    memory: bool = False,
    max_credits: int | None = None,
    seed_simulator: int | None = None,
    parameter_binds: Sequence[Mapping[Any, Any]] | None = None,
    **run_config: Any,
) -> Qobj:
    """Return the Qobj of one or several circuits.

    Parameters
    ----------
    experiments : Circuit or sequence of Circuit
    backend : backend, optional
        For the header, and to see what it allows.
    qobj_id : str, optional
        A new one if not given.
    qobj_header : mapping, optional
        What else is to stand in the header.
    shots : int, optional
        1024, or as many as the backend allows, if not given.
    memory : bool
        Whether the outcome of every shot is kept.
    max_credits : int, optional
        Written into the config.
    seed_simulator : int, optional
    parameter_binds : sequence of mappings, optional
        Values of the parameters: there is an experiment for each circuit and each of these.
    **run_config
        What else is to stand in the config.

    Raises
    ------
    QiskitError
        If these are no circuits, the backend does not allow it, or the parameters are not those of the circuits.
    ValueError
        If there are no circuits.
    """
    circuits = _bound(_circuits(experiments), parameter_binds)
    limits = _limits(backend)
    config = {**_ALWAYS, "max_credits": max_credits, **run_config}
    basis = limits.get("basis_gates") or ()
    made = circuits_to_qobj(
        circuits,
        shots=_shots(shots, limits),
        memory=_memory(memory, limits),
        seed=None if seed_simulator is None else operator.index(seed_simulator),
        qobj_id=qobj_id,
        exact_names={"h", "u", "p"} <= set(basis),
        **{name: value for name, value in config.items() if value is not None},
    )
    about: dict[str, Any] = {name: limits[name] for name in ("backend_name", "backend_version") if name in limits}
    return replace(made, header=Fields({**about, **(qobj_header or {})}))


def _circuits(experiments: Any) -> list[Circuit]:
    given = list(experiments) if isinstance(experiments, (list, tuple)) else [experiments]
    if not given:
        raise ValueError("There are no circuits to assemble. Give at least one.")
    for item in given:
        if not isinstance(item, Circuit):
            raise QiskitError(
                f"bad input to assemble() function; must be either circuits or schedules, and here a qdock Circuit, "
                f"but {type(item).__name__} was given. `qdock.convert` makes a Circuit of many things."
            )
    return given


def _bound(circuits: list[Circuit], binds: Sequence[Mapping[Any, Any]] | None) -> list[Circuit]:
    """Return each circuit with each of the bindings."""
    if not binds:
        return circuits
    for circuit in circuits:
        known = {parameter.name for parameter in circuit.parameters}
        for bind in binds:
            given = {getattr(key, "name", key) for key in bind}
            if given != known:
                raise QiskitError(
                    f"Mismatch between run_config.parameter_binds and all circuit parameters. Parameter binds: "
                    f"{sorted(given)} Circuit parameters: {sorted(known)}"
                )
    return [circuit.bind(bind) for circuit in circuits for bind in binds]


def _limits(backend: Any) -> dict[str, Any]:
    """Return what a backend's configuration says, as far as it matters here."""
    if backend is None:
        return {}
    if isinstance(backend, Backend):
        from qdock_legacy.adapters import configuration_of

        return configuration_of(backend).to_dict()
    found: dict[str, Any] = backend.configuration().to_dict()
    return found


def _shots(shots: Any, limits: Mapping[str, Any]) -> int:
    most = limits.get("max_shots")
    if shots is None:
        return min(1024, most) if most else 1024
    if isinstance(shots, bool) or not hasattr(shots, "__index__"):
        raise QiskitError(f"Argument 'shots' should be of type 'int', but {shots!r} was given.")
    if most and shots > most:
        raise QiskitError(f"Number of shots specified: {shots} exceeds max_shots property of the backend: {most}.")
    return operator.index(shots)


def _memory(memory: Any, limits: Mapping[str, Any]) -> bool:
    if memory and not limits.get("memory", True):
        raise QiskitError(f"memory not supported by backend {limits['backend_name']}")
    return bool(memory)


def execute(
    experiments: Circuit | Sequence[Circuit],
    backend: Any,
    basis_gates: Iterable[str] | None = None,
    backend_options: Mapping[str, Any] | None = None,
    **run_config: Any,
) -> Any:
    """Run circuits on a backend and return the job.

    Parameters
    ----------
    experiments : Circuit or sequence of Circuit
    backend : backend or str
        One of the old form, which is given a Qobj; or any backend of qdock. A name is one of BasicAer's, or else
        that of an installed backend.
    basis_gates : iterable of str, optional
        Gates to write the circuits in. None: those of the backend.
    backend_options : mapping, optional
        Options for the backend's `run`.
    **run_config
        As for `assemble`: ``shots``, ``memory``, ``seed_simulator``, ``parameter_binds`` ... What the old function
        passed to its compiler is ignored, with a warning where that makes a difference.

    Raises
    ------
    QiskitError, ValueError
        As `assemble` does.
    """
    chosen, backend = _without_compiling(run_config), _in_old_form(backend)
    qobj = assemble(_in_basis(_circuits(experiments), basis_gates, backend), backend, **chosen)
    return backend.run(qobj, backend_options=backend_options) if backend_options else backend.run(qobj)


def _in_old_form(backend: Any) -> Any:
    """Return a backend as old scripts know it: a name is one of BasicAer's, or of any backend there is."""
    if isinstance(backend, str):
        from qdock_legacy.provider import BasicAer

        backend = next(iter(BasicAer.backends(backend)), None) or qdock.get_backend(backend)
    if not isinstance(backend, Backend):
        return backend
    from qdock_legacy.adapters import to_old_backend

    return to_old_backend(backend)


def _without_compiling(config: Mapping[str, Any]) -> dict[str, Any]:
    for name in _COMPILING:
        if config.get(name) is not None:
            warnings.warn(f"{name} is not used: qdock rewrites gates, but places no qubits.", stacklevel=3)
    return {name: value for name, value in config.items() if name not in (*_HARMLESS, *_COMPILING)}


def _in_basis(circuits: list[Circuit], basis_gates: Iterable[str] | None, backend: Any) -> list[Circuit]:
    """Return the circuits in some gates, as far as the table has them."""
    names = backend.configuration().basis_gates if basis_gates is None else basis_gates
    known = [name for name in (names.split(",") if isinstance(names, str) else names) if name in (*GATES, "unitary")]
    return [lower(circuit, known or BASIS) for circuit in circuits]
