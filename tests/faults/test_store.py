"""The durable store under kills, races, full disks and flipped bytes; each test prints what it counted.

CI runs a part of it; `tox run -e faults` sets QDOCK_TEST_FAULTS=full, for the counts of the design.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from qdock.circuit import Circuit
from qdock.errors import JobError, StoreError
from qdock.job import JOB_FINAL_STATES, JobStatus
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import LogLine, changed

sys.path.insert(0, str(Path(__file__).parent))
from store_faults import check, count, finish, start
from store_worker import queued, result_of

S = JobStatus
#: Stores that earlier versions wrote.
STORES = Path(__file__).parents[2] / "core" / "tests" / "stores"


# --- kills


def test_no_result_that_was_reported_is_lost_or_changed_by_kill_9(tmp_path):
    rng, path, kills = random.Random(1), tmp_path / "jobs.sqlite", count(20, 1000)
    reported, lost, checked = [], 0, 0
    for number in range(kills):
        process = start("record_results", path, f"p{number}")
        first = process.stdout.readline()
        time.sleep(rng.random() * 0.05)
        process.kill()
        output, errors = finish(process)
        assert errors == ""
        # A line that the kill cut off was not reported.
        mine = (first + output).splitlines(keepends=True)
        mine = [line.strip() for line in mine if line.endswith("\n")]
        reported += mine
        store = SqliteStore(path)
        for job_id in mine:
            assert store.get(job_id).status is S.DONE
            assert store.result(job_id) == result_of(job_id)
        checked += len(mine)
        assert store.select(status=(S.QUEUED, S.RUNNING)) == []
        lost += len([record for record in store.select(status=(S.ERROR,)) if record.id.startswith(f"p{number}-")])
        store.close()
    store = SqliteStore(path)
    again = reported if len(reported) < 5000 else rng.sample(reported, 5000)
    for job_id in again:
        assert store.result(job_id) == result_of(job_id)
    kinds = {record.error.kind for record in store.select(status=(S.ERROR,))}
    store.close()
    assert kinds <= {"worker_lost"}
    assert check(path) == "ok"
    print(f"{kills} kills: {checked} results reported done, 0 missing, 0 changed; {lost} jobs found lost")


# --- races


def test_of_processes_that_race_to_end_jobs_exactly_one_wins(tmp_path):
    path, jobs, processes = tmp_path / "jobs.sqlite", count(200, 2000), 8
    store = SqliteStore(path)
    for number in range(jobs):
        store.create(queued(f"job-{number}"))
    racers = [start("race", path, f"p{number}", jobs) for number in range(processes)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("\n")
        racer.stdin.flush()
    won = {}
    for number, racer in enumerate(racers):
        output, errors = finish(racer)
        assert (racer.returncode, errors) == (0, "")
        for line in output.splitlines():
            job_id, status = line.split()
            assert job_id not in won
            won[job_id] = (f"p{number}", status)
    assert len(won) == jobs
    for job_id, (racer, status) in won.items():
        record = store.get(job_id)
        assert (record.native_id, record.status.name, len(record.history)) == (racer, status, len(record.history))
        assert sum(line.status in JOB_FINAL_STATES for line in record.history) == 1
    wins = Counter(racer for racer, _ in won.values())
    print(f"{processes} processes, {jobs} jobs: one winner each; wins by process {sorted(wins.values())}")


@pytest.mark.parametrize("version", [None, 1])
def test_processes_that_make_or_migrate_one_store_at_once_all_get_it(tmp_path, version):
    rounds = count(5, 100)
    before = set() if version is None else {"a1", "b2", "c3"}
    for number in range(rounds):
        path = tmp_path / f"store {number}" / "jobs.sqlite"
        if version is not None:
            path.parent.mkdir()
            earlier = apsw.Connection(str(path))
            earlier.execute((STORES / f"version_{version}.sql").read_text(encoding="utf-8"))
            earlier.close()
        makers = [start("open_at_once", path, name) for name in ("a", "b")]
        for maker in makers:
            assert maker.stdout.readline() == "ready\n"
        for maker in makers:
            maker.stdin.write("\n")
            maker.stdin.flush()
        assert [(finish(maker)[1], maker.returncode) for maker in makers] == [("", 0)] * 2
        store = SqliteStore(path)
        assert {record.id for record in store.select()} == {"a-0", "b-0"} | before
        store.close()
        assert check(path) == "ok"
    what = "made one store" if version is None else f"migrated a store of version {version}"
    print(f"{rounds} times two processes {what} at once: both used it, 0 errors")


# --- disks and files


def test_a_disk_that_is_full_is_a_clear_error_and_loses_nothing_that_was_done(tmp_path):
    points, rng, done = count(10, 50), random.Random(2), 0
    for number in range(points):
        path = tmp_path / f"{number}" / "jobs.sqlite"
        SqliteStore(path).select()
        process = start("fill_up", path, "p", rng.randrange(140_000, 600_000))
        output, errors = finish(process)
        assert (process.returncode, errors) == (0, "")
        lines = output.splitlines()
        assert lines[-1] == "p-1000"
        assert lines[-2].startswith("failed The store")
        store = SqliteStore(path)
        for job_id in [*lines[:-2], "p-1000"]:
            assert store.result(job_id) == result_of(job_id)
        done += len(lines) - 1
        store.close()
        assert check(path) == "ok"
    print(f"{points} full disks: {done} results recorded before and after, 0 lost; each a StoreError")


def test_a_flipped_byte_is_never_a_wrong_result_and_never_a_crash(tmp_path):
    flips, rng, path = count(1000, 10_000), random.Random(3), tmp_path / "jobs.sqlite"
    store, ids = SqliteStore(path), [f"job-{number}" for number in range(6)]
    for job_id in ids:
        done = changed(queued(job_id, options={"shots": 10}, program=program_of(job_id)), status=S.DONE)
        store.create(done, result_of(job_id), log_of(job_id))
    store.close()
    data = path.parent / f"{path.name}.files" / "data"
    files = [path, *sorted(data.iterdir())]
    contents = {file: file.read_bytes() for file in files}
    seen = Counter()
    for _ in range(flips):
        # The store itself half of the time, however large the files beside it are.
        file = path if rng.random() < 0.5 else rng.choice(files[1:])
        content = bytearray(contents[file])
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        file.write_bytes(content)
        seen[read_all(path, ids)] += 1
        file.write_bytes(contents[file])
        for name in ("-wal", "-shm"):
            Path(f"{path}{name}").unlink(missing_ok=True)
    assert set(seen) <= {"right", "refused"}
    noticed, right = seen["refused"], seen["right"]
    print(f"{flips} flipped bytes: {noticed} noticed, {right} without effect, 0 wrong results or logs, 0 crashes")


def read_all(path, ids):
    """Read everything of a store; 'refused' if any of it was."""
    seen, store = "right", SqliteStore(path)
    try:
        try:
            store.select()
        except (StoreError, JobError):
            seen = "refused"
        for job_id in ids:
            try:
                record, result, log = store.get(job_id), store.result(job_id), store.logs(job_id)
                program = record.program.load()
            except (StoreError, JobError):
                seen = "refused"
                continue
            assert (record.id, record.status, record.seed, record.options) == (job_id, S.DONE, 7, {"shots": 10})
            assert result == result_of(job_id)
            assert program == program_of(job_id)
            if log != log_of(job_id):
                # Another line than was logged must say so.
                assert any(line.text.startswith("[damaged: ") for line in log)
                seen = "refused"
    finally:
        store.close()
    return seen


@cache
def program_of(job_id):
    """A short circuit, which is JSON, or circuits that are packed, or one that takes a file of its own."""
    number = int(job_id.removeprefix("job-"))
    circuit = Circuit(2, 2).h(0).cx(0, 1)
    for step in range((0, 100, 14_000)[number % 3]):
        circuit.rx(step / 7, step % 2)
    return (circuit, Circuit(1)) if number % 3 == 1 else circuit


def log_of(job_id):
    return [LogLine(float(number), f"line {number} of {job_id}") for number in range(5)]


@pytest.mark.parametrize("keep", [0.0, 0.001, 0.1, 0.5, 0.9])
def test_a_store_that_was_cut_short_is_refused_or_right(tmp_path, keep):
    path, ids = tmp_path / "jobs.sqlite", [f"job-{number}" for number in range(30)]
    store = SqliteStore(path)
    for job_id in ids:
        done = changed(queued(job_id, options={"shots": 10}), status=S.DONE)
        store.create(done, result_of(job_id), log_of(job_id))
    store.close()
    os.truncate(path, int(keep * path.stat().st_size))
    print(f"{keep:.1%} of a store: {read_all(path, ids)}")


def removed_while_written(folder):
    """Remove a folder in which files are still made: one that comes in the midst of it needs another turn."""
    for _ in range(100):
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
            return
    raise AssertionError(f"{folder} could not be removed")


def test_a_store_that_is_deleted_while_an_owner_records_stops_nobody(tmp_path):
    path = tmp_path / "folder" / "jobs.sqlite"
    process = start("record_results", path, "p")
    for _ in range(20):
        process.stdout.readline()
    removed_while_written(path.parent)
    time.sleep(0.5)
    process.kill()
    errors = finish(process)[1]
    store = SqliteStore(path)
    kept = [record.id for record in store.select(status=(S.DONE,))]
    for job_id in kept:
        assert store.result(job_id) == result_of(job_id)
    store.close()
    assert check(path) == "ok"
    print(
        f"deleted under its owner: {len(kept)} results in the new one, all right; {errors.strip()[-80:] or 'no error'}"
    )


# --- owners


def test_a_suspended_owner_loses_no_job(tmp_path):
    path, seconds = tmp_path / "jobs.sqlite", count(1, 30)
    process = start("record_results", path, "p")
    for _ in range(5):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(seconds)
    store = SqliteStore(path)
    assert store.select(status=(S.ERROR,)) == []
    os.kill(process.pid, signal.SIGCONT)
    for _ in range(50):
        process.stdout.readline()
    process.kill()
    finish(process)
    lost = store.select(status=(S.ERROR,))
    assert len(lost) <= 1
    print(f"owner stopped for {seconds} s: 0 jobs lost; killed afterwards: {len(lost)} found lost")


# --- the life of jobs, with reopening


class Life(RuleBasedStateMachine):
    """Jobs in a store and in a model; now and then the store is opened anew, or its owner dies."""

    folder: Path
    numbers = iter(range(10**9))

    def __init__(self):
        super().__init__()
        self.path = self.folder / f"{next(self.numbers)}" / "jobs.sqlite"
        self.store, self.old, self.model, self.owner = SqliteStore(self.path), [], {}, "me"

    def ids(self, data):
        return data.draw(st.sampled_from(sorted(self.model)))

    @rule()
    def create(self):
        job_id = f"job-{len(self.model)}"
        self.store.create(queued(job_id, owner=self.owner))
        self.model[job_id] = [S.QUEUED, 0, False]

    @precondition(lambda self: self.model)
    @rule(data=st.data(), status=st.sampled_from([S.RUNNING, *JOB_FINAL_STATES]))
    def move(self, data, status):
        job_id = self.ids(data)
        was, logs, asked = self.model[job_id]
        expected = (S.QUEUED,) if status is S.RUNNING else (S.QUEUED, S.RUNNING)
        result = result_of(job_id) if status is S.DONE else None
        moved = self.store.transition(job_id, expected, status, result=result)
        wins = was in expected and not (status is S.RUNNING and asked)
        assert (moved is not None) is wins
        if wins:
            self.model[job_id] = [status, logs, asked]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def ask_for_its_end(self, data):
        job_id = self.ids(data)
        final = self.model[job_id][0] in JOB_FINAL_STATES
        assert (self.store.update(job_id, cancel_requested=True) is None) is final
        self.model[job_id][2] |= not final

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def log(self, data):
        job_id = self.ids(data)
        self.store.add_logs(job_id, [LogLine(1.0, "x")])
        self.model[job_id][1] += 1

    @rule()
    def open_again(self):
        # The lock of an owner with jobs is kept, as its process lives.
        self.store.close()
        self.old.append(self.store)
        self.store = SqliteStore(self.path)

    @rule()
    def kill_the_owner(self):
        for store in (self.store, *self.old):
            store._owners.release(self.owner)
        self.owner += "x"
        for job in self.model.values():
            if job[0] not in JOB_FINAL_STATES:
                # What was asked to stop and had not begun is as it was asked to be.
                job[0] = S.CANCELLED if job[2] and job[0] is S.QUEUED else S.ERROR

    @invariant()
    def the_model_equals_the_store(self):
        found = {record.id: record for record in self.store.select()}
        assert {job_id: record.status for job_id, record in found.items()} == {
            job_id: job[0] for job_id, job in self.model.items()
        }
        for job_id, (status, logs, asked) in self.model.items():
            assert found[job_id].cancel_requested is asked
            assert len(self.store.logs(job_id)) == logs
            if status is S.DONE:
                assert self.store.result(job_id) == result_of(job_id)

    def teardown(self):
        for store in (self.store, *self.old):
            store._owners.release(self.owner)
            store.close()


def test_store_and_model_agree_over_the_life_of_jobs(tmp_path):
    class Here(Life):
        folder = tmp_path

    examples, steps = count(20, 2000), 50
    rules = settings(max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(Here, settings=rules)
    print(f"up to {examples * steps} steps: model and store agree")
