"""The old job classes do what they did: the recorded cases, one test each, and the promises of the core beside them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import json
import multiprocessing
import operator
import os
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import qdock
from qdock import JobCancelledError
from qdock_legacy import (
    JOB_FINAL_STATES,
    BaseJob,
    BasicAerJob,
    BasicProviderJob,
    JobError,
    JobStatus,
    JobTimeoutError,
    JobV1,
    QiskitError,
    QobjError,
)

FOLDER = os.environ.get("QDOCK_TEST_ORACLE")
S = JobStatus
SOON = 10.0
UNSUBMITTED = "Job not submitted yet!. You have to .submit() first!"

QOBJ = {
    "qobj_id": "q",
    "schema_version": "1.3.0",
    "type": "QASM",
    "header": {},
    "config": {"shots": 1},
    "experiments": [{"instructions": [{"name": "h", "qubits": [0]}]}],
}


#: Where jobs run unless a test says otherwise.
POOL = BasicAerJob._executor


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread for all jobs of a test."""
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(BasicAerJob, "_executor", threads)
        yield


class Gate:
    """A function for jobs that ends when it is told to."""

    def __init__(self) -> None:
        self.begun, self.open, self.calls = threading.Event(), threading.Event(), 0

    def __call__(self, job_id: str, qobj: Any) -> Any:
        self.calls += 1
        self.begun.set()
        assert self.open.wait(SOON)
        return job_id, qobj


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


def echo(job_id: str, qobj: Any) -> Any:
    return job_id, qobj


def fail(*_: Any) -> Any:
    raise ValueError("by itself")


def job_of(function: Callable[[str, Any], Any] = echo, qobj: Any = None, job_id: str = "id-1") -> BasicAerJob:
    return BasicAerJob("backend", job_id, function, QOBJ if qobj is None else qobj)


def submitted(function: Callable[[str, Any], Any] = echo, **fields: Any) -> BasicAerJob:
    job = job_of(function, **fields)
    job.submit()
    return job


def finished(function: Callable[[str, Any], Any] = echo) -> BasicAerJob:
    job = submitted(function)
    job.wait_for_final_state(SOON)
    return job


# --- provider jobs: their status is a list of answers


class Answers:
    """What the subclasses of both old base classes have in common."""

    answers: list[Any]
    queries = 0

    def submit(self) -> None:
        """Nothing to do."""

    def result(self) -> Any:
        return "result"

    def cancel(self) -> bool:
        return False

    def status(self) -> JobStatus:
        self.queries += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class OldJob(Answers, BaseJob):
    """As providers wrote them in 2020."""


class NewJob(Answers, JobV1):
    """As providers wrote them in 2023."""

    _async = True


def provider_job(cls: str, *answers: Any, backend: Any = "backend", **metadata: Any) -> Any:
    job = NewJob(backend, "id-1", **metadata) if cls.startswith("JobV1") else OldJob(backend, "id-1")
    job.answers = list(answers)
    return job


def wait(job: Any, **arguments: Any) -> list[JobStatus]:
    """Wait for a job; return what its callback was told, if the job is final then."""
    told: list[JobStatus] = []
    job.told = told
    job.wait_for_final_state(callback=lambda *about: told.append(about[1]), **arguments)
    return told


# --- the recorded cases


class Case(NamedTuple):
    """A recorded case."""

    id: str
    cls: str
    given: str
    when: str
    then: str


def case_unsubmitted_query(case):
    method = re.match(r"(\w+)\(\)", case.when)[1]
    assert UNSUBMITTED in case.then
    with pytest.raises(JobError) as caught:
        getattr(job_of(), method)()
    assert str(caught.value) == UNSUBMITTED


def case_unsubmitted_attribute(_):
    backend, qobj = object(), dict(QOBJ)
    job = BasicAerJob(backend, "id-1", echo, qobj)
    assert (job.job_id(), job.backend(), job.qobj()) == ("id-1", backend, qobj)
    assert job.backend() is backend
    assert job.qobj() is qobj


def case_submit_again(_):
    gate = Gate()
    running, waiting = submitted(gate), submitted()
    assert waiting.cancel()
    gate.open.set()
    running.wait_for_final_state(SOON)
    for job in (running, waiting, finished(), finished(fail)):
        with pytest.raises(JobError) as caught:
            job.submit()
        assert str(caught.value) == "We have already submitted the job!"


def case_invalid_qobj(_):
    broken = copy.deepcopy(QOBJ)
    del broken["qobj_id"]
    job = job_of(qobj=broken)
    with pytest.raises(QobjError, match="qobj_id"):
        job.submit()
    with pytest.raises(JobError, match="Job not submitted yet"):
        job.status()
    assert BasicAerJob._executor._work_queue.empty()
    broken["qobj_id"] = "q"
    job.submit()
    assert job.result(SOON) == ("id-1", broken)


def case_result_in_time(_):
    gate = Gate()
    job = submitted(gate)
    assert gate.begun.wait(SOON)
    with pytest.raises(concurrent.futures.TimeoutError):
        job.result(timeout=0.05)
    assert job.status() is S.RUNNING
    gate.open.set()
    assert job.result() == ("id-1", QOBJ)


def case_result_twice(_):
    gate = Gate()
    gate.open.set()
    job = finished(gate)
    assert job.result() is job.result()
    assert gate.calls == 1


def case_function_raises(_):
    job = submitted(fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="by itself"):
            job.result()
    assert (job.status(), job.done(), job.in_final_state()) == (S.ERROR, False, True)


def case_lambda(_):
    job = submitted(lambda *_: 5)
    assert (job.result(SOON), job.status()) == (5, S.DONE)


def cancelled_job() -> BasicAerJob:
    gate = Gate()
    submitted(gate)
    job = submitted()
    assert job.status() is S.INITIALIZING
    assert job.cancel() is True
    gate.open.set()
    return job


def case_cancel_waiting(_):
    job = cancelled_job()
    assert (job.status(), job.cancelled(), job.done(), job.in_final_state()) == (S.CANCELLED, True, False, True)
    with pytest.raises(concurrent.futures.CancelledError):
        job.result()
    assert job.cancel() is True


def case_wait_for_cancelled(_):
    assert cancelled_job().wait_for_final_state(timeout=0) is None


def case_cancel_running(_):
    gate = Gate()
    job = submitted(gate)
    assert gate.begun.wait(SOON)
    assert job.cancel(wait=0) is False
    assert job.status() is S.RUNNING
    gate.open.set()
    assert job.result() == ("id-1", QOBJ)
    assert job.cancel() is False


def case_pickle(_):
    with pytest.raises(TypeError, match="cannot pickle 'BasicAerJob' object"):
        pickle.dumps(submitted())


def case_eight_jobs(_):
    qobjs = [{**QOBJ, "qobj_id": str(number)} for number in range(8)]
    jobs = [submitted(qobj=qobj, job_id="same") for qobj in qobjs]
    assert [job.result(SOON) for job in jobs] == [("same", qobj) for qobj in qobjs]


def case_final_with_timeout_0(case):
    for status in JOB_FINAL_STATES:
        job = provider_job(case.cls, status)
        assert wait(job, timeout=0) == [status]
        assert job.queries == 1


def case_never_final(case):
    job = provider_job(case.cls, S.RUNNING)
    with pytest.raises(JobTimeoutError, match="id-1"):
        wait(job, timeout=0)
    assert (job.queries, job.told) == (1, [S.RUNNING])


def case_negative_timeout(case):
    job = provider_job(case.cls, S.RUNNING)
    with pytest.raises(JobTimeoutError, match="id-1"):
        wait(job, timeout=-1)
    assert job.queries == 1


def case_negative_wait(case):
    job = provider_job(case.cls, S.RUNNING, S.DONE)
    with pytest.raises(ValueError, match="`wait` must be a number of seconds, 0 or more, but is -1"):
        wait(job, wait=-1)


def case_progress(case):
    seen = [S.QUEUED, S.RUNNING, S.RUNNING, S.DONE]
    job = provider_job(case.cls, *seen)
    assert wait(job, wait=0) == seen
    assert job.queries == 4


def case_status_raises(case):
    with pytest.raises(ConnectionError, match="service down"):
        wait(provider_job(case.cls, ConnectionError("service down")))


def case_callback_raises(case):
    with pytest.raises(KeyError, match="mine"):
        provider_job(case.cls, S.RUNNING).wait_for_final_state(callback=lambda *_: {}["mine"])


def case_questions(case):
    for status in JobStatus:
        job = provider_job(case.cls, status)
        answers = job.done(), job.running(), job.cancelled(), job.in_final_state()
        finals = S.DONE, S.CANCELLED, S.ERROR
        assert answers == (status is S.DONE, status is S.RUNNING, status is S.CANCELLED, status in finals)
        assert job.queries == 4


def case_abstract(case):
    cls = {"JobV1": JobV1, "BaseJob": BaseJob}[case.cls]
    expected = {"result", "status", "submit"} | ({"cancel"} if cls is BaseJob else set())
    assert cls.__abstractmethods__ == expected
    with pytest.raises(TypeError, match="abstract method"):
        cls(None, "x")


def case_no_backend(case):
    with pytest.raises(JobError, match=r"The job id-1 does not have any backend\."):
        provider_job(case.cls, S.DONE, backend=None).backend()


def case_metadata(case):
    job = provider_job(case.cls, S.DONE, backend=None, tag=1)
    assert (job.metadata, job.version) == ({"tag": 1}, 1)


def case_provider_query(case):
    job = BasicProviderJob(None, "i", "result")
    name = re.match(r"\w+", case.when)[0]
    value = getattr(job, name)
    expected = {"done": True, "running": False, "cancelled": False, "in_final_state": True, "status": S.DONE}
    expected |= {"metadata": {}, "result": "result", "job_id": "i", "wait_for_final_state": None}
    assert (value() if callable(value) else value) == expected[name]


def case_provider_submit(_):
    with pytest.raises(JobError, match="has been submitted already"):
        BasicProviderJob(None, "i", "result").submit()


def case_provider_timeout(_):
    assert BasicProviderJob(None, "i", "result").result(timeout=0) == "result"


def case_provider_cancel(_):
    assert BasicProviderJob(None, "i", "result").cancel() is False


def case_provider_metadata(_):
    assert BasicProviderJob(None, "i", None, tag=1).metadata == {"tag": 1}


def case_error_of_no_text(_):
    assert str(JobError(5)) == "5"
    with pytest.raises(TypeError, match="expected str instance"):
        QiskitError(5)


AER, SUBCLASS, PROVIDER = r"BasicAerJob\(backend,job_id,fn,qobj\)", r"(BaseJob|JobV1) subclass", "BasicProviderJob.*"

#: (class, given, when) of a case -> how it is tested; the first that fits.
TABLE: list[tuple[str, str, str, Callable[[Any], None]]] = [
    (AER, "constructed, not submitted", r"(backend|qobj|job_id)\(\)", case_unsubmitted_attribute),
    (AER, "constructed, not submitted", r"\w+\(\)", case_unsubmitted_query),
    (AER, "already submitted.*", r"submit\(\)", case_submit_again),
    (AER, "schema-invalid qobj", r"submit\(\)", case_invalid_qobj),
    (AER, ".*running.*", r"result\(timeout=.*", case_result_in_time),
    (AER, ".*running.*|finished", r"cancel\(\)", case_cancel_running),
    (AER, "finished", r"result\(\) twice", case_result_twice),
    (AER, "fn raised.*", r"result\(\)", case_function_raises),
    (AER, "fn is a lambda.*", ".*", case_lambda),
    (AER, "INITIALIZING job.*", r"cancel\(\)", case_cancel_waiting),
    (AER, "cancelled", r"wait_for_final_state\(.*", case_wait_for_cancelled),
    (AER, ".*", r"pickle.dumps\(job\)", case_pickle),
    (AER, "8 jobs.*", ".*", case_eight_jobs),
    (SUBCLASS, "status DONE", r"wait_for_final_state\(timeout=0.*", case_final_with_timeout_0),
    (SUBCLASS, "status RUNNING forever", r"wait_for_final_state\(timeout=0.*", case_never_final),
    (SUBCLASS, "status RUNNING", r"wait_for_final_state\(timeout=-1\)", case_negative_timeout),
    (SUBCLASS, "status RUNNING then DONE", r"wait_for_final_state\(wait=-1\)", case_negative_wait),
    (SUBCLASS, ".*QUEUED.*", "wait_for_final_state.*", case_progress),
    (SUBCLASS, r"status\(\) raises", "wait_for_final_state.*", case_status_raises),
    (SUBCLASS, "callback raises", "wait_for_final_state.*", case_callback_raises),
    (SUBCLASS, "each JobStatus member", ".*", case_questions),
    (SUBCLASS, "backend None", r"backend\(\)", case_no_backend),
    (SUBCLASS, ".*tag=1.*", "metadata", case_metadata),
    ("JobV1|BaseJob", "", ".*", case_abstract),
    (PROVIDER, "any", r"submit\(\).*", case_provider_submit),
    (PROVIDER, "any", r"result\(timeout.*", case_provider_timeout),
    (PROVIDER, "any", r"cancel\(\)", case_provider_cancel),
    (PROVIDER, "any", ".*", case_provider_query),
    (PROVIDER, "", ".*tag=1.*", case_provider_metadata),
    ("JobError.*", "", r"JobError\(5\)", case_error_of_no_text),
]  # fmt: skip

#: Tests that assert something else than was recorded, and why. docs/legacy-deviations.md says the same to users.
DEVIATIONS = {
    case_final_with_timeout_0: "the callback is called after each query, the last included, as its page says",
    case_never_final: "as above; and the text of JobV1's timeout says what became of the job and what to do",
    case_negative_wait: "a negative wait is refused before anything is asked",
    case_no_backend: "the text names the job, and the error is a JobError",
    case_lambda: "threads of this process can call any function",
    case_provider_submit: "a second submission is an error, as the page says",
    case_provider_timeout: "a result that exists is in time, so there is nothing to warn of",
    case_provider_cancel: "a finished job can't be cancelled, which is an answer and no missing method",
    case_provider_metadata: "metadata are kept as every job's are",
    case_error_of_no_text: "the core's JobError is an exception like any other",
}


def find_test(case: Case) -> Callable[[Any], None]:
    for cls, given, when, test in TABLE:
        if all(map(re.fullmatch, (cls, given, when), (case.cls, case.given, case.when))):
            return test
    raise AssertionError(f"No test for {case}")


def cases() -> list[Case]:
    """The recorded cases; those of PrimitiveJob and AlgorithmJob belong to the plugin that will have these classes."""
    if FOLDER is None:
        return []
    found = json.loads((Path(FOLDER) / "job_behaviour_cases.json").read_text())
    ours = [item for item in found if item["cls"] not in ("PrimitiveJob", "AlgorithmJob")]
    return [Case(*(item[name] for name in Case._fields)) for item in ours]


@pytest.mark.skipif(FOLDER is None, reason="QDOCK_TEST_ORACLE does not say where the recorded cases lie")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_recorded_case_behaves_as_it_did(case):
    find_test(case)(case)


def test_every_deviation_is_one_of_the_tests():
    assert DEVIATIONS.keys() <= {test for *_, test in TABLE}


HANDFUL = [
    *(Case("", "BasicAerJob(backend,job_id,fn,qobj)", "constructed, not submitted", f"{name}()", UNSUBMITTED)
      for name in "status result cancel done running cancelled in_final_state wait_for_final_state".split()),  # noqa: SIM905  # a list of words is longer
    *(Case("", "BasicAerJob(backend,job_id,fn,qobj)", given, when, "")
      for given, when in (
          ("constructed, not submitted", "qobj()"),
          ("already submitted (running, done, failed or cancelled)", "submit()"),
          ("schema-invalid qobj", "submit()"),
          ("fn still running", "result(timeout=0.05)"),
          ("fn still running", "cancel()"),
          ("finished", "result() twice"),
          ("fn raised ValueError", "result()"),
          ("fn is a lambda, process pool", "submit() then result()"),
          ("INITIALIZING job in saturated pool", "cancel()"),
          ("cancelled", "wait_for_final_state(timeout=0)"),
          ("any submitted job", "pickle.dumps(job)"),
          ("8 jobs on one backend", "result() of each"),
      )),
    *(Case("", f"{cls} subclass", given, when, "")
      for cls in ("BaseJob", "JobV1")
      for given, when in (
          ("status DONE", "wait_for_final_state(timeout=0, callback=cb)"),
          ("status RUNNING forever", "wait_for_final_state(timeout=0, callback=cb)"),
          ("status RUNNING", "wait_for_final_state(timeout=-1)"),
          ("status RUNNING then DONE", "wait_for_final_state(wait=-1)"),
          ("QUEUED,RUNNING,RUNNING,DONE", "wait_for_final_state(wait=0)"),
          ("status() raises", "wait_for_final_state()"),
          ("callback raises", "wait_for_final_state()"),
          ("each JobStatus member", "done/running/cancelled/in_final_state"),
      )),
    Case("", "BaseJob", "", 'BaseJob(backend,"x")', ""),
    Case("", "JobV1", "", 'JobV1(None,"x")', ""),
    Case("", "JobV1 subclass", "backend None", "backend()", ""),
    Case("", "JobError/QiskitError", "", "JobError(5)", ""),
]  # fmt: skip


@pytest.mark.parametrize("case", HANDFUL, ids=lambda case: f"{case.cls}: {case.given}: {case.when}")
def test_a_copied_case_behaves_as_it_did(case):
    find_test(case)(case)


# --- beyond the recorded: the promises of the core's jobs


def test_a_job_is_initializing_then_running_then_done(gate):
    first, second = submitted(gate), submitted()
    assert gate.begun.wait(SOON)
    assert (first.status(), second.status()) == (S.RUNNING, S.INITIALIZING)
    told: list[JobStatus] = []
    gate.open.set()
    second.wait_for_final_state(SOON, callback=lambda *about: told.append(about[1]))
    assert told[0] in (S.INITIALIZING, S.RUNNING, S.DONE)
    assert told[-1] is S.DONE
    assert [line.status for line in second.history] == [S.INITIALIZING, S.RUNNING, S.DONE]
    assert set(second.metrics) == {"queued", "run", "total"}


def test_jobs_run_at_the_same_time(monkeypatch):
    monkeypatch.setattr(BasicAerJob, "_executor", POOL)
    meeting = threading.Barrier(4)
    jobs = [submitted(lambda *_: meeting.wait(SOON)) for _ in range(4)]
    assert sorted(job.result(SOON) for job in jobs) == [0, 1, 2, 3]


def test_two_jobs_of_one_id_live_side_by_side_and_no_dock_knows_them():
    with qdock.Dock():
        jobs = [submitted(lambda *_, number=number: number, job_id="same") for number in range(2)]
        assert [job.result(SOON) for job in jobs] == [0, 1]
        assert [job.job_id() for job in jobs] == ["same", "same"]
        assert "same" not in [job.job_id() for job in qdock.jobs()]
        with pytest.raises(JobError, match="begins with, 'same'"):
            qdock.get_job("same")


def test_a_timeout_says_that_the_job_goes_on(gate):
    job = submitted(gate)
    for wait_for in (job.result, job.wait_for_final_state):
        with pytest.raises(JobTimeoutError, match="id-1"):
            wait_for(timeout=0.01)


def test_the_result_of_a_cancelled_job_says_that_it_was_cancelled():
    with pytest.raises(JobCancelledError, match="Job id-1 was cancelled"):
        cancelled_job().result()


def test_a_job_can_be_awaited_observed_and_used_as_a_future(gate):
    job, seen = job_of(gate), []
    job.add_done_callback(seen.append)
    job.submit()
    gate.open.set()

    async def wait_for(job: BasicAerJob) -> Any:
        return await job

    assert asyncio.run(wait_for(job)) == ("id-1", QOBJ)
    assert seen == [job]
    assert job.future.result(SOON) == ("id-1", QOBJ)
    assert list(qdock.as_completed([job], SOON)) == [job]


def test_a_result_of_none_is_a_result():
    assert finished(lambda *_: None).result(SOON) is None


def test_a_job_says_what_it_is():
    job = job_of()
    assert repr(job) == "<BasicAerJob id-1, not submitted>"
    job.submit()
    job.wait_for_final_state(SOON)
    assert repr(job) == "<BasicAerJob id-1 DONE>"
    assert isinstance(job, BaseJob)
    assert isinstance(job, JobV1)


def test_a_job_made_by_hand_is_not_run_again_by_a_dock():
    with pytest.raises(JobError, match="Job id-1 was made by hand"):
        finished().rerun()


def test_a_base_job_may_have_no_backend():
    assert provider_job("BaseJob", S.DONE, backend=None).backend() is None
    assert OldJob("backend", "id-1").backend() == "backend"


def test_another_pool_may_be_chosen_one_of_processes_too(monkeypatch):
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as processes:
        monkeypatch.setattr(BasicAerJob, "_executor", processes)
        job = submitted(operator.concat, qobj="-suffix")
        assert (job.result(SOON), job.status()) == ("id-1-suffix", S.DONE)
        failed = submitted(operator.concat, qobj=5)
        with pytest.raises(TypeError, match="can only concatenate str"):
            failed.result(SOON)


def test_a_job_that_is_cancelled_while_it_is_submitted_never_runs_or_is_not_cancelled():
    for _ in range(100):
        ran: list[int] = []
        job = job_of(lambda *_, ran=ran: ran.append(1))
        thread = threading.Thread(target=job.submit)
        thread.start()
        while not job._submitted:
            pass
        stopped = job.cancel(wait=0)
        thread.join(SOON)
        job.wait_for_final_state(SOON)
        assert job.cancelled() is not bool(ran)
        assert job.cancelled() or not stopped


def test_what_is_no_qobj_is_the_functions_business():
    assert submitted(qobj=("anything",)).result(SOON) == ("id-1", ("anything",))


def test_a_pool_that_takes_no_more_leaves_the_job_unsubmitted(monkeypatch):
    closed = concurrent.futures.ThreadPoolExecutor(1)
    closed.shutdown()
    monkeypatch.setattr(BasicAerJob, "_executor", closed)
    job = job_of()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        job.submit()
    with pytest.raises(JobError, match="Job not submitted yet"):
        job.status()
    monkeypatch.undo()
    job.submit()
    assert job.result(SOON) == ("id-1", QOBJ)


def test_a_job_that_was_cancelled_while_it_ran_keeps_the_result_it_came_to(gate):
    job = submitted(gate)
    assert gate.begun.wait(SOON)
    assert job.cancel(wait=0) is False
    gate.open.set()
    assert job.result(SOON) == ("id-1", QOBJ)


def test_of_many_threads_that_submit_one_job_one_wins(gate):
    job, refused = job_of(gate), []

    def submit() -> None:
        try:
            job.submit()
        except JobError:
            refused.append(1)

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    gate.open.set()
    job.result(SOON)
    assert (len(refused), gate.calls) == (7, 1)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_a_pool_of_its_own_and_waits_for_no_job_of_its_parent(gate):
    running = submitted(gate)
    assert gate.begun.wait(SOON)
    child = os.fork()
    if child == 0:
        try:
            lost = running.status() is S.ERROR
            os._exit(0 if lost and submitted().result(SOON) == ("id-1", QOBJ) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    gate.open.set()
    assert running.result(SOON) == ("id-1", QOBJ)
