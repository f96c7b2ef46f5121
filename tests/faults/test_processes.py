"""Faults of worker processes: killed, cancelled at any moment, orphaned, and made to run what ends badly.

Each test prints its counts. They are those of every day, or with ``QDOCK_TEST_FAULTS=full``, as in
``tox run -e faults``, the promised ones. What is said of a process is checked from outside, in ``/proc``.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path
from statistics import median, quantiles

import apsw
import pytest

from qdock.call import Call
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import JobError
from qdock.job import JobStatus
from qdock.spec import BackendSpec
from qdock.store import MemoryStore
from qdock.stores.sqlite_store import SqliteStore

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

FULL = os.environ.get("QDOCK_TEST_FAULTS") == "full"
DEEDS = Path(__file__).parents[2] / "core" / "tests"
SOON = 60.0


def times(every_day, promised):
    return promised if FULL else every_day


@pytest.fixture(scope="module", autouse=True)
def deeds():
    """The functions that workers call, where they find them."""
    sys.path.insert(0, str(DEEDS))
    import deeds

    yield deeds
    sys.path.remove(str(DEEDS))


@pytest.fixture(scope="module")
def dock():
    config = Config.load(environ={}, executors={"process": {"slots": 2, "memory_limit": 1 << 30}})
    with Dock(config, store=MemoryStore(), entry_points=[]) as made:
        made.register(BackendSpec("runner", "deeds:Runner", accepts=("call",)))
        made.register(BackendSpec("coin", "deeds:Coin"))
        yield made


def run(dock, function, *args, **about):
    return dock.run(Call(function, args), "runner", executor="process", **about)


def wait_for(condition, seconds=SOON):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)
    return value


def read_pid(path):
    wait_for(path.exists)
    return int(path.read_text().split()[0])


def is_alive(pid):
    """Whether a process exists and is no mere entry that nobody has taken note of yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def marked(mark):
    """Return the processes that have a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and is_alive(int(folder.name)):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


# --- killed workers


def test_a_killed_worker_fails_its_job_and_no_other(dock, deeds, tmp_path):
    number, delays, chance = times(20, 200), [], random.Random(1)
    for index in range(number):
        path = tmp_path / str(index)
        other = run(dock, deeds.sleep, None, 0.05)
        job = run(dock, chance.choice(("deeds:spin", "deeds:sleep", "deeds:chatter")), str(path))
        pid = read_pid(path)
        time.sleep(chance.random() * 0.02)
        begun = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(JobError, match=rf"Its worker process {pid} was ended by signal 9 \(SIGKILL\)"):
            job.result(SOON)
        delays.append(time.perf_counter() - begun)
        assert (job.status(), job.error.kind, job.record.attempt) == (JobStatus.ERROR, "worker_lost", 1)
        assert other.result(SOON).data(0)["value"] is None
    print(f"\n{number} workers killed: {number} jobs ERROR worker_lost, {number} others DONE; told {show(delays)}")
    assert max(delays) < 5


def show(delays):
    late = quantiles(delays, n=100, method="inclusive")[98]
    return (
        f"after {median(delays) * 1e3:.1f} ms (median), {late * 1e3:.1f} ms (99 %), {max(delays) * 1e3:.1f} ms (most)"
    )


# --- killed owners

OWNER = """
import sys
sys.path.insert(0, sys.argv[1])
import deeds, itertools
from qdock.call import Call
from qdock.config import Config
from qdock.dock import Dock
from qdock.spec import BackendSpec
from qdock.stores.sqlite_store import SqliteStore
config = Config.load(environ={}, executors={"process": {"slots": 3}})
dock = Dock(config, store=SqliteStore(sys.argv[2]), entry_points=[])
dock.register(BackendSpec("runner", "deeds:Runner", accepts=("call",)))
jobs = [dock.run(Call(deed), "runner", executor="process") for deed in (deeds.spin, deeds.sleep, deeds.chatter) * 2]
print("started", flush=True)
for number in itertools.count():
    job = dock.run(Call(deeds.same, (number,)), "runner", executor=("inline", "thread")[number % 2])
    job.result()
    print(job.job_id(), number, flush=True)
"""


def test_a_killed_owner_leaves_what_it_reported_and_no_worker(tmp_path):
    number, delays, workers, chance = times(20, 1000), [], 0, random.Random(2)
    reported, ends = 0, Counter()
    for _ in range(number):
        mark = f"QDOCK_TEST_MARK={uuid.uuid4()}"
        environ = {**os.environ, **dict([mark.split("=")])}
        path = tmp_path / f"jobs {len(delays)}.sqlite"
        command = [sys.executable, "-c", OWNER, str(DEEDS), str(path)]
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
            assert owner.stdout.readline() == b"started\n"
            # From the start of the first worker on to when all of them are at work.
            time.sleep(chance.random())
            workers += len(marked(mark)) - 1
            begun = time.perf_counter()
            owner.kill()
            told = owner.stdout.read().decode()
        wait_for(lambda mark=mark: not marked(mark), seconds=5)
        delays.append(time.perf_counter() - begun)
        # A line that the kill cut off was not reported.
        told = [line.split() for line in told.splitlines(keepends=True) if line.endswith("\n")]
        reported += len(told)
        ends.update(ends_of(path, told))
    print(
        f"\n{number} owners killed, {workers} workers: none is left {show(delays)}; "
        f"{reported} results reported done, 0 missing, 0 changed; all records: {dict(ends)}"
    )
    assert workers > number
    assert reported > number
    assert set(ends) == {("DONE", None), ("ERROR", "worker_lost")}


def ends_of(path, told):
    """Return how all jobs in a store ended whose owner is dead, once what it told of them is known to be there."""
    store = SqliteStore(path)
    records = store.select()
    done = {record.id for record in records if record.status is JobStatus.DONE}
    assert {job_id for job_id, _ in told} <= done
    # The last ones, and as many of all.
    for job_id, value in [*told[-20:], *random.Random(len(told)).sample(told, min(len(told), 20))]:
        assert store.result(job_id).data(0)["value"] == int(value)
    store.close()
    check = apsw.Connection(str(path))
    assert check.execute("SELECT count(*) FROM job").fetchone() == (len(records),)
    check.close()
    return Counter((record.status.name, record.error and record.error.kind) for record in records)


# --- cancels


def test_a_cancel_that_says_so_has_stopped_the_work(dock, tmp_path):
    number, chance = times(30, 1000), random.Random(3)
    delays, ends = [], dict.fromkeys(JobStatus, 0)
    for index in range(number):
        path = tmp_path / str(index)
        deed = ("deeds:spin", "deeds:sleep", "deeds:chatter", "deeds:nap")[index % 4]
        job = run(dock, deed, str(path))
        pid = read_pid(path)
        time.sleep(chance.random() * 0.02)
        begun = time.perf_counter()
        stopped = job.cancel()
        delays.append(time.perf_counter() - begun)
        if stopped:
            assert not is_alive(pid)
            assert job.status() is JobStatus.CANCELLED
        else:
            assert deed == "deeds:nap"
            assert job.result(SOON).data(0)["value"] is None
        ends[job.status()] += 1
        assert sum(line.status in (JobStatus.DONE, JobStatus.CANCELLED) for line in job.history) == 1
    cancelled, done = ends[JobStatus.CANCELLED], ends[JobStatus.DONE]
    print(f"\n{number} cancels: {cancelled} CANCELLED and gone, {done} DONE before; answered {show(delays)}")
    assert cancelled + done == number
    if FULL:
        assert quantiles(delays, n=100, method="inclusive")[98] < 1


def test_queued_work_that_is_cancelled_never_starts(dock, deeds, tmp_path):
    number = times(200, 1000)
    busy = [run(dock, "deeds:sleep", str(tmp_path / f"busy{index}")) for index in range(2)]
    for index in range(2):
        read_pid(tmp_path / f"busy{index}")
    queued = [run(dock, "deeds:note", str(tmp_path / f"queued{index}")) for index in range(number)]
    assert all(job.cancel() for job in queued)
    assert all(job.cancel() for job in busy)
    # Whatever was to come has come when these are done.
    for job in [run(dock, deeds.pid) for _ in range(4)]:
        job.result(SOON)
    assert not list(tmp_path.glob("queued*"))
    assert all([line.status.name for line in job.history] == ["QUEUED", "CANCELLED"] for job in queued)
    print(f"\n{number} cancels of queued jobs: 0 started")


# --- functions that end badly


@pytest.mark.parametrize(
    "deed, args, kind, message",
    [
        ("deeds:fail", ("no luck",), "exception", "KeyError: 'no luck'"),
        ("sys:exit", (3,), "interrupted", "SystemExit: 3"),
        ("os:_exit", (3,), "worker_lost", "exit code 3"),
        ("deeds:segfault", (), "worker_lost", "SIGSEGV"),
        ("os:abort", (), "worker_lost", "SIGABRT"),
        ("deeds:eat", (), "memory_limit", "more memory than its limit of 1,073,741,824 bytes"),
        ("deeds:spin", (), "time_limit", "longer than its time limit"),
        ("deeds:sleep", (), "time_limit", "longer than its time limit"),
        ("deeds:lock", (), "exception", "lock"),
    ],
)
def test_a_function_that_ends_badly_says_why_and_hurts_nobody(dock, deeds, deed, args, kind, message):
    number = times(3, 50)
    for _ in range(number):
        other = run(dock, deeds.sleep, None, 0.05)
        limit = {"time_limit": 0.3} if kind == "time_limit" else {"time_limit": SOON}
        job = run(dock, deed, *args, **limit)
        with pytest.raises(JobError, match="failed"):
            job.result(SOON)
        assert job.error.kind == kind
        assert message in job.error.message
        assert other.result(SOON).data(0)["value"] is None
    print(f"\n{number} x {deed}: {number} ERROR {kind}, {number} others DONE")


def test_a_flood_of_output_neither_blocks_nor_fills_memory(dock, deeds):
    size = times(200_000_000, 1_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    job = run(dock, deeds.flood, size)
    other = run(dock, deeds.pid)
    assert other.result(SOON)
    job.result(SOON * 5)
    seconds = time.perf_counter() - begun
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    kept = sum(map(len, job.logs()))
    print(f"\n{size:,} bytes printed in {seconds:.1f} s: {kept:,} characters kept, {grown} MB more memory")
    assert job.logs()[-1] == "the end"
    assert kept < 2_000_000
    assert grown < 100
