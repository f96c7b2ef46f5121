"""What branching costs: 1,000 shots of a 12-qubit circuit with mid-circuit measurement, reset and conditions.

``python tests/benchmarks/branching.py [--check] [--rounds N]`` prints, for few branches and for many, how many
distinct branches there were, the time of the shots on the fast engine (if it is there) and on the one in numpy, that
of one pass over the circuit in numpy, and the ratio of numpy's shots to the product of branches and pass; with
``--check`` a ratio above the bound fails. A pass is the least that a branch costs if nothing is shared: every gate of
it applied once, without the measurements, nothing compiled and nothing counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter

from qdock.backend import Context
from qdock.circuit import Circuit
from qdock_basic import fast
from qdock_basic.branching.branches import Branch, Mass, Shots, follow
from qdock_basic.engines.engine import Engine, NumpyEngine
from qdock_basic.engines.fast_engine import FastEngine
from qdock_basic.limits import Limits
from qdock_basic.plugin import SPEC
from qdock_basic.programs.analysis import read_last
from qdock_basic.programs.classical import Place
from qdock_basic.programs.program import Block, compile_circuit
from qdock_basic.simulate import Simulation, simulate
from qdock_basic.states.state import prepare
from qdock_basic.watch import Watch

QUBITS = 12
SHOTS = 1_000
BOUND = 3.0
OPTIONS = {name: option.default for name, option in SPEC.options.items()} | {"shots": SHOTS, "method": "branching"}


def layer(circuit: Circuit, angle: float) -> Circuit:
    """Append a rotation of every qubit and a ring of CX."""
    for qubit in range(QUBITS):
        circuit.ry(angle + 0.1 * qubit, qubit)
    return circuit.cx(range(QUBITS), [*range(1, QUBITS), 0])


def dynamic(splits: int) -> Circuit:
    """Return layers between which a qubit is measured or reset, and gates that depend on what was found."""
    circuit = Circuit(QUBITS, QUBITS)
    for number in range(splits):
        qubit = number % QUBITS
        layer(circuit, 0.3 + 0.2 * number)
        if number % 3 == 2:
            circuit.reset(qubit)
        else:
            circuit.measure(qubit, qubit)
            circuit.if_(circuit.bit(qubit), circuit.block().x((qubit + 1) % QUBITS).h(qubit), circuit.block().z(qubit))
    return layer(circuit, 0.7).measure(range(QUBITS), range(QUBITS))


def straight(splits: int) -> Circuit:
    """Return the gates of one branch."""
    circuit = Circuit(QUBITS, QUBITS)
    for number in range(splits):
        qubit = number % QUBITS
        layer(circuit, 0.3 + 0.2 * number)
        if number % 3 != 2:
            circuit.x((qubit + 1) % QUBITS).h(qubit)
    return layer(circuit, 0.7)


def count_branches(circuit: Circuit, seed: int) -> int:
    """Return in how many branches the shots of a seed end; what only the last measurements tell apart is one branch."""
    place = Place(read_last(compile_circuit(circuit)), {}, Limits())
    shares = Shots(partial(Context(seed=seed).rng, 0))
    return sum(1 for _ in follow(Branch(prepare(QUBITS), place, (SHOTS,)), shares, Watch(Context()), NumpyEngine()))


def run_shots(circuit: Circuit, seed: int, engine: type[Engine]) -> None:
    """Run the shots as the backend does."""
    context = Context(seed=seed)
    rng, key = partial(context.rng, 0), context.stream_key(0)
    simulate(Simulation(circuit, OPTIONS, rng, Watch(context), Limits(), engine(), key), seed)


def run_pass(block: Block) -> None:
    """Apply every gate once."""
    list(follow(Branch(prepare(QUBITS), Place(block, {}, Limits()), 1.0), Mass(0.0), Watch(Context()), NumpyEngine()))


def quickest(functions: list[Callable[[], None]], rounds: int) -> list[float]:
    """Return the least of the seconds that each function takes, called in turn: the one that others disturbed least."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, taken in zip(functions, times, strict=True):
            begin = perf_counter()
            function()
            taken.append(perf_counter() - begin)
    return [min(taken) for taken in times]


def main() -> None:
    """Measure, print, and with ``--check`` fail above the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help=f"fail above {BOUND:g}")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    worst = 0.0
    for splits in (1, 3, 6, 12):
        circuit, block = dynamic(splits), compile_circuit(straight(splits))
        branches = count_branches(circuit, seed=1)
        engines: list[type[Engine]] = [NumpyEngine, *([FastEngine] if fast.why_not() is None else [])]
        runs = [partial(run_shots, circuit, 1, engine) for engine in engines]
        one, shots, *compiled = quickest([partial(run_pass, block), *runs], arguments.rounds)
        ratio = shots / (one * branches)
        worst = max(worst, ratio)
        print(
            f"{len(circuit):4} operations, {branches:4} branches: {SHOTS:,} shots "
            f"{''.join(f'fast {1000 * seconds:7.2f} ms, ' for seconds in compiled)}numpy {1000 * shots:8.2f} ms, "
            f"one pass {1000 * one:6.2f} ms, ratio {ratio:.2f}"
        )
    print(f"largest ratio {worst:.2f}  (bound {BOUND:g}, {QUBITS} qubits, best of {arguments.rounds} rounds)")
    if arguments.check and worst > BOUND:
        sys.exit(1)


if __name__ == "__main__":
    main()
