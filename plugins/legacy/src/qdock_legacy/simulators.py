"""The three historical simulators: what each could do, and a Qobj run on one of them as it ran then."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import UNSET

from qdock_legacy.arrays import Array, matrix_of, vector_of
from qdock_legacy.draws import GENERATORS, check_seed
from qdock_legacy.errors import BasicAerError, QobjError, error_at
from qdock_legacy.pause import collector_paused
from qdock_legacy.program import Program, compile_experiment
from qdock_legacy.qobj import Experiment, Qobj
from qdock_legacy.qobj_rules import check as check_model
from qdock_legacy.qobj_rules import show
from qdock_legacy.run import Settings, run_programs

__all__ = ["OPTIONS", "SIMULATORS", "Simulator", "check_qobj", "prepare", "run_qobj"]

_LOG = logging.getLogger(__name__)

#: What a run may be told in place of what the Qobj says.
OPTIONS = (
    "shots",
    "memory",
    "seed_simulator",
    "initial_statevector",
    "initial_unitary",
    "chop_threshold",
    "generator",
)
_NORM_DIGITS, _DEFECT_DIGITS = 12, 10


@dataclass(frozen=True)
class Simulator:
    """What one of the simulators was like.

    Attributes
    ----------
    name, version : str
    summary : str
    method : {"counts", "statevector", "unitary"}
    max_shots : int
    """

    name: str
    version: str
    summary: str
    method: str
    max_shots: int = 65_536

    @property
    def max_qubits(self) -> int:
        """The most qubits: 24, or as many as fit in this machine's memory."""
        amplitudes = _machine_memory() / 16
        return min(24, int(math.log2(amplitudes**0.5 if self.method == "unitary" else amplitudes)))


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 8 << 30


SIMULATORS: dict[str, Simulator] = {
    item.name: item
    for item in (
        Simulator("qasm_simulator", "2.1.0", "A python simulator for qasm experiments", "counts"),
        Simulator("statevector_simulator", "1.1.0", "A Python statevector simulator for qobj files", "statevector"),
        Simulator(
            "unitary_simulator", "1.1.0", "A python simulator for unitary matrix corresponding to a circuit", "unitary"
        ),
    )
}


def run_qobj(
    qobj: Qobj,
    simulator: str = "qasm_simulator",
    job_id: str = "",
    check: Callable[[], None] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run a Qobj as a historical simulator ran it, and return the result in the historical wire format.

    Parameters
    ----------
    qobj : Qobj
    simulator : str
        A name of `SIMULATORS`.
    job_id : str
        What the result says of its job.
    check : callable, optional
        Called between experiments; what it raises ends the run.
    **options
        Of `OPTIONS`, in place of what the Qobj's config says; None leaves it. `generator` is ``"RandomState"``, as
        BasicAer had it, unless ``"default_rng"`` is asked for, as BasicSimulator had it.

    Returns
    -------
    dict
        As ``Result.to_dict()`` was; a statevector or unitary in it is a complex array.

    Raises
    ------
    QobjError
        If the Qobj is invalid, or this simulator did not run such; the message begins with the JSON path.
    """
    device = SIMULATORS[simulator]
    begin = time.perf_counter()
    with collector_paused():
        programs, settings = prepare(qobj, device, options)
        headers = [{} if item.header is UNSET else item.header.to_dict() for item in qobj.experiments]
    found = run_programs(programs, settings, check)
    results = [
        _experiment_result(program, each, settings, header)
        for program, each, header in zip(programs, found, headers, strict=True)
    ]
    return {
        "backend_name": device.name,
        "backend_version": device.version,
        "date": None,
        "header": {} if qobj.header is UNSET else qobj.header.to_dict(),
        "job_id": job_id,
        "qobj_id": qobj.qobj_id,
        "results": results,
        "status": "COMPLETED",
        "success": True,
        "time_taken": time.perf_counter() - begin,
    }


def _experiment_result(program: Program, found: Any, settings: Settings, header: dict[str, Any]) -> dict[str, Any]:
    seed = {} if found.seed is None else {"seed_simulator": found.seed}
    return {
        "data": found.data,
        "header": {"name": program.name, **header},
        "meas_level": 2,
        "name": program.name,
        **seed,
        "shots": settings.shots,
        "status": "DONE",
        "success": True,
        "time_taken": found.seconds,
    }


# --- what is checked before anything is run


def check_qobj(qobj: Qobj, simulator: str, **options: Any) -> None:
    """Raise `QobjError` if a simulator can't run a Qobj."""
    prepare(qobj, SIMULATORS[simulator], options)


def prepare(qobj: Qobj, device: Simulator, options: Mapping[str, Any]) -> tuple[list[Program], Settings]:
    """Return what a Qobj and the options of its run come to, all of it checked."""
    check_model(qobj)
    settings = _settings(qobj, device, options)
    _check_sizes(qobj, device)
    programs = [compile_experiment(item, index, device.name) for index, item in enumerate(qobj.experiments)]
    for program, experiment in zip(programs, qobj.experiments, strict=True):
        _check_program(program, device, settings)
        _check_names(experiment, program, device)
    _warn(programs, device)
    return programs, settings


def _settings(qobj: Qobj, device: Simulator, options: Mapping[str, Any]) -> Settings:
    for name in options:
        if name not in OPTIONS:
            raise BasicAerError(f"Option {name!r} is not used by {device.name}; there are {', '.join(OPTIONS)}.")
    config: dict[str, Any] = qobj.config._data  # type: ignore[union-attr]  # checked
    values = {name: value for name, value in config.items() if name in OPTIONS or name == "seed"}
    values |= {name: value for name, value in options.items() if value is not None}
    where = {name: name if options.get(name) is not None else f"config.{name}" for name in OPTIONS}
    generator = values.get("generator", GENERATORS[0])
    if generator not in GENERATORS:
        raise QobjError(f"generator: {show(generator)} was given; allowed are {', '.join(GENERATORS)}.", "generator")
    seed = values.get("seed_simulator", values.get("seed"))
    shots = _shots(values["shots"], device, where["shots"])
    return Settings(
        method=device.method,
        shots=shots,
        memory=bool(values.get("memory", False)),
        seed=None if seed is None else check_seed(seed, generator, where["seed_simulator"]),
        generator=generator,
        chop=_chop(values.get("chop_threshold", 1e-15), where["chop_threshold"]),
        initial=_initial(values, device, where),
    )


def _shots(shots: Any, device: Simulator, path: str) -> int:
    if not isinstance(shots, int) or isinstance(shots, bool) or shots < 1:
        raise error_at(path, f"{show(shots)} was given; allowed is an integer of at least 1.")
    if device.method != "counts":
        if shots != 1:
            _LOG.info("%s only supports 1 shot. Setting shots=1.", device.name)
        return 1
    if shots > device.max_shots:
        raise error_at(
            path, f"Number of shots specified: {shots} exceeds max_shots property of the backend: {device.max_shots}."
        )
    return shots


def _chop(threshold: Any, path: str) -> float:
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not 0 <= threshold <= 1e300:
        raise error_at(path, f"{show(threshold)} was given; allowed is a number of at least 0.")
    return float(threshold)


def _initial(values: Mapping[str, Any], device: Simulator, where: Mapping[str, str]) -> Array | None:
    """Return the array that a run begins with, if one is given."""
    name = "initial_unitary" if device.method == "unitary" else "initial_statevector"
    if values.get(name) is None:
        return None
    path = where[name]
    return _initial_unitary(values[name], path) if device.method == "unitary" else _initial_state(values[name], path)


def _initial_state(value: Any, path: str) -> Array:
    state = vector_of(value, path)
    norm = float(np.linalg.norm(state))
    if round(norm, _NORM_DIGITS) != 1:
        raise error_at(path, f"initial statevector is not normalized: norm {norm} != 1")
    return state


def _initial_unitary(value: Any, path: str) -> Array:
    matrix = matrix_of(value, path)
    if matrix.shape[0] != matrix.shape[1]:
        raise error_at(path, "initial unitary is not a square matrix")
    if round(float(np.linalg.norm(matrix.conj().T @ matrix - np.eye(len(matrix)))), _DEFECT_DIGITS) != 0:
        raise error_at(path, "initial unitary is not unitary")
    return matrix


def _check_sizes(qobj: Qobj, device: Simulator) -> None:
    """Refuse too many qubits, before anything is worked out for them."""
    limit = device.max_qubits
    places: list[tuple[str, Any]] = [("config.n_qubits", qobj.config.get("n_qubits", 1))]  # type: ignore[union-attr]  # checked
    for index, experiment in enumerate(qobj.experiments):
        places.append((f"experiments[{index}].config.n_qubits", experiment.config["n_qubits"]))  # type: ignore[index]  # checked
    for path, number in places:
        if number > limit:
            raise error_at(path, f'Number of qubits {number} is greater than maximum ({limit}) for "{device.name}".')


def _check_program(program: Program, device: Simulator, settings: Settings) -> None:
    path = program.path
    if program.seed is not None:
        check_seed(program.seed, settings.generator, f"{path}.config.seed_simulator")
    size = 1 << program.num_qubits
    if settings.initial is not None and len(settings.initial) != size:
        kind = "unitary is incorrect shape" if device.method == "unitary" else "statevector is incorrect length"
        raise error_at(f"config.initial_{kind.partition(' ')[0]}", f"initial {kind}: {len(settings.initial)} != {size}")


def _check_names(experiment: Experiment, program: Program, device: Simulator) -> None:
    """Refuse what has no matrix on the simulator of matrices."""
    if device.method != "unitary" or not (program.measures or program.resets):
        return
    for index, instruction in enumerate(experiment.instructions):
        if instruction.name in ("measure", "reset"):
            raise error_at(
                f"{program.path}.instructions[{index}].name",
                f'Unsupported "{device.name}" instruction "{instruction.name}" in circuit "{program.name}".',
            )


def _warn(programs: Sequence[Program], device: Simulator) -> None:
    for program in programs if device.method == "counts" else ():
        if program.memory_slots == 0:
            _LOG.warning('No classical registers in circuit "%s", counts will be empty.', program.name)
        elif not program.measures:
            _LOG.warning('No measurements in circuit "%s", classical register will remain all zeros.', program.name)
