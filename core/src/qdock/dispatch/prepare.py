"""From what `run` was given to a submission: converted, lowered and checked, before there is any record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from qdock.backend import Backend, Target, is_local
from qdock.call import Call
from qdock.conversion.formats import native_format
from qdock.dispatch.checks import check_circuit, check_number
from qdock.dispatch.submission import (
    Submission,
    check_detach,
    check_metadata,
    check_retries,
    check_tags,
    check_time_limit,
    draw,
)
from qdock.streams import check_seed

if TYPE_CHECKING:
    from qdock.circuit import Circuit
    from qdock.dock import Dock
    from qdock.spec import BackendSpec

__all__ = ["prepare"]


def prepare(
    dock: Dock,
    backend: Backend,
    program: Any,
    options: Mapping[str, Any],
    *,
    seed: int | None = None,
    tags: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
    time_limit: float | None = None,
    retries: int = 0,
    detach: bool = False,
    rerun_of: str | None = None,
    checkpoint: Any = None,
    job_id: str | None = None,
    fixed: Mapping[str, Any] | None = None,
) -> Submission:
    """Return the submission of a program, or raise for whatever is wrong with it.

    `fixed` are options of a job that is repeated: they are as they were, whatever is chosen or configured now.
    """
    if not is_local(backend):
        raise TypeError(f"{backend!r} is no LocalBackend, so a Dock can't run its jobs. Call its own `run`.")
    values = backend.resolve_options(options, dock.config)
    if fixed:
        values.update(fixed)
    chosen, (new_id, new_seed) = values.pop("seed", None), draw()
    seed = chosen if seed is None else seed
    seed = new_seed if seed is None else check_seed(seed)
    if "seed" in backend.spec.options:
        values["seed"] = seed
    several, programs, converted = _convert(dock, backend, program)
    ready = list(map(partial(lower_and_check, backend.spec, backend.target()), converted))
    backend.check(ready, values)
    kept = tuple(map(_kept, converted, programs))
    return Submission(
        backend=backend,
        program=kept if several else kept[0],
        # What is to be done on the spot is done with the program that was given: it has not changed, and what has
        # been worked out about it, such as its columns, need not be worked out again.
        programs=ready,
        options=values,
        job_id=new_id if job_id is None else job_id,
        seed=seed,
        tags=check_tags(tags) if tags else (),
        metadata=check_metadata(metadata) if metadata else {},
        time_limit=None if time_limit is None else check_time_limit(time_limit),
        retries=check_retries(retries),
        detach=check_detach(detach),
        rerun_of=rerun_of,
        checkpoint=checkpoint,
    )


def _convert(dock: Dock, backend: Backend, program: Any) -> tuple[bool, list[Any], list[Any]]:
    """Return whether there are several programs, what was given for each, and each as the backend accepts it.

    Where a converter finds several programs in one, they take its place and are what was given.
    """
    several = isinstance(program, (list, tuple))
    if not several and native_format(program) in backend.spec.accepts:
        return False, [program], [program]
    given, programs, converted = list(program) if several else [program], [], []
    if several:
        check_number(backend.spec, given)
    # Their types alone say it, so one of each is enough.
    if all(native_format(item) in backend.spec.accepts for item in {type(item): item for item in given}.values()):
        return several, given, given
    for item in given:
        found = dock.converters.convert(item, backend.spec.accepts)
        several = several or type(found) is list
        programs += found if type(found) is list else [item]
        converted += found if type(found) is list else [found]
    if several:
        check_number(backend.spec, converted)
    return several, programs, converted


def _kept(program: Any, given: Any) -> Any:
    """Return a program for the record, where nobody changes it: what was made of the one given need not be copied."""
    if program is not given:
        return program
    return program.copy() if isinstance(program, Call) else program.snapshot()


def lower_and_check(spec: BackendSpec, target: Target | None, program: Circuit | Call) -> Circuit | Call:
    """Return a program in the backend's gates, or raise if it can't run it."""
    if isinstance(program, Call):
        return program
    gates = spec.gates if target is None else target.gates
    check_circuit(spec, program, None if target is None else target.num_qubits)
    if gates is None:
        return program
    from qdock.lower import lower

    return lower(program, gates)
