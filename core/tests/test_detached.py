"""Detached jobs and the jobs of dead owners: what goes on, what is tried again, and who does it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest

from qdock import detached
from qdock.backend import LocalBackend
from qdock.call import Call
from qdock.config import Config
from qdock.dispatch import handover
from qdock.dock import Dock
from qdock.errors import JobCancelledError, JobError, OptionError, StoreError
from qdock.executors import ThreadExecutor
from qdock.job import JobStatus, as_completed
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec, ExecutorSpec
from qdock.store import MemoryStore
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import changed
from qdock.work.events import Finished, Started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")
S = JobStatus
SOON = 20.0
HERE = Path(__file__).parent

#: Runs calls; a backend that a plugin would bring, with a factory that every process can import.
SPEC = BackendSpec("runner", "test_detached:Runner", accepts=("call",))


class Runner(LocalBackend):
    """Runs calls."""

    spec = SPEC

    def execute(self, programs, options, context):
        return Result([CircuitResult(name="v", data={"value": call()}) for call in programs])


def wait_for(path):
    """Print, wait until there is a file of that name, and say who did so."""
    print("waiting", flush=True)
    while not os.path.exists(path):
        time.sleep(0.01)
    return os.getpid()


def note_and_wait(notes, path):
    """Add a line to a file, then wait for the other; what several attempts have done is counted there."""
    with open(notes, "a") as file:
        file.write(f"{os.getpid()}\n")
    return wait_for(path)


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """Let other processes find the functions of this file."""
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def make(path):
    """Make Docks on one file; each is to the others what another process is."""
    made = []

    def one(**arguments):
        dock = Dock(Config.load({}, **arguments), store=SqliteStore(path), entry_points=[])
        dock.register(SPEC)
        made.append(dock)
        return dock

    yield one
    for dock in made:
        dock.close(wait=False)
        dock.store.close()


@pytest.fixture
def dock(make):
    return make()


def call(function, *args):
    return Call(f"test_detached:{function.__name__}", tuple(map(str, args)))


def until(test):
    end = time.monotonic() + SOON
    while not test():
        assert time.monotonic() < end
        time.sleep(0.01)


# --- detached


def test_a_detached_job_runs_in_a_process_that_is_nobodys_child_group(dock, tmp_path):
    job = dock.run(call(wait_for, tmp_path / "go"), "runner", detach=True, seed=5, tags=("x",))
    assert not job.in_final_state()
    assert job.record.owner.split(":")[1] != str(os.getpid())
    until(job.logs)
    assert job.logs() == ["waiting"]
    (tmp_path / "go").touch()
    assert job.result(SOON).data()["value"] != os.getpid()
    assert (job.seed, job.tags, job.record.executor) == (5, ("x",), "process")
    assert [line.status for line in job.history] == [S.QUEUED, S.RUNNING, S.DONE]
    assert all(seconds > 0 for seconds in job.metrics.values())
    assert job.metrics["total"] == pytest.approx(job.metrics["queued"] + job.metrics["run"])


def test_a_detached_job_is_cancelled_from_here(dock, tmp_path):
    job = dock.run(call(wait_for, tmp_path / "never"), "runner", detach=True)
    until(job.running)
    assert job.cancel(wait=SOON)
    with pytest.raises(JobCancelledError):
        job.result()


def test_what_a_thread_of_a_detached_owner_prints_is_in_the_jobs_log(dock, tmp_path):
    (tmp_path / "go").touch()
    job = dock.run(call(wait_for, tmp_path / "go"), "runner", detach=True, executor="thread")
    job.result(SOON)
    assert job.logs() == ["waiting"]


def test_detached_jobs_of_a_dock_share_one_owner_and_callbacks_are_called_here(dock, tmp_path):
    (tmp_path / "go").touch()
    jobs = [dock.run(call(wait_for, tmp_path / "go"), "runner", detach=True) for _ in range(3)]
    called = threading.Event()
    jobs[0].add_done_callback(lambda _: called.set())
    assert len({job.record.owner for job in jobs}) == 1
    assert called.wait(SOON)
    for job in jobs:
        job.result(SOON)


def test_closing_a_dock_does_not_wait_for_its_detached_jobs(make, tmp_path):
    dock = make()
    job = dock.run(call(wait_for, tmp_path / "go"), "runner", detach=True)
    dock.close()
    other = make().get_job(job.job_id())
    assert not other.in_final_state()
    (tmp_path / "go").touch()
    assert other.result(SOON).data()["value"]


SUBMITTER = """
import sys, time
sys.path.insert(0, {here!r})
from qdock import Config, Dock
from qdock.stores.sqlite_store import SqliteStore
from test_detached import SPEC, call, wait_for

dock = Dock(Config.load({{}}), store=SqliteStore(sys.argv[1]), entry_points=[])
dock.register(SPEC)
print(dock.run(call(wait_for, sys.argv[2]), "runner", detach=True).job_id(), flush=True)
time.sleep(1000)
"""


def test_a_detached_job_is_done_though_who_submitted_it_was_killed_and_hung_up(dock, path, tmp_path):
    code = SUBMITTER.format(here=str(HERE))
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "go")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        job_id = process.stdout.readline().strip()
        os.killpg(process.pid, signal.SIGHUP)
        process.kill()
    job = dock.get_job(job_id)
    assert not job.in_final_state()
    (tmp_path / "go").touch()
    assert job.result(SOON).data()["value"]
    assert job.status() is S.DONE


def test_a_store_in_memory_has_no_detached_jobs():
    with (
        Dock(store=MemoryStore(), entry_points=[]) as dock,
        pytest.raises(JobError, match="takes a store that is a fi"),
    ):
        dock.run(Call(int), Runner(), detach=True)


def test_what_can_not_travel_is_an_error_of_run_and_leaves_no_record(dock):
    with pytest.raises(JobError, match="can't travel to a worker process"):
        dock.run(Call(partial(print, threading.Lock())), Runner(), detach=True)
    assert dock.jobs() == []


@pytest.mark.parametrize("executor", ["inline", ThreadExecutor(slots=1)])
def test_a_detached_job_takes_an_executor_that_another_process_can_have(dock, executor):
    with pytest.raises(OptionError, match="takes the name of an executor that another process can work with, not"):
        dock.run(Call(int), "runner", detach=True, executor=executor)


def test_detach_is_true_or_false(dock):
    with pytest.raises(OptionError, match="`detach` is True or False, but 'yes' was given"):
        dock.run(Call(int), "runner", detach="yes")


def test_a_job_detaches_no_other(dock):
    def nested():
        dock.run(Call(int), "runner", detach=True)

    job = dock.run(Call(nested), Runner(), executor="thread")
    with pytest.raises(JobError, match="A job can't detach another one"):
        job.result(SOON)


def test_an_owner_process_that_does_not_start_says_why(dock, monkeypatch):
    monkeypatch.setattr(handover, "_MODULE", "qdock.nothing_of_that_name")
    with pytest.raises(JobError, match=r"could not take the job: it ended: .*No module named qdock\.nothing"):
        dock.run(call(wait_for, "x"), "runner", detach=True)
    assert dock.get_job("last").error.kind == "not_started"


def test_what_an_owner_process_refuses_is_an_error_of_run(make):
    dock = make()
    dock.register(ExecutorSpec("mine", "test_detached:make_thread_executor"))
    with pytest.raises(JobError, match=r"could not take the job: ExecutorNotFoundError: .*mine"):
        dock.run(call(wait_for, "x"), "runner", detach=True, executor="mine")


def make_thread_executor(_spec=None, _config=None):
    return ThreadExecutor(slots=1)


def test_another_owner_process_is_started_where_the_last_has_ended(dock, tmp_path):
    (tmp_path / "go").touch()
    first = dock.run(call(wait_for, tmp_path / "go"), "runner", detach=True)
    first.result(SOON)
    os.kill(int(first.record.owner.split(":")[1]), signal.SIGKILL)
    second = dock.run(call(wait_for, tmp_path / "go"), "runner", detach=True)
    assert second.result(SOON).data()["value"]
    assert second.record.owner != first.record.owner


def test_a_detached_job_survives_its_owner_process_with_retries(dock, tmp_path):
    notes, go = tmp_path / "notes", tmp_path / "go"
    job = dock.run(call(note_and_wait, notes, go), "runner", detach=True, retries=1)
    until(notes.exists)
    first = job.record.owner
    os.kill(int(first.split(":")[1]), signal.SIGKILL)
    go.touch()
    assert job.result(SOON).data()["value"] == int(notes.read_text().split()[1])
    assert (job.record.attempt, job.record.owner != first) == (2, True)


def test_an_owner_process_with_nothing_to_do_ends(monkeypatch):
    monkeypatch.setattr(detached, "IDLE_SECONDS", 0.01)
    (asks, ours), (_, answers) = pipes = os.pipe(), os.pipe()
    detached.Detached(asks, answers).serve()
    for fd in (*pipes[0], *pipes[1]):
        os.close(fd)
    assert ours


# --- owners that died


OWNER = """
import sys, time
sys.path.insert(0, {here!r})
from qdock import Config, Dock
from qdock.stores.sqlite_store import SqliteStore
from test_detached import SPEC, call, note_and_wait

dock = Dock(Config.load({{}}), store=SqliteStore(sys.argv[1]), entry_points=[])
dock.register(SPEC)
for _ in range(int(sys.argv[4])):
    job = dock.run(call(note_and_wait, *sys.argv[2:4]), "runner", executor="thread", retries=int(sys.argv[5]))
while not job.running():
    time.sleep(0.01)
# In one piece: the job's thread prints too, perhaps between two of them.
sys.stdout.write(f"job {{job.job_id()}}\\n")
sys.stdout.flush()
time.sleep(1000)
"""


@pytest.fixture
def killed(path, tmp_path):
    """Have an owner of jobs killed, and return the id of the last: `killed(retries=1)`."""

    def kill(jobs=1, retries=0):
        code = OWNER.format(here=str(HERE))
        notes, go = tmp_path / "notes", tmp_path / "go"
        command = [sys.executable, "-c", code, str(path), str(notes), str(go), str(jobs), str(retries)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                job_id = next(line.split("job ")[1].split()[0] for line in process.stdout if "job " in line)
                until(lambda: notes.exists() and notes.read_text().count("\n") >= 1)
            finally:
                process.kill()
        return job_id

    return kill


def test_a_job_of_a_dead_owner_is_tried_again_by_an_owner_process_of_its_own(dock, killed, tmp_path):
    job = dock.get_job(killed(retries=1))
    (tmp_path / "go").touch()
    assert job.result(SOON).data()["value"]
    assert [(line.status, line.attempt) for line in job.history] == [
        (S.QUEUED, 1), (S.RUNNING, 1), (S.QUEUED, 2), (S.RUNNING, 2), (S.DONE, 2),
    ]  # fmt: skip
    assert job.record.owner.split(":")[1] != str(os.getpid())
    assert job.logs()[0].startswith("Attempt 1 was lost with its process, ")
    assert len((tmp_path / "notes").read_text().split()) == 2


def test_several_who_see_it_try_it_again_once(make, killed, tmp_path):
    job_id = killed(retries=1)
    docks = [make() for _ in range(4)]
    threads = [threading.Thread(target=dock.get_job, args=(job_id,)) for dock in docks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (tmp_path / "go").touch()
    assert docks[0].get_job(job_id).result(SOON).data()["value"]
    assert docks[0].get_job(job_id).record.attempt == 2
    assert len((tmp_path / "notes").read_text().split()) == 2


def test_without_retries_a_job_of_a_dead_owner_is_lost(dock, killed):
    job = dock.get_job(killed())
    assert (job.status(), job.error.kind) == (S.ERROR, "worker_lost")


def test_a_job_that_can_not_be_tried_again_is_lost_and_says_why(path, killed):
    job_id = killed(retries=1)
    with Dock(Config.load({}), store=SqliteStore(path), entry_points=[]) as dock:
        job = dock.get_job(job_id)
        job.wait_for_final_state(SOON)
    assert job.error.kind == "worker_lost"
    assert "It could not be tried again: BackendNotFoundError" in job.error.message


def test_a_store_that_can_not_be_written_is_still_read(dock, killed, monkeypatch):
    job_id = killed(retries=1)

    def full(*_, **__):
        raise StoreError("full")

    monkeypatch.setattr(dock.store, "transition", full)
    assert dock.get_job(job_id).running()


def test_a_store_without_a_dock_ends_no_job_that_is_to_be_tried_again(path, killed):
    job_id = killed(retries=1)
    store = SqliteStore(path)
    assert store.get(job_id).status is S.RUNNING
    store.close()


# --- work that outlives its owner


class Service:
    """An executor whose work lives elsewhere: in this test, in the memory of the class."""

    outlives_owner = True
    emits: ClassVar[dict[str, object]] = {}
    has_it = True

    def __init__(self, spec=None, config=None):
        pass

    def start(self, job_id, call, emit):
        emit(Started())
        return f"service-{job_id}"

    def stop(self, handle):
        return True

    def attach(self, handle, emit):
        self.emits[handle] = emit
        return self.has_it

    def close(self, wait=True):
        pass


@pytest.fixture
def orphan(path, monkeypatch):
    """A running job of an owner that is dead, whose work is at the service."""
    monkeypatch.setattr(Service, "emits", {})
    store = SqliteStore(path)
    dock = Dock(Config.load({}), store=store, entry_points=[])
    job = dock.run(Call(int), Runner(), executor=Service(), retries=0)
    store.update(job.job_id(), executor="service")
    store._owners.release(dock.owner.name)
    dock.owner.jobs.clear()
    dock._closed = True
    dock.owner.close()
    return job.job_id()


def with_service(dock):
    dock.register(ExecutorSpec("service", "test_detached:Service"))
    # The module that tests import is another one than the module of that name.
    sys.modules["test_detached"] = sys.modules[__name__]
    return dock


def test_the_handle_of_work_that_outlives_its_owner_is_in_the_record(orphan, path):
    store = SqliteStore(path)
    assert store.get(orphan).native_id == f"service-{orphan}"
    store.close()


def test_a_job_that_can_be_bound_to_again_is_never_said_to_be_lost(make, orphan, monkeypatch):
    ignorant = make()
    assert ignorant.get_job(orphan).running()
    monkeypatch.setitem(sys.modules, "test_detached", sys.modules[__name__])
    dock = with_service(make())
    job = dock.get_job(orphan)
    until(lambda: Service.emits)
    assert job.running()
    assert job.record.owner == dock.owner.name
    Service.emits[f"service-{orphan}"](Finished(value=Result([CircuitResult(name="v", data={"value": 9})])))
    assert ignorant.get_job(orphan).result(SOON).data() == {"value": 9}
    assert all(seconds >= 0 for seconds in job.metrics.values())
    assert job.record.attempt == 1


def test_a_job_that_its_executor_does_not_know_any_more_is_lost(make, orphan, monkeypatch):
    monkeypatch.setattr(Service, "has_it", False)
    monkeypatch.setitem(sys.modules, "test_detached", sys.modules[__name__])
    job = with_service(make()).get_job(orphan)
    job.wait_for_final_state(SOON)
    assert job.error.kind == "worker_lost"


def test_closing_a_dock_leaves_alone_what_it_bound_to_again(make, orphan, monkeypatch):
    monkeypatch.setitem(sys.modules, "test_detached", sys.modules[__name__])
    dock = with_service(make())
    dock.get_job(orphan)
    until(lambda: Service.emits)
    dock.close()
    assert dock.store.get(orphan).status is S.RUNNING


# --- late results


@pytest.fixture
def late(make, tmp_path):
    """A job whose owner was taken for dead while it ran, as its file was removed."""
    dock = make()
    job = dock.run(call(wait_for, tmp_path / "go"), Runner(), executor="thread")
    until(job.running)
    dock.store._owners.forget(dock.owner.name)
    return job


def test_a_late_result_is_kept_with_its_attempt(make, late, tmp_path):
    seen = make().get_job(late.job_id())
    assert seen.error.kind == "worker_lost"
    (tmp_path / "go").touch()
    until(seen.late_results)
    assert list(seen.late_results()) == [1]
    assert seen.late_results()[1].data()["value"] == os.getpid()
    for job in (seen, late):
        job.wait_for_final_state(SOON)
        with pytest.raises(JobError, match=r"Its result came all the same, too late: `late_results\(\)` has it"):
            job.result()


def test_an_owner_that_comes_back_does_not_touch_the_next_attempt(late, tmp_path):
    store = SqliteStore(late._dock.store.path)
    # As whoever tries it again does, in one write.
    store.transition(late.job_id(), (S.RUNNING,), S.QUEUED, owner="somebody:1:else")
    store.revive = lambda _: True
    (tmp_path / "go").touch()
    until(lambda: store.late_results(late.job_id()))
    record = store.get(late.job_id())
    assert (record.status, record.attempt, record.owner) == (S.QUEUED, 2, "somebody:1:else")
    store.transition(late.job_id(), (S.QUEUED,), S.DONE, result=Result([CircuitResult(name="v", data={"value": 2})]))
    assert late.result(SOON).data() == {"value": 2}
    assert list(late.late_results()) == [1]
    store.close()


def test_late_results_in_memory_are_kept_too():
    store = MemoryStore()
    with Dock(store=store, entry_points=[]) as dock:
        job = dock.run(Call(int), Runner(), executor="inline")
    result = Result([CircuitResult(name="v")])
    store.add_late(job.job_id(), 1, result)
    assert job.late_results() == {1: result}
    assert changed(job.record).attempt == 1


def test_a_misspelt_executor_in_the_settings_is_always_an_error(make):
    class Small(Runner):
        def estimate(self, programs, options):
            return 0.0

    dock = make(defaults={"executor": "thraed"})
    for backend in (Small(), Runner()):
        with pytest.raises(LookupError, match="thraed"):
            dock.run(Call(int), backend)


# --- jobs of other processes that are waited for here


@pytest.fixture
def elsewhere(make, tmp_path):
    """A hundred jobs of another Dock, which wait for a file: `elsewhere()` returns this Dock's handles of them."""

    def submit():
        owner, mine = make(executor="thread"), make()
        jobs = [owner.run(call(wait_for, tmp_path / "go"), Runner()) for _ in range(100)]
        return [mine.get_job(job.job_id()) for job in jobs]

    return submit


def test_a_hundred_jobs_of_another_process_are_gathered_without_a_thread_each(elsewhere, tmp_path):
    async def main():
        waits = [asyncio.ensure_future(wrap(job)) for job in elsewhere()]
        await asyncio.sleep(0.1)
        threads = [thread.name for thread in threading.enumerate()]
        (tmp_path / "go").touch()
        return await asyncio.wait_for(asyncio.gather(*waits), SOON), threads

    async def wrap(job):
        return (await job).data()["value"]

    values, threads = asyncio.run(main())
    assert values == [os.getpid()] * 100
    # The owner's watcher, and the one that follows all hundred.
    assert threads.count("qdock-owner") <= 2
    assert "qdock-watch" not in threads


def test_jobs_of_another_process_come_as_they_are_completed(elsewhere, tmp_path):
    jobs = elsewhere()[:5]
    futures = [job.future for job in jobs]
    (tmp_path / "go").touch()
    assert {job.job_id() for job in as_completed(jobs, SOON)} == {job.job_id() for job in jobs}
    assert all(future.result(SOON).data()["value"] == os.getpid() for future in futures)


def test_who_waits_for_a_job_that_was_forgotten_hears_of_it(make, tmp_path):
    owner, mine = make(), make()
    job = owner.run(call(wait_for, tmp_path / "go"), Runner(), executor="thread")
    followed, told = mine.get_job(job.job_id()), threading.Event()
    followed.add_done_callback(lambda _: told.set())
    (tmp_path / "go").touch()
    job.result(SOON)
    owner.store.prune(time.time() + 60)
    assert told.wait(SOON)
