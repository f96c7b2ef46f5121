"""One function over many arguments, one circuit over many parameter sets: one job, its parts as they are done."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from qdock import Circuit, Dock, JobCancelledError, JobError, JobTimeoutError, Parameter
from qdock.call import Call
from qdock.config import Config
from qdock.errors import LimitExceeded, ProgramError
from qdock.job import JobStatus
from qdock.store import MemoryStore
from qdock_algorithms import CallsFailed, MapJob, PrimitiveJob, SpreadExecutor, SweepJob

SOON = 60.0
S = JobStatus


@pytest.fixture(scope="module", autouse=True)
def dock():
    """The default Dock of these tests: two slots each, and nothing on disk."""
    slots = {"thread": {"slots": 2}, "process": {"slots": 2}}
    with (
        Dock(Config.load(environ={}, executors=slots), store=MemoryStore()) as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("qdock.default_dock", lambda: made)
        patch.syspath_prepend(str(Path(__file__).parent))
        yield made


@pytest.fixture
def steps():
    import algorithm_steps

    return algorithm_steps


def finished(job, **about):
    job.submit(**about)
    job.wait_for_final_state(SOON)
    return job


# --- what comes back


def test_a_function_over_many_arguments_gives_the_list_of_what_it_returned():
    job = finished(MapJob(pow, range(10), 2))
    assert job.result() == [x**2 for x in range(10)]
    assert job.values == {x: x**2 for x in range(10)}
    assert (job.errors, job.progress.fraction, job.progress.text) == ({}, 1.0, "10 of 10")


def test_the_same_seed_gives_the_same_values_however_the_work_is_spread(steps):
    abouts = ({"executor": "inline"}, {"executor": "thread", "chunk": 1}, {"executor": "thread", "chunk": 7},
              {"executor": "process", "chunk": 3})  # fmt: skip
    found = [finished(MapJob(steps.square, range(9)), seed=5, **about).result() for about in abouts]
    assert found[0] == found[1] == found[2] == found[3]
    assert len({draw for _, draw in found[0]}) == 9


def test_one_argument_is_a_list_of_one():
    assert finished(MapJob(abs, [-3])).result() == [3]


def test_no_arguments_are_an_error_of_submit():
    with pytest.raises(ProgramError, match="A job needs at least one program"):
        MapJob(abs, []).submit()


def test_values_come_as_they_are_ready():
    opened = threading.Event()

    def wait(x):
        assert x or opened.wait(SOON)
        return x

    job = MapJob(wait, range(4))
    job.submit(chunk=1)
    seen = []
    for index, value in job.iterate(SOON):
        seen.append((index, value))
        assert job.values[index] == value
        if len(seen) == 3:
            assert not job.in_final_state()
            opened.set()
    assert sorted(seen) == [(x, x) for x in range(4)]
    assert seen[-1] == (0, 0)


def test_waiting_for_values_ends_in_time():
    opened = threading.Event()
    job = MapJob(lambda _: opened.wait(SOON), [1])
    job.submit()
    with pytest.raises(JobTimeoutError, match="did not finish within"):
        list(job.iterate(timeout=0.05))
    opened.set()


def test_a_circuit_over_many_parameter_sets_gives_what_one_job_of_all_gives(dock):
    angle = Parameter("angle")
    circuit = Circuit(1, 1).rx(angle, 0).measure_all()
    sets = [{angle: number / 3} for number in range(10)]
    job = finished(SweepJob(circuit, sets, "basic_simulator", shots=50), seed=2, chunk=3)
    together = dock.run([circuit.bind(values) for values in sets], "basic_simulator", shots=50, seed=2)
    assert job.result().get_counts() == together.result().get_counts()
    assert len(job.parts) == 10
    assert [index for index, _ in job.iterate()] == list(range(10))
    assert job.result().metadata["job_id"] == job.job_id()


def test_a_circuit_that_can_not_be_run_is_an_error_of_submit():
    with pytest.raises(LimitExceeded):
        SweepJob(Circuit(30).rx(Parameter("a"), 0), [{"a": 1}], "qasm_simulator").submit()


# --- what fails


def test_what_fails_is_named_and_the_rest_is_kept(steps):
    job = finished(MapJob(steps.square, range(6), bad=(1, 4)))
    with pytest.raises(JobError, match=r"2 of 6 failed: 1 \(ValueError: 1 is bad\), 4 \(ValueError: 4 is bad\)\."):
        job.result()
    assert (job.status(), sorted(job.values)) == (S.ERROR, [0, 2, 3, 5])
    assert job.errors == {1: "ValueError: 1 is bad", 4: "ValueError: 4 is bad"}


def test_only_what_failed_is_done_again_by_a_retry(steps, tmp_path):
    job = finished(MapJob(steps.once, range(6), str(tmp_path)), retries=1)
    assert job.result() == list(range(6))
    assert [line.status for line in job.history].count(S.RUNNING) == 2


def test_only_what_failed_is_done_by_a_resumed_job(steps, tmp_path):
    job = finished(MapJob(steps.once, range(6), str(tmp_path)))
    assert job.status() is S.ERROR
    assert sorted(job.values) == [0, 2, 4]
    marks = sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir())
    again = job.rerun(resume=True)
    assert again.result(SOON) == list(range(6))
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir()) == marks


@pytest.mark.parametrize("chunk", [1, 4])
def test_one_that_takes_its_worker_along_leaves_the_others(steps, chunk, tmp_path):
    job = finished(
        MapJob(steps.square, range(8), bad=(6,), deadly=(2,), marks=str(tmp_path)), executor="process", chunk=chunk
    )
    assert sorted(job.values) == [0, 1, 3, 4, 5, 7]
    assert sorted(job.errors) == [2, 6]
    assert "exit code 4" in job.errors[2]
    # Each was done once.
    assert len(list(tmp_path.iterdir())) == 8


def test_what_ends_a_program_ends_one_call():
    job = finished(MapJob(sys.exit, ["bye", 3]))
    assert job.errors == {0: "SystemExit: bye", 1: "SystemExit: 3"}


def test_many_failures_are_counted_and_the_first_are_named():
    job = finished(MapJob(int, "abcdefghij"))
    assert job.error.message.startswith("10 of 10 failed: 0 (ValueError: invalid literal")
    assert job.error.message.endswith("), and 5 more.")


def test_what_can_not_be_sent_is_a_failure_of_that_call_alone():
    job = finished(MapJob("algorithm_steps:choose", [1, 2]), executor="process")
    assert sorted(job.values) == [0]
    assert "can't" in job.errors[1] or "cannot pickle" in job.errors[1]


def test_a_function_that_can_not_travel_fails_the_job_at_once():
    lock = threading.Lock()
    job = finished(MapJob(lambda _: lock.locked(), range(50)), executor="process")
    assert (job.status(), job.error.kind) == (S.ERROR, "not_started")
    assert "can't travel to a worker process" in job.error.message


def test_a_time_limit_ends_the_whole():
    job = finished(MapJob("time:sleep", [0, 100, 100]), time_limit=1, chunk=1)
    assert job.error.kind == "time_limit"
    assert 0 in job.values


# --- cancelled


def test_what_waits_never_starts_once_it_is_cancelled():
    begun, opened = threading.Event(), threading.Event()
    called = []

    def work(x):
        called.append(x)
        begun.set()
        assert opened.wait(SOON)

    job = MapJob(work, range(20))
    job.submit(chunk=1)
    assert begun.wait(SOON)
    assert job.cancel(wait=0) is False
    opened.set()
    with pytest.raises(JobCancelledError):
        job.result(SOON)
    assert len(called) <= 2


def test_work_in_processes_is_stopped():
    job = MapJob("algorithm_steps:spin", range(4))
    job.submit(executor="process", chunk=1)
    for _ in range(200):
        if job.running():
            break
        threading.Event().wait(0.05)
    assert job.cancel(wait=SOON) is True
    assert job.cancelled()


# --- elsewhere


def test_a_map_inside_of_a_job_is_a_part_of_it(dock):
    def outer():
        job = MapJob(abs, [-1, -2])
        job.submit()
        failed = MapJob(int, ["1", "x"])
        failed.submit(executor="process")
        return job.result(), failed.status(), failed.error.message, failed.values

    job = finished(PrimitiveJob(outer))
    values, status, message, kept = job.result()
    assert (values, status) == ([1, 2], S.ERROR)
    assert "1 of 2 failed: 1 (ValueError" in message
    assert kept == {0: 1}
    assert dock.get_job("last").job_id() == job.job_id()


def test_the_runner_alone_keeps_going_if_it_is_asked_to(dock):
    calls = [Call(int, (text,)) for text in ("1", "x")]
    job = dock.run(calls, "algorithm_runner", keep_going=True)
    with pytest.raises(JobError, match=r"1 of 2 failed: 1 \(ValueError"):
        job.result(SOON)
    assert job.parts[0].get_value() == 1
    with pytest.raises(JobError, match="invalid literal"):
        dock.run(calls, "algorithm_runner").result(SOON)
    assert dock.run(calls[:1] * 2, "algorithm_runner").result(SOON).get_value() == [1, 1]
    assert CallsFailed.retriable


def test_a_spread_executor_brings_nothing_back_from_another_process(dock):
    executor = SpreadExecutor(dock.get_executor("thread"))
    assert executor.attach("x", print) is False
    assert executor.stop("unknown") is True
    assert not executor.keeps_time_limits
    executor.close()
