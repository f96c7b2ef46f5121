"""What surrounds the durable store: forks, signals, clocks, folders, and very many jobs; each test prints its counts.

CI runs a part of it; `tox run -e faults` sets QDOCK_TEST_FAULTS=full, for the counts of the design.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
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
from qdock.tracking.record import changed

sys.path.insert(0, str(Path(__file__).parent))
from store_faults import check, count, finish, start
from store_worker import queued, result_of

S = JobStatus
SOON = 60.0
#: Seconds that a signal is given: an end that takes longer fails.
OUT = 2.0

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


# --- claims


def test_of_processes_that_claim_jobs_exactly_one_gets_each(tmp_path):
    path, jobs, processes = tmp_path / "jobs.sqlite", count(300, 10_000), 8
    store = SqliteStore(path)
    for number in range(jobs):
        store.create(queued(f"job-{number}"))
    claimers = [start("claim", path, f"p{number}", jobs) for number in range(processes)]
    for claimer in claimers:
        assert claimer.stdout.readline() == "ready\n"
    for claimer in claimers:
        claimer.stdin.write("\n")
        claimer.stdin.flush()
    claimed = Counter()
    for claimer in claimers:
        output, errors = finish(claimer)
        assert (claimer.returncode, errors) == (0, "")
        claimed.update(output.split())
    assert (len(claimed), set(claimed.values())) == (jobs, {1})
    assert len(store.select(status=(S.RUNNING,))) == jobs
    print(f"{processes} processes x {jobs} claims: one winner each")


# --- forks


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_forks_in_the_midst_of_writing_threads_are_safe(tmp_path):
    store, tries, stop, written = SqliteStore(tmp_path / "jobs.sqlite"), count(50, 1000), threading.Event(), Counter()

    def write(name):
        while not stop.is_set():
            job_id = f"{name}-{written[name]}"
            store.create(changed(queued(job_id), status=S.DONE), result_of(job_id))
            written[name] += 1

    threads = [threading.Thread(target=write, args=(f"t{number}",), daemon=True) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(tries):
            assert in_a_child(lambda number=number: write_and_read(store, f"child-{number}")) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join(SOON)
    for name, jobs in (*written.items(), ("child", tries)):
        for number in random.Random(1).sample(range(jobs), min(jobs, 200)):
            assert store.result(f"{name}-{number}") == result_of(f"{name}-{number}")
    store.close()
    assert check(store.path) == "ok"
    print(f"{tries} forks among 3 writing threads ({sum(written.values())} jobs): 0 deadlocks, 0 lost")


def in_a_child(work):
    """Return 0 if a forked child's work went well within a minute."""
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(60)
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def write_and_read(store, job_id):
    store.create(changed(queued(job_id), status=S.DONE), result_of(job_id))
    assert store.result(job_id) == result_of(job_id)


# --- signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_in_the_midst_of_a_commit_leaves_the_store_whole(tmp_path, number):
    rng, path, tries, reported, slowest = random.Random(4), tmp_path / "jobs.sqlite", count(20, 100), 0, 0.0
    for index in range(tries):
        process = start("record_results", path, f"p{index}")
        first = process.stdout.readline()
        time.sleep(rng.random() * 0.05)
        begun = time.perf_counter()
        process.send_signal(number)
        process.wait(OUT)
        slowest = max(slowest, time.perf_counter() - begun)
        output, errors = finish(process)
        assert process.returncode == -number
        assert errors == "" or "KeyboardInterrupt" in errors
        mine = [line.strip() for line in (first + output).splitlines(keepends=True) if line.endswith("\n")]
        store = SqliteStore(path)
        for job_id in mine:
            assert store.result(job_id) == result_of(job_id)
        reported += len(mine)
        assert store.select(status=(S.QUEUED, S.RUNNING)) == []
        store.close()
    assert check(path) == "ok"
    print(f"{tries} x {number.name}: {reported} results reported, 0 lost; gone after {slowest:.2f} s at most")


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_a_run_ends_the_command_and_the_job(tmp_path, number, status):
    rng, tries, ends = random.Random(5), count(4, 50), Counter()
    environ = {**os.environ, "QDOCK_STORE": f"sqlite://{tmp_path}/jobs.sqlite", "PYTHONPATH": str(tmp_path)}
    # On every qubit its own angle, so that no shortcut is left.
    layer = "".join(f"rx(0.{1 + qubit}) q[{qubit}]; cx q[{qubit}], q[{(qubit + 1) % 18}];" for qubit in range(18))
    header = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[18]; creg c[18];'
    (tmp_path / "endless.qasm").write_text(header + layer * 1500 + "measure q -> c;")
    slowest = 0.0
    for _ in range(tries):
        command = [sys.executable, "-m", "qdock", "run", str(tmp_path / "endless.qasm")]
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            running = wait_for_a_running_job(tmp_path / "jobs.sqlite")
            time.sleep(rng.random() * 0.1)
            begun = time.perf_counter()
            process.send_signal(number)
            _, errors = process.communicate(timeout=OUT)
            slowest = max(slowest, time.perf_counter() - begun)
        assert process.returncode == status
        assert b"Traceback" not in errors
        store = SqliteStore(tmp_path / "jobs.sqlite")
        ends[store.get(running).status.name] += 1
        store.close()
    assert set(ends) == {"CANCELLED"}
    print(f"{tries} x {number.name} during a run: exit {status}, {dict(ends)}, gone after {slowest:.2f} s at most")


def wait_for_a_running_job(path):
    store, end = SqliteStore(path), time.monotonic() + SOON
    try:
        while not (running := store.select(status=(S.RUNNING,), limit=1)):
            assert time.monotonic() < end
            time.sleep(0.01)
        return running[0].id
    finally:
        store.close()


# --- clocks


def test_a_clock_that_is_set_loses_no_job_and_turns_no_history_round(tmp_path):
    path, jobs = tmp_path / "jobs.sqlite", count(100, 2000)
    process, store = start("record_by_a_wild_clock", path, "p", jobs), SqliteStore(path)
    for _ in range(jobs):
        assert process.stdout.readline().startswith("p-")
        if store.path.exists():
            store.watch_over("observer")
    assert finish_quietly(process) == ""
    records = store.select()
    assert (len(records), {record.status for record in records}) == (jobs, {S.DONE})
    for record in records:
        times = [line.time for line in record.history]
        assert times == sorted(times)
        assert all(seconds >= 0 for seconds in record.metrics.values())
    store.close()
    print(f"{jobs} jobs under a clock that goes back an hour and on ten years: 0 lost, 0 histories out of order")


def finish_quietly(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return finish(process)[1]


# --- places

PLACE = """
import os, sys, warnings
from importlib.metadata import entry_points
import platformdirs
from qdock import Circuit, Dock
# Whatever is read later is read now: who the superuser becomes may be allowed neither the modules nor the plugins.
plugins = list(entry_points(group="qdock.v1"))
with Dock(entry_points=plugins) as dock:
    dock.run(Circuit(1, 1).h(0).measure(0, 0), seed=1)
if os.getuid() == 0:
    os.setuid(65534)
os.environ.update(dict(pair.split("=", 1) for pair in sys.argv[1:]))
for name in [pair[:-1] for pair in sys.argv[1:] if pair.endswith("=")]:
    del os.environ[name]
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    dock = Dock(entry_points=plugins)
    job = dock.run(Circuit(1, 1).h(0).measure(0, 0), seed=1, shots=100)
    print(type(dock.store).__name__, sum(job.result().get_counts().values()), len(warned))
    print(*(str(item.message) for item in warned))
"""


def run_in(tmp_path, **environ):
    pairs = [f"{name}={value}" for name, value in environ.items()]
    command = [sys.executable, "-c", PLACE, *pairs]
    start_with = {**os.environ, "QDOCK_STORE": f"sqlite://{tmp_path.parent}/warm/jobs.sqlite"}
    done = subprocess.run(command, env=start_with, capture_output=True, text=True, timeout=SOON, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, _, rest = done.stdout.partition("\n")
    return first, rest


def test_a_read_only_folder_is_replaced_by_memory_with_one_warning(tmp_path):
    folder = tmp_path / "data" / "qdock"
    folder.mkdir(parents=True)
    for path in (folder, *folder.parents):
        if tmp_path in (path, *path.parents):
            path.chmod(0o555)
    first, rest = run_in(tmp_path, XDG_DATA_HOME=tmp_path / "data", QDOCK_STORE="")
    assert first == "MemoryStore 100 1"
    assert rest.startswith("Job records are kept in memory")
    print("read-only folder: memory, one warning, the result is there")


def test_without_a_home_there_is_memory_with_one_warning(tmp_path):
    nowhere = tmp_path / "file"
    nowhere.touch()
    first, rest = run_in(tmp_path, HOME=nowhere, XDG_DATA_HOME="", QDOCK_STORE="")
    assert first == "MemoryStore 100 1"
    assert "can't be made" in rest
    print("no home: memory, one warning, the result is there")


@pytest.mark.parametrize("name", ["with spaces", "ünïcode 量子", "per%cent#?&", "quo'te\""])
def test_a_folder_may_have_any_name(tmp_path, name):
    store = SqliteStore(tmp_path / name / "jobs.sqlite")
    for number in (5, 6):
        store.create(changed(queued(f"job-{number}"), status=S.DONE), result_of(f"job-{number}"))
    store.close()
    again = SqliteStore(tmp_path / name / "jobs.sqlite")
    assert [again.result(f"job-{number}") for number in (5, 6)] == [result_of("job-5"), result_of("job-6")]
    again.close()
    assert os.listdir(tmp_path) == [name]


# --- very many


class Runner(LocalBackend):
    """Runs calls."""

    spec = BackendSpec("runner", "x:Runner", accepts=("call",))

    def execute(self, programs, options, context):
        return Result([CircuitResult(name="v", data={"value": call()}) for call in programs])


def test_very_many_queued_jobs_and_waiters_keep_memory_flat(tmp_path):
    jobs, waiters = count(300, 10_000), count(50, 1000)
    store, opened, woken = SqliteStore(tmp_path / "jobs.sqlite"), threading.Event(), []
    config = Config.load(environ={}, executors={"thread": {"slots": 2}})
    with Dock(config, store=store, entry_points=[]) as dock:
        first = dock.run(Call(opened.wait, (SOON * 10,)), Runner())
        before, queue = memory(), [dock.run(Call("os:getpid"), Runner()) for _ in range(jobs)]
        threads = [threading.Thread(target=lambda: woken.append(queue[-1].result(SOON * 10))) for _ in range(waiters)]
        for thread in threads:
            thread.start()
        each = (memory() - before) / jobs
        opened.set()
        for job in queue:
            assert job.result(SOON * 10).data(0)["value"] == os.getpid()
        for thread in threads:
            thread.join(SOON)
        assert first.result(SOON)
        assert len(woken) == waiters
        grown = memory() - before
    store.close()
    print(
        f"{jobs} queued jobs, {waiters} waiters: all done; {each / 1024:.1f} KB a queued job, {grown >> 20} MB in all"
    )
    assert each < 64 * 1024


def memory():
    """Return the bytes that this process has needed so far at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
