"""Jobs that a provider wrote itself, years ago: a subclass of `JobV1` keeps working, and its waits are honest."""

from __future__ import annotations

import threading
import time
from collections import Counter
from enum import Enum

import pytest

from qdock import Job, JobError, JobStatus, JobTimeoutError, JobV1, as_completed
from qdock.job import JOB_FINAL_STATES

S = JobStatus
SOON = 10.0


class OldJob(JobV1):
    """As providers wrote them in 2023: three abstract methods, and the metadata given to the base."""

    _async = True

    def __init__(self, backend, job_id, answers, **kwargs):
        super().__init__(backend, job_id, **kwargs)
        self._answers = list(answers)
        self.queries = 0

    def submit(self):
        """Nothing to do."""

    def result(self):
        return "result"

    def status(self):
        self.queries += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def job_of(*answers, **kwargs):
    return OldJob("backend", "id-1", answers, **kwargs)


def test_the_historical_name_is_the_same_class():
    assert JobV1 is Job
    assert JobV1.version == 1


def test_the_three_methods_are_abstract_and_the_rest_is_there():
    assert JobV1.__abstractmethods__ == {"submit", "status", "result"}
    with pytest.raises(TypeError, match="abstract method"):
        JobV1("backend", "id")


def test_what_the_base_was_given_is_kept():
    job = job_of(S.DONE, shots=5, note="x")
    assert (job.job_id(), job.backend(), job.metadata) == ("id-1", "backend", {"shots": 5, "note": "x"})


def test_a_job_without_a_backend_says_so():
    with pytest.raises(JobError, match="The job id-1 does not have any backend"):
        OldJob(None, "id-1", [S.DONE]).backend()


@pytest.mark.parametrize("status", list(JobStatus))
def test_the_questions_about_the_status_ask_once(status):
    job = job_of(status)
    assert job.done() is (status is S.DONE)
    assert job.running() is (status is S.RUNNING)
    assert job.cancelled() is (status is S.CANCELLED)
    assert job.in_final_state() is (status in JOB_FINAL_STATES)
    assert job.queries == 4


def test_a_job_whose_class_does_not_say_how_can_not_be_cancelled():
    assert job_of(S.RUNNING).cancel() is False


def test_waiting_asks_until_the_status_is_final_and_tells_the_callback_each_time():
    job, calls = job_of(S.QUEUED, S.RUNNING, S.RUNNING, S.DONE), []
    assert job.wait_for_final_state(wait=0.001, callback=lambda *args: calls.append(args)) is None
    assert calls == [("id-1", status, job) for status in (S.QUEUED, S.RUNNING, S.RUNNING, S.DONE)]
    assert job.queries == 4


def test_waiting_for_a_final_job_asks_once_and_tells_the_callback():
    job, calls = job_of(S.ERROR), []
    job.wait_for_final_state(timeout=0, callback=lambda *args: calls.append(args[1]))
    assert calls == [S.ERROR]
    assert job.queries == 1


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_timeout_of_nothing_asks_once(timeout):
    job, calls = job_of(S.RUNNING), []
    with pytest.raises(JobTimeoutError, match="Job id-1 did not finish within"):
        job.wait_for_final_state(timeout=timeout, callback=lambda *args: calls.append(args[1]))
    assert calls == [S.RUNNING]


def test_the_time_between_queries_is_clipped_to_the_timeout():
    job, begun = job_of(S.RUNNING), time.monotonic()
    with pytest.raises(JobTimeoutError, match=r"did not finish within 0\.02 s"):
        job.wait_for_final_state(timeout=0.02, wait=1000)
    assert time.monotonic() - begun < SOON


def test_a_job_that_finishes_while_the_wait_sleeps_is_not_reported_as_late():
    job = job_of(S.RUNNING, S.DONE)
    job.wait_for_final_state(timeout=0.02, wait=1000)
    assert job.queries == 2


def test_a_wait_does_not_outlive_its_timeout_though_the_service_hangs():
    answered = threading.Event()

    class Hanging(OldJob):
        def status(self):
            answered.wait(SOON)
            return S.RUNNING

    job, begun = Hanging(None, "id-1", []), time.monotonic()
    with pytest.raises(JobTimeoutError, match=r"Job id-1 did not finish within 0.02 s"):
        job.wait_for_final_state(timeout=0.02)
    assert time.monotonic() - begun < SOON / 2
    answered.set()


@pytest.mark.parametrize("timeout", [None, SOON])
@pytest.mark.parametrize("error", [ConnectionError("service down"), TimeoutError("its own"), KeyError("x")])
def test_what_a_query_raises_reaches_who_waits(timeout, error):
    class Failing(OldJob):
        def status(self):
            raise error

    with pytest.raises(type(error)) as caught:
        Failing(None, "id-1", []).wait_for_final_state(timeout)
    assert caught.value is error


@pytest.mark.parametrize("wait", [lambda job: job.wait_for_final_state(SOON), lambda job: list(as_completed([job]))])
def test_a_status_that_nobody_knows_is_an_error_and_not_waited_for_without_end(wait):
    with pytest.raises(
        JobError, match=r"`status\(\)` of job id-1 returned 'CANCELLED - RAN TOO LONG', which is no JobS"
    ):
        wait(job_of("CANCELLED - RAN TOO LONG"))
    with pytest.raises(JobError, match="returned None, which is no JobStatus"):
        wait(job_of(None))


def test_a_status_of_another_library_with_the_historical_text_is_understood():
    other = Enum("JobStatus", {"RUNNING": "job is actively running", "DONE": "job has successfully run"})
    calls = []
    job_of(other.RUNNING, other.DONE).wait_for_final_state(SOON, 0.001, lambda *args: calls.append(args[1]))
    assert calls == [S.RUNNING, S.DONE]
    assert len(list(as_completed([job_of(other.DONE)], timeout=SOON))) == 1


def test_a_job_with_more_arguments_for_its_callback_may_pass_them():
    class Informed(OldJob):
        def wait_for_final_state(self, timeout=None, wait=5, callback=None):
            super().wait_for_final_state(timeout, wait, lambda *args: callback(*args, "third in the queue"))

    calls = []
    Informed(None, "id-1", [S.DONE]).wait_for_final_state(callback=lambda *args: calls.append(args[3]))
    assert calls == ["third in the queue"]


def test_jobs_of_any_provider_are_yielded_as_they_finish(monkeypatch):
    monkeypatch.setattr("qdock.tracking.waiting._POLL_SECONDS", (0.001, 0.01))
    jobs = [job_of(*[S.RUNNING] * n, S.DONE) for n in (60, 20, 0)]
    assert [jobs.index(job) for job in as_completed(jobs, timeout=SOON)] == [2, 1, 0]


def test_what_a_query_raises_reaches_who_waits_for_several():
    class Failing(OldJob):
        def status(self):
            raise ConnectionError("service down")

    with pytest.raises(ConnectionError, match="service down"):
        list(as_completed([Failing(None, "id-1", [])], timeout=SOON))


def test_nobody_asks_any_more_when_nobody_waits(monkeypatch):
    monkeypatch.setattr("qdock.tracking.waiting._POLL_SECONDS", (0.001, 0.001))
    job, done = job_of(S.RUNNING), job_of(S.DONE)
    waiting = as_completed([job, done])
    assert next(waiting) is done
    waiting.close()
    names = Counter(thread.name for thread in threading.enumerate())
    for _ in range(1000):
        names = Counter(thread.name for thread in threading.enumerate())
        if not names["qdock-watch"]:
            break
        time.sleep(0.005)
    assert not names["qdock-watch"]
