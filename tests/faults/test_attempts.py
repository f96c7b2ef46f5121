"""Faults that are followed by another attempt: workers and owners killed at random moments of jobs with retries.

Each test prints its counts: those of every day, or with ``QDOCK_TEST_FAULTS=full`` the promised ones.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from qdock.backend import LocalBackend
from qdock.call import Call
from qdock.config import Config
from qdock.dock import Dock
from qdock.job import JobStatus
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec
from qdock.stores.sqlite_store import SqliteStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")

FULL = os.environ.get("QDOCK_TEST_FAULTS") == "full"
HERE = Path(__file__).parent
SOON = 60.0


class Runner(LocalBackend):
    """Runs calls."""

    def execute(self, programs, options, context):
        return Result([CircuitResult(name="v", data={"value": call()}) for call in programs])


def spin_at_first(path):
    """Note that it was called, and never end the first time; later return how many times that was."""
    with open(path, "a") as file:
        file.write(f"{os.getpid()}\n")
    calls = Path(path).read_text().split()
    while len(calls) == 1:
        pass
    return len(calls)


@pytest.fixture
def dock(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    config = Config.load({}, executors={"process": {"slots": 2}})
    with Dock(config, store=SqliteStore(tmp_path / "jobs.sqlite"), entry_points=[]) as made:
        made.register(BackendSpec("runner", "test_attempts:Runner", accepts=("call",)))
        yield made
    made.store.close()


def submit(dock, path, **about):
    return dock.run(Call("test_attempts:spin_at_first", (str(path),)), "runner", retries=1, **about)


def wait_for(condition):
    end = time.monotonic() + SOON
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)
    return value


def first_worker(path):
    return int(wait_for(lambda: path.exists() and path.read_text().split())[0])


def check(job, path):
    """It was tried twice and no more, and says so."""
    assert job.result(SOON).data() == {"value": 2}
    assert len(path.read_text().split()) == 2
    attempts = [line.attempt for line in job.history if line.status is JobStatus.RUNNING]
    assert attempts == [1, 2]


def test_a_killed_worker_is_followed_by_one_more_attempt_each_time(dock, tmp_path):
    number, chance = 200 if FULL else 20, random.Random(2)
    for index in range(number):
        path = tmp_path / f"{index}.txt"
        job = submit(dock, path, executor="process")
        worker = first_worker(path)
        time.sleep(chance.random() * 0.02)
        os.kill(worker, signal.SIGKILL)
        check(job, path)
    print(f"\n{number} workers killed: {number} jobs DONE in their second attempt, none tried a third time")


def test_a_killed_owner_process_is_followed_by_one_more_attempt_of_its_job_each_time(dock, tmp_path):
    number, chance = 200 if FULL else 4, random.Random(3)
    for index in range(number):
        path = tmp_path / f"{index}.txt"
        job = submit(dock, path, detach=True)
        worker, owner = first_worker(path), int(job.record.owner.split(":")[1])
        time.sleep(chance.random() * 0.02)
        os.kill(owner, signal.SIGKILL)
        check(job, path)
        # Its worker went with it, in the midst of a loop.
        wait_for(lambda worker=worker: not _is_alive(worker))
    print(f"\n{number} owner processes killed: {number} jobs DONE in their second attempt, no worker left")


def _is_alive(pid):
    if not sys.platform.startswith("linux"):
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
