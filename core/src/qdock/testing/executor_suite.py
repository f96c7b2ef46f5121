"""The suite of executors: the promises of jobs, kept wherever the work is done."""

from __future__ import annotations

import inspect
import tempfile
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from qdock.call import Call
from qdock.dock import Dock
from qdock.errors import JobError, JobTimeoutError
from qdock.job import JobStatus, RecordedJob, as_completed
from qdock.spec import ExecutorSpec
from qdock.testing import probe
from qdock.testing.checks import check
from qdock.testing.light import LightPlugin
from qdock.work.events import Event, Finished, Started

__all__ = ["ExecutorSuite"]

SEED = 20_240_229
#: Seconds that work lasts which is to be stopped.
LONG = 30.0
SHORT = 0.05


def in_background(suite: ExecutorSuite) -> str:
    """Need an executor that works while its caller goes on."""
    return "" if suite.background else "it works in its caller's thread"


def kills(suite: ExecutorSuite) -> str:
    """Need an executor that keeps time limits."""
    return "" if suite.keeps_time_limits else "it does not say keeps_time_limits = True"


class ExecutorSuite(LightPlugin):
    """Every promise that an executor makes. Subclass it in a plugin's tests and name the executor.

    Attributes
    ----------
    executor : str or ExecutorSpec
        What is tested: ``"plugin/executor"`` of an installed plugin.
    slots : int
        How many jobs it may run at a time here, at least: more than these may have to wait.

    Examples
    --------
    ::

        class TestCluster(ExecutorSuite):
            executor = "cluster/cluster"
    """

    executor: ClassVar[Any] = ""
    slots: ClassVar[int] = 2

    @cached_property
    def spec(self) -> ExecutorSpec:
        """What the executor says about itself."""
        if isinstance(self.executor, ExecutorSpec):
            return self.executor
        with Dock() as dock:
            return dock.registry.get_executor_spec(self.executor)

    @cached_property
    def background(self) -> bool:
        """Whether it works while its caller goes on."""
        return self.spec.full_name != "inline"

    @cached_property
    def keeps_time_limits(self) -> bool:
        """Whether it ends what takes too long."""
        with self.session():
            return bool(getattr(self.made, "keeps_time_limits", False))

    def prepare(self, dock: Dock) -> None:
        """Register the backend of the tests, and an executor that no plugin brings."""
        dock.register(probe.PROBE)
        if isinstance(self.executor, ExecutorSpec):
            dock.register(self.executor)

    @property
    def made(self) -> Any:
        """The executor itself."""
        return self.dock.get_executor(self.spec.full_name)

    # --- jobs of this executor

    def start(self, function: Callable[..., Any], *args: Any, **about: Any) -> RecordedJob:
        """Submit a job that calls a function of `qdock.testing.probe`."""
        call = Call(f"{probe.__name__}:{function.__name__}", args)
        return self.dock.run(call, probe.PROBE.name, executor=self.spec.full_name, **{"seed": SEED, **about})

    def value(self, job: RecordedJob) -> Any:
        """Return what the function of a job returned."""
        return job.result(timeout=self.patience)[0].data["value"]

    def heart(self) -> Path:
        """Return a file for heartbeats; all work stops at the end of the check."""
        assert self._stack is not None, "a check runs in a session"
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="qdock-check-")))
        path = folder / "heart"
        assert self.dock is not None, "made before, so that it is closed after the work was told to stop"
        self._stack.callback(path.with_suffix(".stop").touch)
        return path

    def beating(self, function: Callable[..., Any], seconds: float = LONG) -> tuple[RecordedJob, Path]:
        """Submit work that beats, and return when it does."""
        path = self.heart()
        job = self.start(function, str(path), seconds)
        self.expect(_soon(path.exists), f"10 s after `start` the work had not begun; the job is {job.status().name}")
        return job, path

    def stopped(self, path: Path) -> bool:
        """Whether the work beats no more."""
        before = path.stat().st_size
        time.sleep(20 * probe.STEP)
        return path.stat().st_size == before

    # --- the checks

    @check("plugin")
    def test_methods(self) -> None:
        """An executor has the methods `start`, `stop`, `attach` and `close`, with the arguments of the protocol."""
        from qdock.executors import Executor

        for name in ("start", "stop", "attach", "close"):
            wanted = inspect.signature(getattr(Executor, name))
            method: Any = getattr(self.made, name, None)
            self.expect(callable(method), f"it has no method `{name}{wanted}`")
            try:
                inspect.signature(method).bind(*range(len(wanted.parameters) - 1))
            except TypeError as error:
                self.expect(False, f"method `{name}` does not fit: {error}. Write `def {name}{wanted}`")

    @check("jobs")
    def test_result(self) -> None:
        """The job's result is what its work returned, the same for the same seed as everywhere else."""
        job = self.start(probe.give, {"list": [1, 2.5, None]})
        self.expect(self.value(job) == {"list": [1, 2.5, None]}, f"the work's value came back as {self.value(job)!r}")
        here = self.dock.run(Call("qdock.testing.probe:give", (1,)), probe.PROBE.name, executor="inline", seed=SEED)
        one, two = (item.result(timeout=self.patience)[0].data["draws"] for item in (job, here))
        self.expect(np.array_equal(one, two), f"with seed {SEED} it drew {one}, and 'inline' {two}")

    @check("jobs")
    def test_events(self) -> None:
        """`emit` gets `Started` first and `Finished` once, as the last."""
        events: list[Event] = []
        over = threading.Event()

        def emit(event: Event) -> None:
            events.append(event)
            if isinstance(event, Finished):
                over.set()

        handle = self.made.start("check-events", Call(f"{probe.__name__}:give", (7,)), emit)
        self.expect(isinstance(handle, str), f"`start` returned {handle!r}; a handle is a text")
        self.expect(over.wait(self.patience), f"no Finished came: {events}")
        time.sleep(SHORT)
        kinds = [type(event).__name__ for event in events]
        self.expect(isinstance(events[0], Started), f"the first event is no Started: {kinds}")
        self.expect(kinds.count("Finished") == 1 and kinds[-1] == "Finished", f"the events were {kinds}")
        last = events[-1]
        assert isinstance(last, Finished), "that was just expected"
        self.expect(last.value == 7 and last.failure is None, f"the work returned 7, and {last!r} came")

    @check("jobs", needs=(in_background,))
    def test_run_returns_at_once(self) -> None:
        """`start` takes the work and returns; the job is RUNNING while it is done."""
        job, _ = self.beating(probe.polite)
        self.expect(_soon(lambda: job.status() is JobStatus.RUNNING), f"the job is {job.status().name} at work")

    @check("jobs")
    def test_history(self) -> None:
        """A job goes from QUEUED over RUNNING to its end, at times that never decrease; its log and progress arrive."""
        job = self.start(probe.give, 1)
        self.value(job)
        statuses = [line.status.name for line in job.history]
        self.expect(statuses == ["QUEUED", "RUNNING", "DONE"], f"the history is {statuses}")
        times = [line.time for line in job.history]
        self.expect(times == sorted(times), f"the times of the history are {times}")
        self.expect(job.logs() == ["call 0"], f"`context.log` was called once, and the log is {job.logs()}")
        self.expect(job.progress.fraction == 0.5, f"`context.progress` said 0.5, and it is {job.progress.fraction}")

    @check("jobs")
    def test_failure(self) -> None:
        """A job whose work raises ends as ERROR, with the reason and the original traceback."""
        job = self.start(probe.fail, "made to fail")
        job.wait_for_final_state(timeout=self.patience)
        self.expect(job.status() is JobStatus.ERROR, f"the work raised, and the job is {job.status().name}")
        error = job.error
        self.expect(error is not None and "made to fail" in error.message, f"the reason is {error!r}")
        assert error is not None, "that was just expected"
        self.expect("in fail" in error.traceback, f"the traceback is not that of the work: {error.traceback[-200:]!r}")

    @check("jobs")
    def test_sys_exit(self) -> None:
        """`sys.exit` in the work of a job ends that job and nothing else."""
        job = self.start(probe.leave)
        job.wait_for_final_state(timeout=self.patience)
        self.expect(job.status() is JobStatus.ERROR, f"the work called sys.exit, and the job is {job.status().name}")
        self.expect(self.value(self.start(probe.give, 2)) == 2, "the next job gave another value")

    @check("jobs", needs=(in_background,))
    def test_timeout_leaves_the_job_alone(self) -> None:
        """`result(timeout)` raises `JobTimeoutError`; the job is untouched, and its result still comes."""
        job, path = self.beating(probe.beat)
        try:
            job.result(timeout=SHORT)
        except JobTimeoutError:
            pass
        else:
            self.expect(False, "`result(timeout=0.05)` raised nothing while the work went on")
        self.expect(not self.stopped(path), "the timeout stopped the work")
        path.with_suffix(".stop").touch()
        self.expect(self.value(job) == "done", f"the result did not come afterwards; the job is {job.status().name}")

    @check("jobs", needs=(in_background,))
    def test_cancel_stops_the_work(self) -> None:
        """Work that looks at `context.check` stops when it is cancelled; `cancel` returns True when it has."""
        job, path = self.beating(probe.polite)
        told = job.cancel(wait=10)
        self.expect(told, f"cancel(wait=10) returned False; the job is {job.status().name}")
        self.expect(job.status() is JobStatus.CANCELLED, f"cancel() returned True, but the job is {job.status().name}")
        self.expect(self.stopped(path), "cancel() returned True while the work went on")
        self.expect(self.value(self.start(probe.give, 3)) == 3, "the next job gave another value")

    @check("jobs", needs=(in_background,))
    def test_cancel_tells_the_truth(self) -> None:
        """`cancel` returns True only if the work has certainly stopped, also of work that does not look."""
        job, path = self.beating(probe.beat)
        told, status = job.cancel(wait=1), job.status()
        stopped = self.stopped(path)
        self.expect(not told or stopped, "cancel() returned True while the work went on")
        self.expect(
            status is not JobStatus.CANCELLED or stopped, "the job is CANCELLED while its work goes on: `stop` lied"
        )

    @check("jobs", needs=(in_background,))
    def test_queued_work_never_starts(self) -> None:
        """What waits for a slot never starts once it is cancelled."""
        first = [self.beating(probe.polite) for _ in range(self.slots)]
        path = self.heart()
        queued = self.start(probe.beat, str(path), LONG)
        if queued.status() is not JobStatus.QUEUED or path.exists():
            queued.cancel()
            return
        told = queued.cancel(wait=10)
        self.expect(told or path.exists(), f"cancel() of a queued job returned {told}; it is {queued.status().name}")
        for job, heart in first:
            heart.with_suffix(".stop").touch()
            job.wait_for_final_state(timeout=self.patience)
        time.sleep(SHORT)
        self.expect(not told or not path.exists(), "a queued job was cancelled, and its work began all the same")

    @check("jobs", needs=(in_background,))
    def test_time_limit(self) -> None:
        """An executor that says so ends work that takes longer than its time limit; the job fails of it."""
        if kills(self):
            return
        path = self.heart()
        job = self.start(probe.beat, str(path), LONG, time_limit=0.5)
        job.wait_for_final_state(timeout=self.patience)
        kind = job.error.kind if job.error else None
        self.expect(kind == "time_limit", f"after its time limit the job is {job.status().name} of {kind}")
        self.expect(not path.exists() or self.stopped(path), "the job failed of its time limit, and its work goes on")

    @check("jobs")
    def test_fifty_jobs_at_once(self) -> None:
        """Fifty jobs at once all end, each with its own value."""
        jobs = [self.start(probe.give, number) for number in range(50)]
        ended = list(as_completed(jobs, timeout=self.patience))
        self.expect(len(ended) == 50, f"of 50 jobs {len(ended)} ended")
        wrong = [number for number, job in enumerate(jobs) if self.value(job) != number]
        self.expect(not wrong, f"jobs {wrong} got the value of another one")

    @check("jobs")
    def test_unknown_handles(self) -> None:
        """`stop` of what has ended, and `attach` to what is gone, return a truth value and raise nothing."""
        stopped, attached = self.made.stop("no-such-handle"), self.made.attach("no-such-handle", lambda _: None)
        self.expect(isinstance(stopped, bool), f"`stop` returned {stopped!r}")
        self.expect(attached is False, f"`attach` to a handle that is gone returned {attached!r}")

    @check("jobs")
    def test_close(self) -> None:
        """`close` waits for the work, and a closed executor takes no more."""
        job = self.start(probe.give, 4)
        self.made.close(wait=True)
        self.expect(job.in_final_state(), f"`close(wait=True)` returned while a job was {job.status().name}")
        if not self.background:
            return
        try:
            self.start(probe.give, 5)
        except JobError:
            return
        self.expect(False, "a closed executor took a job")


def _soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()
