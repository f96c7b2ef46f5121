"""Retries: lost workers and errors that may pass are tried again, in every executor, and nothing else is."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from qdock.backend import LocalBackend
from qdock.call import Call
from qdock.dock import Dock
from qdock.errors import JobCancelledError, JobError, OptionError, RetriableError, StoreError
from qdock.job import JobStatus
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec
from qdock.store import MemoryStore
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import Failure
from qdock.work.events import Finished, Started

S = JobStatus
SOON = 30.0
HERE = Path(__file__).parent
TRIED_TWICE = [(S.QUEUED, 1), (S.RUNNING, 1), (S.QUEUED, 2), (S.RUNNING, 2), (S.DONE, 2)]


class Runner(LocalBackend):
    """Runs calls."""

    spec = BackendSpec("runner", "x:Runner", accepts=("call",))

    def execute(self, programs, options, context):
        context.progress(0.5)
        return Result([CircuitResult(name="v", data={"value": call()}) for call in programs])


class Small(Runner):
    """Says that its work is not worth a thread."""

    def estimate(self, programs, options):
        return 0.0


class BusyError(Exception):
    """An error of somebody else's, which says that it may pass."""

    retriable = True


class Shy(Exception):
    """An error that can't be asked anything."""

    def __getattr__(self, name):
        raise ZeroDivisionError


def count(path, line="x\n"):
    """Add a line to a file and return how many there are."""
    with open(path, "a") as file:
        file.write(line)
    return Path(path).read_text().count("\n")


def fail(path, times, error=RetriableError):
    """Raise so many times."""
    tries = count(path)
    if tries <= times:
        raise error("busy")
    return tries


def die(path, times):
    """Kill the worker so many times."""
    tries = count(path)
    if tries <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries


def hang(path):
    count(path)
    time.sleep(1000)


@pytest.fixture(scope="module", autouse=True)
def found():
    """Let workers find the functions of this file."""
    sys.path.insert(0, str(HERE))
    yield
    sys.path.remove(str(HERE))


@pytest.fixture
def dock():
    with Dock(store=MemoryStore(), entry_points=[]) as dock:
        yield dock


@pytest.fixture
def durable(tmp_path):
    with Dock(store=SqliteStore(tmp_path / "jobs.sqlite"), entry_points=[]) as dock:
        yield dock
    dock.store.close()


@pytest.fixture
def tries(tmp_path):
    return str(tmp_path / "tries")


def call(function, *args):
    return Call(f"test_retries:{function.__name__}", args)


def lines(job):
    return [(line.status, line.attempt) for line in job.history]


def run(dock, program, executor="thread", **options):
    job = dock.run(program, Runner(), executor=executor, **options)
    job.wait_for_final_state(SOON)
    return job


@pytest.mark.parametrize("executor", ["inline", "thread", "process"])
def test_an_error_marked_as_retriable_is_tried_again_in_every_executor(durable, tries, executor):
    job = run(durable, call(fail, tries, 1), executor, retries=1)
    assert job.result().data() == {"value": 2}
    assert lines(job) == TRIED_TWICE
    assert job.record.attempt == 2
    assert job.logs() == ["Attempt 1 failed and is followed by another: RetriableError: busy"]


def test_a_pool_of_threads_tries_again_too(dock, tries):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        job = run(dock, call(fail, tries, 1), pool, retries=1)
    assert lines(job) == TRIED_TWICE


def test_a_lost_worker_is_followed_by_another_one(durable, tries):
    job = run(durable, call(die, tries, 2), "process", retries=2)
    assert job.result().data() == {"value": 3}
    assert [line.attempt for line in job.history if line.status is S.RUNNING] == [1, 2, 3]
    assert "SIGKILL" in job.logs()[0]
    again = durable.get_job(job.job_id()).record
    assert (again.attempt, again.retries) == (3, 2)


@pytest.mark.parametrize(
    "function, executor, kind",
    [(fail, "thread", "retriable"), (fail, "process", "retriable"), (die, "process", "worker_lost")],
)
def test_when_all_attempts_have_failed_the_job_has_failed_of_the_last(dock, tries, function, executor, kind):
    job = run(dock, call(function, tries, 9), executor, retries=2)
    assert (job.status(), job.error.kind, job.record.attempt) == (S.ERROR, kind, 3)
    assert Path(tries).read_text() == "x\n" * 3


def test_any_exception_can_say_that_it_may_pass(dock, tries):
    assert run(dock, Call(fail, (tries, 1, BusyError)), retries=1).result().data() == {"value": 2}


@pytest.mark.parametrize("error", [ValueError, Shy])
def test_a_programs_own_error_is_never_tried_again(dock, tries, error):
    job = run(dock, Call(fail, (tries, 1, error)), retries=5)
    assert (job.error.kind, job.record.attempt) == ("exception", 1)
    assert Path(tries).read_text() == "x\n"


def test_without_retries_nothing_is_tried_again(dock, tries):
    job = run(dock, call(die, tries, 1), "process")
    assert (job.error.kind, job.record.attempt) == ("worker_lost", 1)


def test_a_time_limit_is_never_tried_again(dock, tries):
    job = run(dock, call(hang, tries), "process", retries=5, time_limit=0.3)
    assert (job.error.kind, job.record.attempt) == ("time_limit", 1)


def test_a_cancelled_job_is_never_tried_again(dock, tries):
    job = dock.run(call(hang, tries), Runner(), executor="process", retries=5)
    while not os.path.exists(tries):
        time.sleep(0.01)
    assert job.cancel(SOON)
    with pytest.raises(JobCancelledError):
        job.result()
    assert job.record.attempt == 1


def test_small_work_is_tried_again_before_run_returns(dock, tries):
    job = dock.run(call(fail, tries, 1), Small(), retries=1)
    assert job.done()
    assert lines(job) == TRIED_TWICE


def test_a_hundred_retries_on_the_spot_stand_not_inside_of_each_other(tries):
    with Dock(store=MemoryStore(), entry_points=[]) as dock:
        job = dock.run(call(fail, tries, 300), Runner(), executor="inline", retries=300)
    assert job.result().data() == {"value": 301}


def test_another_attempt_begins_without_progress(dock, tries):
    class Stubborn(Runner):
        def execute(self, programs, options, context):
            if count(tries) == 1:
                context.progress(0.9)
                raise RetriableError("busy")
            return Result([CircuitResult(name="v")])

    job = dock.run(Call(int), Stubborn(), retries=1)
    job.result(SOON)
    assert job.progress.fraction == 0.0


def test_retries_and_time_limit_are_recorded_and_kept_by_rerun(durable, tries):
    job = run(durable, call(fail, tries, 0), "process", retries=3, time_limit=20)
    again = job.rerun()
    again.result(SOON)
    for record in (job.record, again.record, durable.store.get(again.job_id())):
        assert (record.retries, record.time_limit) == (3, 20.0)
    assert job.rerun(retries=0, time_limit=None).record.retries == 0


@pytest.mark.parametrize("retries", [-1, 1.5, True, "2", None])
def test_retries_are_a_whole_number(dock, retries):
    with pytest.raises(OptionError, match=r"`retries` is a whole number of at least 0, but .* was given"):
        dock.run(Call(int), Runner(), retries=retries)


class Picky:
    """An executor that takes the first attempt only, and breaks."""

    taken = 0

    def stop(self, handle):
        return True

    def start(self, job_id, call, emit):
        self.taken += 1
        if self.taken > 1:
            raise RuntimeError("full")
        emit(Finished(failure=Failure("worker_lost", "It broke.")))
        return job_id


def test_a_job_whose_next_attempt_nobody_takes_fails_of_that(dock):
    job = run(dock, Call(int), Picky(), retries=3)
    assert lines(job) == [(S.QUEUED, 1), (S.RUNNING, 1), (S.QUEUED, 2), (S.ERROR, 2)]
    assert job.error.kind == "not_started"
    with pytest.raises(JobError, match="The executor did not take it: RuntimeError: full"):
        job.result()


def test_an_attempt_that_can_not_be_recorded_is_not_made(dock, monkeypatch):
    class Lost(Picky):
        def start(self, job_id, call, emit):
            emit(Started())
            monkeypatch.setattr(dock.store, "add_logs", full)
            emit(Finished(failure=Failure("worker_lost", "It broke.")))
            return job_id

    def full(*_):
        raise StoreError("full")

    job = run(dock, Call(int), Lost(), retries=3)
    assert (job.status(), job.error.kind, job.record.attempt) == (S.ERROR, "worker_lost", 1)


def test_the_work_of_a_finished_job_is_let_go(dock, tries):
    job = run(dock, call(fail, tries, 0), retries=1)
    assert job._again is None
