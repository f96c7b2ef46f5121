"""The process of one library: ``python worker.py LIBRARY`` makes a cell's work and times it, line by line of JSON.

It lives as long as the benchmark, so that libraries take turns and each has what it needs in its caches.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from time import perf_counter
from typing import Any

import numpy as np
from libraries import LIBRARIES

# Short work is repeated for so many seconds, and the mean taken.
SECONDS = 0.05


def ready(task: Callable[[dict[str, Any]], Callable[[], Any]], cell: dict[str, Any]) -> Callable[[], Any]:
    """Return the work of a cell, done once; what it is made of is none of the collector's business from then on."""
    gc.unfreeze()
    work = task(cell)
    work()
    # Half a million numbers and names of gates would else be looked through while a library's own objects are.
    gc.collect()
    gc.freeze()
    return work


def seconds(work: Callable[[], Any]) -> float:
    begin = perf_counter()
    work()
    taken = perf_counter() - begin
    count = int(SECONDS / max(taken, 1e-6))
    if count < 2:
        return taken
    begin = perf_counter()
    for _ in range(count):
        work()
    return (perf_counter() - begin) / count


def infidelity(work: Callable[[], Any], path: str) -> float:
    """Return one minus the fidelity with a state that lies in a file."""
    reference = np.load(path)
    found = np.asarray(work(), np.complex128)
    norms = float(np.vdot(found, found).real * np.vdot(reference, reference).real)
    return 1 - abs(complex(np.vdot(reference, found))) ** 2 / norms


def write_reference(cell: dict[str, Any], path: str) -> None:
    """Write the state of the engine in numpy, which the tests compare with answers found in other ways."""
    from libraries import qdock_circuit, qdock_execute, steps_of

    work = qdock_execute(
        [qdock_circuit(steps_of(cell))], cell, output="statevector", engine="numpy", precision="double"
    )
    np.save(path, work()[0].statevector)


def main() -> None:
    """Answer until there is no more question."""
    tasks, works = LIBRARIES[sys.argv[1]], {}
    for line in sys.stdin:
        question = json.loads(line)
        cell, answer = question["cell"], {}
        key = json.dumps(cell, sort_keys=True)
        try:
            with redirect_stdout(sys.stderr):
                if question["ask"] == "reference":
                    write_reference(cell, question["path"])
                elif key not in works:
                    works = {key: ready(tasks[cell["task"]], cell)}
                if question["ask"] == "seconds":
                    answer["seconds"] = seconds(works[key])
                elif question["ask"] == "infidelity":
                    answer["infidelity"] = infidelity(works[key], question["path"])
        # Whatever a library raises, the others go on.
        except Exception as error:  # noqa: BLE001
            answer["error"] = f"{type(error).__name__}: {error}"[:300]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
