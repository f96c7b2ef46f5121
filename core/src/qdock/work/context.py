"""Context: what work knows of the job that it is done for, and how it says what happens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from qdock.work.events import Checkpoint, Log, Part, Progress
from qdock.work.worker import Worker

if TYPE_CHECKING:
    import numpy as np

    from qdock.backend import Backend
    from qdock.dock import Dock
    from qdock.results.circuit_result import CircuitResult
    from qdock.streams import Streams

__all__ = ["Context"]


@cache
def _streams_class() -> type[Streams]:
    from qdock.streams import Streams

    return Streams


class Context:
    """What a backend's `execute`, and a function that is run as a job, have of the job they work for.

    Parameters
    ----------
    job_id : str
        The job.
    seed : int
        Of all random draws.
    worker : Worker, optional
        The line to the job's owner; None: nobody listens, as in a test of `execute`.
    checkpoint : mapping, optional
        What an earlier attempt kept: ``value``, ``runs``, ``parts``.
    first : int
        How many programs of the job are before those of this work, where others have them.
    dock : callable, optional
        Returns the Dock whose backends the work may use; None: the default Dock.
    """

    __slots__ = ("_dock", "_first", "_kept", "_streams", "counter", "job_id", "runs", "seed", "worker")

    def __init__(
        self,
        job_id: str = "",
        seed: int = 0,
        worker: Worker | None = None,
        checkpoint: Mapping[str, Any] | None = None,
        first: int = 0,
        dock: Any = None,
    ) -> None:
        self.job_id = job_id
        self.seed = seed
        self.worker = Worker(job_id) if worker is None else worker
        #: What counts the runs inside of this job.
        self.counter = self.worker
        self._kept: Mapping[str, Any] = checkpoint or {}
        self._first, self._dock = first, dock
        self._streams: Streams | None = None
        #: How many runs there were on the backends that `backend` gave: the next one's seed depends on it.
        self.runs: int = self._kept.get("runs", 0)

    def check(self) -> None:
        """Raise `JobCancelledError` if the job was asked to stop: call it often, and let it pass through."""
        self.worker.check()

    def progress(self, fraction: float, text: str = "") -> None:
        """Say how far the work is: from 0 to 1, and a text for people."""
        # In this order what is no number, as 0 / 0 is in numpy, is 0.
        self.worker.emit(Progress(min(max(0.0, float(fraction)), 1.0), str(text)))

    def log(self, text: str) -> None:
        """Write a line to the job's log."""
        self.worker.emit(Log(str(text)))

    def rng(self, circuit: int = 0, block: int = 0, path: int = 0) -> np.random.Generator:
        """Return the generator of a circuit's block of shots and branch; see `qdock.streams.stream`."""
        from qdock.streams import stream

        return stream(self.seed, self._first + circuit, block, path)

    def moved_rng(self, circuit: int = 0, block: int = 0, path: int = 0) -> np.random.Generator:
        """Return what `rng` does, from one generator that the next call moves: quicker for many short draws."""
        if self._streams is None:
            self._streams = _streams_class().borrow(self.seed)
        return self._streams.at(self._first + circuit, block, path)

    def stream_key(self, circuit: int = 0) -> tuple[int, int]:
        """Return the seed and the number that the streams of a circuit are made of, for code that makes its own."""
        return self.seed, self._first + circuit

    def end(self) -> None:
        """Give back what the work drew from: it is over."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams.give_back()

    # --- to go on later

    def checkpoint(self, value: Any) -> None:
        """Keep what a retry, or ``job.rerun(resume=True)``, can go on from; the last one counts.

        Parameters
        ----------
        value : any
            JSON values, numbers, arrays, circuits, results, and lists, tuples, dicts and dataclasses of these, as
            they are now. See `qdock.results.values`.

        Raises
        ------
        Unstorable
            If it is something else. It is a TypeError.
        """
        from qdock.results.values import snapshot

        self.worker.emit(Checkpoint({"value": snapshot(value, "A checkpoint"), "runs": self.runs}))

    def resume(self) -> Any:
        """Return the last checkpoint of the attempt, or the job, that this one goes on from; None if there is none."""
        return self._kept.get("value")

    def part(self, index: int, entry: CircuitResult) -> None:
        """Hand over the entry of one program as soon as it is there.

        Parameters
        ----------
        index : int
            Which of the programs that `execute` was given.
        entry : CircuitResult
            What came back for it.
        """
        self.worker.emit(Part(self._first + index, entry))

    @property
    def parts(self) -> dict[int, CircuitResult]:
        """The entries that an earlier attempt handed over, by the index of their program."""
        kept = self._kept.get("parts")
        if kept is None:
            return {}
        return {index - self._first: entry for index, entry in zip(kept["indices"], kept["result"], strict=True)}

    # --- jobs inside of this one

    def backend(self, backend: str | Backend | None = None, *, record: bool = False) -> Backend:
        """Return a backend for runs inside of this job: they are done at once, here, and are cancelled with it.

        They need no executor's slot. The same runs in the same order have the same seeds each time, also after
        `resume`.

        Parameters
        ----------
        backend : str or Backend, optional
            By name, or itself; None: the default one.
        record : bool
            Whether each run gets a record of its own. Otherwise this job's record has one summary of all.
        """
        return self.dock.inside(backend, self, record)

    @property
    def dock(self) -> Dock:
        """The Dock whose backends this work may use."""
        if self._dock is not None:
            dock: Dock = self._dock()
            return dock
        import qdock

        return qdock.default_dock()

    def next_seed(self) -> int:
        """Return the seed of the next run inside of this job."""
        from qdock.streams import child_path

        self.runs += 1
        return child_path(self.seed, self.runs)

    def of_call(self, index: int) -> Context:
        """Return the context of one of several calls: with a seed of its own, and without a say about the others."""
        from qdock.streams import child_path

        worker = Worker(self.job_id, self._pass_on)
        worker._parent = self.worker
        context = Context(self.job_id, child_path(self.seed, -1 - self._first - index), worker, dock=self._dock)
        context.counter = self.counter
        return context

    def _pass_on(self, event: Any) -> None:
        # How far the job is, and what is kept of it, is up to whoever does all calls.
        if isinstance(event, Log):
            self.worker.emit(event)
