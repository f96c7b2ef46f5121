"""The checks of jobs: every promise of docs/explanation/jobs.md, kept by the jobs of this backend."""

from __future__ import annotations

import asyncio
import pickle
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from itertools import pairwise
from typing import Any

from qdock.call import Call
from qdock.errors import JobCancelledError, JobError, JobTimeoutError
from qdock.job import JOB_FINAL_STATES, Job, JobStatus, RecordedJob, as_completed
from qdock.result import Result
from qdock.testing.backend_case import SEED, BackendCase, runs_circuits
from qdock.testing.checks import Seen, SkipTest, check
from qdock.testing.holding import Failing, Hold, SpyContext, Stuck
from qdock.tracking.status import TRANSITIONS

__all__ = ["JobChecks"]

#: Seconds that a short wait of a check takes.
SHORT = 0.05
_HELD = "while its work was held"


class JobChecks(BackendCase):
    """Jobs of a backend: the work is held where a job must be seen while it runs."""

    def held(self, polite: bool = True, **options: Any) -> tuple[RecordedJob, Hold]:
        """Submit a job whose work is held in a thread, and return it when the work has begun."""
        hold = self.hold(polite)
        job = self.submit(**options)
        self.expect(hold.wait_for_work(), "the job was submitted, but `execute` was not called within 10 s")
        return job, hold

    def hold(self, polite: bool = True) -> Hold:
        """Hold the work of all later jobs of this check; it is let go at the end of the check."""
        hold = Hold(self.device, polite)
        assert self._stack is not None, "a check runs in a session"
        # Before the Dock is closed, which waits a moment for what still runs.
        self._stack.callback(hold.release)
        return hold

    def submit(self, executor: str | None = "thread", **options: Any) -> RecordedJob:
        """Submit the plain circuit, in a thread of ours, so that a `run` that does not return is found out."""
        found: list[Any] = []

        def run() -> None:
            try:
                found.append(self.run(self.plain(), executor=executor, **options))
            # Whatever it raises belongs to the check that waits.
            except BaseException as error:  # noqa: BLE001
                found.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        seconds = min(10.0, self.patience / 2)
        thread.join(seconds)
        self.expect(found, f"`run` had not returned after {seconds:g} s {_HELD}: it must submit the job and return")
        if isinstance(found[0], BaseException):
            raise found[0]
        self.expect(isinstance(found[0], Job), f"`run` returned {type(found[0]).__name__}, which is no Job")
        return found[0]  # type: ignore[no-any-return]  # it was just found to be one

    def ended(self, job: RecordedJob, status: JobStatus) -> None:
        """Wait for the end of a job, which must have that status."""
        job.wait_for_final_state(timeout=self.patience, wait=1)
        self.expect(job.status() is status, f"the job ended as {job.status().name}, not {status.name}")

    # --- submitting

    @check("jobs")
    def test_run_returns_at_once(self) -> None:
        """`run` returns a submitted job at once."""
        job, hold = self.held()
        self.expect(job.status() is JobStatus.RUNNING, f"the job is {job.status().name} {_HELD}")
        self.expect(not job.done() and job.running(), f"done() is {job.done()} and running() {job.running()} {_HELD}")
        hold.release()
        self.ended(job, JobStatus.DONE)

    @check("jobs")
    def test_estimate(self) -> None:
        """What `estimate` says takes less than a millisecond is done on the spot, so it must be true."""
        programs = [self.plain()]
        options = {**self.device.options, **self._chosen()}
        estimated = self.device.estimate(programs, options)
        if estimated is None:
            return
        begin = time.perf_counter()
        self.device.execute(programs, options, SpyContext(SEED))
        seconds = time.perf_counter() - begin
        # Imports of the first run, and a busy machine, are no lie.
        self.expect(
            estimated >= 1e-3 or seconds < 1.0,
            f"estimate() said {estimated:.2g} s for work that took {seconds:.2g} s, so `run` does not return meanwhile",
        )

    def _chosen(self) -> dict[str, Any]:
        shots = {"shots": self.most_shots} if "shots" in self.declared else {}
        return {**shots, **self.options}

    @check("jobs")
    def test_submit_again(self) -> None:
        """Submitting a job again is a `JobError`."""
        job = self.run(self.plain())
        try:
            job.submit()
        except JobError:
            return
        self.expect(False, "`submit()` of a job that `run` had submitted raised nothing")

    @check("jobs")
    def test_program_is_left_alone(self) -> None:
        """A program is as it was after it was run, and the job keeps a copy of it."""
        circuit = self.plain()
        before = circuit.copy()
        job = self.run(circuit)
        job.result(timeout=self.patience)
        self.expect(circuit == before, f"the circuit that was run was changed:\n{circuit}\ninstead of\n{before}")
        if isinstance(job, RecordedJob):
            self.expect(job.program == before, "`job.program` is not the program that was run")

    # --- statuses

    @check("jobs")
    def test_statuses_in_order(self) -> None:
        """A job goes from QUEUED over RUNNING to its end; nothing leaves a final status."""
        job, hold = self.held()
        seen = [job.status()]
        hold.release()
        job.wait_for_final_state(
            timeout=self.patience, wait=SHORT, callback=lambda _id, status, _job: seen.append(status)
        )
        seen += [job.status() for _ in range(3)]
        self._in_order(seen, "were seen")
        self.expect(job.in_final_state() and job.done(), f"after its end in_final_state() is {job.in_final_state()}")

    def _in_order(self, statuses: Sequence[JobStatus], how: str) -> None:
        names = " -> ".join(status.name for status in statuses)
        for one, two in pairwise(statuses):
            # From RUNNING back to QUEUED goes only what is tried again, and nobody asked for that.
            goes_on = one is two or (two in TRANSITIONS[one] and two is not JobStatus.QUEUED)
            self.expect(goes_on, f"statuses {how} in the order {names}")
        self.expect(statuses[-1] in JOB_FINAL_STATES, f"the last of the statuses that {how} is no end: {names}")

    @check("jobs")
    def test_history(self) -> None:
        """The history has every status in order, at times that never decrease."""
        job = self.run(self.plain())
        self.ended(job, JobStatus.DONE)
        history = getattr(job, "history", None)
        self.expect(history, f"`job.history` is {history!r}")
        assert history is not None, "that was just expected"
        statuses = [line.status for line in history]
        early = (JobStatus.INITIALIZING, JobStatus.VALIDATING)
        self._in_order([status for status in statuses if status not in early], "stand in the history")
        names = " -> ".join(status.name for status in statuses)
        for status in (JobStatus.QUEUED, JobStatus.RUNNING):
            self.expect(statuses.count(status) == 1, f"{status.name} does not stand once in the history: {names}")
        times = [line.time for line in history]
        self.expect(times == sorted(times), f"the times of the history are {times}")
        self.expect(history[-1].status is job.status(), f"the history ends with {history[-1].status.name}")

    # --- waiting

    @check("jobs")
    def test_timeout_leaves_the_job_alone(self) -> None:
        """`result(timeout)` raises `JobTimeoutError`; the job is untouched, and its result still comes."""
        self._times_out(lambda job: job.result(timeout=SHORT), "result(timeout=0.05)")

    @check("jobs")
    def test_wait_times_out(self) -> None:
        """`wait_for_final_state(timeout)` raises `JobTimeoutError` and leaves the job untouched."""
        self._times_out(lambda job: job.wait_for_final_state(timeout=SHORT, wait=5), "wait_for_final_state(0.05)")

    def _times_out(self, wait: Callable[[RecordedJob], Any], name: str) -> None:
        job, hold = self.held()
        begin = time.monotonic()
        try:
            wait(job)
        except JobTimeoutError as error:
            self.expect(isinstance(error, TimeoutError), "JobTimeoutError is no TimeoutError")
        else:
            self.expect(False, f"`{name}` raised nothing {_HELD}")
        seconds = time.monotonic() - begin
        self.expect(seconds < 5, f"`{name}` took {seconds:.1f} s")
        self.expect(
            job.status() is JobStatus.RUNNING and hold.inside == 1,
            f"after the timeout of `{name}` the job is {job.status().name}"
            + ("" if hold.inside else ", and its work was stopped"),
        )
        hold.release()
        self.ended(job, JobStatus.DONE)
        self.expect(isinstance(job.result(timeout=SHORT), Result), "the result did not come afterwards")

    @check("jobs")
    def test_await(self) -> None:
        """`await job` gives the result, and the event loop goes on meanwhile."""
        job, hold = self.held()
        turns = 0

        async def main() -> Result:
            nonlocal turns
            task = asyncio.ensure_future(_awaited(job))
            while turns < 5:
                await asyncio.sleep(0.005)
                turns += 1
            self.expect(not task.done(), f"`await job` returned {_HELD}")
            hold.release()
            return await asyncio.wait_for(task, self.patience)

        result = asyncio.run(main())
        self.expect(turns == 5 and isinstance(result, Result), f"`await job` gave {type(result).__name__}")

    @check("jobs")
    def test_callbacks(self) -> None:
        """A callback is called once, when the job has ended, also one that is added afterwards."""
        job, hold = self.held()
        add = getattr(job, "add_done_callback", None)
        self.expect(add is not None, f"{type(job).__name__} has no `add_done_callback`")
        assert add is not None, "that was just expected"
        seen: list[JobStatus] = []
        add(lambda done: seen.append(done.status()))
        self.expect(not seen, f"the callback was called {_HELD}")
        hold.release()
        self.ended(job, JobStatus.DONE)
        add(lambda done: seen.append(done.status()))
        self._soon(lambda: len(seen) >= 2)
        self.expect(seen == [JobStatus.DONE] * 2, f"two callbacks were called with {[status.name for status in seen]}")

    def _soon(self, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 10
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.005)
        return condition()

    # --- cancelling

    @check("jobs")
    def test_cancel_stops_the_work(self) -> None:
        """`cancel` returns True only if the work has stopped and the job is CANCELLED; `result` then says so."""
        job, hold = self.held()
        told = job.cancel(**_wait(job, 10.0))
        inside, status = hold.inside, job.status()
        self.expect(not (told and inside), "cancel() returned True while the work went on: `execute` had not returned")
        self.expect(status is not JobStatus.CANCELLED or not inside, "the job is CANCELLED while its work goes on")
        self.expect(told, f"cancel(wait=10) returned False, though the work stops at `context.check()`; {status.name}")
        self.expect(status is JobStatus.CANCELLED, f"cancel() returned True, but the job is {status.name}")
        self._is_cancelled(job)

    def _is_cancelled(self, job: RecordedJob) -> None:
        self.expect(job.cancelled(), "the job is CANCELLED, but `cancelled()` is False")
        try:
            job.result(timeout=1)
        except JobCancelledError as error:
            self.expect(isinstance(error, CancelledError), "JobCancelledError is no CancelledError")
        else:
            self.expect(False, "`result()` of a cancelled job raised nothing")

    @check("jobs")
    def test_cancel_tells_the_truth(self) -> None:
        """`cancel` returns False as long as the work goes on."""
        job, hold = self.held(polite=False)
        told = job.cancel(**_wait(job, 0.2))
        inside, status = hold.inside, job.status()
        self.expect(
            not told and not (inside and status in JOB_FINAL_STATES),
            f"the work does not look at `context.check()` and went on, but cancel() returned {told} and the job is "
            f"{status.name}",
        )

    @check("jobs")
    def test_queued_work_never_starts(self) -> None:
        """What is queued never starts once it is cancelled."""
        job, hold = self.held()
        others = [self.submit() for _ in range(2)]
        queued = others[-1]
        self._soon(lambda: hold.calls == 2)
        told = queued.cancel(**_wait(queued, 5.0))
        self.expect(told and queued.cancelled(), f"cancel() of a queued job returned {told}; it is {queued.status()}")
        hold.release()
        for other in (job, others[0]):
            self.ended(other, JobStatus.DONE)
        self.expect(hold.calls == 2, "a queued job was cancelled, and its work was done all the same")

    @check("jobs")
    def test_cancel_of_what_is_done(self) -> None:
        """Cancelling a job that has ended returns False and changes nothing."""
        job = self.run(self.plain())
        self.ended(job, JobStatus.DONE)
        self.expect(job.cancel() is False, "cancel() of a DONE job returned True")
        self.expect(job.status() is JobStatus.DONE, f"cancel() made a DONE job {job.status().name}")
        job.result(timeout=1)

    @check("jobs")
    def test_work_can_be_stopped(self) -> None:
        """`execute` calls `context.check()` for each program at least, and lets what it raises pass through."""
        count = min(4, self.spec.max_programs or 4)
        # Of different sizes, as equal ones may well be done together.
        programs = [self.plain(1 + number % 2) for number in range(count)]
        options = {**self.device.options, **self._chosen()}
        spy = SpyContext(SEED)
        self.device.execute(programs, options, spy)
        self.expect(
            spy.checks >= count,
            f"`execute` called context.check() {spy.checks} times for {count} programs, so a job can't be cancelled "
            "while it runs: call it in the loop over `programs`",
        )
        try:
            self.device.execute(programs, options, SpyContext(SEED, stop_at=1))
        except JobCancelledError:
            return
        self.expect(False, "`execute` went on after context.check() had raised JobCancelledError: don't catch it")

    @check("jobs")
    def test_kill(self) -> None:
        """In a process, cancelling kills work that does not look; the next job runs."""
        stuck = Stuck(self.device, 60.0)
        job = self.dock.run(self.plain(), stuck, executor="process", seed=SEED, **self._chosen())
        self._soon(lambda: job.status() is JobStatus.RUNNING)
        begin = time.monotonic()
        told = job.cancel(wait=10)
        seconds = time.monotonic() - begin
        self.expect(told and job.cancelled(), f"cancel() returned {told} after {seconds:.1f} s; {job.status().name}")
        self.result(self.plain(), executor="process")

    # --- failing

    @check("jobs")
    def test_failure(self) -> None:
        """A job whose work raises ends as ERROR, and `result` raises `JobError` with the reason and the traceback."""
        Failing(self.device)
        job = self.submit()
        self.ended(job, JobStatus.ERROR)
        try:
            job.result(timeout=1)
        except JobError as error:
            cause = repr(error.__cause__) + "".join(getattr(error, "__notes__", ()))
            self.expect(Failing.MESSAGE in str(error), f"the reason is not in the message: {error}")
            self.expect("ArithmeticError" in cause, "the original error and its traceback are lost")
        except ArithmeticError as error:
            # What a function raised is raised itself as long as it lives in this process.
            self.expect(isinstance(self.plain(), Call), f"`result()` raised {error!r} and no JobError")
        else:
            self.expect(False, "`result()` of a failed job raised nothing")

    # --- results

    @check("jobs")
    def test_result_travels(self) -> None:
        """A result can be pickled, and written without pickle, and is equal afterwards."""
        result = self.result(self.plain())
        for how, copied in (
            ("pickle", lambda: pickle.loads(pickle.dumps(result))),  # noqa: S301  # our own bytes, a line ago
            ("Result.to_bytes", lambda: Result.from_bytes(result.to_bytes())),
        ):
            try:
                same = copied() == result
            # What can't be pickled raises whatever it likes.
            except Exception as error:
                raise Seen(f"the result can't go through {how}: {type(error).__name__}: {error}") from error
            self.expect(same, f"the result is not equal after {how}")

    @check("jobs")
    def test_executors_agree(self) -> None:
        """The executors `inline`, `thread` and `process` give the same result for the same seed."""
        found = {name: self.result(self.plain(), executor=name) for name in ("inline", "thread", "process")}
        values = {name: _values(result) for name, result in found.items()}
        for name, value in values.items():
            self.expect(value == values["inline"], f"executor {name!r} gave another result than 'inline'")

    @check("jobs")
    def test_job_id_and_metadata(self) -> None:
        """A job has an id of its own, its backend, its options and its seed; its result names job, backend and seed."""
        one, two = self.run(self.plain()), self.run(self.plain())
        self.expect(one.job_id() != two.job_id(), f"two jobs have the id {one.job_id()!r}")
        self.expect(one.backend().spec == self.spec, f"`job.backend()` is {one.backend()!r}")
        about = one.result(timeout=self.patience).metadata
        expected = {"job_id": one.job_id(), "backend": self.spec.full_name, "seed": SEED}
        seen = {key: about.get(key) for key in expected}
        self.expect(seen == expected, f"the result's metadata are {seen}, not {expected}")

    # --- many, and again

    @check("jobs", needs=(runs_circuits,))
    def test_fifty_jobs_at_once(self) -> None:
        """Fifty jobs at once all end, each with its own result: `execute` may be called from several threads."""
        alone = {seed: _values(self.result(self.plain(), seed=seed)) for seed in range(5)}
        jobs = [(seed, self.run(self.plain(), seed=seed, executor="thread")) for seed in [*range(5)] * 10]
        ended = list(as_completed([job for _, job in jobs], timeout=self.patience))
        self.expect(len(ended) == 50, f"of 50 jobs {len(ended)} ended")
        wrong = [seed for seed, job in jobs if _values(job.result(timeout=1)) != alone[seed]]
        self.expect(not wrong, f"{len(wrong)} of 50 jobs gave another result than the same job alone")

    @check("jobs")
    def test_found_again(self) -> None:
        """A finished job is found by its id, by the beginning of it, as "last", and by its tag."""
        job = self.run(self.plain(), tags=["found-again"])
        job.result(timeout=self.patience)
        for name in (job.job_id(), job.job_id()[:12], "last"):
            self.expect(self.dock.get_job(name).job_id() == job.job_id(), f"get_job({name!r}) is another job")
        found = [item.job_id() for item in self.dock.jobs(tag="found-again")]
        self.expect(found == [job.job_id()], f"jobs(tag=...) found {found}")

    @check("jobs")
    def test_rerun(self) -> None:
        """A job is run again with its program, options and seed, and gives the same result."""
        job = self.run(self.plain(), seed=3)
        if not isinstance(job, RecordedJob):
            raise SkipTest("its jobs are not the core's")
        again = job.rerun()
        one, two = job.result(timeout=self.patience), again.result(timeout=self.patience)
        self.expect(again.seed == 3, f"seed 3 was repeated with {again.seed}")
        self.expect(_values(one) == _values(two), "the repeated job gave another result")

    @check("jobs")
    def test_progress(self) -> None:
        """The progress of a job is a fraction from 0 to 1."""
        spy = SpyContext(SEED)
        self.device.execute([self.plain()], {**self.device.options, **self._chosen()}, spy)
        wrong = [fraction for fraction in spy.fractions if not 0 <= fraction <= 1]
        self.expect(not wrong, f"context.progress was called with {wrong}")
        self.expect(spy.fractions == sorted(spy.fractions), f"the progress went back: {spy.fractions}")


async def _awaited(job: Any) -> Any:
    return await job


def _wait(job: RecordedJob, seconds: float) -> dict[str, float]:
    """Return the argument `wait` for the `cancel` of the core's jobs; a provider's own may have none."""
    return {"wait": seconds} if isinstance(job, RecordedJob) else {}


def _values(result: Result) -> list[Any]:
    """Return what came back, without what differs from run to run."""
    return [entry.to_dict() | {"seconds": None} for entry in result]
