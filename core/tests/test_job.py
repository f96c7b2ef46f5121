"""The core's own jobs: every promise of a job that needs neither a file nor another process."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import math
import threading
import time
import traceback
import weakref

import numpy as np
import pytest

from qdock import (
    Call,
    Circuit,
    CircuitResult,
    Config,
    Dock,
    JobCancelledError,
    JobError,
    JobTimeoutError,
    LocalBackend,
    Result,
)
from qdock.job import FinishedJob, JobStatus, as_completed
from qdock.spec import BackendSpec, Option

S = JobStatus
SOON = 10.0


def value_result(*values):
    return Result([CircuitResult(name=str(i), data={"value": value}) for i, value in enumerate(values)])


def value_of(job):
    return job.result(SOON).data()["value"]


class Runner(LocalBackend):
    """Runs calls; one that takes the context gets it."""

    spec = BackendSpec("runner", "x:Runner", accepts=("call",), options={"size": Option(int, 1)})

    def execute(self, programs, options, context):
        return value_result(*(program.resolve()(context, *program.args) for program in programs))


class Spot(Runner):
    """Runs calls on the spot."""

    spec = BackendSpec("spot", "x:Spot", accepts=("call",))

    def estimate(self, programs, options):
        return 1e-6


class Gate:
    """Work that waits until it is opened, and looks then whether it shall stop."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self, context):
        self.entered.set()
        assert self.opened.wait(SOON)
        context.check()
        return 1


class Loop:
    """Work that goes on until it is stopped."""

    def __init__(self):
        self.entered, self.left = threading.Event(), threading.Event()

    def __call__(self, context):
        self.entered.set()
        try:
            while True:
                context.check()
                time.sleep(0.001)
        finally:
            self.left.set()


def one(_context):
    return 1


def fail(_context, text="no luck"):
    raise ValueError(text)


@pytest.fixture
def dock():
    with Dock(entry_points=[]) as dock:
        yield dock


@pytest.fixture
def narrow():
    """A Dock in which one job runs at a time."""
    with Dock(Config.load(environ={}, executors={"thread": {"slots": 1}}), entry_points=[]) as dock:
        yield dock


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture(params=["thread", "inline", "spot"])
def run(request, dock):
    """Run a function in each of the ways there are."""
    if request.param == "spot":
        return lambda function, *args, **options: dock.run(Call(function, args), Spot(), **options)
    return lambda function, *args, **options: dock.run(
        Call(function, args), Runner(), executor=request.param, **options
    )


# --- submitting


def test_run_returns_at_once_a_job_that_is_submitted(dock, gate):
    job = dock.run(Call(gate), Runner())
    assert gate.entered.wait(SOON)
    assert job.status() is S.RUNNING
    assert job.running()
    assert (job.done(), job.cancelled(), job.in_final_state()) == (False, False, False)
    gate.opened.set()
    assert value_of(job) == 1
    assert job.status() is S.DONE


def test_submitting_again_is_an_error(run):
    job = run(one)
    with pytest.raises(JobError, match=rf"Job {job.job_id()} has been submitted already"):
        job.submit()
    assert value_of(job) == 1


def test_work_on_the_spot_is_done_when_run_returns_and_no_thread_was_needed(dock):
    job = dock.run(Call(lambda _: threading.get_ident()), Spot())
    assert job.status() is S.DONE
    assert value_of(job) == threading.get_ident()
    assert isinstance(job, FinishedJob)


def test_an_explicit_executor_is_used_however_small_the_work_is(dock):
    job = dock.run(Call(lambda _: threading.get_ident()), Spot(), executor="thread")
    assert value_of(job) != threading.get_ident()


def test_work_that_is_estimated_to_take_longer_is_queued(dock):
    class Slow(Runner):
        def estimate(self, programs, options):
            return 0.5

    assert value_of(dock.run(Call(lambda _: threading.get_ident()), Slow())) != threading.get_ident()


def test_a_backend_chooses_the_class_of_the_jobs_it_finishes_on_the_spot(dock):
    class MyJob(FinishedJob):
        """As `BasicProviderJob`: nothing but a name and the three arguments."""

    class Mine(Spot):
        job_class = MyJob

    job = dock.run(Call(one), Mine())
    assert type(job) is MyJob
    assert value_of(job) == 1
    assert dock.get_job(job.job_id()) is job


def test_a_class_of_jobs_with_a_beginning_of_its_own_begins_so(dock):
    class MyJob(FinishedJob):
        def __init__(self, backend, job_id, result):
            super().__init__(backend, job_id, result)
            self.begun = backend.name

    class Mine(Spot):
        job_class = MyJob

    job = dock.run(Call(one), Mine(), tags=["mine"])
    assert job.begun == "spot"
    assert job.tags == ("mine",)
    assert value_of(job) == 1


def test_a_job_has_its_id_backend_seed_and_version(run):
    job = run(one, seed=7)
    assert job.backend().name in ("runner", "spot")
    assert len(job.job_id()) == 20
    assert job.seed == 7
    assert job.version == 1


def test_ids_of_jobs_are_unique(dock):
    backend = Spot()
    assert len({dock.run(Call(one), backend).job_id() for _ in range(1000)}) == 1000


def test_a_job_shows_itself(dock):
    job = dock.run(Call(one), Spot())
    assert repr(job) == f"<FinishedJob {job.job_id()} DONE on spot>"


# --- history and what is known


def test_the_history_of_a_job_begins_in_the_queue(dock):
    job = dock.run(Call(one), Runner())
    job.result(SOON)
    assert [(line.status, line.attempt, line.inferred) for line in job.history] == [
        (S.QUEUED, 1, False),
        (S.RUNNING, 1, False),
        (S.DONE, 1, False),
    ]
    assert [line.time for line in job.history] == sorted(line.time for line in job.history)


def test_the_history_of_work_on_the_spot_says_what_nobody_saw(dock):
    job = dock.run(Call(one), Spot())
    assert [(line.status, line.inferred) for line in job.history] == [
        (S.QUEUED, True),
        (S.RUNNING, True),
        (S.DONE, False),
    ]


def test_the_history_of_a_failed_job_ends_with_the_error(run):
    job = run(fail)
    job.wait_for_final_state(SOON)
    assert [line.status for line in job.history] == [S.QUEUED, S.RUNNING, S.ERROR]


def test_metrics_are_seconds_that_add_up(run):
    job = run(one)
    job.result(SOON)
    metrics = job.metrics
    assert set(metrics) == {"queued", "run", "total"}
    assert min(metrics.values()) >= 0
    assert metrics["total"] == pytest.approx(metrics["queued"] + metrics["run"])


def test_of_a_running_job_only_the_time_in_the_queue_is_known(dock, gate):
    job = dock.run(Call(gate), Runner())
    assert gate.entered.wait(SOON)
    assert set(job.metrics) == {"queued"}


def test_a_job_cancelled_in_the_queue_never_ran(narrow, gate):
    narrow.run(Call(gate), Runner())
    job = narrow.run(Call(one), Runner())
    assert job.cancel()
    assert job.metrics["run"] == 0


def test_progress_and_log_are_kept(run):
    def work(context):
        context.progress(0.25, "a quarter")
        context.log("one")
        context.log("two\nthree")
        context.progress(0.5, "half")
        return 1

    job = run(work)
    job.result(SOON)
    assert job.progress == (0.5, "half")
    assert job.progress.fraction == 0.5
    assert job.logs() == ["one", "two", "three"]


def test_progress_is_seen_while_the_job_runs(dock, gate):
    def work(context):
        context.progress(0.3, "on the way")
        context.log("here")
        return gate(context)

    job = dock.run(Call(work), Runner())
    assert gate.entered.wait(SOON)
    assert job.progress == (0.3, "on the way")
    assert job.logs() == ["here"]


@pytest.mark.parametrize("told, kept", [(-1, 0.0), (7, 1.0), (np.float32(0.5), 0.5), (math.nan, 0.0)])
def test_progress_stays_between_nothing_and_all(run, told, kept):
    job = run(lambda context: context.progress(told))
    job.result(SOON)
    assert job.progress == (kept, "")


def test_a_job_that_says_nothing_has_no_progress_and_no_log(run):
    job = run(one)
    job.result(SOON)
    assert job.progress == (0.0, "")
    assert job.logs() == []


def test_tags_metadata_options_and_program_are_kept(dock):
    program = Call(one)
    job = dock.run(program, Runner(), tags=["blue", "new"], metadata={"who": ["me"]}, size=3)
    job.result(SOON)
    assert job.tags == ("blue", "new")
    assert job.metadata == {"who": ["me"]}
    assert job.options == {"size": 3}
    assert job.program == program


def test_the_options_of_a_job_can_not_be_changed_afterwards(run):
    job = run(one)
    job.options["size"] = 99
    assert job.options.get("size", 1) == 1


def test_the_program_of_a_job_has_the_shape_it_was_given_in(dock):
    backend = Runner()
    assert dock.run([Call(one)], backend).program == (Call(one),)
    assert dock.run((Call(one), Call(one)), backend).program == (Call(one), Call(one))


def test_a_result_says_which_job_backend_and_seed_it_is_of(run):
    job = run(one, seed=5)
    metadata = job.result(SOON).metadata
    assert metadata["job_id"] == job.job_id()
    assert metadata["backend"] == job.backend().name
    assert metadata["seed"] == 5


# --- results and failures


def test_a_result_can_be_asked_for_again_and_is_the_same(run):
    job = run(one)
    assert job.result(SOON) is job.result()


def test_a_result_that_does_not_come_in_time_is_a_timeout_and_still_comes(dock, gate):
    job = dock.run(Call(gate), Runner())
    with pytest.raises(
        JobTimeoutError, match=rf"Job {job.job_id()} did not finish within 0.02 s. It goes on"
    ) as caught:
        job.result(timeout=0.02)
    assert isinstance(caught.value, (JobError, TimeoutError))
    assert isinstance(caught.value, TimeoutError)
    gate.opened.set()
    assert value_of(job) == 1


@pytest.mark.parametrize("timeout", [0, 0.0, -1])
def test_a_timeout_of_nothing_answers_at_once(dock, gate, timeout):
    done = dock.run(Call(one), Spot())
    assert done.result(timeout=timeout)
    with pytest.raises(JobTimeoutError, match="did not finish within"):
        dock.run(Call(gate), Runner()).result(timeout=timeout)


def test_an_enormous_timeout_is_no_error(run):
    assert run(one).result(timeout=1e300)
    assert run(one).result(timeout=float("inf"))


def test_a_timeout_that_is_no_number_is_refused(dock, gate):
    job = dock.run(Call(gate), Runner())
    with pytest.raises(ValueError, match="`timeout` must be a number of seconds, but is NaN"):
        job.result(timeout=float("nan"))
    for wrong in ("1", True, [1]):
        with pytest.raises(TypeError, match="`timeout` must be a number of seconds, or None for no end, but is"):
            job.wait_for_final_state(timeout=wrong)


class Broken(LocalBackend):
    """A backend of circuits with a mistake in it."""

    def execute(self, programs, options, context):
        return self.divide(1, 0)

    def divide(self, left, right):
        return left / right


class BrokenOnTheSpot(Broken):
    def estimate(self, programs, options):
        return 0


@pytest.mark.parametrize("backend", [Broken(), BrokenOnTheSpot()])
def test_the_result_of_a_failed_job_is_an_error_with_reason_and_original_traceback(dock, backend):
    job = dock.run(Circuit(1, 1), backend)
    for _ in range(2):
        with pytest.raises(
            JobError, match=rf"Job {job.job_id()} failed: ZeroDivisionError: division by zero"
        ) as caught:
            job.result(SOON)
        assert "in divide\n" in "".join(traceback.format_exception(caught.value))
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert job.status() is S.ERROR


def test_the_error_of_a_failed_job_has_kind_message_and_traceback(run):
    job = run(fail)
    job.wait_for_final_state(SOON)
    kind, message, text = job.error
    assert (kind, message) == ("exception", "ValueError: no luck")
    assert text.startswith("Traceback (most recent call last)")
    assert text.rstrip().endswith("ValueError: no luck")


def test_a_job_that_did_not_fail_has_no_error(run):
    job = run(one)
    job.result(SOON)
    assert job.error is None


def test_a_functions_own_exception_is_raised_itself_each_time_as_it_was(run):
    error = KeyError("mine")

    def work(_context):
        raise error

    job, lengths = run(work), []
    for _ in range(3):
        with pytest.raises(KeyError, match="mine") as caught:
            job.result(SOON)
        assert caught.value is error
        lengths.append(len(caught.traceback))
    assert len(set(lengths)) == 1


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_what_would_end_a_program_ends_the_job_only(dock, error):
    def work(_context):
        raise error

    job = dock.run(Call(work), Runner())
    with pytest.raises(JobError, match=f"failed: {type(error).__name__}"):
        job.result(SOON)
    assert job.error.kind == "interrupted"
    assert value_of(dock.run(Call(one), Runner())) == 1


@pytest.mark.parametrize("backend", [Spot(), Runner()])
def test_ctrl_c_in_the_callers_thread_cancels_the_job_and_goes_on_to_the_program(dock, backend):
    def work(_context):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dock.run(Call(work), backend, executor="inline")
    job = dock.get_job("last")
    assert (job.status(), job.error) == (S.CANCELLED, None)
    with pytest.raises(JobCancelledError, match="was cancelled"):
        job.result()


@pytest.mark.parametrize("returned", [None, {"00": 1}, "counts"])
def test_a_backend_that_returns_no_result_is_told_so(dock, returned):
    class Odd(LocalBackend):
        def execute(self, programs, options, context):
            return returned

    job = dock.run(Circuit(1), Odd())
    with pytest.raises(JobError, match=rf"Backend 'Odd' returned {type(returned).__name__} instead of a `qdock.result"):
        job.result(SOON)
    assert job.error.kind == "invalid_result"


def test_a_backend_that_returns_too_few_entries_is_told_so(dock):
    class Short(LocalBackend):
        def execute(self, programs, options, context):
            return Result([])

    job = dock.run([Circuit(1), Circuit(1)], Short())
    with pytest.raises(JobError, match="Backend 'Short' returned 0 entries for 2 programs"):
        job.result(SOON)


def test_a_failure_of_which_only_the_text_is_left_has_the_traceback_as_a_note(dock):
    job = dock.run(Circuit(1, 1), Broken())
    job.wait_for_final_state(SOON)
    job_id = job.job_id()
    del job
    gc.collect()
    again = dock.get_job(job_id)
    with pytest.raises(JobError, match="ZeroDivisionError: division by zero") as caught:
        again.result()
    assert "in divide\n" in "".join(traceback.format_exception(caught.value))


def test_a_very_long_reason_is_cut(run):
    job = run(fail, "x" * 1_000_000)
    job.wait_for_final_state(SOON)
    assert len(job.error.message) == len(job.error.traceback) == 65536


# --- cancelling


def test_work_that_looks_whether_it_shall_stop_is_cancelled(dock):
    loop = Loop()
    job = dock.run(Call(loop), Runner())
    assert loop.entered.wait(SOON)
    assert job.cancel(wait=SOON) is True
    assert loop.left.is_set()
    assert job.status() is S.CANCELLED
    assert job.record.cancel_requested


def test_the_result_of_a_cancelled_job_is_an_error_of_its_own(dock):
    loop = Loop()
    job = dock.run(Call(loop), Runner())
    assert job.cancel(wait=SOON)
    with pytest.raises(JobCancelledError, match=rf"Job {job.job_id()} was cancelled") as caught:
        job.result()
    assert isinstance(caught.value, JobError)
    assert isinstance(caught.value, concurrent.futures.CancelledError)


def test_queued_work_is_cancelled_at_once_and_never_starts(narrow, gate):
    first = narrow.run(Call(gate), Runner())
    started = threading.Event()
    job = narrow.run(Call(lambda _: started.set()), Runner())
    assert job.cancel(wait=0) is True
    assert job.cancelled()
    gate.opened.set()
    first.result(SOON)
    assert value_of(narrow.run(Call(one), Runner())) == 1
    assert not started.is_set()
    assert [line.status for line in job.history] == [S.QUEUED, S.CANCELLED]


def test_a_request_that_the_work_does_not_heed_is_not_said_to_have_stopped_it(dock, gate):
    job = dock.run(Call(gate), Runner())
    assert gate.entered.wait(SOON)
    assert job.cancel(wait=0.01) is False
    assert job.status() is S.RUNNING
    assert job.record.cancel_requested
    gate.opened.set()
    job.wait_for_final_state(SOON)
    assert job.status() is S.CANCELLED


def test_work_that_never_looks_is_done_after_all(dock):
    entered, opened = threading.Event(), threading.Event()

    def deaf(_context):
        entered.set()
        assert opened.wait(SOON)
        return 5

    job = dock.run(Call(deaf), Runner())
    assert entered.wait(SOON)
    assert job.cancel(wait=0) is False
    opened.set()
    assert value_of(job) == 5
    assert job.cancel() is False


def test_cancelling_a_final_job_changes_nothing(run):
    job = run(one)
    job.result(SOON)
    before = job.record
    assert job.cancel() is False
    assert job.record is before


def test_cancelling_twice_is_true_once(dock):
    loop = Loop()
    job = dock.run(Call(loop), Runner())
    assert job.cancel(wait=SOON) is True
    assert job.cancel() is False


def test_work_that_fails_while_it_is_stopped_has_failed(dock):
    entered = threading.Event()

    def work(context):
        entered.set()
        try:
            while True:
                context.check()
        except JobCancelledError:
            raise RuntimeError("could not clean up") from None

    job = dock.run(Call(work), Runner())
    assert entered.wait(SOON)
    assert job.cancel(wait=SOON) is False
    with pytest.raises(RuntimeError, match="could not clean up"):
        job.result(SOON)


def test_a_job_can_cancel_itself(dock):
    job_of = []

    def work(context):
        while not job_of:
            time.sleep(0.001)
        assert job_of[0].cancel(wait=SOON) is False
        context.check()

    job = dock.run(Call(work), Runner())
    job_of.append(job)
    job.wait_for_final_state(SOON)
    assert job.cancelled()


def test_inline_work_is_cancelled_from_another_thread(dock):
    loop = Loop()

    def cancel():
        assert loop.entered.wait(SOON)
        dock.get_job("last").cancel(wait=0)

    thread = threading.Thread(target=cancel)
    thread.start()
    job = dock.run(Call(loop), Runner(), executor="inline")
    thread.join()
    assert job.cancelled()


# --- waiting


def test_waiting_ends_with_the_job(run):
    job = run(one)
    assert job.wait_for_final_state(SOON) is None
    assert job.done()


def test_a_wait_that_is_too_short_is_a_timeout(dock, gate):
    job = dock.run(Call(gate), Runner())
    with pytest.raises(JobTimeoutError, match=r"did not finish within 0.01 s"):
        job.wait_for_final_state(timeout=0.01)


@pytest.mark.parametrize("wait", [0.001, 5, 1e9])
def test_a_wait_never_outlives_its_timeout_whatever_the_time_between_queries(dock, gate, wait):
    job = dock.run(Call(gate), Runner())
    begun = time.monotonic()
    with pytest.raises(JobTimeoutError, match=r"did not finish within 0.05 s"):
        job.wait_for_final_state(timeout=0.05, wait=wait)
    assert time.monotonic() - begun < SOON / 2


@pytest.mark.parametrize("wait", [-1, float("nan")])
def test_a_time_between_queries_that_is_no_time_is_refused(run, wait):
    with pytest.raises(ValueError, match="`wait` must be a number of seconds, 0 or more"):
        run(one).wait_for_final_state(wait=wait)


def test_the_callback_is_called_at_every_change_with_id_status_and_job(narrow, gate):
    first = narrow.run(Call(gate), Runner())
    job = narrow.run(Call(one), Runner())
    calls = []

    def callback(*args):
        calls.append(args)
        gate.opened.set()

    job.wait_for_final_state(SOON, wait=1000, callback=callback)
    assert calls == [(job.job_id(), status, job) for status in (S.QUEUED, S.RUNNING, S.DONE)]
    first.result(SOON)


def test_the_callback_is_called_once_for_a_job_that_is_final(run):
    job, calls = run(one), []
    job.result(SOON)
    job.wait_for_final_state(callback=lambda *args: calls.append(args))
    assert calls == [(job.job_id(), S.DONE, job)]


def test_the_callback_is_called_at_least_every_wait_seconds(dock, gate):
    job, calls = dock.run(Call(gate), Runner()), []
    assert gate.entered.wait(SOON)

    def callback(_job_id, status, _job):
        calls.append(status)
        if len(calls) == 5:
            gate.opened.set()

    job.wait_for_final_state(SOON, wait=0.001, callback=callback)
    assert set(calls[:-1]) == {S.RUNNING}
    assert calls[-1] is S.DONE


def test_what_the_callback_of_a_wait_raises_reaches_who_waits(dock, gate):
    def callback(_job_id, _status, _job):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        dock.run(Call(gate), Runner()).wait_for_final_state(callback=callback)


def test_waiting_without_time_between_queries_does_not_keep_a_processor_busy(dock, gate):
    calls = []
    with pytest.raises(JobTimeoutError, match="did not finish"):
        dock.run(Call(gate), Runner()).wait_for_final_state(0.05, wait=0, callback=lambda *args: calls.append(args))
    assert len(calls) < 100


# --- callbacks


def test_callbacks_are_called_once_with_the_job_before_result_returns(run):
    calls = []
    job = run(one)
    job.add_done_callback(calls.append)
    job.add_done_callback(calls.append)
    job.result(SOON)
    assert calls == [job, job]


def test_a_callback_of_a_final_job_is_called_at_once(run):
    job, calls = run(one), []
    job.result(SOON)
    job.add_done_callback(calls.append)
    assert calls == [job]


def test_a_callback_that_raises_hurts_nothing(dock, gate, caplog):
    job, calls = dock.run(Call(gate), Runner()), []
    job.add_done_callback(lambda _: 1 / 0)
    job.add_done_callback(calls.append)
    gate.opened.set()
    assert value_of(job) == 1
    assert calls == [job]
    assert f"A callback of job {job.job_id()} failed" in caplog.text


def test_a_callback_may_ask_for_the_result_and_add_callbacks(dock, gate):
    job, calls = dock.run(Call(gate), Runner()), []

    def callback(job):
        calls.append(job.result(0).data()["value"])
        job.add_done_callback(calls.append)

    job.add_done_callback(callback)
    gate.opened.set()
    job.result(SOON)
    assert calls == [1, job]


def test_a_callback_that_hangs_holds_up_nobody_who_waits(dock, gate):
    job, hung = dock.run(Call(gate), Runner()), threading.Event()
    job.add_done_callback(lambda _: hung.wait(SOON))
    gate.opened.set()
    assert value_of(job) == 1
    hung.set()


def test_a_job_that_nobody_holds_runs_to_its_end(dock, gate):
    ended = threading.Event()
    dock.run(Call(gate), Runner()).add_done_callback(lambda _: ended.set())
    gc.collect()
    gate.opened.set()
    assert ended.wait(SOON)


def test_a_finished_job_that_nobody_holds_is_let_go(dock):
    job = dock.run(Call(one), Runner())
    job.result(SOON)
    dock.close()
    alive = weakref.ref(job)
    del job
    gc.collect()
    assert alive() is None


# --- futures and await


def test_a_job_can_be_awaited(run):
    async def main():
        return (await run(one)).data()["value"]

    assert asyncio.run(main()) == 1


def test_a_hundred_jobs_are_gathered_without_a_thread_each(dock):
    backend = Runner()
    # Tests before this one may have left threads of their own, such as those of the simulator.
    others = {thread.name for thread in threading.enumerate()}
    dock.run(Call(one), backend).result(SOON)

    async def main():
        jobs = [dock.run(Call(lambda _context, i: i, (i,)), backend) for i in range(100)]
        waits = asyncio.gather(*(asyncio.wait_for(wrap(job), SOON) for job in jobs))
        threads = {thread.name for thread in threading.enumerate() if thread is not threading.main_thread()}
        return await waits, threads

    async def wrap(job):
        return (await job).data()["value"]

    values, threads = asyncio.run(main())
    assert values == list(range(100))
    assert threads - others <= {"qdock-owner", "qdock-thread"}


def test_the_loop_goes_on_while_a_job_is_awaited(dock, gate):
    async def main():
        job = dock.run(Call(gate), Runner())
        asyncio.get_running_loop().call_later(0.01, gate.opened.set)
        return await job

    assert asyncio.run(main()).data()["value"] == 1


def test_one_job_is_awaited_from_several_loops(dock, gate):
    job, values = dock.run(Call(gate), Runner()), []

    async def main():
        values.append((await job).data()["value"])

    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.opened.set()
    for thread in threads:
        thread.join(SOON)
    assert values == [1, 1, 1, 1]


def test_awaiting_a_failed_or_cancelled_job_raises_as_its_result_does(narrow, gate):
    async def main(job):
        return await job

    with pytest.raises(ValueError, match="no luck"):
        asyncio.run(main(narrow.run(Call(fail), Runner())))
    narrow.run(Call(gate), Runner())
    job = narrow.run(Call(one), Runner())
    job.cancel()
    with pytest.raises(JobCancelledError, match="was cancelled"):
        asyncio.run(main(job))


def test_a_task_that_stops_awaiting_leaves_the_job_alone(dock, gate):
    job = dock.run(Call(gate), Runner())

    async def main():
        return await job

    async def impatient():
        await asyncio.wait_for(main(), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    gate.opened.set()
    assert value_of(job) == 1


def test_a_task_that_gave_up_before_the_job_ended_is_not_woken(dock, gate):
    job = dock.run(Call(gate), Runner())

    async def main():
        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        gate.opened.set()
        return await job

    async def wait():
        return await job

    assert asyncio.run(main()).data()["value"] == 1


def test_a_job_is_a_future_too(run):
    job = run(one)
    assert job.future is job.future
    assert job.future.result(SOON) is job.result()
    assert job.future.done()
    assert not job.future.running()
    assert job.future.exception() is None


def test_futures_of_jobs_work_with_what_waits_for_futures(dock):
    jobs = [dock.run(Call(one), Runner()) for _ in range(5)]
    done, waiting = concurrent.futures.wait([job.future for job in jobs], timeout=SOON)
    assert len(done) == 5
    assert not waiting


def test_the_future_of_a_failed_job_has_its_exception(run):
    job = run(fail)
    assert isinstance(job.future.exception(SOON), ValueError)


def test_cancelling_the_future_cancels_the_job(narrow, gate):
    narrow.run(Call(gate), Runner())
    job = narrow.run(Call(one), Runner())
    assert not job.future.running()
    assert job.future.cancel() is True
    assert job.cancelled()
    assert job.future.cancelled()
    assert job.future.cancel() is True
    with pytest.raises(concurrent.futures.CancelledError):
        job.future.result(0)


def test_the_future_of_running_work_can_not_be_cancelled_at_once(dock, gate):
    job = dock.run(Call(gate), Runner())
    assert gate.entered.wait(SOON)
    assert job.future.running()
    assert job.future.cancel() is False


def test_a_future_can_be_awaited_through_asyncio(dock):
    async def main():
        return await asyncio.wrap_future(dock.run(Call(one), Runner()).future)

    assert asyncio.run(main()).data()["value"] == 1


# --- jobs in the order they finish


def test_jobs_are_yielded_as_they_finish(dock):
    gates = [Gate() for _ in range(3)]
    backend = Runner()
    slots = concurrent.futures.ThreadPoolExecutor(3)
    jobs = [dock.run(Call(gate), backend, executor=slots) for gate in gates]
    order = []
    gates[1].opened.set()
    for job in as_completed(jobs, timeout=SOON):
        order.append(jobs.index(job))
        if len(order) < 3:
            gates[{1: 2, 2: 0}[order[-1]]].opened.set()
    assert order == [1, 2, 0]
    slots.shutdown()


def test_a_job_that_is_given_twice_is_yielded_once(run):
    job = run(one)
    assert list(as_completed([job, job], timeout=SOON)) == [job]


def test_failed_and_cancelled_jobs_are_completed_too(narrow, gate):
    failed = narrow.run(Call(fail), Runner())
    failed.wait_for_final_state(SOON)
    narrow.run(Call(gate), Runner())
    cancelled = narrow.run(Call(one), Runner())
    cancelled.cancel()
    assert set(as_completed([failed, cancelled], timeout=SOON)) == {failed, cancelled}


def test_completing_too_late_is_a_timeout(dock, gate):
    done, late = dock.run(Call(one), Spot()), dock.run(Call(gate), Runner())
    jobs = as_completed([late, done], timeout=0.02)
    assert next(jobs) is done
    with pytest.raises(JobTimeoutError, match=r"1 of 2 jobs did not finish within 0.02 s; they go on"):
        next(jobs)


def test_no_jobs_are_completed_at_once():
    assert list(as_completed([])) == []


# --- again


def test_a_job_is_run_again_with_the_same_program_options_and_seed(dock):
    backend = Runner()
    first = dock.run(Call(one), backend, size=4, seed=11, tags=("t",), metadata={"m": 1})
    second = first.rerun()
    assert value_of(second) == 1
    assert second.job_id() != first.job_id()
    assert second.record.rerun_of == first.job_id()
    assert (second.options, second.seed, second.tags, second.metadata) == ({"size": 4}, 11, ("t",), {"m": 1})
    assert second.program == first.program
    assert second.backend() is backend


def test_a_job_is_run_again_with_changes(dock):
    first = dock.run(Call(one), Runner(), size=4, seed=11)
    second = first.rerun(size=5, seed=12, executor="inline", tags="again", program=Call(lambda _: 2), job_id="b")
    assert (value_of(second), second.job_id()) == (2, "b")
    assert (second.options, second.seed, second.tags) == ({"size": 5}, 12, ("again",))


def test_a_job_is_run_again_as_it_was_whatever_was_chosen_since(dock):
    backend = Runner()
    first = dock.run(Call(one), backend)
    backend.set_options(size=9)
    assert first.rerun().options == {"size": 1}


def test_a_job_is_run_again_on_another_backend_with_the_options_that_it_has(dock):
    first = dock.run(Call(one), Runner(), size=4, seed=11)
    second = first.rerun(backend=Spot())
    assert (second.options, second.seed) == ({}, 11)


def test_without_a_checkpoint_there_is_nothing_to_resume(dock):
    job = dock.run(Call(one), Spot())
    with pytest.raises(JobError, match=r"has no checkpoint to go on from. Leave out `resume`"):
        job.rerun(resume=True)


def test_a_job_is_resumed_from_its_checkpoint(dock, gate):
    job = dock.run(Call(gate), Runner())
    dock.store.update(job.job_id(), checkpoint={"step": 3})
    gate.opened.set()
    job.result(SOON)
    assert dock.get_job(job.job_id()).record.checkpoint == {"step": 3}
    assert job.rerun(resume=True).record.checkpoint == {"step": 3}
    assert job.rerun().record.checkpoint is None


# --- jobs that were finished elsewhere


def test_a_finished_job_can_be_made_of_a_result_by_anyone():
    backend, result = Spot(), value_result(3)
    job = FinishedJob(backend, "my-id", result, note="mine")
    assert job.job_id() == "my-id"
    assert job.backend() is backend
    assert job.status() is S.DONE
    assert job.result(timeout=1) is result
    assert job.metadata == {"note": "mine"}
    assert [line.status for line in job.history] == [S.DONE]
    assert job.cancel() is False
    assert job.logs() == []
    assert job.future.result() is result
    job.wait_for_final_state(0)


def test_a_finished_job_without_a_backend_says_so():
    with pytest.raises(JobError, match="The job a does not have any backend"):
        FinishedJob(None, "a", value_result(1)).backend()


def test_a_finished_job_of_no_dock_can_not_be_run_again():
    with pytest.raises(JobError, match="Job a was not run by a Dock"):
        FinishedJob(None, "a", value_result(1)).rerun()


def test_a_finished_job_without_a_result_says_so():
    with pytest.raises(JobError, match="Job a has no result"):
        FinishedJob(None, "a", None).result()
