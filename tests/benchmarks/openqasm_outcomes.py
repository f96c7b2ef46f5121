"""Hundreds of programs written by Qiskit, whose outcomes here must be those that Qiskit and Aer give them.

``python tests/benchmarks/openqasm_outcomes.py --peer PYTHON [--count N] [--seed S] [--check]``, where PYTHON is an
interpreter with qiskit and qiskit-aer. It makes circuits of its library, the same compiled for several sets of gates,
random ones, and random ones with measurements in the middle, ``if``, ``while``, ``for`` and ``switch``; writes each
as OpenQASM 2 and 3 as far as it can; and computes what they measure: exactly where nothing depends on a measurement,
else by 20,000 shots of Aer. A program is right if each probability is within 1e-9 of the exact one, or the total
variation distance within what that many shots allow. This file runs in the peer's environment too, so it imports
nothing but what it uses.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

SHOTS = 20_000
TOLERANCE = 1e-9
AT_RUN_TIME = ("reset", "if_else", "while_loop", "for_loop", "switch_case")
PLAIN = (
    "CSwapGate CCXGate CCZGate RCCXGate RC3XGate C3XGate C4XGate C3SXGate iSwapGate ECRGate DCXGate CSXGate CHGate "
    "CYGate SXdgGate CSGate CSdgGate"
)
#: Sets of gates that circuits are compiled to.
BASES = (
    ["rz", "sx", "x", "cx"],
    ["u3", "cx"],
    ["u", "cz"],
    ["rx", "ry", "rz", "cz"],
    ["h", "t", "tdg", "s", "sdg", "cx", "rz"],
    ["rzz", "rx", "rz", "ry"],
    ["ecr", "rz", "sx", "x"],
    ["u1", "u2", "u3", "cx"],
    ["rz", "sx", "iswap"],
    ["rxx", "rx", "ry", "rz"],
    ["cp", "h", "u"],
    ["ccx", "swap", "cswap", "cu3", "ch", "crz", "u", "cx"],
)


# --- in the peer's process


def library() -> Iterator[tuple[str, Any]]:
    """Yield circuits of Qiskit's library."""
    import numpy as np
    from qiskit.circuit import QuantumCircuit
    from qiskit.circuit import library as lib
    from qiskit.quantum_info import SparsePauliOp, random_statevector, random_unitary

    draw = np.random.default_rng(5)

    def bound(circuit: Any) -> Any:
        return circuit.assign_parameters(draw.uniform(-3, 3, circuit.num_parameters))

    for n in (2, 3, 4, 5):
        yield f"qft{n}", lib.QFTGate(n)
        yield f"qv{n}", lib.quantum_volume(n, seed=n)
        yield f"real{n}", bound(lib.real_amplitudes(n))
        yield f"su2_{n}", bound(lib.efficient_su2(n))
        yield f"local{n}", bound(lib.n_local(n, ["ry", "rz"], "crx", entanglement="circular"))
        yield f"zz{n}", bound(lib.zz_feature_map(n))
        yield f"pauli{n}", bound(lib.pauli_feature_map(n, paulis=["X", "YZ"]))
        yield f"two{n}", bound(lib.excitation_preserving(n))
        yield f"mcp{n}", lib.MCPhaseGate(0.7, n - 1)
        yield f"state{n}", lib.StatePreparation(random_statevector(2**n, seed=n))
        yield f"diagonal{n}", lib.DiagonalGate(list(np.exp(1j * draw.uniform(-3, 3, 2**n))))
        yield f"permutation{n}", lib.PermutationGate(list(draw.permutation(n)))
        yield f"iqp{n}", lib.iqp([[int(min(i, j) + 1) for i in range(n)] for j in range(n)])
        operator = SparsePauliOp(["X" * n, "ZY" + "I" * (n - 2)], [0.4, 0.3])
        yield f"evolution{n}", lib.PauliEvolutionGate(operator, 0.7)
        ghz = QuantumCircuit(n)
        ghz.h(0)
        ghz.cx(list(range(n - 1)), list(range(1, n)))
        yield f"ghz{n}", ghz
    for n in (1, 2):
        yield f"adder{n}", lib.FullAdderGate(n)
        yield f"half{n}", lib.HalfAdderGate(n)
        yield f"modular{n}", lib.ModularAdderGate(n)
        yield f"multiplier{n}", lib.MultiplierGate(n)
        yield f"unitary{n}", lib.UnitaryGate(random_unitary(2**n, seed=n))
        yield f"controlled{n}", lib.UnitaryGate(random_unitary(2**n, seed=n + 9)).control(2, ctrl_state=1)
    for name in PLAIN.split():
        yield name, getattr(lib, name)()
    for name in ("RXXGate", "RYYGate", "RZZGate", "RZXGate", "CRXGate", "CRYGate", "CRZGate", "CPhaseGate", "CU1Gate"):
        yield name, getattr(lib, name)(0.83)
    yield "cu", lib.CUGate(0.3, 0.7, -1.1, 0.4)
    yield "cu3", lib.CU3Gate(0.3, 0.7, -1.1)
    yield "xx_minus", lib.XXMinusYYGate(0.6, 0.2)
    yield "xx_plus", lib.XXPlusYYGate(0.6, 0.2)
    yield "mcx", lib.MCXGate(4, ctrl_state=5)
    yield "grover", lib.grover_operator(_oracle())
    yield "polynomial", lib.PolynomialPauliRotationsGate(2, [0.2, 0.5, 0.3])
    yield "linear", lib.LinearPauliRotationsGate(3, 0.4, 0.1)
    yield "compare", lib.IntegerComparatorGate(3, 5)
    yield "graph", lib.GraphStateGate([[0, 1, 1], [1, 0, 1], [1, 1, 0]])


def _oracle() -> Any:
    from qiskit.circuit import QuantumCircuit

    oracle = QuantumCircuit(3)
    oracle.ccz(0, 1, 2)
    return oracle


def measured(name: str, what: Any, draw: random.Random) -> Any:
    """Return a gate or circuit behind rotations that make it matter, with a measurement of all."""
    from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister

    n = what.num_qubits
    split = draw.randint(1, n)
    regs = [QuantumRegister(split, "alice")] + ([QuantumRegister(n - split, "bob")] if n > split else [])
    bits = [ClassicalRegister(register.size, f"c{place}") for place, register in enumerate(regs)]
    circuit = QuantumCircuit(*regs, *bits, name=name)
    for qubit in range(n):
        circuit.u(draw.uniform(-3, 3), draw.uniform(-3, 3), draw.uniform(-3, 3), qubit)
    circuit.append(what.to_gate() if hasattr(what, "to_gate") else what, list(range(n)))
    for qubit in range(n):
        circuit.ry(draw.uniform(-3, 3), qubit)
    circuit.barrier()
    for register, creg in zip(regs, bits, strict=True):
        circuit.measure(register, creg)
    return circuit


def dynamic(seed: int) -> Any:
    """Return a random circuit in which measured values decide."""
    from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister
    from qiskit.circuit.classical import expr

    draw = random.Random(seed)
    q, c, d = QuantumRegister(3, "q"), ClassicalRegister(3, "c"), ClassicalRegister(2, "d")
    circuit = QuantumCircuit(q, c, d)

    def gates(count: int) -> None:
        for _ in range(count):
            a, b = draw.sample(range(3), 2)
            steps[draw.randrange(len(steps))](a, b)

    steps: list[Any] = [
        lambda a, _: circuit.ry(draw.uniform(-3, 3), a),
        circuit.cx,
        lambda a, _: circuit.u(draw.uniform(-3, 3), 0.3, -1, a),
        lambda a, b: circuit.crz(draw.uniform(-3, 3), a, b),
        lambda a, _: circuit.reset(a),
        lambda a, b: circuit.measure(a, c[b]),
    ]

    def condition() -> Any:
        return draw.choice(
            [
                (c, draw.randint(0, 7)),
                (d[0], 1),
                (c[1], 0),
                expr.less(c, draw.randint(1, 7)),
                expr.logic_or(c[0], expr.logic_not(d[1])),
                expr.equal(expr.bit_and(c, 5), 4),
                expr.not_equal(expr.bit_xor(d, 2), d),
            ]
        )

    for _ in range(3):
        gates(4)
        circuit.measure(draw.randrange(3), d[draw.randrange(2)])
        kind = draw.randrange(5)
        if kind == 0:
            with circuit.if_test(condition()):
                gates(2)
        elif kind == 1:
            with circuit.if_test(condition()) as otherwise:
                gates(2)
            with otherwise:
                gates(1)
        elif kind == 2:
            with circuit.for_loop(range(draw.randint(1, 3))):
                gates(2)
        elif kind == 3:
            with circuit.switch(c) as case:
                with case(0, 3):
                    gates(1)
                with case(draw.choice([1, 2, 5])):
                    gates(2)
                with case(case.DEFAULT):
                    gates(1)
        else:
            circuit.measure(0, c[0])
            with circuit.while_loop((c[0], 1)):
                circuit.h(0)
                gates(1)
                circuit.measure(0, c[0])
    circuit.measure(q, c)
    return circuit


def circuits(count: int, seed: int) -> Iterator[tuple[str, Any]]:
    """Yield circuits with names."""
    from qiskit import transpile
    from qiskit.circuit.random import random_circuit

    draw = random.Random(seed)
    own = [(name, measured(name, what, draw)) for name, what in library()]
    yield from own
    for place in range(count):
        name, circuit = own[draw.randrange(len(own))]
        basis, level = draw.choice(BASES), draw.randrange(4)
        line = [[i, i + 1] for i in range(circuit.num_qubits + 1)]
        coupling = draw.choice([None, line + [pair[::-1] for pair in line]])
        with suppress(Exception):  # not every gate can be said in every set
            made = transpile(
                circuit, basis_gates=basis, optimization_level=level, coupling_map=coupling, seed_transpiler=place
            )
            yield f"{name} in {' '.join(basis)}, level {level}, {'a line' if coupling else 'all'}", made
    for place in range(count):
        yield f"random {place}", random_circuit(draw.randint(1, 5), draw.randint(1, 8), measure=True, seed=seed + place)
    for place in range(count):
        yield f"dynamic {place}", dynamic(seed * 1000 + place)


def texts(circuit: Any) -> Iterator[tuple[int, str]]:
    """Yield a circuit as OpenQASM 2 and 3, as far as Qiskit can write it."""
    from qiskit import qasm2, qasm3

    for version, dumps in ((2, qasm2.dumps), (3, qasm3.dumps)):
        with suppress(Exception):
            text = dumps(circuit)
            # Matrices and states are written as gates with complex parameters, which no reader takes.
            if not re.search(r"\dj\b", text):
                yield version, text


def reference(circuit: Any) -> tuple[dict[str, float], bool]:
    """Return the probabilities of what a circuit measures, and whether they are exact."""
    from qiskit.quantum_info import Statevector

    if not any(item.operation.name in AT_RUN_TIME for item in circuit):
        with suppress(ValueError):
            return _exact(circuit, Statevector), True
    from qiskit_aer import AerSimulator

    counts = AerSimulator(seed_simulator=1).run(circuit, shots=SHOTS).result().get_counts()
    return {key.replace(" ", ""): number / SHOTS for key, number in counts.items()}, False


def _exact(circuit: Any, statevector: Any) -> dict[str, float]:
    """Probabilities of a circuit that measures each qubit once, at its end."""
    where: dict[int, int] = {}
    unitary = circuit.copy_empty_like()
    for item in circuit:
        qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
        if item.operation.name == "measure":
            where[circuit.find_bit(item.clbits[0]).index] = qubits[0]
        elif item.operation.name != "barrier" and set(qubits) & set(where.values()):
            raise ValueError("a gate behind a measurement")
        elif item.operation.name != "barrier":
            unitary.append(item)
    if len(set(where.values())) != len(where):
        raise ValueError("a qubit is measured twice")
    found: dict[str, float] = {}
    for index, probability in enumerate(statevector(unitary).probabilities()):
        key = "".join(
            str((index >> where[clbit]) & 1) if clbit in where else "0" for clbit in reversed(range(circuit.num_clbits))
        )
        found[key] = found.get(key, 0.0) + float(probability)
    return found


def write(count: int, seed: int) -> None:
    """Print a line of JSON for every program: name, version, text, probabilities, whether they are exact."""
    warnings.simplefilter("ignore")
    for name, circuit in circuits(count, seed):
        probabilities, exact = reference(circuit)
        for version, text in texts(circuit):
            print(json.dumps([name, version, text, probabilities, exact]), flush=True)


# --- here


def difference(text: str, expected: dict[str, float], exact: bool) -> str:
    """Return what is wrong with a program, in a few words; empty if nothing is."""
    import qdock

    try:
        job = qdock.run(text, "basic_simulator", output="probabilities", executor="inline")
        (entry,) = job.result()
    except qdock.QdockError as error:
        return str(error)
    found = {key.replace(" ", ""): value for key, value in entry.get_probabilities_dict().items()}
    keys = found.keys() | expected.keys()
    if exact:
        worst = max(abs(found.get(key, 0.0) - expected.get(key, 0.0)) for key in keys)
        return f"a probability is off by {worst:.3g}" if worst > TOLERANCE else ""
    distance = sum(abs(found.get(key, 0.0) - expected.get(key, 0.0)) for key in keys) / 2
    allowed = 3 * math.sqrt(len(keys) / (2 * math.pi * SHOTS)) + 1e-3
    return f"off by {distance:.3g}, where {allowed:.3g} are allowed" if distance > allowed else ""


def main() -> int:
    """Run the programs and print how many are right."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="print the programs: what the peer does")
    parser.add_argument("--check", action="store_true", help="nothing more: a program that is wrong always fails")
    options = parser.parse_args()
    if options.write:
        write(options.count, options.seed)
        return 0
    if not options.peer:
        print("no peer was given: nothing is compared")
        return 0
    arguments = [options.peer, __file__, "--write", "--count", str(options.count), "--seed", str(options.seed)]
    tally: dict[tuple[int, str], list[int]] = {}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as peer:
        for line in peer.stdout or ():
            name, version, text, expected, exact = json.loads(line)
            problem = difference(text, expected, exact)
            row = tally.setdefault((version, "exact" if exact else "sampled"), [0, 0])
            row[bool(problem)] += 1
            if problem:
                print(f"{name}, version {version}: {problem}\n{text}\n")
    for (version, kind), (right, wrong) in sorted(tally.items()):
        print(f"OpenQASM {version}, {kind:8}{right:6} right{wrong:6} wrong")
    return int(any(wrong for _, wrong in tally.values()))


if __name__ == "__main__":
    sys.exit(main())
