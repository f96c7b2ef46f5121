"""The simulator beside the others: ``python tests/benchmarks/simulators [--install] [--check] [--short | --full]``.

Each library works in a process of its own, in an environment of the benchmark's own, and they take turns: the same
circuits, the same result in the user's hands, the same precision and number of threads. One line of JSON a cell, then
a table. The short form takes minutes and says what it left out; ``--check`` does all, and fails below an aim.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
from pathlib import Path
from time import sleep
from typing import Any

import single
from cells import ROWS, Row, label
from environments import ENVIRONMENTS, FOLDER, Library, find, make, versions
from report import Line, write_plot, write_table

# Statevectors of up to so many qubits are compared with the reference.
REFERENCE_QUBITS = 20
# Threads of OpenMP spin on for a while after a library's turn, on the CPUs of whoever is next: all wait for them.
PAUSE = 0.3
ALLOWED = {"double": 1e-12, "single": 1e-5}


class Bench:
    """The libraries, started when first asked."""

    def __init__(self, interpreters: dict[str, str], threads: int) -> None:
        self.interpreters = interpreters
        self.threads = threads
        self._libraries: dict[str, Library] = {}

    def ask(self, name: str, ask: str, cell: dict[str, Any], **more: Any) -> dict[str, Any]:
        if name not in self._libraries:
            self._libraries[name] = Library(name, self.interpreters[name], self.threads)
        return self._libraries[name].ask(ask, {**cell, "threads": self.threads}, **more)

    def measure(self, row: Row, cell: dict[str, Any], rounds: int) -> Line:
        """Ask all libraries in turn, round by round, and the first time whether the state is right."""
        asked = ["qdock", *(peer for peer in row.peers if peer in self.interpreters and _can(peer, cell))]
        times: dict[str, list[float]] = {name: [] for name in asked}
        errors: dict[str, str] = {}
        for _ in range(rounds):
            for name in asked:
                if name not in errors:
                    sleep(PAUSE)
                    answer = self.ask(name, "seconds", cell)
                    if "error" in answer:
                        errors[name] = answer["error"]
                    else:
                        times[name].append(answer["seconds"])
        aim = cell.get("aim") or row.each
        return Line(row.name, label(cell), cell, times, errors, aim, self.infidelity(cell))

    def infidelity(self, cell: dict[str, Any]) -> float | None:
        if cell["task"] != "state" or cell["qubits"] > REFERENCE_QUBITS:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "state.npy")
            self.ask("qdock", "reference", cell, path=path)
            answer = self.ask("qdock", "infidelity", cell, path=path)
        return float(answer.get("infidelity", 1.0))

    def close(self) -> None:
        for library in self._libraries.values():
            library.close()


def _can(peer: str, cell: dict[str, Any]) -> bool:
    """Whether a peer takes part: braket and cirq in small cells, decision diagrams where there is structure."""
    size = cell.get("qubits", 0)
    if cell["task"] != "state":
        return True
    if peer == "ddsim":
        return cell["circuit"] in ("qft", "grover")
    return peer not in ("braket", "cirq") or size <= (10 if peer == "braket" else 20)


def missed(lines: list[Line]) -> list[str]:
    """Return what is below its aim, in words."""
    found = [f"{line.row}: {line.cell}: {line.ratio:.2f} of {line.aim:g}" for line in lines if line.is_missed]
    for row in ROWS:
        ratios = [line.ratio for line in lines if line.row == row.name and line.ratio]
        if row.mean and ratios and (mean := statistics.geometric_mean(ratios)) < row.mean:
            found.append(f"{row.name}: geometric mean {mean:.2f} of {row.mean:g}")
    for line in lines:
        allowed = ALLOWED[line.facts.get("precision", "double")]
        if line.infidelity is not None and not line.infidelity <= allowed:
            found.append(f"{line.row}: {line.cell}: infidelity {line.infidelity:.2g} of {allowed:g}")
    return found


def main() -> int:
    """Measure, print, and with ``--check`` fail below an aim."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="all cells, and fail below an aim")
    parser.add_argument("--full", action="store_true", help="all cells")
    parser.add_argument("--short", action="store_true", help="a few cells, whatever else is asked for")
    parser.add_argument("--install", action="store_true", help="make the environments that are not there")
    parser.add_argument("--environments", type=Path, default=FOLDER, help=f"where they are: {FOLDER}")
    parser.add_argument("--only", default="", help="cells in whose row and name this regular expression is found")
    parser.add_argument("--rounds", type=int, help="how often each library is asked, if not as the rows say")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--table", type=Path, help="write the table in Markdown")
    parser.add_argument("--plot", type=Path, help="write a plot of the ratios and of the growth")
    arguments = parser.parse_args()
    if arguments.install:
        make(arguments.environments, [name for name, (_, libraries) in ENVIRONMENTS.items() if libraries])
    full = (arguments.full or arguments.check) and not arguments.short
    bench = Bench(find(arguments.environments), arguments.threads)
    lines, left_out = [], []
    for row in ROWS:
        for number, cell in enumerate(row.cells):
            if not re.search(arguments.only, f"{row.name}: {label(cell)}") or not (full or number in row.short):
                left_out.append(f"{row.name}: {label(cell)}")
                continue
            lines.append(bench.measure(row, cell, arguments.rounds or row.rounds))
            print(json.dumps(lines[-1].as_json()), flush=True)
    bench.close()
    own = [] if arguments.only else single.measure(full, bench.interpreters)
    growth = single.measure_growth() if full and not arguments.only else None
    own += growth.figures() if growth else []
    for item in own:
        print(json.dumps(item.as_json()), flush=True)
    found = versions(bench.interpreters)
    table = write_table(lines, own, found, arguments.threads)
    print(table)
    if arguments.table:
        arguments.table.write_text(table)
    if arguments.plot:
        write_plot(lines, growth, arguments.plot)
    for peer in sorted({peer for row in ROWS for peer in row.peers} - set(bench.interpreters)):
        print(f"not installed: {peer} (--install makes an environment for it)")
    print(f"left out: {len(left_out)} cells" + "".join(f"\n  {item}" for item in left_out))
    failed = missed(lines) + [f"{item.name}: {item.value:.3g} of {item.bound:.3g}" for item in own if item.is_missed]
    for item in failed:
        print(f"missed: {item}", file=sys.stderr)
    return int(bool(failed) and arguments.check)


if __name__ == "__main__":
    sys.exit(main())
