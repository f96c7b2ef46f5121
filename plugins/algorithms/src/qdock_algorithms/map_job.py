"""One function over many arguments, and one circuit over many parameter sets, as one job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from qdock import Circuit, CircuitResult, Result
from qdock.backend import Backend
from qdock.call import Call
from qdock.dock import Dock
from qdock_algorithms.primitive_job import PrimitiveJob
from qdock_algorithms.spread import SpreadExecutor

__all__ = ["MapJob", "SweepJob"]

T = TypeVar("T")


class _Many(PrimitiveJob[T]):
    """A job of many programs, spread over the slots of an executor."""

    _chunk: int | None = None

    def submit(self, *, executor: Any = None, chunk: int | None = None, **about: Any) -> None:
        """Submit the job and return at once.

        Parameters
        ----------
        executor : str or Executor, optional
            Where the pieces are done, as many at a time as it has slots.
        chunk : int, optional
            How many make a piece; by default a few pieces for each slot.
        **about
            As for `PrimitiveJob.submit`. `retries` is how often those that failed are tried again, and only those.
        """
        self._chunk = chunk
        super().submit(executor=executor, **about)

    def _where(self, dock: Dock, executor: Any, time_limit: float | None) -> Any:
        if executor is None:
            executor = "process" if time_limit is not None else dock.config.get("defaults.executor") or "thread"
        name = executor if isinstance(executor, str) else type(executor).__name__
        return SpreadExecutor(dock.get_executor(executor), name, self._chunk)

    @property
    def errors(self) -> dict[int, str]:
        """Why single ones failed, by index; of those that there are by now."""
        return {index: entry.error for index, entry in self._submitted.parts.items() if entry.error}

    def _iter_entries(self, timeout: float | None) -> Iterator[tuple[int, CircuitResult]]:
        return ((index, entry) for index, entry in self._submitted.iter_parts(timeout) if not entry.error)


class MapJob(_Many[list[T]]):
    """A function over many arguments as one job: ``function(argument, *args, **kwargs)`` for each of them.

    Its result is the list of what was returned, in order. One that fails leaves the others alone; the job has failed
    in the end and names it, `values` has the rest, and ``rerun(resume=True)`` does only what failed.

    Parameters
    ----------
    function : callable or str
        The function, or where to import it from.
    arguments : iterable
        The first argument of each call.
    *args, **kwargs
        Further arguments, the same for all calls.

    Examples
    --------
    ::

        job = MapJob(energy, angles, shots=1000)
        job.submit(executor="process", retries=1)
        for index, value in job.iterate():
            print(angles[index], value)
    """

    def __init__(
        self, function: Callable[..., T] | str, arguments: Iterable[Any], /, *args: Any, **kwargs: Any
    ) -> None:
        # Its own programs take the place of this one.
        super().__init__("builtins:map")
        self._program = [Call(function, (argument, *args), kwargs) for argument in arguments]
        self._options = {"keep_going": True}

    @property
    def values(self) -> dict[int, T]:
        """What has been returned by now, by index."""
        return {index: entry.get_value() for index, entry in self._submitted.parts.items() if not entry.error}

    def iterate(self, timeout: float | None = None) -> Iterator[tuple[int, T]]:
        """Yield ``(index, value)`` as they come, until the job has ended.

        Raises
        ------
        JobTimeoutError
            If it has not after so many seconds; the job goes on.
        """
        return ((index, entry.get_value()) for index, entry in self._iter_entries(timeout))

    def _value(self, result: Result) -> list[T]:
        return [entry.get_value() for entry in result]


class SweepJob(_Many[Result]):
    """A circuit over many parameter sets as one job; its result has an entry for each.

    Parameters
    ----------
    circuit : Circuit
        With parameters.
    parameter_sets : iterable of mapping
        Values by parameter or name, as `Circuit.bind` takes them.
    backend : str or Backend, optional
        What runs the circuits; None: the default one.
    **options
        The backend's options.
    """

    def __init__(
        self,
        circuit: Circuit,
        parameter_sets: Iterable[Mapping[Any, Any]],
        /,
        backend: str | Backend | None = None,
        **options: Any,
    ) -> None:
        # Its own programs take the place of this one.
        super().__init__("builtins:map")
        self._program = [circuit.bind(values) for values in parameter_sets]
        self._on, self._options = backend, options

    @property
    def parts(self) -> dict[int, CircuitResult]:
        """What has come back by now, by index."""
        return {index: entry for index, entry in self._submitted.parts.items() if not entry.error}

    def iterate(self, timeout: float | None = None) -> Iterator[tuple[int, CircuitResult]]:
        """Yield ``(index, entry)`` as they come, until the job has ended."""
        return self._iter_entries(timeout)

    def _value(self, result: Result) -> Result:
        return result
