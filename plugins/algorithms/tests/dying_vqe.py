"""A VQE for worker processes that is killed after so many energies, once."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from qdock_algorithms import ising_chain, trotter_ansatz, vqe
from qdock_algorithms import minimize as minimizing


def run(marker: str, after: int, context: Any = None, **options: Any) -> Any:
    """Minimise; with `after`, die once so many energies are known and kept, unless the file says that this happened."""
    minimizing._INTERVAL = 0
    minimizing.History._tell = dying(minimizing.History._tell, Path(marker), after)
    ansatz = trotter_ansatz(["ZZ", {"XI": 1.0, "IX": 1.0}], 2)
    return vqe(ising_chain(2), ansatz, **{"maxiter": 4, **options}, context=context)


def dying(tell: Any, marker: Path, after: int) -> Any:
    def told(history: Any) -> None:
        tell(history)
        with marker.with_suffix(".computed").open("a") as file:
            file.write("x")
        if len(history.energies) == after and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return told
