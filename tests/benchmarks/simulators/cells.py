"""What is measured, and what is aimed at: one row for each line of the table of aims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from circuits import CIRCUITS

__all__ = ["ROWS", "Row", "label"]

Cell = dict[str, Any]

DOUBLE_PEERS = ("aer", "qulacs", "lightning", "cirq", "ddsim")
SMALL_PEERS = (*DOUBLE_PEERS, "braket")


@dataclass(frozen=True)
class Row:
    """Cells with one aim: the time of the best of some peers, divided by ours.

    Attributes
    ----------
    name : str
    cells : tuple of dict
    peers : tuple of str
    each : float
        What every cell shall reach; a cell may have its own under ``"aim"``.
    mean : float
        What their geometric mean shall reach; 0: nothing.
    rounds : int
        How often each library is asked.
    short : tuple of int
        Which of the cells the short form has.
    """

    name: str
    cells: tuple[Cell, ...]
    peers: tuple[str, ...]
    each: float
    mean: float = 0.0
    rounds: int = 7
    short: tuple[int, ...] = (0,)


def _states(sizes: tuple[int, ...], **more: Any) -> tuple[Cell, ...]:
    return tuple({"task": "state", "circuit": name, "qubits": size, **more} for size in sizes for name in CIRCUITS)


def _aimed(cells: tuple[Cell, ...], aims: dict[tuple[str, int], float]) -> tuple[Cell, ...]:
    return tuple({**cell, "aim": aims.get((cell["circuit"], cell["qubits"]), 0)} for cell in cells)


def _sampled(task: str, qubits: tuple[int, ...], shots: int, aims: tuple[float, ...]) -> tuple[Cell, ...]:
    name = "brickwork" if task == "shots" else "clifford"
    return tuple(
        {"task": task, "circuit": name, "qubits": size, "shots": shots, "aim": aim}
        for size, aim in zip(qubits, aims, strict=True)
    )


def _batches(building: bool) -> tuple[Cell, ...]:
    return tuple({"task": "batch", "building": building, "store": store} for store in ("durable", "memory"))


_TWENTY = {(name, 20): 4.0 for name in ("qv", "brickwork", "hea", "clifford")}
_TWENTY |= {("ghz", 20): 3.0, ("qaoa", 20): 3.0, ("qft", 20): 2.0, ("grover", 20): 2.0}

ROWS = (
    Row("statevector, 4 and 10 qubits", _states((4, 10)), SMALL_PEERS, 3, short=(8, 11)),
    Row(
        "statevector, 13 and 16 qubits",
        _aimed(_states((13, 16)), {("ghz", 16): 1.5}),
        DOUBLE_PEERS,
        2,
        rounds=5,
        short=(8, 11),
    ),
    Row("statevector, 20 qubits", _aimed(_states((20,)), _TWENTY), DOUBLE_PEERS, 0, rounds=5, short=(1, 3)),
    Row("statevector, 24 qubits", _states((24,)), DOUBLE_PEERS, 3, 8, rounds=3, short=()),
    Row(
        "statevector in single precision, 20 and 24 qubits",
        _states((20, 24), precision="single"),
        ("qsim",),
        1.5,
        2,
        rounds=3,
        short=(3,),
    ),
    Row("100,000 shots", _sampled("shots", (10, 20), 100_000, (15, 5)), ("aer", "qulacs", "lightning"), 0, rounds=5),
    Row("Clifford circuit, 1,024 shots, Aer", _sampled("clifford", (20,), 1024, (5,)), ("aer",), 0),
    Row("Clifford circuit, 1,024 shots, stim", _sampled("clifford", (20, 1000), 1024, (0.5, 0.5)), ("stim",), 0),
    Row(
        "Clifford circuit, 1,024 shots as arrays, stim",
        _sampled("samples", (20, 1000), 1024, (0.5, 0.5)),
        ("stim",),
        0,
    ),
    Row(
        "measured on the way, with conditions, 1,000 shots",
        tuple({"task": "dynamic", "qubits": size, "shots": 1000, "aim": aim} for size, aim in ((5, 40), (12, 8))),
        ("aer", "lightning"),
        0,
    ),
    Row("unitary", tuple({"task": "unitary", "circuit": "brickwork", "qubits": n} for n in (8, 9, 10)), ("aer",), 10),
    Row("1,000 circuits of 5 qubits as a job, qulacs", _batches(building=False), ("qulacs",), 10),
    Row("1,000 circuits of 5 qubits as a job, with building", _batches(building=True), ("qulacs",), 3),
    Row("1,000 circuits of 5 qubits as a job, Aer", _batches(building=False), ("aer",), 30, rounds=3),
    Row("one qubit as a job, qulacs without one", ({"task": "one"},), ("qulacs",), 2),
    Row("one qubit as a job, Aer", ({"task": "one"},), ("aer",), 15),
    # No aim: it shows where they are.
    Row("one qubit as a job, the others", ({"task": "one"},), ("basicsimulator", "lightning", "cirq", "braket"), 0),
)


def label(cell: Cell) -> str:
    """Return a cell as words."""
    # A word that stands twice, as the task is named like its circuit, is said once.
    words = dict.fromkeys([cell["task"], *(str(cell[key]) for key in ("circuit", "qubits") if key in cell)])
    building = ["with building"] if cell.get("building") else []
    store = [f"{cell['store']} store"] if "store" in cell else []
    return ", ".join([" ".join(words), *building, *store])
