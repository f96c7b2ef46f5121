"""Results in the historical wire format, of any backend."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

import qdock
from qdock.result import CircuitResult
from qdock_legacy.arrays import as_pairs
from qdock_legacy.convert_read import CONFIG, to_circuits
from qdock_legacy.qobj import Qobj
from qdock_legacy.simulators import SIMULATORS, run_qobj

__all__ = ["run_file", "to_text"]


def run_file(qobj: Qobj, backend: str | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run a Qobj and return its result in the wire format.

    Parameters
    ----------
    qobj : Qobj
    backend : str, optional
        One of the historical simulators, or any backend of qdock. None: the simulator that the header names, or else
        ``qasm_simulator``.
    options : mapping
        ``shots``, ``memory``, ``seed`` and ``generator``, in place of what the Qobj says.

    Raises
    ------
    QobjError
        If the Qobj can't be run.
    JobError
        If the run failed.
    """
    named = qobj.header.get("backend_name") if qobj.header else None
    name = backend or (named if named in SIMULATORS else "qasm_simulator")
    if name.removeprefix("legacy/") in SIMULATORS:
        given = {"seed_simulator" if key == "seed" else key: value for key, value in options.items()}
        return run_qobj(qobj, name.removeprefix("legacy/"), job_id=str(uuid.uuid4()), **given)
    return _run_elsewhere(qobj, name, options)


def _run_elsewhere(qobj: Qobj, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run the circuits of a Qobj on any backend, as the config says where the backend has such options."""
    device = qdock.get_backend(name)
    config: dict[str, Any] = qobj.config.to_dict() if qobj.config else {}
    seed = options.get("seed", config.get("seed_simulator", config.get("seed")))
    values = {key: options.get(key, config.get(key)) for key in ("shots", "memory")}
    known = {key: value for key, value in values.items() if value is not None and key in device.options}
    job = device.run(to_circuits(qobj), seed=seed, **known)
    result = job.result()
    return {
        "backend_name": device.name,
        "backend_version": "1.0.0",
        "date": None,
        "header": {} if qobj.header is UNSET else qobj.header.to_dict(),
        "job_id": job.job_id(),
        "qobj_id": qobj.qobj_id,
        "results": [_entry(entry) for entry in result],
        "status": "COMPLETED",
        "success": result.success,
        "time_taken": float(job.metrics.get("run", 0.0)),
    }


def _entry(entry: CircuitResult) -> dict[str, Any]:
    names = ("counts", "memory", "statevector", "unitary")
    return {
        "data": {name: value for name, value in entry.get_data().items() if name in names},
        "header": {"name": entry.name, **{name: value for name, value in entry.header.items() if name != CONFIG}},
        "meas_level": 2,
        "name": entry.name,
        "seed_simulator": entry.seed,
        "shots": entry.shots,
        "status": "DONE",
        "success": not entry.error,
        "time_taken": entry.seconds or 0.0,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return as_pairs(value) if value.dtype.kind == "c" else value.tolist()
    raise TypeError(f"A result has JSON values and arrays, but {value!r} was given.")


def to_text(result: Mapping[str, Any]) -> str:
    """Return a result in the wire format as JSON text, a complex number as [re, im]."""
    return msgspec.json.encode(result, enc_hook=_plain).decode()
