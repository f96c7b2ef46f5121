from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

import qdock_basic
from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import JobError
from qdock.expr import Uint
from qdock.job import FinishedJob, Job, JobStatus, JobV1, RecordedJob, as_completed
from qdock.result import CircuitResult, Result
from qdock_basic.job import BasicProviderJob


def result() -> Result:
    return Result([CircuitResult.from_counts(Circuit(2, 2), {"00": 5, "11": 3})])


@pytest.fixture
def job() -> BasicProviderJob:
    return BasicProviderJob("a backend", "job-1", result())


@pytest.fixture
def dock() -> Iterator[Dock]:
    with Dock(Config.load({})) as dock:
        yield dock


def bell() -> Circuit:
    return Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1])


# --- as the page documents it


def test_it_is_a_job_of_version_one(job: BasicProviderJob) -> None:
    assert isinstance(job, JobV1)
    assert isinstance(job, Job)
    assert isinstance(job, FinishedJob)
    assert job.version == BasicProviderJob.version == 1
    assert qdock_basic.BasicProviderJob is BasicProviderJob


def test_it_keeps_backend_id_and_result(job: BasicProviderJob) -> None:
    assert job.backend() == "a backend"
    assert job.job_id() == "job-1"
    assert job.result() == result()
    assert job.result() is job.result()


def test_it_takes_its_parameters_by_name_and_metadata_beside_them() -> None:
    job = BasicProviderJob(backend=None, job_id="x", result=result(), note="mine")
    assert job.metadata == {"note": "mine"}
    assert BasicProviderJob(None, "x", result()).metadata == {}


def test_it_is_done_when_it_is_made(job: BasicProviderJob) -> None:
    assert job.status() is JobStatus.DONE
    assert job.done()
    assert job.in_final_state()
    assert not job.running()
    assert not job.cancelled()


def test_submitting_it_again_is_an_error(job: BasicProviderJob) -> None:
    with pytest.raises(JobError, match="job-1 has been submitted already"):
        job.submit()
    assert job.status() is JobStatus.DONE


def test_cancelling_it_changes_nothing_and_says_so(job: BasicProviderJob) -> None:
    assert job.cancel() is False
    assert job.done()


@pytest.mark.parametrize("timeout", [None, 0, -1, 5.0])
def test_a_timeout_makes_no_difference_and_no_warning(timeout: float | None, job: BasicProviderJob) -> None:
    assert job.result(timeout) == result()
    assert job.result(timeout=timeout) == result()
    job.wait_for_final_state(timeout=timeout)


def test_waiting_for_it_queries_once_and_sleeps_never(job: BasicProviderJob) -> None:
    seen: list[Any] = []
    begin = time.monotonic()
    job.wait_for_final_state(timeout=60, wait=60, callback=lambda *given: seen.append(given))
    assert seen == [("job-1", JobStatus.DONE, job)]
    assert time.monotonic() - begin < 30


def test_a_job_without_backend_says_so() -> None:
    with pytest.raises(JobError, match="does not have any backend"):
        BasicProviderJob(None, "x", result()).backend()


# --- with the promises of the core's jobs


def test_it_can_be_awaited_and_called_back_and_seen_as_a_future(job: BasicProviderJob) -> None:
    async def wait() -> Result:
        return await job

    seen: list[Any] = []
    job.add_done_callback(seen.append)
    assert seen == [job]
    assert asyncio.run(wait()) == job.future.result() == result()
    assert list(as_completed([job])) == [job]


def test_a_job_of_ones_own_can_not_be_run_again(job: BasicProviderJob) -> None:
    with pytest.raises(JobError, match="was not run by a Dock"):
        job.rerun()


def test_what_the_simulator_finishes_on_the_spot_is_one(dock: Dock) -> None:
    job = dock.run(bell(), "basic_simulator", seed=9, tags=["t"], metadata={"a": 1})
    assert type(job) is BasicProviderJob
    assert isinstance(job, RecordedJob)
    assert job.backend() is dock.get_backend("basic_simulator")
    assert job.done()
    assert job.history[-1].status is JobStatus.DONE
    assert [line.inferred for line in job.history] == [True, True, False]
    assert (job.seed, job.tags, job.metadata["a"], job.options["shots"]) == (9, ("t",), 1, 1024)
    assert set(job.metrics) == {"queued", "run", "total"}
    assert dock.get_job(job.job_id()).result() == job.result()
    assert dock.get_job("last") is job


def test_submitting_or_cancelling_what_is_done_changes_nothing(dock: Dock) -> None:
    job = dock.run(bell(), "basic_simulator")
    with pytest.raises(JobError, match="submitted already"):
        job.submit()
    assert job.cancel() is False
    assert job.status() is JobStatus.DONE
    assert sum(job.result(timeout=0).get_counts().values()) == 1024


def test_work_that_fails_on_the_spot_is_a_failed_job_with_its_reason(dock: Dock) -> None:
    circuit = Circuit(1, 1)
    zero = circuit.add_var("zero", Uint(4))
    circuit.measure(0, 0).assign(zero, 1 // zero)
    job = dock.run(circuit, "basic_simulator")
    assert type(job) is BasicProviderJob
    assert job.status() is JobStatus.ERROR
    with pytest.raises(JobError, match="Division by zero"):
        job.result()
    assert job.error.kind == "exception"


def test_a_rerun_gives_the_same_counts(dock: Dock) -> None:
    job = dock.run(bell(), "basic_simulator")
    again = job.rerun()
    assert again.result().get_counts() == job.result().get_counts()
    assert again.record.rerun_of == job.job_id()
    assert job.rerun(seed=None).seed != job.seed
