"""What is checked of the programs of a job before there is a record: whether this backend can run them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from qdock.errors import CircuitError, LimitExceeded, ProgramError
from qdock.spec import BackendSpec

if TYPE_CHECKING:
    from qdock.circuit import Circuit

__all__ = ["MAX_PROGRAMS", "check_circuit", "check_number"]

#: The most circuits or calls that one job may have.
MAX_PROGRAMS = 100_000

#: What a circuit may need of a backend: the rest of the vocabulary is about what comes back.
_NEEDED = frozenset(("mid_circuit_measurement", "reset", "conditionals", "loops", "variables"))


def check_number(spec: BackendSpec, programs: Sequence[Any]) -> None:
    """Raise if there is no program, or there are more than one job may have."""
    if not programs:
        raise ProgramError("A job needs at least one program, but an empty list was given.")
    if len(programs) > MAX_PROGRAMS:
        raise LimitExceeded(
            f"A job has at most {MAX_PROGRAMS:,} programs, but {len(programs):,} were given. Run several."
        )
    if spec.max_programs is not None and len(programs) > spec.max_programs:
        raise LimitExceeded(
            f"Backend {spec.full_name!r} takes at most {spec.max_programs} programs in a job, but {len(programs)} were "
            f"given. Run several jobs."
        )


def check_circuit(spec: BackendSpec, circuit: Circuit, num_qubits: int | None = None) -> None:
    """Raise if a circuit can't be run at all, or is more than the backend can do.

    Parameters
    ----------
    spec : BackendSpec
    circuit : Circuit
    num_qubits : int, optional
        How many qubits there are, if fewer than the spec says.

    Raises
    ------
    CircuitError
        For parameters without a value, a break or continue outside of a loop, and for what the backend does not
        declare among its features.
    LimitExceeded
        For more qubits than the backend has.
    """
    if not circuit.once(_is_whole):
        _refuse(circuit)
    limit = spec.num_qubits if num_qubits is None else num_qubits
    if limit is not None and circuit.num_qubits > limit:
        raise LimitExceeded(
            f"Circuit {circuit.name!r} has {circuit.num_qubits} qubits, but backend {spec.full_name!r} has {limit}."
        )
    # A backend that declares no features says nothing about them.
    if spec.features and not spec.features >= _NEEDED:
        _check_features(spec, circuit)


def _is_whole(circuit: Circuit) -> bool:
    """Whether every parameter has a value, and every break and continue a loop."""
    facts = _facts()
    return not facts.parameters(circuit) and not facts.has_stray_jump(circuit)


@cache
def _facts() -> ModuleType:
    # An import that is done already still takes a microsecond each time.
    from qdock.circuits import circuit_facts

    return circuit_facts


def _refuse(circuit: Circuit) -> None:
    unbound = circuit.parameters
    if unbound:
        names = sorted(parameter.name for parameter in unbound)
        raise CircuitError(
            f"Circuit {circuit.name!r} has parameters without a value: {', '.join(names)}. "
            f"Give them one with `circuit.bind({{{names[0]!r}: ...}})`, "
            f"on the command line with `--bind {names[0]}=...`."
        )
    raise CircuitError(
        f"Circuit {circuit.name!r} has a break or continue outside of a loop. Put it in the body of a while_ or for_."
    )


def _check_features(spec: BackendSpec, circuit: Circuit) -> None:
    missing = sorted(circuit.features() - spec.features)
    if missing:
        raise CircuitError(
            f"Circuit {circuit.name!r} needs {', '.join(missing)}, which backend {spec.full_name!r} can't do. "
            f"`qdock.backends(features={{{', '.join(map(repr, missing))}}})` lists those that can."
        )
