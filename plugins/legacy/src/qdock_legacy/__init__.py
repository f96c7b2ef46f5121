"""Yesterday's programs run today: Qobj files, the historical simulators, and the old classes around them.

Importing this imports nothing else: every name is looked up when it is first used.
"""

from __future__ import annotations

from qdock.common.lazy import lazily

#: Module -> what it has of the public names.
_NAMES: dict[str, tuple[str, ...]] = {
    "adapters": ("AdaptedBackend", "AdaptedJob", "OldBackend", "from_old_backend", "to_old_backend"),
    "aer_job": ("BasicAerJob", "SchemaValidationError"),
    "base_job": ("JOB_FINAL_STATES", "BaseJob", "JobError", "JobStatus", "JobTimeoutError", "JobV1"),
    "convert_read": ("to_circuits",),
    "convert_write": ("circuits_to_qobj",),
    "errors": (
        "BackendConfigurationError",
        "BackendPropertyError",
        "BasicAerError",
        "QiskitBackendNotFoundError",
        "QiskitError",
        "QobjError",
    ),
    "models": (
        "BackendConfiguration",
        "BackendProperties",
        "BackendStatus",
        "GateConfig",
        "GateProperties",
        "Nduv",
        "QasmBackendConfiguration",
    ),
    "monitor": ("job_monitor",),
    "old_assemble": ("assemble", "execute"),
    "old_backend": ("BackendV1", "BaseBackend"),
    "old_counts": ("Counts", "marginal_distribution", "marginal_memory"),
    "old_result": (
        "ExperimentResult",
        "ExperimentResultData",
        "MeasLevel",
        "Result",
        "get_counts",
        "get_memory",
        "marginal_counts",
    ),
    "options": ("Options",),
    "qobj": ("Condition", "Experiment", "Fields", "Instruction", "Qobj"),
    "simulators": ("SIMULATORS", "check_qobj", "run_qobj"),
    "provider": (
        "BasicAer",
        "BasicAerProvider",
        "BasicProviderJob",
        "ProviderV1",
        "QasmSimulatorPy",
        "StatevectorSimulatorPy",
        "UnitarySimulatorPy",
        "filter_backends",
    ),
}

__all__ = [name for names in _NAMES.values() for name in names]  # old scripts import *

__getattr__, __dir__ = lazily(__name__, _NAMES)
