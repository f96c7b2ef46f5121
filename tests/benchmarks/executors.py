"""What each executor adds to a tiny job: from submitting it to having its result.

``python tests/benchmarks/executors.py [--rounds N]`` prints median and 99th percentile of each, taken in turns. A cold
process is started for each job: an interpreter, numpy and qdock.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter

from qdock import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.store import MemoryStore

COLD_SHARE = 10


def nobody_knows(*_: object) -> None:
    return None


def submit(dock: Dock, name: str) -> Callable[[], None]:
    bell = Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1])
    backend = dock.get_backend("basic_simulator")
    # None of this is to be done on the spot.
    backend.estimate = nobody_knows  # type: ignore[attr-defined]

    def work() -> None:
        dock.run(bell, backend, executor=name, shots=100, seed=1).result()

    return work


def make_dock(**settings: int) -> Dock:
    return Dock(Config.load(environ={}, executors={"process": {"slots": 1, **settings}}), store=MemoryStore())


def measure(work: Callable[[], None]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--check", action="store_true", help="accepted for all benchmarks; nothing here has a bound")
    rounds = parser.parse_args().rounds
    with make_dock() as warm, make_dock(jobs_per_worker=1) as cold:
        kinds = {
            "inline": submit(warm, "inline"),
            "thread": submit(warm, "thread"),
            "process, warm": submit(warm, "process"),
            "process, cold": submit(cold, "process"),
        }
        for work in kinds.values():
            work()
        times: dict[str, list[float]] = {name: [] for name in kinds}
        for index in range(rounds):
            for name, work in kinds.items():
                if name != "process, cold" or index % COLD_SHARE == 0:
                    times[name].append(measure(work))
    for name, taken in times.items():
        late = quantiles(taken, n=100, method="inclusive")[98]
        print(f"{name:14}  median {median(taken) * 1e3:8.3f} ms   99 % {late * 1e3:8.3f} ms   of {len(taken)}")


if __name__ == "__main__":
    main()
