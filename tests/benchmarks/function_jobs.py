"""What a function costs as a job: submit to result in threads beside `concurrent.futures` alone, and maps of processes.

``python tests/benchmarks/function_jobs.py [--check] [--rounds N]`` prints medians of interleaved rounds, and ratios.
``--check`` fails where a job costs more than its bound, or two processes are not faster than one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from qdock import Dock
from qdock.config import Config
from qdock.executors import ProcessExecutor
from qdock.store import MemoryStore
from qdock_algorithms import MapJob, PrimitiveJob

JOBS = 200
ITEMS, LOOPS = 24, 200_000
BOUND_US = 2_000.0


def work(loops: int) -> int:
    return sum(number * number for number in range(loops))


def futures() -> Callable[[], None]:
    pool = ThreadPoolExecutor(2)

    def measure() -> None:
        for _ in range(JOBS):
            pool.submit(abs, -1).result()

    return measure


def jobs(dock: Dock) -> Callable[[], None]:
    def measure() -> None:
        for _ in range(JOBS):
            job = PrimitiveJob(abs, -1)
            job.submit(dock=dock)
            job.result()

    return measure


def mapped(dock: Dock, slots: int) -> Callable[[], None]:
    executor = ProcessExecutor(slots=slots)

    def measure() -> None:
        job = MapJob(work, [LOOPS] * ITEMS)
        job.submit(executor=executor, dock=dock)
        job.result()

    return measure


def alone() -> None:
    for _ in range(ITEMS):
        work(LOOPS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a bound is missed")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    folder = tempfile.TemporaryDirectory()
    durable = Config.load(environ={}, defaults={"store": f"sqlite://{folder.name}/jobs.sqlite"})
    with folder, Dock(Config.load(environ={}), store=MemoryStore()) as memory, Dock(durable) as stored:
        works: dict[str, tuple[Callable[[], None], int]] = {
            "concurrent.futures, a thread": (futures(), JOBS),
            "PrimitiveJob, records in memory": (jobs(memory), JOBS),
            "PrimitiveJob, records in a file": (jobs(stored), JOBS),
            "24 calls in a loop": (alone, 1),
            "MapJob of 24 calls, 1 process": (mapped(memory, 1), 1),
            "MapJob of 24 calls, 2 processes": (mapped(memory, 2), 1),
        }
        times: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(arguments.rounds + 1):
            for name, (measure, units) in works.items():
                begun = perf_counter()
                measure()
                times[name].append((perf_counter() - begun) / units)
    # The first round starts threads and processes.
    found = {name: statistics.median(seen[1:]) for name, seen in times.items()}
    base, loop = found["concurrent.futures, a thread"], found["24 calls in a loop"]
    for name, seconds in found.items():
        beside = loop if "24" in name else base
        print(f"{name:34} {1e6 * seconds:12,.0f} us   {seconds / beside:6.2f} x")
    slow = found["PrimitiveJob, records in memory"] - base > BOUND_US / 1e6
    apart = found["MapJob of 24 calls, 2 processes"] > found["MapJob of 24 calls, 1 process"]
    return int(arguments.check and (slow or apart))


if __name__ == "__main__":
    sys.exit(main())
