"""Jobs in a durable store: found, watched and cancelled from another process, and lost only with their owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import apsw
import numpy as np
import pytest

from qdock.backend import LocalBackend
from qdock.call import Call
from qdock.dock import Dock
from qdock.errors import JobCancelledError, JobError, StoreError, StoreWarning
from qdock.job import JobStatus
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec
from qdock.stores import watcher
from qdock.stores.sqlite_store import SqliteStore
from qdock.stores.watcher import Watcher

S = JobStatus
SOON = 20.0

OWNER = """
import sys, time
from qdock import Call, Dock
from qdock.backend import LocalBackend
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec
from qdock.stores.sqlite_store import SqliteStore

class Coin(LocalBackend):
    spec = BackendSpec("coin", "x:Coin", accepts=("call",))

    def execute(self, programs, options, context):
        context.log("hello")
        context.progress(0.5, "half")
        end = time.monotonic() + programs[0].args[0]
        while time.monotonic() < end:
            context.check()
            time.sleep(0.01)
        return Result([CircuitResult(name="v", data={"value": 42})])

dock = Dock(store=SqliteStore(sys.argv[1]), entry_points=[])
job = dock.run(Call("time:sleep", (float(sys.argv[2]),)), Coin(), seed=7, tags=("mine",), metadata={"n": 1})
print(job.job_id(), flush=True)
job.wait_for_final_state()
print(job.status().name, flush=True)
sys.stdin.readline()
"""


class Runner(LocalBackend):
    """Runs calls."""

    spec = BackendSpec("runner", "x:Runner", accepts=("call",))

    def execute(self, programs, options, context):
        return Result([CircuitResult(name="v", data={"value": call()}) for call in programs])


class Spot(Runner):
    def estimate(self, programs, options):
        return 0.0


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def dock(path):
    with Dock(store=SqliteStore(path), entry_points=[]) as dock:
        yield dock
    dock.store.close()


@contextmanager
def owner(path, seconds):
    """Run an owner of a job that takes so long, in a process of its own."""
    command = [sys.executable, "-c", OWNER, str(path), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.job_id = process.stdout.readline().strip()
        yield process
        process.kill()


def test_a_finished_job_is_found_whole_in_another_process(path, dock):
    with owner(path, 0) as process:
        assert process.stdout.readline() == "DONE\n"
    for text in (process.job_id, process.job_id[:8], "last"):
        job = dock.get_job(text)
        assert job.result().data() == {"value": 42}
    assert job.program == Call("time:sleep", (0.0,))
    assert (job.seed, job.tags, job.metadata, job.logs()) == (7, ("mine",), {"n": 1}, ["hello"])
    assert [line.status for line in job.history] == [S.QUEUED, S.RUNNING, S.DONE]
    assert set(job.metrics) == {"queued", "run", "total"}
    assert dock.jobs(tag="mine", status="done", backend="coin") == [job]


def test_another_process_waits_for_a_job_and_sees_how_far_it_is(path, dock):
    with owner(path, 0.5) as process:
        job = dock.get_job(process.job_id)
        assert not job.in_final_state()
        assert job.result(SOON).data() == {"value": 42}
        assert job.progress.text == "half"


def test_a_request_to_cancel_reaches_the_owner_in_another_process(path, dock):
    with owner(path, 60) as process:
        job = dock.get_job("last")
        assert job.cancel(wait=SOON)
        assert process.stdout.readline() == "CANCELLED\n"
    with pytest.raises(JobCancelledError):
        job.result()


def test_a_request_to_cancel_that_is_read_with_something_else_stops_the_work(path, dock, monkeypatch):
    """Between the request and the owner's next look it may write the job's progress, and so read the request."""
    monkeypatch.setattr("qdock.stores.watcher.WATCH_SECONDS", 0.05)
    begun = threading.Event()

    class Patient(Runner):
        def execute(self, programs, options, context):
            begun.set()
            while True:
                context.check()
                time.sleep(0.01)

    job = dock.run(Call("time:sleep", (0,)), Patient())
    assert begun.wait(SOON)
    other = SqliteStore(path)
    other.update(job.job_id(), cancel_requested=True)
    job._advance(other.get(job.job_id()))
    assert job.record.cancel_requested
    job.wait_for_final_state(SOON)
    assert job.status() is S.CANCELLED
    other.close()


def test_an_owner_with_a_job_finds_the_jobs_of_a_dead_one_that_nobody_looks_at(path, dock, monkeypatch):
    monkeypatch.setattr("qdock.stores.watcher.OTHERS_SECONDS", 0.1)
    go_on = threading.Event()

    class Waiting(Runner):
        def execute(self, programs, options, context):
            go_on.wait(SOON)
            return super().execute(programs, options, context)

    try:
        dock.run(Call("time:sleep", (0,)), Waiting())
        with owner(path, 60) as process:
            process.kill()
        end = time.monotonic() + SOON
        while status_of(path, process.job_id) != "ERROR":
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        go_on.set()


def status_of(path, job_id):
    """Return what stands in the file, without looking whether the job's owner lives."""
    db = apsw.Connection(str(path))
    db.set_busy_timeout(10_000)
    try:
        return db.execute("SELECT status FROM job WHERE id = ?", (job_id,)).fetchone()[0]
    finally:
        db.close()


def test_a_job_whose_owner_was_killed_ends_as_lost_for_whoever_waits(path, dock):
    with owner(path, 60) as process:
        job = dock.get_job("last")
        threading.Timer(0.2, process.kill).start()
        with pytest.raises(JobError, match=r"was lost: its process, .*, ended before it\. Run it again"):
            job.result(SOON)
    assert job.error.kind == "worker_lost"


def test_a_suspended_owner_loses_no_job(path, dock):
    with owner(path, 0.3) as process:
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(1.0)
        assert dock.get_job("last").status() in (S.QUEUED, S.RUNNING)
        assert len(dock.jobs(status=("queued", "running"))) == 1
        os.kill(process.pid, signal.SIGCONT)
        assert dock.get_job("last").result(SOON).data() == {"value": 42}


def test_a_job_done_on_the_spot_is_found_again(path, dock):
    job = dock.run(Call(int), Spot())
    assert job.done()
    assert SqliteStore(path).result(job.job_id()).data() == {"value": 0}


def test_a_job_done_on_the_spot_is_one_commit_and_a_queued_one_three(dock):
    dock.run(Call(int), Spot())
    commits = []
    transaction = dock.store._files.write

    def counted():
        commits.append(1)
        return transaction()

    dock.store._files.write = counted
    dock.run(Call(int), Spot())
    assert len(commits) == 1
    dock.run(Call(int), Runner()).result(SOON)
    assert len(commits) == 4


def test_a_jobs_own_function_lives_in_its_process_only(path, dock):
    job = dock.run(Call(lambda: 1), Runner())
    assert job.result(SOON).data() == {"value": 1}
    assert job.rerun().result(SOON).data() == {"value": 1}
    with Dock(store=SqliteStore(path), entry_points=[]) as other, pytest.raises(JobError, match="could not be stored"):
        other.get_job(job.job_id()).rerun()


def test_a_job_from_another_process_is_run_again(path, dock):
    with owner(path, 0) as process:
        process.stdout.readline()
    again = dock.get_job("last").rerun(backend=Runner())
    assert again.result(SOON).data() == {"value": None}
    assert again.record.rerun_of == process.job_id
    assert again.seed == 7


def test_large_arrays_come_back_from_beside_the_file(path, dock):
    job = dock.run(Call(np.arange, (100_000,)), Spot())
    assert len(list((path.parent / "jobs.sqlite.files" / "data").iterdir())) == 1
    np.testing.assert_array_equal(SqliteStore(path).result(job.job_id()).data()["value"], np.arange(100_000))


# --- a store that fails


class Full(SqliteStore):
    """A store on a disk that is full from now and then on."""

    full = False

    def create(self, record, *rest):
        self._check()
        super().create(record, *rest)

    def transition(self, *args, **changes):
        self._check()
        return super().transition(*args, **changes)

    def _check(self):
        if self.full:
            raise StoreError(f"The store {self.path} can't be written: the disk is full.")


def test_a_full_disk_takes_no_result_from_its_caller_and_is_written_when_there_is_room(path):
    store = Full(path)
    with Dock(store=store, entry_points=[]) as dock:
        store.full = True
        job = dock.run(Call(int), Spot())
        with pytest.warns(StoreWarning, match="this process alone knows of it: StoreError: .* the disk is full"):
            assert job.result().data() == {"value": 0}
        with pytest.raises(StoreError, match="the disk is full"):
            dock.run(Call(int), Runner())
        assert dock.jobs() == []
        store.full = False
        dock.run(Call(int), Spot())
        assert len(dock.jobs()) == 2
        assert job.result().data() == {"value": 0}


def test_what_is_left_is_written_when_the_dock_is_closed(path):
    store = Full(path)
    with Dock(store=store, entry_points=[]) as dock:
        store.full = True
        dock.run(Call(int), Spot())
        store.full = False
    assert len(SqliteStore(path).select()) == 1


# --- the watcher


def test_a_watcher_looks_while_it_is_needed_and_then_ends(monkeypatch):
    monkeypatch.setattr(watcher, "WATCH_SECONDS", 0.001)
    monkeypatch.setattr(watcher, "IDLE_SECONDS", 0.01)
    looked, needed, earlier = threading.Event(), [True], set(threading.enumerate())
    watching = Watcher(looked.set, lambda: bool(needed))
    watching.wake()
    watching.wake()
    assert looked.wait(SOON)
    assert [thread.name for thread in threading.enumerate() if thread not in earlier] == ["qdock-owner"]
    needed.clear()
    deadline = time.monotonic() + SOON
    while watching._running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not watching._running
    watching.wake()
    assert not watching._running


def test_a_watcher_goes_on_when_looking_fails_and_says_so_once(monkeypatch, caplog):
    monkeypatch.setattr(watcher, "WATCH_SECONDS", 0.001)
    looks, seen = [], threading.Event()

    def look():
        looks.append(1)
        if len(looks) < 4:
            raise StoreError("full")
        seen.set()

    watching = Watcher(look, lambda: True)
    watching.wake()
    assert seen.wait(SOON)
    watching.stop()
    assert caplog.text.count("could not be read") == 1
