"""Backends: what runs programs. A provider writes one class with one method, `LocalBackend.execute`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeGuard

from qdock.job import FinishedJob, RecordedJob
from qdock.spec import BackendSpec, Option
from qdock.work.context import Context
from qdock.work.options import check_options, configured_options, declared_options
from qdock.work.worker import InvalidResult, current_worker

if TYPE_CHECKING:
    from qdock.call import Call
    from qdock.circuit import Circuit
    from qdock.config import Config
    from qdock.dock import Dock
    from qdock.result import Result

__all__ = ["Backend", "Context", "LocalBackend", "Target", "execute"]


@dataclass(frozen=True)
class Target:
    """What a device can do.

    Parameters
    ----------
    num_qubits : int
        How many qubits it has.
    gates : tuple of str
        Names of the gates it runs; circuits are lowered to them.
    couplings : tuple of (int, int), optional
        Pairs of qubits that two-qubit gates act on. None: any.
    errors, durations : mapping
        By gate, or by gate and qubits; seconds for durations.
    """

    num_qubits: int
    gates: tuple[str, ...]
    couplings: tuple[tuple[int, int], ...] | None = None
    errors: Mapping[Any, float] = field(default_factory=dict)
    durations: Mapping[Any, float] = field(default_factory=dict)


def _make_spec(cls: type) -> BackendSpec:
    """Return a spec for a class that no plugin declares, from its name; nothing imports it by that."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", cls.__name__).lstrip("_.-")[:64] or "backend"
    where = f"{cls.__module__}:{cls.__name__}"
    factory = where if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", where) else f"{__name__}:LocalBackend"
    return BackendSpec(name, factory, (cls.__doc__ or "").strip().partition("\n")[0])


class Backend(ABC):
    """Runs programs.

    Attributes
    ----------
    spec : BackendSpec
        What it says about itself. A class may set its own; otherwise one is made from the class's name.
    dock : Dock or None
        Where its jobs go: the Dock that made it; None: the default Dock.
    config : Config or None
        The settings it was made with.
    """

    spec: BackendSpec
    dock: Dock | None = None
    config: Config | None = None
    _chosen: Mapping[str, Any] = {}
    _declared: dict[str, Option] | None = None
    _base: tuple[Config, dict[str, Any]] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A class of a notebook needs no spec to be run; one below a class with a spec has that one.
        if "spec" not in vars(cls) and getattr(cls, "_spec_is_made", True):
            cls.spec = _make_spec(cls)
            cls._spec_is_made = True
        elif "spec" in vars(cls):
            cls._spec_is_made = False

    _spec_is_made: ClassVar[bool] = True

    def __init__(self, spec: BackendSpec | None = None, config: Config | None = None) -> None:
        if spec is not None:
            self.spec = spec
        self.config = config

    @property
    def name(self) -> str:
        """The short name."""
        return self.spec.name

    def run(self, programs: Any, **options: Any) -> RecordedJob:
        """Submit a job and return it at once; see `Dock.run`.

        Parameters
        ----------
        programs : program or sequence of programs
            Circuits, calls, or whatever an installed converter makes one of.
        **options
            The backend's options, and those of the job: `executor`, `seed`, `tags`, `metadata`, `time_limit`, `retries`
            and `detach`.
        """
        return (self.dock or self._get_dock()).run(programs, self, **options)

    def _get_dock(self) -> Dock:
        if self.dock is None:
            import qdock

            return qdock.default_dock()
        return self.dock

    def target(self) -> Target | None:
        """Return what the device can do, or None if there is nothing to say."""
        return None

    # --- options

    def set_options(self, **options: Any) -> None:
        """Choose options, or the seed, of all later runs, unless the call of `run` says otherwise; None takes it back.

        Raises
        ------
        OptionError
            If there is no such option, or the value is not allowed.
        """
        chosen = {**self._chosen, **self._check(options)}
        self._chosen = {name: value for name, value in chosen.items() if options.get(name, value) is not None}
        self._base = None

    @property
    def options(self) -> dict[str, Any]:
        """The options of a run that chooses none."""
        return self.resolve_options({}, self._get_dock().config)

    def resolve_options(self, given: Mapping[str, Any], config: Config) -> dict[str, Any]:
        """Return all options of a run for which some were given, checked.

        Raises
        ------
        OptionError
            If there is no such option, or the value is not allowed.
        ConfigError
            If the configuration has a value that is not allowed.
        """
        if self._base is None or self._base[0] is not config:
            values = {**configured_options(self.spec, self._get_declared(), config), **self._chosen}
            self._base = config, values
        return {**self._base[1], **self._check(given)} if given else dict(self._base[1])

    def _get_declared(self) -> dict[str, Option]:
        if self._declared is None:
            self._declared = declared_options(self.spec)
        return self._declared

    def _check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        declared = self._get_declared()
        if "seed" not in given or "seed" in declared:
            return check_options(self.spec, declared, given)
        from qdock.streams import check_seed

        rest = {name: value for name, value in given.items() if name != "seed"}
        seed = {} if given["seed"] is None else {"seed": check_seed(given["seed"])}
        return {**check_options(self.spec, declared, rest), **seed}

    def __getstate__(self) -> dict[str, Any]:
        # The other process has a Dock of its own.
        return {name: value for name, value in vars(self).items() if name != "dock"}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec.full_name}>"


class LocalBackend(Backend):
    """A backend whose work is a computation of ours: implement `execute`, and everything else is the core's work.

    Parameters
    ----------
    spec : BackendSpec, optional
        As the plugin declared it.
    config : Config, optional
        The settings; a plugin's own are in ``config.plugin(name)``.

    Examples
    --------
    >>> class CoinBackend(LocalBackend):
    ...     def execute(self, programs, options, context):
    ...         entries = []
    ...         for i, circuit in enumerate(programs):
    ...             context.check()
    ...             draws = context.rng(i).integers(0, 2**circuit.num_clbits, options["shots"])
    ...             outcomes, counts = np.unique(draws, return_counts=True)
    ...             entries.append(CircuitResult.from_outcomes(circuit, outcomes, counts))
    ...         return Result(entries)
    """

    #: The class of the jobs that it finishes on the spot, called with ``(backend, job_id, result)``.
    job_class: ClassVar[type[FinishedJob]] = FinishedJob
    #: Whether `execute` may change the circuits that it is given, so that each has to be a copy of the job's own.
    changes_programs: ClassVar[bool] = True

    @abstractmethod
    def execute(self, programs: Sequence[Circuit | Call], options: dict[str, Any], context: Context) -> Result:
        """Run programs and return their result, one entry for each.

        It may be called from several threads at once.

        Parameters
        ----------
        programs : sequence of Circuit or Call
            Lowered to the backend's gates, bound and checked.
        options : dict
            Every option that is declared, checked; None where it is not set.
        context : Context
            ``context.check()``, ``context.progress(0.3, "...")``, ``context.log("...")``, ``context.rng(i)``.
        """

    def check(self, programs: Sequence[Circuit | Call], options: dict[str, Any]) -> None:
        """Raise, before there is a job, if these programs can't be run with these options; by default never.

        Whether each is what the backend's spec declares has been checked. What `execute` raises makes a failed job.
        """

    def estimate(self, programs: Sequence[Circuit | Call], options: dict[str, Any]) -> float | None:
        """Return how many seconds `execute` will take, or None if that is not known.

        What takes less than about a millisecond is done on the spot, before `run` returns.
        """
        return None


def is_local(backend: Backend) -> TypeGuard[LocalBackend]:
    """Whether it is a `LocalBackend`: what `isinstance` says too, which asks abstract classes in Python each time."""
    return LocalBackend in type(backend).__mro__


def execute(
    backend: LocalBackend,
    programs: Sequence[Circuit | Call],
    options: dict[str, Any],
    job_id: str,
    seed: int,
    checkpoint: Mapping[str, Any] | None = None,
    first: int = 0,
) -> Result:
    """Do a job's work, or the part of it that begins with its program `first`: what an executor calls, wherever it is.

    Raises
    ------
    InvalidResult
        If what comes back is no result of these programs.
    """
    context = Context(job_id, seed, current_worker(), checkpoint, first, partial(_find_dock, backend))
    try:
        result = check_result(backend, programs, backend.execute(programs, options, context))
    finally:
        context.end()
    return result._with({"job_id": job_id, "backend": backend.spec.full_name, "seed": seed})


def _find_dock(backend: Backend) -> Dock:
    """Return the Dock for what is run inside of a job: the backend's own, or, in another process, one like it."""
    if backend.dock is None:
        import qdock

        backend.dock = qdock.default_dock() if backend.config is None else qdock.Dock(backend.config)
    return backend.dock


@cache
def _result_class() -> type[Result]:
    # An import that is done already still takes a microsecond each time.
    from qdock.result import Result

    return Result


def check_result(backend: Backend, programs: Sequence[Circuit | Call], result: Any) -> Result:
    """Return `result`, or raise `InvalidResult` unless it is one with an entry for each program."""
    if not isinstance(result, _result_class()):
        raise InvalidResult(
            f"Backend {backend.spec.full_name!r} returned {type(result).__name__} instead of a `qdock.result.Result`. "
            f"This is a mistake in the backend."
        )
    if len(result) != len(programs):
        raise InvalidResult(
            f"Backend {backend.spec.full_name!r} returned {len(result)} entries for {len(programs)} programs. "
            f"This is a mistake in the backend."
        )
    return result
