"""Circuits run on a backend by a function: in the job that it works for, or without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import qdock
from qdock.expressions.arithmetic import shown
from qdock.streams import draw_seed, stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qdock import Circuit, CircuitResult
    from qdock.backend import Backend, Context

__all__ = ["Runner", "as_argument", "check_pubs", "read_bits"]

#: So many circuits are bound and run at a time, or fewer if their states take over 64 MiB.
_BATCH = 500
_AMPLITUDES = 1 << 22


class Runner:
    """Runs circuits.

    Parameters
    ----------
    backend : str or Backend
    options : mapping
        Of every run, unless it says otherwise.
    context : Context, optional
        Of the job that this is a part of; its seed makes every run's.
    seed : int, optional
        Of all runs where there is no context. None: one is drawn.
    """

    def __init__(
        self,
        backend: str | Backend,
        options: Mapping[str, Any] | None = None,
        context: Context | None = None,
        seed: int | None = None,
    ) -> None:
        self.backend = _opened(backend, context)
        self._options = dict(options or {})
        self._context = context
        self._seed = context.seed if context is not None else draw_seed() if seed is None else seed
        self._runs = 0
        self._done, self._total = 0, 0

    def expect(self, circuits: int) -> None:
        """Tell how many circuits there will be, for the job's progress."""
        self._total = circuits

    def has(self, feature: str) -> bool:
        """Whether the backend declares a feature."""
        return feature in self.backend.spec.features

    def run(self, circuits: Iterable[Circuit], amplitudes: int = 1, **options: Any) -> Iterator[CircuitResult]:
        """Yield what came back for each circuit.

        Parameters
        ----------
        circuits : iterable of Circuit
        amplitudes : int
            How large each result is, so that not too many are held at once.
        **options
            Of the backend.
        """
        size = max(1, min(_BATCH, _AMPLITUDES // amplitudes, self.backend.spec.max_programs or _BATCH))
        left = iter(circuits)
        while batch := list(islice(left, size)):
            yield from self._run(batch, options)

    def _run(self, batch: list[Circuit], options: Mapping[str, Any]) -> list[CircuitResult]:
        if self._context is not None:
            self._context.check()
        job = self.backend.run(batch, **{**self._options, "seed": self.draw_seed(), **options})
        entries = list(job.result())
        self._done += len(entries)
        if self._context is not None and self._total:
            self._context.progress(self._done / self._total)
        return entries

    def draw_seed(self) -> int:
        """Return the seed of the next run: it depends on the job's and on how many runs were before."""
        self._runs += 1
        return int(stream(self._seed, block=self._runs).integers(1 << 63))

    def restart(self, number: int) -> None:
        """Draw the seeds of the next runs from a place that depends on a number alone."""
        self._runs = number << 32


def _opened(backend: str | Backend, context: Context | None) -> Backend:
    opener: Callable[[Any], Backend] | None = getattr(context, "backend", None)
    if opener is not None:
        return opener(backend)
    return qdock.get_backend(backend) if isinstance(backend, str) else backend


def as_argument(backend: str | Backend) -> tuple[str | Backend, dict[str, Any]]:
    """Return a backend as an argument that a job's record can hold, and the options that were chosen for it."""
    if isinstance(backend, str):
        return backend, {}
    made = backend.dock is not None and backend.dock.made(backend)
    options = {name: value for name, value in backend.options.items() if value is not None}
    return backend.spec.full_name if made else backend, options


def read_bits(entry: CircuitResult, register: str) -> npt.NDArray[np.bool_]:
    """Return the bits of a register in each outcome that was seen, a (k, size) array, its first clbit first."""
    assert entry.outcomes is not None
    names = [name for name, _ in entry.registers]
    start = sum(size for _, size in entry.registers[: names.index(register)])
    size = dict(entry.registers)[register]
    places = np.arange(start, start + size)
    return (entry.outcomes[:, places // 64] >> (places % 64).astype(np.uint64) & np.uint64(1)).astype(bool)


def check_pubs(pubs: Any, form: str) -> Sequence[Any]:
    """Return pubs; a single one in place of a list, which is easily given by mistake, is a `TypeError`."""
    is_one = isinstance(pubs, tuple) and len(pubs) > 1 and not isinstance(pubs[1], (tuple, list, qdock.Circuit))
    if not isinstance(pubs, (list, tuple)) or is_one:
        raise TypeError(f"`run` takes a list of pubs, [{form}, ...], but {shown(pubs)} was given.")
    return pubs
