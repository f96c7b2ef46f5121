"""Whatever a function does, its job ends with the right status and reason, and the others are untouched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qdock import Dock, JobError
from qdock.config import Config
from qdock.errors import ResultNotStored
from qdock.job import JobStatus
from qdock_algorithms import AlgorithmJob, PrimitiveJob

SOON = 120.0
S = JobStatus


@pytest.fixture(scope="module", autouse=True)
def dock(tmp_path_factory):
    """The default Dock of these tests, with a durable store."""
    path = tmp_path_factory.mktemp("faults") / "jobs.sqlite"
    limits = {"process": {"slots": 2, "memory_limit": 1 << 31}}
    config = Config.load(environ={}, executors=limits, defaults={"store": f"sqlite://{path}"})
    with Dock(config) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr("qdock.default_dock", lambda: made)
        patch.setattr("qdock.get_job", made.get_job)
        patch.syspath_prepend(str(Path(__file__).parent))
        yield made


@pytest.fixture
def steps():
    import algorithm_steps

    return algorithm_steps


def submitted(function, *args, **about):
    job = PrimitiveJob(function, *args)
    job.submit(executor="process", **about)
    return job


@pytest.mark.parametrize(
    "name, about, kind, message",
    [
        ("json:loads", {}, "exception", "TypeError: loads"),
        ("algorithm_steps:leave", {}, "interrupted", "SystemExit: 3"),
        ("algorithm_steps:drop_dead", {}, "worker_lost", "ended with exit code 5"),
        ("algorithm_steps:crash", {}, "worker_lost", "SIGSEGV"),
        ("algorithm_steps:eat", {}, "memory_limit", "more memory than its limit of 2,147,483,648 bytes"),
        ("algorithm_steps:never_end", {"time_limit": 0.5}, "time_limit", "longer than its time limit of 0.5 s"),
        ("algorithm_steps:opaque", {}, "result_not_sent", "of type Result, can't travel to its owner"),
    ],
)
def test_a_function_that_misbehaves_fails_its_job_and_no_other(name, about, kind, message):
    before, job, after = submitted("algorithm_steps:one"), submitted(name, **about), submitted("algorithm_steps:one")
    job.wait_for_final_state(SOON)
    assert (job.status(), job.error.kind) == (S.ERROR, kind)
    assert message in job.error.message
    with pytest.raises(JobError, match="failed"):
        job.result()
    assert (before.result(SOON), after.result(SOON)) == (1, 1)


def test_of_a_function_that_prints_a_gigabyte_the_newest_is_kept():
    job = submitted("algorithm_steps:print_much")
    assert job.result(SOON) == "printed"
    lines = job.logs()
    assert sum(map(len, lines)) < 1 << 21
    assert any("not kept" in line or "left out" in line or "missing" in line for line in lines)


def test_a_function_in_this_process_that_leaves_ends_its_job_only(steps):
    job = AlgorithmJob(steps.leave)
    job.submit()
    with pytest.raises(JobError, match="SystemExit: 3"):
        job.result(SOON)
    assert job.error.kind == "interrupted"


def test_what_can_not_be_stored_lives_in_its_process_and_is_refused_later(dock, steps):
    job = PrimitiveJob(steps.opaque)
    job.submit()
    assert isinstance(job.result(SOON), steps.Opaque)
    with Dock(dock.config) as other:
        found = other.get_job(job.job_id())
        assert found.status() is S.DONE
        with pytest.raises(ResultNotStored, match="Opaque can't be stored: neither JSON nor an array"):
            found.result()


def test_a_dataclass_is_itself_here_and_a_namespace_when_it_is_found_again(dock, steps):
    job = submitted(steps.minimum)
    assert type(job.result(SOON)) is steps.Minimum
    with Dock(dock.config) as other:
        found = other.get_job(job.job_id()).result().get_value()
    assert (found.energies, found.angles.tolist()) == ([1.0, 0.5], [0, 0])


@pytest.mark.parametrize("die_at", range(4))
def test_an_optimisation_that_is_killed_and_resumed_finds_what_it_would_have_found(steps, die_at):
    whole = submitted(steps.minimize, 5, seed=9).result(SOON)
    job = submitted(steps.minimize, 5, die_at, seed=9)
    job.wait_for_final_state(SOON)
    assert job.error.kind == "worker_lost"
    again = job.rerun(resume=True, executor="process")
    # What is killed at its step `die_at` goes on behind it.
    assert again.result(SOON) == whole
    assert again.progress.text == "step 5"
    assert again.history[0].status is S.QUEUED


def test_a_retry_of_what_was_killed_goes_on_where_it_was(steps):
    whole = submitted(steps.minimize, 4, seed=9).result(SOON)
    job = submitted(steps.minimize, 4, 1, seed=9, retries=1)
    assert job.result(SOON) == whole
    assert [line.status for line in job.history].count(S.RUNNING) == 2


def test_a_job_of_a_process_that_was_killed_is_resumed_from_another(dock, steps):
    whole = submitted(steps.minimize, 5, seed=9).result(SOON)
    program = (
        f"import sys, os, time; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import algorithm_steps, qdock; from qdock.call import Call\n"
        "call = Call(algorithm_steps.minimize, (5,), {'pause': 0.3})\n"
        "job = qdock.run(call, 'algorithm_runner', seed=9, job_id='killed')\n"
        "while job.progress.fraction < 0.3: time.sleep(0.01)\n"
        "time.sleep(0.5); os.kill(os.getpid(), 9)\n"
    )
    environ = {"QDOCK_STORE": dock.config.get("defaults.store")}
    subprocess.run([sys.executable, "-c", program], env={**os.environ, **environ}, check=False, timeout=60)
    job = dock.get_job("killed")
    assert job.error.kind == "worker_lost"
    again = job.rerun(resume=True)
    assert again.result(SOON).get_value() == whole
    assert 0 < len(job.record.checkpoint["value"]["energies"]) < 5


def test_large_checkpoints_leave_no_files_behind(dock):
    def work(context):
        for number in range(20):
            context.checkpoint(np.full(20_000, number))
            dock.owner._notes.write(context.job_id)

    job = PrimitiveJob(work)
    job.submit(executor="thread")
    job.result(SOON)
    folder = Path(dock.store._documents.folder)
    assert len(list(folder.glob("given-*"))) <= 2


def test_what_was_run_inside_is_shown(dock, steps):
    job = submitted(steps.minimize, 2, seed=9)
    job.result(SOON)
    environ = {**os.environ, "QDOCK_STORE": dock.config.get("defaults.store")}
    command = [sys.executable, "-m", "qdock", "show", job.job_id()]
    shown = subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout
    assert "ran inside on basic/basic_simulator\t10 jobs of 10 programs, " in shown
