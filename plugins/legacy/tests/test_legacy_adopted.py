"""Jobs of the old classes that a Dock adopts: recorded, watched, cancelled, and found again under ids of their own."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qdock
from qdock import Dock, JobCancelledError
from qdock.stores.sqlite_store import SqliteStore
from qdock_legacy import BaseJob, BasicAerJob, BasicProviderJob, JobStatus

SOON = 20.0
QOBJ = {
    "qobj_id": "q",
    "schema_version": "1.3.0",
    "type": "QASM",
    "header": {},
    "config": {"shots": 1},
    "experiments": [{"instructions": [{"name": "h", "qubits": [0]}]}],
}


def echo(job_id: str, qobj: Any) -> Any:
    return {"id": job_id, "qobj": qobj["qobj_id"]}


def fail(*_: Any) -> Any:
    raise ValueError("no such gate")


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread for all jobs of a test."""
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(BasicAerJob, "_executor", threads)
        yield


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    made = Dock(store=SqliteStore(tmp_path / "jobs.sqlite"), entry_points=[])
    yield made
    made.close(wait=False)
    made.store.close()


def job_of(function: Any = echo, job_id: str = "id-1") -> BasicAerJob:
    return BasicAerJob("backend", job_id, function, QOBJ)


def test_a_job_made_by_hand_is_unrecorded_until_it_is_adopted(dock: Dock) -> None:
    job = job_of()
    job.submit()
    assert job.result(SOON) == {"id": "id-1", "qobj": "q"}
    assert dock.jobs() == []
    adopted = dock.adopt(job)
    assert dock.jobs() == [adopted]
    assert adopted.result(SOON) == job.result()
    assert adopted.record.native_id == job.job_id() == "id-1"
    assert Dock(store=dock.store, entry_points=[]).get_job("last").result()[0].get_value() == job.result()


def test_two_jobs_that_user_code_made_with_the_same_id_live_side_by_side(dock: Dock) -> None:
    jobs = [job_of(lambda *_: 1), job_of(lambda *_: 2)]
    for job in jobs:
        job.submit()
    adopted = [dock.adopt(job) for job in jobs]
    assert [job.result(SOON) for job in adopted] == [1, 2]
    assert {job.record.native_id for job in dock.jobs()} == {"id-1"}


def test_a_job_that_is_not_submitted_yet_is_followed_once_it_is(dock: Dock) -> None:
    job = job_of()
    adopted = dock.adopt(job)
    assert adopted.status() is JobStatus.INITIALIZING
    job.submit()
    assert adopted.result(SOON) == job.result(SOON)


def test_a_job_that_failed_says_why(dock: Dock) -> None:
    job = job_of(fail)
    job.submit()
    adopted = dock.adopt(job)
    adopted.wait_for_final_state(SOON)
    assert adopted.error is not None
    assert adopted.error.message == "ValueError: no such gate"
    assert "in fail" in adopted.error.traceback


def test_a_request_to_cancel_reaches_a_job_of_the_pool(dock: Dock) -> None:
    release = threading.Event()
    jobs = [job_of(lambda *_: release.wait(SOON)) for _ in range(2)]
    for job in jobs:
        job.submit()
    adopted = dock.adopt(jobs[-1])
    assert adopted.cancel(wait=SOON)
    assert jobs[-1].cancelled()
    with pytest.raises(JobCancelledError):
        adopted.result()
    release.set()
    assert jobs[0].result(SOON)


class OldJob(BaseJob):
    """A job of a provider of 2019."""

    def __init__(self, *answers: JobStatus) -> None:
        super().__init__(None, "old-1")
        self.answers = list(answers)

    def submit(self) -> None:
        raise AssertionError

    def cancel(self) -> bool:
        return False

    def status(self) -> JobStatus:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def result(self) -> str:
        return "old"


def test_a_base_job_is_followed_to_its_end(dock: Dock) -> None:
    adopted = dock.adopt(OldJob(JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE))
    assert adopted.result(SOON) == "old"
    seen = [line.status for line in adopted.history if not line.inferred]
    assert seen == [JobStatus.INITIALIZING, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE]


def test_a_basic_provider_job_made_by_hand_is_adopted_with_its_result(dock: Dock) -> None:
    circuit = qdock.Circuit(1, 1).x(0).measure(0, 0)
    result = qdock.Result([qdock.CircuitResult.from_counts(circuit, {"1": 10})])
    adopted = dock.adopt(BasicProviderJob(None, "basic-1", result, note="mine"))
    assert adopted.done()
    assert adopted.metadata == {"note": "mine"}
    assert dock.store.result(adopted.job_id()).get_counts() == {"1": 10}
