"""Backends of qdock in the old form, and old backends as backends of qdock."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, cast

import numpy as np

from qdock.backend import Backend, Context, LocalBackend
from qdock.circuit import Circuit
from qdock.errors import JobCancelledError
from qdock.gates import GATES
from qdock.job import JOB_FINAL_STATES, JobStatus, JobV1, RecordedJob
from qdock.result import CircuitResult
from qdock.result import Result as CoreResult
from qdock.spec import BackendSpec, Option
from qdock.tracking.waiting import Callback, JobFuture
from qdock_legacy.arrays import vector_of
from qdock_legacy.convert_read import to_circuits
from qdock_legacy.errors import BasicAerError
from qdock_legacy.models import QasmBackendConfiguration
from qdock_legacy.old_assemble import assemble
from qdock_legacy.old_backend import BackendV1
from qdock_legacy.old_result import Result
from qdock_legacy.options import Options
from qdock_legacy.qobj import Qobj
from qdock_legacy.start import STARTS

__all__ = ["AdaptedBackend", "AdaptedJob", "OldBackend", "configuration_of", "from_old_backend", "to_old_backend"]

#: Most shots of a backend that does not say.
_MAX_SHOTS = 10**9
#: Qubits of a backend that does not say: what an old simulator had.
_NUM_QUBITS = 24
#: What a Qobj's config says of a run, beside the seed.
_CONFIG = ("shots", "memory", *STARTS)


# --- a backend of qdock in the old form


def to_old_backend(backend: Backend | str) -> AdaptedBackend:
    """Return a backend of qdock in the form of `BackendV1`.

    Parameters
    ----------
    backend : Backend or str
        Itself, or its name.

    Examples
    --------
    ::

        backend = to_old_backend("basic_simulator")
        backend.run(assemble(circuit, backend, shots=100)).result().get_counts()
    """
    if isinstance(backend, str):
        import qdock

        backend = qdock.get_backend(backend)
    return AdaptedBackend(backend)


def configuration_of(backend: Backend) -> QasmBackendConfiguration:
    """Return what the spec and the target of a backend say, in the old form."""
    spec, target = backend.spec, backend.target()
    gates = spec.gates if target is None else target.gates
    return QasmBackendConfiguration(
        backend_name=spec.name,
        backend_version="1.0.0",
        n_qubits=(spec.num_qubits or _NUM_QUBITS) if target is None else target.num_qubits,
        basis_gates=[*(GATES if gates is None else gates)],
        gates=[],
        local=isinstance(backend, LocalBackend),
        simulator=spec.simulator,
        conditional="conditionals" in spec.features,
        open_pulse=False,
        memory="memory" in spec.options,
        max_shots=spec.max_shots or _MAX_SHOTS,
        coupling_map=None if target is None or target.couplings is None else [list(pair) for pair in target.couplings],
        max_experiments=spec.max_programs,
        description=spec.summary,
    )


class AdaptedBackend(BackendV1):
    """A backend of qdock with the methods of an old one.

    Parameters
    ----------
    backend : Backend
    provider : object, optional
    """

    def __init__(self, backend: Backend, provider: Any = None) -> None:
        self._backend = backend
        super().__init__(configuration_of(backend), provider)
        self._options = Options(**{"seed_simulator": None, **backend.options})

    @classmethod
    def _default_options(cls) -> Options:
        return Options()

    def run(self, run_input: Any, **options: Any) -> AdaptedJob:
        """Submit a job and return it at once.

        Parameters
        ----------
        run_input : Qobj, dict, or circuits
            What to run; a dict is read as a Qobj.
        **options
            Those of the backend, and ``seed_simulator``. What neither they nor a Qobj say, `set_options` does.

        Raises
        ------
        QdockError
            As the backend's own `run` does.
        """
        program = Qobj.from_dict(run_input) if isinstance(run_input, Mapping) else run_input
        given = _config(program) if isinstance(program, Qobj) else {}
        given |= {name: value for name, value in options.items() if name != "backend_options"}
        given |= options.get("backend_options") or {}
        if isinstance(program, Qobj):
            circuits = to_circuits(program, {name: given.pop(name) for name in STARTS if name in given})
        else:
            circuits = program
            if "initial_statevector" in given and "initial_state" in self._options:
                given["initial_state"] = vector_of(given.pop("initial_statevector"), "initial_statevector")
        for name in given.keys() - self._options.keys():
            # What is not wanted is not missed.
            if given[name] is not None and given[name] is not False:
                warnings.warn(f"Option {name} is not used by this backend", stacklevel=2)
        chosen = {**self._options, **{name: value for name, value in given.items() if name in self._options}}
        if "seed_simulator" not in self._backend.spec.options:
            chosen["seed"] = chosen.pop("seed_simulator")
        values = {name: value for name, value in chosen.items() if value is not None}
        return AdaptedJob(self, self._backend.run(circuits, **values), program)


def _config(qobj: Qobj) -> dict[str, Any]:
    config: Any = qobj.config or {}
    seed = config.get("seed_simulator", config.get("seed"))
    found = {name: config[name] for name in _CONFIG if name in config}
    return found if seed is None else {**found, "seed_simulator": seed}


class AdaptedJob(JobV1):
    """A job of qdock whose result is in the old form; all else is the job's own.

    Parameters
    ----------
    backend : AdaptedBackend
    job : RecordedJob
    program : object
        What it runs; a Qobj gives the result its id and headers.
    """

    def __init__(self, backend: AdaptedBackend, job: RecordedJob, program: Any = None) -> None:
        super().__init__(backend, job.job_id())
        self._job, self._program = job, program
        self.metadata = job.metadata

    def submit(self) -> None:
        """Raise `JobError`: `run` has submitted the job."""
        self._job.submit()

    def status(self) -> JobStatus:
        """Return the status."""
        return self._job.status()

    def cancel(self, wait: float = 1.0) -> bool:
        """Ask for the end of the job; True if it has certainly stopped."""
        return self._job.cancel(wait)

    def result(self, timeout: float | None = None) -> Result:
        """Return the result in the old form; it raises what the job's own `result` does."""
        return result_of(self._job.result(timeout), self._backend, self._program)

    def qobj(self) -> Any:
        """Return what was submitted."""
        return self._program

    def add_done_callback(self, callback: Callback) -> None:
        """Call `callback` with this job once it is final, at once if it is."""
        self._job.add_done_callback(lambda _: callback(self))

    @property
    def future(self) -> Future[Result]:
        """The job as a `concurrent.futures.Future`."""
        # It asks for nothing but what both kinds of jobs have.
        return JobFuture(cast("RecordedJob", self))

    def __await__(self) -> Generator[Any, None, Result]:
        """Wait for the result in any event loop; the loop goes on meanwhile."""
        yield from self._job.__await__()
        return self.result()

    def _queries(self, *given: Any) -> Any:
        return self._job._queries(*given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._job, name)


def result_of(result: CoreResult, backend: BackendV1, program: Any = None) -> Result:
    """Return a result of qdock in the old form."""
    configuration, given = backend.configuration(), program if isinstance(program, Qobj) else None
    header: Any = given.header if given is not None and given.header else {}
    about = {"backend_name": configuration.backend_name, "backend_version": configuration.backend_version}
    headers: list[Any] = [None] * len(result) if given is None else [item.header or None for item in given.experiments]
    return Result.from_dict(
        {
            **about,
            "qobj_id": (given.qobj_id or None) if given is not None else None,
            "job_id": result.metadata.get("job_id"),
            "success": result.success,
            "results": [_experiment(entry, own) for entry, own in zip(result, headers, strict=True)],
            "status": "COMPLETED" if result.success else "ERROR",
            "header": {**about, **header},
        }
    )


def _experiment(entry: CircuitResult, header: Any) -> dict[str, Any]:
    return {
        "shots": entry.shots,
        "success": not entry.error,
        "data": entry.get_data(),
        "header": _header(entry) if header is None else {"name": entry.name, **header.to_dict()},
        "status": entry.error or "DONE",
        "name": entry.name,
        "seed_simulator": entry.seed,
        "time_taken": entry.seconds,
    }


def _header(entry: CircuitResult) -> dict[str, Any]:
    """Return the header of an entry that came from no Qobj."""
    return {
        "name": entry.name,
        "memory_slots": entry.num_clbits,
        "creg_sizes": [list(register) for register in entry.registers],
        **entry.header,
    }


# --- an old backend as a backend of qdock


def from_old_backend(backend: Any) -> OldBackend:
    """Return a backend of qdock that runs its circuits on an old one.

    Parameters
    ----------
    backend : object
        With a method ``run(qobj)`` that returns a job, or a result at once; `configuration`, if there is one, says
        what it can do.

    Raises
    ------
    TypeError
        If it has no such method.

    Examples
    --------
    ::

        job = qdock.run(circuit, from_old_backend(MySimulator()), shots=100)
    """
    return OldBackend(backend)


class OldBackend(LocalBackend):
    """An old backend with the interface of qdock's: circuits are assembled, and its results read.

    Parameters
    ----------
    old : object
        With a method ``run(qobj)``.
    """

    def __init__(self, old: Any) -> None:
        if not callable(getattr(old, "run", None)):
            raise TypeError(f"An old backend has a method `run(qobj)`, but {old!r} has none.")
        self._old = old
        super().__init__(_spec_of(old))

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> CoreResult:
        """Run circuits on the old backend, and ask it to stop when the job shall."""
        seed = context.seed % 2**31
        qobj = assemble([*programs], None, shots=options["shots"], memory=options["memory"], seed_simulator=seed)
        result = _old_result(self._old.run(qobj), context)
        if len(result.results) != len(programs):
            raise BasicAerError(
                f"The old backend returned {len(result.results)} results for {len(programs)} experiments."
            )
        entries = [_entry(circuit, index, result) for index, circuit in enumerate(programs)]
        return CoreResult(entries, {"engine": f"{type(self._old).__module__}.{type(self._old).__qualname__}"})


def _spec_of(old: Any) -> BackendSpec:
    configuration = _called(old, "configuration")
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", str(_called(old, "name") or type(old).__name__)).lstrip("_.-")[:64]
    basis = [gate for gate in getattr(configuration, "basis_gates", ()) if gate in GATES or gate == "unitary"]
    features = ["counts", "memory", "mid_circuit_measurement", "reset"]
    if getattr(configuration, "conditional", True):
        features.append("conditionals")
    return BackendSpec(
        name=name or "old_backend",
        factory=f"{__name__}:OldBackend",
        summary=str(getattr(configuration, "description", "") or f"An old backend: {type(old).__name__}."),
        simulator=bool(getattr(configuration, "simulator", True)),
        num_qubits=getattr(configuration, "n_qubits", None),
        gates=tuple(basis) or None,
        features=frozenset(features),
        options={"memory": Option(bool, default=False, doc="Whether to keep the outcome of every shot, in order.")},
        max_programs=getattr(configuration, "max_experiments", None),
        max_shots=getattr(configuration, "max_shots", None) or None,
    )


def _called(old: Any, name: str) -> Any:
    """Return what an attribute is, or a method says; None without either."""
    value = getattr(old, name, None)
    return value() if callable(value) else value


def _old_result(job: Any, context: Context) -> Result:
    """Wait for a job's result, which may be there at once."""
    if callable(getattr(job, "result", None)):
        _wait(job, context)
        job = job.result()
    if isinstance(job, Result):
        return job
    return Result.from_dict(job if isinstance(job, Mapping) else job.to_dict())


def _wait(job: Any, context: Context) -> None:
    """Wait for a job's end, or have it stopped when this job shall stop."""
    pause = 0.001
    while callable(getattr(job, "status", None)) and job.status() not in JOB_FINAL_STATES:
        try:
            context.check()
        except JobCancelledError:
            job.cancel()
            raise
        time.sleep(pause)
        pause = min(2 * pause, 0.1)


def _entry(circuit: Circuit, index: int, result: Result) -> CircuitResult:
    found, data = result.results[index], result.data(index)
    arrays = [name for name in ("statevector", "unitary") if name in data]
    fields: dict[str, Any] = {name: np.asarray(result._array(name, index, None)) for name in arrays}
    counts = {int(key, 16): number for key, number in data.get("counts", {}).items()}
    if "counts" not in data:
        return CircuitResult.from_circuit(circuit, **fields)
    memory = data.get("memory")
    if memory is not None:
        places = {outcome: place for place, outcome in enumerate(counts)}
        fields["memory"] = np.array([places[int(shot, 16)] for shot in memory], dtype=np.int64)
    return CircuitResult.from_counts(circuit, counts, seed=getattr(found, "seed_simulator", None), **fields)
