"""What the durable store costs: listing, filtering and finding among 50,000 jobs, and recording one that is done.

``python tests/benchmarks/store.py [--check] [--jobs N]`` prints medians; with ``--check`` a look above the bound fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from qdock import Circuit, Dock
from qdock.job import JobStatus, StatusChange
from qdock.result import CircuitResult, Result
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import Record

BOUND_MS = 50.0
LIMIT = 20
STATUSES = (JobStatus.DONE, JobStatus.DONE, JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELLED)


def record(number: int) -> Record:
    """Return one of many records: of five statuses, seven backends, a tag that is common and one that is rare."""
    status, time = STATUSES[number % 5], float(number)
    return Record(
        id=os.urandom(10).hex(),
        backend=f"plugin/backend{number % 7}",
        status=status,
        history=(StatusChange(JobStatus.QUEUED, time), StatusChange(status, time)),
        created=time,
        program=Circuit(1, 1).h(0).measure(0, 0),
        options={"shots": 1024},
        tags=("common", "rare") if number % 5000 == 0 else ("common",),
    )


def fill(store: SqliteStore, count: int) -> list[str]:
    """Record so many jobs, and print what one took."""
    result = Result([CircuitResult.from_counts(Circuit(1, 1).measure(0, 0), {"0": 500, "1": 524})])
    records, times = [record(number) for number in range(count)], []
    for item in records:
        start = perf_counter()
        store.create(item, result if item.status is JobStatus.DONE else None)
        times.append(perf_counter() - start)
    cuts = statistics.quantiles(times, n=100)
    print(f"recording a job that is done: median {1e6 * cuts[49]:.0f} us, 99th percentile {1e6 * cuts[98]:.0f} us")
    return [item.id for item in records]


def looks(store: SqliteStore, ids: list[str]) -> dict[str, Callable[[], Any]]:
    """Return what is measured."""
    middle, status = ids[len(ids) // 2], JobStatus
    filters: dict[str, dict[str, Any]] = {
        "the newest": {},
        "one status": {"status": (status.ERROR,)},
        "several statuses": {"status": (status.ERROR, status.DONE)},
        "a status that none has": {"status": (status.RUNNING, status.QUEUED)},
        "a backend": {"backend": "backend3"},
        "a common tag": {"tag": "common"},
        "a rare tag": {"tag": "rare"},
        "since lately": {"since": len(ids) - 100.0},
        "since never": {"since": 1e12},
        "a common tag and a status": {"tag": "common", "status": (status.ERROR,)},
        "a backend and a status that none has": {"backend": "backend3", "status": (status.RUNNING,)},
    }
    found: dict[str, Callable[[], Any]] = {
        f"list {LIMIT}: {name}": lambda given=given: store.select(limit=LIMIT, **given)  # type: ignore[misc]  # bound now
        for name, given in filters.items()
    }
    dock = Dock(store=store, entry_points=[])
    return {
        **found,
        "Dock.jobs()": dock.jobs,
        "Dock.jobs(status=..., tag=...)": lambda: dock.jobs(status="error", tag="common"),
        "Dock.get_job of an id": lambda: dock.get_job(middle),
        "find an id": lambda: store.find(middle),
        "find a prefix": lambda: store.find(middle[:10]),
        "find the last": lambda: store.find("last"),
        "read a result": lambda: store.result(ids[0]),
    }


def main() -> None:
    """Measure, print, and with ``--check`` fail above the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail above {BOUND_MS:g} ms")
    parser.add_argument("--jobs", type=int, default=50_000)
    arguments = parser.parse_args()
    slow = []
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "jobs.sqlite")
        ids = fill(store, arguments.jobs)
        for name, look in looks(store, ids).items():
            times = []
            for _ in range(21):
                start = perf_counter()
                look()
                times.append(1000 * (perf_counter() - start))
            median = statistics.median(times)
            print(f"{name}: median {median:.2f} ms, worst {max(times):.2f} ms")
            slow += [name] if median > BOUND_MS else []
        store.close()
    if slow and arguments.check:
        sys.exit(f"over {BOUND_MS:g} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main()
