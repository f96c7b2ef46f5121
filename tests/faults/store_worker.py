"""What the processes of the store's fault tests do, a line for each thing done: ``store_worker.py DEED STORE ...``."""

from __future__ import annotations

import os
import random
import resource
import socket
import sys
import time

import numpy as np

from qdock.errors import StoreError
from qdock.job import JOB_FINAL_STATES, JobStatus
from qdock.result import CircuitResult, Result
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import LogLine, Record, StatusChange, changed

QUEUED, RUNNING, DONE = JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE


def queued(job_id: str, **fields: object) -> Record:
    return Record(
        id=job_id, backend="b", status=QUEUED, history=(StatusChange(QUEUED, 1.0),), created=1.0, seed=7, **fields
    )


def result_of(job_id: str) -> Result:
    """Return the only result that a job of this id can have.

    Every fifth is large enough to be a file of its own, and every fifth is of many circuits, which are columns.
    """
    number = int(job_id.rpartition("-")[2])
    if number % 5 == 1:
        return Result([CircuitResult(name=job_id, num_clbits=1, shots=9, outcomes=[1], counts=[5])] * 20)
    size = 1 << (14 if number % 5 == 0 else 3)
    return Result([CircuitResult(name=job_id, data={"values": np.arange(size) * (number + 1)})])


def record_results(store: SqliteStore, prefix: str) -> None:
    """Record jobs until somebody kills this; say of each that it is done only when it is."""
    owner, number = f"{socket.gethostname()}:{os.getpid()}:{prefix}", 0
    while True:
        job_id = f"{prefix}-{number}"
        if number % 2:
            store.create(changed(queued(job_id), status=DONE), result_of(job_id), [LogLine(1.0, "x")])
        else:
            store.create(queued(job_id, owner=owner))
            store.transition(job_id, (QUEUED,), RUNNING)
            store.add_logs(job_id, [LogLine(1.0, "x")])
            store.transition(job_id, (RUNNING,), DONE, result=result_of(job_id))
        print(job_id, flush=True)
        number += 1


def race(store: SqliteStore, prefix: str, count: str) -> None:
    """Try to end every job, and name those that this process did end."""
    rng = random.Random(prefix)
    store.select(limit=1)
    print("ready", flush=True)
    sys.stdin.readline()
    # Each in another order, so that all of them win some.
    for number in rng.sample(range(int(count)), int(count)):
        status = rng.choice(JOB_FINAL_STATES)
        if store.transition(f"job-{number}", (QUEUED, RUNNING), status, native_id=prefix) is not None:
            print(f"job-{number}", status.name)


def claim(store: SqliteStore, prefix: str, count: str) -> None:
    """Try to start every job, and name those that this process did start."""
    store.select(limit=1)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(count)):
        if store.transition(f"job-{number}", (QUEUED,), RUNNING, native_id=prefix) is not None:
            print(f"job-{number}")


def record_by_a_wild_clock(store: SqliteStore, prefix: str, count: str) -> None:
    """Record jobs while somebody sets the clock: an hour back, ten years on."""
    rng, real = random.Random(prefix), time.time
    for number in range(int(count)):
        job_id, owner = f"{prefix}-{number}", f"{socket.gethostname()}:{os.getpid()}:{prefix}"
        store.create(queued(job_id, owner=owner))
        store.watch_over(owner)
        for before, after in ((QUEUED, RUNNING), (RUNNING, DONE)):
            jump = rng.choice((-3600.0, 0.0, 10 * 365 * 86400.0))
            time.time = lambda jump=jump: real() + jump  # type: ignore[misc]  # what is tested
            store.transition(job_id, (before,), after, result=result_of(job_id) if after is DONE else None)
        print(job_id, flush=True)
    sys.stdin.readline()


def open_at_once(store: SqliteStore, prefix: str) -> None:
    """Open a store that nobody has made yet, when told to."""
    print("ready", flush=True)
    sys.stdin.readline()
    store.create(changed(queued(f"{prefix}-0"), status=DONE), result_of(f"{prefix}-0"))
    print(len(store.select(limit=1)))


def fill_up(store: SqliteStore, prefix: str, limit: str) -> None:
    """Record results where no file may grow over `limit` bytes, and go on when it may."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), hard))
    failed = False
    for number in range(400):
        job_id = f"{prefix}-{number}"
        try:
            store.create(changed(queued(job_id), status=DONE), result_of(job_id))
            print(job_id, flush=True)
        except StoreError as error:
            failed = True
            print(f"failed {error}", flush=True)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    job_id = f"{prefix}-1000"
    store.create(changed(queued(job_id), status=DONE), result_of(job_id))
    print(job_id if failed else "never full", flush=True)


if __name__ == "__main__":
    _, deed, path, *rest = sys.argv
    globals()[deed](SqliteStore(path), *rest)
