"""A function as a job: the recorded cases, one test each, and the promises of the core's jobs beside them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import json
import os
import pickle
import re
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from qdock import Dock, JobCancelledError, JobError, JobTimeoutError
from qdock.config import Config
from qdock.errors import JobNotFoundError, ProgramError
from qdock.job import JobStatus, JobV1
from qdock.store import MemoryStore
from qdock_algorithms import AlgorithmJob, PrimitiveJob

FOLDER = os.environ.get("QDOCK_TEST_ORACLE")
S = JobStatus
SOON = 20.0
UNSUBMITTED = "Job not submitted yet!. You have to .submit() first!"


QUESTIONS = (
    "status", "result", "done", "running", "cancelled", "in_final_state", "cancel", "wait_for_final_state",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def dock():
    """The default Dock of these tests: one thread, so that a second job waits, and nothing on disk."""
    config = Config.load(environ={}, executors={"thread": {"slots": 1}})
    with Dock(config, store=MemoryStore()) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr("qdock.default_dock", lambda: made)
        yield made


class Gate:
    """A function for jobs that ends when it is told to."""

    def __init__(self) -> None:
        self.begun, self.open, self.calls = threading.Event(), threading.Event(), 0

    def __call__(self, value: Any = "value") -> Any:
        self.calls += 1
        self.begun.set()
        assert self.open.wait(SOON)
        return value


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open.set()


def fail(error=None):
    raise ValueError("by itself") if error is None else error


def same(value=5, **more):
    return {"value": value, **more} if more else value


def submitted(cls, function=same, *args, **kwargs):
    job = cls(function, *args, **kwargs)
    job.submit()
    return job


def finished(cls, function=same, *args, **kwargs):
    job = submitted(cls, function, *args, **kwargs)
    job.wait_for_final_state(SOON)
    return job


def waiting(cls, gate):
    """Return a job that runs until its gate opens, and one that waits behind it."""
    running = submitted(cls, gate)
    assert gate.begun.wait(SOON)
    return running, submitted(cls)


# --- the recorded cases


class Case(NamedTuple):
    """A recorded case."""

    id: str
    cls: type[PrimitiveJob]
    given: str
    when: str
    then: str


def case_unsubmitted_query(case, _):
    method = re.match(r"(\w+)", case.when)[1]
    for name in (
        "status",
        "result",
        "done",
        "running",
        "cancelled",
        "in_final_state",
        "cancel",
        "wait_for_final_state",
    ):
        if method in (name, "any"):
            with pytest.raises(JobError) as caught:
                getattr(case.cls(same), name)()
            assert str(caught.value) == UNSUBMITTED


def case_job_id(case, _):
    first, second = case.cls(same), case.cls(same)
    assert uuid.UUID(first.job_id()).version == 4
    assert first.job_id() != second.job_id()
    before = first.job_id()
    first.submit()
    assert first.job_id() == before


def case_backend(case, _):
    job = case.cls(same)
    with pytest.raises(JobError, match=r"does not have any backend\."):
        job.backend()
    job.submit()
    assert job.backend().name == "algorithm_runner"


def case_submit_returns_at_once(case, gate):
    job = case.cls(gate)
    assert job.submit() is None
    assert not job.in_final_state()


def case_submit_again(case, gate):
    running, behind = waiting(case.cls, gate)
    assert behind.cancel()
    gate.open.set()
    running.wait_for_final_state(SOON)
    for job in (running, behind, finished(case.cls), finished(case.cls, fail)):
        with pytest.raises(JobError) as caught:
            job.submit()
        assert str(caught.value) == "Primitive job has already been submitted."


def case_finished(case, _):
    job = finished(case.cls)
    assert (job.result(), job.status(), job.cancel()) == (5, S.DONE, False)


def case_function_raises(case, _):
    error = ValueError("mine")
    job = submitted(case.cls, fail, error)
    for _ in range(2):
        with pytest.raises(ValueError, match="mine") as caught:
            job.result()
        assert caught.value is error
    assert job.status() is S.ERROR


def case_running(case, gate):
    job = submitted(case.cls, gate)
    assert gate.begun.wait(SOON)
    assert (job.status(), job.cancel(wait=0)) == (S.RUNNING, False)


def case_pending(case, gate):
    _, behind = waiting(case.cls, gate)
    assert behind.status() is S.QUEUED
    assert behind.cancel() is True
    assert behind.status() is S.CANCELLED
    with pytest.raises(concurrent.futures.CancelledError):
        behind.result()


def case_keyboard_interrupt(case, _):
    job = submitted(case.cls, fail, KeyboardInterrupt())
    with pytest.raises(JobError, match="KeyboardInterrupt") as caught:
        job.result()
    assert isinstance(caught.value.__cause__, KeyboardInterrupt)
    assert job.status() is S.ERROR


def case_timeout(case, gate):
    job = submitted(case.cls, gate)
    with pytest.raises(JobTimeoutError, match=r"did not finish within 0\.05 s"):
        job.result(timeout=0.05)
    gate.open.set()
    assert job.result() == "value"


def case_not_callable(case, _):
    job = submitted(case.cls, None, 1)
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        job.result()


def case_without_function(case, _):
    with pytest.raises(TypeError, match="function"):
        case.cls()


def case_pickle(case, gate):
    job = submitted(case.cls, gate, 7)
    gate.open.set()
    again = pickle.loads(pickle.dumps(job))
    assert type(again) is case.cls
    assert (again.job_id(), again.status(), again.result()) == (job.job_id(), S.DONE, 7)


def case_generic(case, _):
    assert case.cls[int](same).submit() is None


def case_documented_interface(case, _):
    assert issubclass(case.cls, JobV1)
    assert all(hasattr(case.cls, name) for name in ("submit", "backend", "wait_for_final_state"))
    assert case.cls.version == 1


#: (given, when) of a case -> how it is tested; the first that fits.
TABLE: list[tuple[str, str, Callable[[Case, Gate], None]]] = [
    ("not submitted", r"(\w+\(\)|any query)", case_unsubmitted_query),
    ("", r"job_id\(\)", case_job_id),
    ("", r"backend\(\)", case_backend),
    ("", r"submit\(\)", case_submit_returns_at_once),
    ("submitted", r"submit\(\)", case_submit_again),
    ("finished", r"result\(\); status\(\); cancel\(\)", case_finished),
    ("function raises exc", ".*", case_function_raises),
    ("function raises KeyboardInterrupt", ".*", case_keyboard_interrupt),
    ("future still PENDING|PENDING future.*", r"status\(\)", case_pending),
    ("running", r"status\(\)/cancel\(\)", case_running),
    ("", r"result\(timeout=1\)", case_timeout),
    ("function None", ".*", case_not_callable),
    ("", r"cls\(\) without function", case_without_function),
    ("submitted|running", r"pickle.*", case_pickle),
    ("", r"PrimitiveJob\[int\]", case_generic),
    ("", "hasattr .*", case_documented_interface),
]

#: Tests that assert something else than was recorded, and why. docs/how-to/functions-as-jobs.md says the same to users.
DEVIATIONS = {
    case_unsubmitted_query: "one text, that of 0.24, for all versions",
    case_backend: "a job that was submitted has a backend",
    case_pending: "a job that waits is QUEUED, never ERROR",
    case_keyboard_interrupt: "what ends a program ends the job, and not whoever asks for its result",
    case_timeout: "`result` takes a timeout",
    case_pickle: "of 2.1: every job can be pickled",
    case_generic: "the subclass is generic too",
    case_documented_interface: "the whole interface of the page, also where 1.0 took parts of it away",
}


def find_test(case: Case) -> Callable[[Case, Gate], None]:
    for given, when, test in TABLE:
        if re.fullmatch(given, case.given) and re.fullmatch(when, case.when):
            return test
    raise AssertionError(f"No test for {case}")


CLASSES = {"PrimitiveJob": PrimitiveJob, "AlgorithmJob": AlgorithmJob}


def cases() -> list[Case]:
    if FOLDER is None:
        return []
    found = json.loads((Path(FOLDER) / "job_behaviour_cases.json").read_text())
    ours = [{**item, "cls": CLASSES[item["cls"]]} for item in found if item["cls"] in CLASSES]
    return [Case(*(item[name] for name in Case._fields)) for item in ours]


@pytest.mark.skipif(FOLDER is None, reason="QDOCK_TEST_ORACLE does not say where the recorded cases lie")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_a_recorded_case_behaves_as_it_did(case, gate):
    find_test(case)(case, gate)


GIVEN = [
    ("not submitted", "any query"), ("", "job_id()"), ("", "backend()"), ("", "submit()"), ("submitted", "submit()"),
    ("finished", "result(); status(); cancel()"), ("function raises exc", "result() twice; status()"),
    ("function raises KeyboardInterrupt", "result(); status()"), ("future still PENDING", "status()"),
    ("running", "status()/cancel()"), ("", "result(timeout=1)"), ("function None", "submit(); result()"),
    ("", "cls() without function"), ("running", "pickle.loads(pickle.dumps(job))"), ("", "PrimitiveJob[int]"),
    ("", "hasattr submit/backend/wait_for_final_state"),
]  # fmt: skip


@pytest.mark.parametrize("given, when", GIVEN)
@pytest.mark.parametrize("name", CLASSES)
def test_a_copied_case_behaves_as_it_did(name, given, when, gate):
    case = Case("", CLASSES[name], given, when, "")
    find_test(case)(case, gate)


def test_every_deviation_is_one_of_the_tests():
    assert DEVIATIONS.keys() <= {test for *_, test in TABLE}


# --- beyond the recorded: what is the function's and what is the job's


def test_every_keyword_belongs_to_the_function():
    job = PrimitiveJob(same, timeout=3, function=1, executor="x", tags=(), self=2, seed=4)
    job.submit()
    assert job.result() == {"value": 5, "timeout": 3, "function": 1, "executor": "x", "tags": (), "self": 2, "seed": 4}


def test_how_the_job_runs_is_said_to_submit():
    job = PrimitiveJob(same, 1)
    job.submit(executor="inline", tags=("a", "b"), seed=11, metadata={"who": "me"})
    assert (job.status(), job.tags, job.seed, job.metadata) == (S.DONE, ("a", "b"), 11, {"who": "me"})
    assert [line.status for line in job.history] == [S.QUEUED, S.RUNNING, S.DONE]
    assert set(job.metrics) == {"queued", "run", "total"}


def test_a_job_runs_in_the_dock_it_is_given(dock):
    with Dock(Config.load(environ={}), store=MemoryStore()) as other:
        job = PrimitiveJob(same)
        job.submit(dock=other)
        assert other.get_job(job.job_id()).result().get_value() == 5
        with pytest.raises(JobNotFoundError):
            dock.get_job(job.job_id())


def test_a_job_is_found_again_by_its_id(dock):
    job = finished(AlgorithmJob, same, 3)
    found = dock.get_job(job.job_id())
    assert found.result().get_value() == 3
    assert AlgorithmJob.from_job(found).result() == 3
    assert found.program.function is same


def test_a_function_is_given_the_context_if_it_has_room_for_it():
    def wants(a, context):
        context.log(f"a is {a}")
        context.progress(0.5, "half")
        return context.job_id

    job = finished(PrimitiveJob, wants, 1)
    assert job.result() == job.job_id()
    assert job.logs() == ["a is 1"]
    assert (job.progress.fraction, job.progress.text) == (0.5, "half")


@pytest.mark.parametrize(
    "function, args, kwargs, expected",
    [
        (lambda context: context, ("mine",), {}, "mine"),
        (lambda context=None: context, (), {"context": "mine"}, "mine"),
        (lambda *context: context, (), {}, ()),
        (lambda **more: more, (), {}, {}),
        (max, (1, 2), {}, 2),
        (dict, (), {"a": 1}, {"a": 1}),
    ],
)
def test_a_function_without_room_for_the_context_is_not_given_one(function, args, kwargs, expected):
    assert finished(PrimitiveJob, function, *args, **kwargs).result() == expected


def test_a_function_can_be_named():
    assert finished(PrimitiveJob, "math:hypot", 3, 4).result() == 5.0


def test_a_name_that_can_not_be_imported_is_an_error_of_submit_and_the_job_stays_as_it_was():
    job = PrimitiveJob("math:hypotenuse", 3, 4)
    with pytest.raises(ProgramError, match="The function 'math:hypotenuse' can't be imported"):
        job.submit()
    with pytest.raises(JobError, match="Job not submitted yet"):
        job.status()


def test_a_submission_that_was_refused_can_be_made_again():
    lock = threading.Lock()
    job = PrimitiveJob(lock.locked)
    with pytest.raises(JobError, match="can't travel to a worker process"):
        job.submit(executor="process")
    job.submit(executor="thread")
    assert job.result() is False


def test_of_two_threads_that_submit_a_job_one_does():
    job, barrier, refused = PrimitiveJob(same), threading.Barrier(2), []

    def submit():
        barrier.wait()
        try:
            job.submit()
        except JobError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["Primitive job has already been submitted."]


def test_whoever_waits_is_told_of_this_job(gate):
    job, told = submitted(PrimitiveJob, gate), []
    gate.open.set()
    job.add_done_callback(told.append)
    job.wait_for_final_state(SOON, callback=lambda *about: told.append(about))
    assert job in told
    assert told[-1] == (job.job_id(), S.DONE, job)
    assert job.future.result(SOON) == "value"


def test_a_job_can_be_awaited():
    async def main():
        return await submitted(PrimitiveJob, same, 4)

    assert asyncio.run(main()) == 4


def test_a_job_is_run_again():
    job = finished(AlgorithmJob, same, 6)
    again = job.rerun(tags=("again",))
    assert type(again) is AlgorithmJob
    assert again.job_id() != job.job_id()
    assert (again.result(), again.tags) == (6, ("again",))


def test_a_job_that_listens_is_cancelled_while_it_runs():
    begun = threading.Event()

    def loop(context):
        begun.set()
        while True:
            context.check()

    job = submitted(PrimitiveJob, loop)
    assert begun.wait(SOON)
    assert job.cancel(wait=SOON) is True
    assert job.cancelled()
    with pytest.raises(JobCancelledError, match="was cancelled"):
        job.result()


def test_a_job_shows_what_it_is():
    job = PrimitiveJob(same)
    assert repr(job) == f"<PrimitiveJob {job.job_id()} not submitted>"
    job.submit(executor="inline")
    assert repr(job) == f"<PrimitiveJob {job.job_id()} DONE>"


# --- pickled, in every state


def test_an_unsubmitted_job_is_the_same_job_after_pickling():
    job = pickle.loads(pickle.dumps(PrimitiveJob("math:hypot", 3, 4)))
    with pytest.raises(JobError, match="Job not submitted yet"):
        job.status()
    job.submit()
    assert job.result() == 5.0


def test_a_job_that_waits_is_pickled_when_it_has_ended(gate):
    _, behind = waiting(PrimitiveJob, gate)
    threading.Timer(0.05, gate.open.set).start()
    assert pickle.loads(pickle.dumps(behind)).result() == 5


def test_a_failed_job_says_why_after_pickling():
    again = pickle.loads(pickle.dumps(finished(PrimitiveJob, "json:loads", "[")))
    assert again.status() is S.ERROR
    assert again.error.kind == "exception"
    with pytest.raises(JobError, match="JSONDecodeError") as caught:
        again.result()
    assert "Traceback" in caught.value.__notes__[0]


def test_a_cancelled_job_stays_cancelled_after_pickling(gate):
    _, behind = waiting(PrimitiveJob, gate)
    behind.cancel()
    again = pickle.loads(pickle.dumps(behind))
    assert again.cancelled()
    with pytest.raises(JobCancelledError, match="was cancelled"):
        again.result()


def test_a_finished_job_keeps_all_that_is_known_of_it_after_pickling():
    def work(context):
        context.log("a line")
        return [1j]

    job = submitted(AlgorithmJob, work)
    again = pickle.loads(pickle.dumps(job))
    assert again.result() == [1j]
    assert (again.history, again.metrics, again.logs(), again.seed) == (job.history, job.metrics, ["a line"], job.seed)
    assert again.cancel() is False
    with pytest.raises(JobError, match="already been submitted"):
        again.submit()


def test_copies_of_a_job_know_what_it_knows():
    job = finished(PrimitiveJob)
    assert copy.copy(job).result() == copy.deepcopy(job).result() == 5


def test_a_job_in_a_shared_store_is_watched_after_pickling(tmp_path, gate, monkeypatch):
    with Dock(Config.load(environ={}, defaults={"store": f"sqlite://{tmp_path}/jobs.sqlite"})) as shared:
        monkeypatch.setattr("qdock.default_dock", lambda: shared)
        monkeypatch.setattr("qdock.get_job", shared.get_job)
        job = submitted(PrimitiveJob, gate)
        assert gate.begun.wait(SOON)
        again = pickle.loads(pickle.dumps(job))
        assert again.status() is S.RUNNING
        gate.open.set()
        assert again.result(SOON) == "value"
