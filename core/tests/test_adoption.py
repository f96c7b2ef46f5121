"""Adopted jobs: what no Dock made is recorded and watched, and nothing is made up about it."""

from __future__ import annotations

import enum
import threading
import time

import numpy as np
import pytest

import qdock
from qdock.dispatch import adoption
from qdock.dock import Dock
from qdock.errors import JobCancelledError, JobError
from qdock.job import FinishedJob, JobStatus, JobV1
from qdock.result import CircuitResult, Result
from qdock.store import MemoryStore
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import Failure

S = JobStatus
SOON = 20.0


class TheirStatus(enum.Enum):
    """Statuses of another package."""

    QUEUED = "waiting in line"
    RUNNING = 7
    DONE = "fine"
    CANCELLED = "gone"
    ERROR = "bad"
    PAUSED = "paused"


class Theirs:
    """A job of another package, that keeps the contract without knowing of qdock."""

    def __init__(self, *answers, result=42, own_id="theirs-1"):
        self.answers, self.value, self.own_id = list(answers), result, own_id
        self.asked, self.cancels, self.threads = 0, 0, set()

    def job_id(self):
        return self.own_id

    def backend(self):
        return type("Device", (), {"name": "their_device"})()

    def status(self):
        self.asked += 1
        self.threads.add(threading.current_thread().name)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def result(self):
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value

    def cancel(self):
        self.cancels += 1
        self.answers = [TheirStatus.CANCELLED]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Don't let a test wait for the patience that a service needs."""
    monkeypatch.setattr(adoption, "ASK_SECONDS", (0.005, 0.02))
    monkeypatch.setattr(adoption, "RETRY_SECONDS", (0.005, 0.02))


@pytest.fixture
def store(tmp_path):
    made = SqliteStore(tmp_path / "jobs.sqlite")
    yield made
    made.close()


@pytest.fixture
def dock(store):
    made = Dock(store=store, entry_points=[])
    yield made
    made.close(wait=False)


def statuses(job):
    return [line.status for line in job.history if not line.inferred]


def test_an_adopted_job_is_recorded_and_followed_to_its_end(dock, store):
    job = dock.adopt(Theirs(TheirStatus.QUEUED, TheirStatus.RUNNING, TheirStatus.DONE), tags=("x",), metadata={"n": 1})
    assert job.result(SOON) == 42
    assert statuses(job) == [S.INITIALIZING, S.QUEUED, S.RUNNING, S.DONE]
    found = Dock(store=store, entry_points=[]).get_job(job.job_id())
    assert (found.record.native_id, found.record.backend, found.record.executor) == (
        "theirs-1",
        "their_device",
        "adopted",
    )
    assert (found.tags, found.metadata) == (("x",), {"n": 1})
    assert found.result()[0].get_value() == 42


@pytest.mark.parametrize(
    "answer", [S.DONE, TheirStatus.DONE, "DONE", "done", "job has successfully run", type("T", (), {"name": "Done"})()]
)
def test_statuses_are_matched_by_name(dock, answer):
    assert dock.adopt(Theirs(answer)).done()


def test_a_job_with_a_status_that_nobody_knows_is_asked_again(dock):
    job = dock.adopt(Theirs(TheirStatus.PAUSED, "?", TheirStatus.DONE))
    assert job.result(SOON) == 42
    assert any("is no job status" in line for line in job.logs())


def test_a_job_that_can_not_be_reached_is_asked_again_and_never_said_to_have_failed(dock):
    theirs = Theirs(TheirStatus.RUNNING, *[ConnectionError("no network")] * 20, TheirStatus.DONE)
    job = dock.adopt(theirs)
    assert job.result(SOON) == 42
    assert statuses(job) == [S.INITIALIZING, S.RUNNING, S.DONE]
    assert job.logs() == ["Theirs could not be asked, and is asked again: ConnectionError: no network"]


def test_questions_to_a_job_that_can_not_be_reached_become_rarer(dock, monkeypatch):
    monkeypatch.setattr(adoption, "RETRY_SECONDS", (0.005, 1000.0))
    theirs = Theirs(ConnectionError("no network"))
    job, pauses = dock.adopt(theirs), {}
    while theirs.asked < 8:
        pauses[theirs.asked] = job._pause
        time.sleep(0.001)
    assert sorted(pauses.values()) == list(pauses.values())
    assert max(pauses.values()) > 5 * 0.005


def test_a_request_to_cancel_is_passed_on(dock):
    theirs = Theirs(TheirStatus.RUNNING)
    job = dock.adopt(theirs)
    assert job.cancel(wait=SOON)
    assert theirs.cancels == 1
    with pytest.raises(JobCancelledError):
        job.result()


def test_a_request_to_cancel_from_another_process_is_passed_on(dock, store):
    theirs = Theirs(TheirStatus.RUNNING)
    job = dock.adopt(theirs)
    # Another Dock on the same file is to this one what another process is.
    other = Dock(store=SqliteStore(store.path), entry_points=[])
    assert other.get_job(job.job_id()).cancel(wait=SOON)
    assert theirs.cancels == 1
    other.close()


def test_a_job_that_does_not_stop_is_not_said_to_be_cancelled(dock):
    class Stubborn(Theirs):
        def cancel(self):
            raise RuntimeError("too late")

    job = dock.adopt(Stubborn(TheirStatus.RUNNING))
    assert not job.cancel(wait=0.1)
    assert job.status() is S.RUNNING
    assert "RuntimeError: too late" in job.logs()[0]


def test_an_error_is_recorded_with_its_reason_and_traceback(dock, store):
    theirs = Theirs(TheirStatus.ERROR, result=ValueError("their reason"))
    job = dock.adopt(theirs)
    with pytest.raises(JobError, match="failed: ValueError: their reason") as caught:
        job.result()
    assert caught.value.__cause__ is theirs.value
    assert "in result" in store.get(job.job_id()).error.traceback


def test_an_error_without_a_reason_is_one_all_the_same(dock):
    assert dock.adopt(Theirs(TheirStatus.ERROR)).error.message == "Its provider says no more than that it failed."


def test_an_error_that_a_job_has_itself_is_taken_over(dock):
    theirs = Theirs(TheirStatus.ERROR)
    theirs.error = Failure("time_limit", "too long")
    assert dock.adopt(theirs).error == theirs.error


def test_a_result_of_ours_is_recorded_as_it_is(dock, store):
    result = Result([CircuitResult(name="v", data={"x": np.arange(3)})])
    job = dock.adopt(Theirs("DONE", result=result))
    assert job.result() is result
    assert store.result(job.job_id()) == result


def test_of_a_result_that_can_not_be_stored_what_its_to_dict_says_is(dock, store):
    class TheirResult:
        def to_dict(self):
            return {"counts": {"0x0": 10}}

    result = TheirResult()
    job = dock.adopt(Theirs("DONE", result=result))
    assert job.result() is result
    assert store.result(job.job_id())[0].get_value() == {"counts": {"0x0": 10}}


def test_a_result_that_can_not_be_stored_at_all_is_in_this_process(dock, store):
    job = dock.adopt(Theirs("DONE", result=threading.Lock))
    assert job.result() is threading.Lock
    with pytest.raises(JobError, match="could not be stored"):
        store.result(job.job_id())


def test_a_result_that_its_provider_does_not_give_at_first_is_asked_for_again(dock):
    class Slow(Theirs):
        tries = 0

        def result(self):
            self.tries += 1
            if self.tries < 3:
                raise ConnectionError("no network")
            return 7

    assert dock.adopt(Slow("DONE")).result(SOON) == 7


def test_a_result_that_its_provider_never_gives_is_an_error_that_says_so(dock):
    job = dock.adopt(Theirs("DONE", result=ConnectionError("no network")))
    job.wait_for_final_state(SOON)
    assert job.error.kind == "result_not_sent"
    with pytest.raises(JobError, match="The job is done, but its provider does not give its result: Connection"):
        job.result()


def test_two_jobs_with_the_same_own_id_live_side_by_side(dock):
    first, second = (dock.adopt(Theirs("DONE", result=value, own_id="same")) for value in (1, 2))
    assert first.job_id() != second.job_id()
    assert (first.result(), second.result()) == (1, 2)
    assert first.record.native_id == second.record.native_id == "same"


def test_the_same_job_is_adopted_once(dock):
    theirs = Theirs(TheirStatus.RUNNING)
    job = dock.adopt(theirs)
    assert dock.adopt(theirs) is job
    assert dock.adopt(job) is job
    theirs.answers = ["DONE"]


def test_a_hundred_jobs_are_watched_from_one_thread(dock):
    jobs = [Theirs(TheirStatus.RUNNING, own_id=str(i)) for i in range(100)]
    adopted = [dock.adopt(job) for job in jobs]
    for job in jobs:
        job.answers = ["DONE"]
    for job in adopted:
        job.wait_for_final_state(SOON)
    watchers = {name for job in jobs for name in job.threads} - {threading.current_thread().name}
    assert watchers <= {"qdock-adopted"}
    assert sum(thread.name == "qdock-adopted" for thread in threading.enumerate()) == 1


def test_a_job_of_a_provider_that_subclasses_ours_is_adopted(dock):
    class Provided(JobV1):
        def submit(self):
            raise AssertionError

        def status(self):
            return JobStatus.DONE

        def result(self):
            return "theirs"

    job = dock.adopt(Provided(None, "p-1", note="x", secret=threading.Lock))
    assert (job.result(), job.record.native_id, job.metadata) == ("theirs", "p-1", {"note": "x"})
    assert job.record.backend == ""


def test_a_finished_job_made_by_hand_is_unrecorded_until_it_is_adopted(dock):
    result = Result([CircuitResult(name="v")])
    made = FinishedJob(None, "mine", result)
    assert dock.jobs() == []
    adopted = dock.adopt(made)
    assert dock.jobs() == [adopted]
    assert adopted.result() is result


@pytest.mark.parametrize("what", [3, Theirs, object(), "job"])
def test_only_jobs_are_adopted(dock, what):
    with pytest.raises(TypeError, match=r"`adopt` takes a job, an object with `job_id\(\)`, .*, not "):
        dock.adopt(what)


def test_an_adopted_job_can_not_be_run_again(dock):
    with pytest.raises(JobError, match="can't be run again: nobody knows its program"):
        dock.adopt(Theirs("DONE")).rerun()


def test_closing_waits_for_adopted_jobs(store):
    theirs = Theirs(TheirStatus.RUNNING)
    threading.Timer(0.1, lambda: setattr(theirs, "answers", ["DONE"])).start()
    with Dock(store=store, entry_points=[]) as dock:
        job = dock.adopt(theirs)
    assert job.done()


@pytest.mark.parametrize("answer", [ConnectionError("no network"), TheirStatus.RUNNING])
def test_what_nobody_watches_any_more_says_so_and_is_not_cancelled(store, answer):
    theirs = Theirs(answer)
    dock = Dock(store=store, entry_points=[])
    job = dock.adopt(theirs)
    dock.close(wait=isinstance(answer, Exception))
    assert job.error.kind == "unwatched"
    assert "under the id 'theirs-1'. Ask for it there, and adopt it again." in job.error.message
    assert theirs.cancels == 0


def test_a_job_that_raises_what_ends_a_program_does_not_end_the_watching(dock):
    bad, good = dock.adopt(Theirs(SystemExit())), dock.adopt(Theirs("RUNNING", "DONE"))
    assert good.result(SOON) == 42
    assert bad.status() is S.INITIALIZING


def test_a_job_that_tells_of_its_end_is_heard_at_once(dock, monkeypatch):
    monkeypatch.setattr(adoption, "ASK_SECONDS", (1000.0, 1000.0))

    class Telling(Theirs):
        def add_done_callback(self, callback):
            self.tell = callback

    theirs = Telling("RUNNING")
    job = dock.adopt(theirs)
    theirs.answers = ["DONE"]
    theirs.tell(theirs)
    assert job.result(SOON) == 42


def test_the_default_dock_adopts_too():
    with Dock(store=MemoryStore(), entry_points=[]) as dock, pytest.MonkeyPatch.context() as patch:
        patch.setattr("qdock.default._dock", dock)
        assert qdock.adopt(Theirs("DONE")).result() == 42
