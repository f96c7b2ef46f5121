"""The checks of numbers: circuits of gates against the independent answer, and what shots and seeds promise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from qdock.circuit import Circuit
from qdock.gates import GATES, Gate
from qdock.testing import circuits as c
from qdock.testing.backend_case import SEED, BackendCase, has_counts, is_exact, means_something, runs_circuits
from qdock.testing.checks import Seen, SkipTest, check
from qdock.testing.judge import judge_array, judge_counts, judge_probabilities
from qdock.testing.reference import distribution, final_state, matrix_of

__all__ = ["NumberChecks"]


class NumberChecks(BackendCase):
    """Circuits of gates, in every output that the backend declares."""

    # --- bits

    @check("numbers", needs=(has_counts,))
    def test_bit_order(self) -> None:
        """Qubit 0 is the least significant bit, and clbit 0 the rightmost character of an outcome."""
        size = len(self.layout.path(3) or self.place(2))
        path = self.place(size)
        made = []
        for flipped in range(size):
            circuit = Circuit(max(path) + 1, size, name=f"x on qubit {path[flipped]}").x(path[flipped])
            made.append(circuit.measure(path, list(range(size))))
        self._judge(made)

    @check("numbers", needs=(has_counts,))
    def test_measured_into(self) -> None:
        """A measurement writes the clbit that it names; a clbit that nothing is measured into stays 0."""
        path = self.place(2)
        crossed = Circuit(max(path) + 1, 3, name="crossed").x(path[0]).measure([path[0], path[1]], [2, 0])
        self._judge([crossed])

    @check("numbers", needs=(has_counts,))
    def test_registers(self) -> None:
        """Registers are printed last-declared first, with a space between."""
        path = self.place(2)
        circuit = Circuit(max(path) + 1, name="registers")
        circuit.add_creg("a", 1)
        circuit.add_creg("b", 2)
        circuit.x(path[0]).measure([path[0], path[1]], [0, 1])
        (entry,) = self.entries([circuit])
        seen = entry.get_counts().most_frequent()
        self.expect(seen == "00 1", f"x and a measurement into register 'a' printed {seen!r} instead of '00 1'")

    # --- states and circuits that everybody knows

    @check("numbers", needs=(has_counts,))
    def test_bell_and_ghz(self) -> None:
        """A Bell state and a GHZ state give all zeros or all ones."""
        path = self.layout.path(4) or self.place(2)
        made = [c.measured(c.bell(path), path[:2]), c.measured(c.ghz(path), path)]
        self._judge(made)

    @check("numbers", needs=(has_counts,))
    def test_fourier_transform(self) -> None:
        """The inverse Fourier transform reads the number that phases hold."""
        qubits = self.layout.clique(3) or self.layout.clique(2)
        if qubits is None:
            raise SkipTest("the device couples no two qubits")
        self._judge([c.measured(c.qft(qubits, number), qubits) for number in range(2 ** len(qubits))])

    @check("numbers", needs=(has_counts,))
    def test_random_circuits(self) -> None:
        """Random circuits of all gates, lowered to the backend's own, give their exact distribution."""
        path = self.layout.path(3) or self.place(1)
        length = 8 if self.noise else 24
        made = [c.measured(c.random_circuit(path, seed, length), path) for seed in range(5)]
        self._judge(made)

    def _judge(self, made: Sequence[Circuit], gates: Sequence[str] = ()) -> None:
        """Run circuits and compare the counts of each with its distribution."""
        labels = gates or [""] * len(made)
        for circuit, entry, gate in zip(made, self.entries(made, **self.wish("counts")), labels, strict=True):
            judge_counts(circuit, self.array(entry), distribution(circuit), self.noise, gate)

    # --- gates

    def gates(self) -> list[Gate]:
        """Return each gate that the backend claims, at angles that tell it from its inverse."""
        claimed = self.spec.gates if self.target is None else self.target.gates
        rows = [row for name, row in GATES.items() if claimed is None or name in claimed]
        found = [Gate(row.name, c.ANGLES[: row.num_params]) for row in rows]
        if claimed is None or "unitary" in claimed:
            found.append(Gate("unitary", array=matrix_of(c.random_circuit([0, 1], 7, 12))))
        if claimed is None or "modified" in claimed:
            found += [Gate("rx", (0.731,), (0,)), Gate("h", (), (1, 0)), Gate("ry", (1.913,), (), 0.5)]
        return found

    def _placed(self) -> list[tuple[Gate, list[int]]]:
        found = []
        for gate in self.gates():
            qubits = self.layout.clique(gate.num_qubits)
            if qubits is not None:
                found.append((gate, qubits[::-1]))
        return found

    @check("numbers", needs=(has_counts,))
    def test_gates(self) -> None:
        """Every gate that the backend claims does what `qdock.gates` says, phases included."""
        made, labels = [], []
        for gate, qubits in self._placed():
            circuits = [c.measured(circuit, qubits) for circuit in c.gate_circuits(gate, qubits)]
            made += circuits
            labels += [gate.label] * len(circuits)
        self._each_gate(made, labels)

    def _each_gate(self, made: Sequence[Circuit], labels: Sequence[str]) -> None:
        """Judge all circuits, so that one run names every gate that is wrong, the first with what was seen."""
        first, wrong = "", []
        for circuit, entry, gate in zip(made, self.entries(made, **self.wish("counts")), labels, strict=True):
            try:
                judge_counts(circuit, self.array(entry), distribution(circuit), self.noise, gate)
            except Seen as error:
                first = first or str(error)
                wrong += [gate] if gate not in wrong else []
        others = f" Also wrong: {', '.join(wrong[1:])}." if wrong[1:] else ""
        self.expect(not wrong, f"gate {wrong[0]!r}: {first}{others}" if wrong else "")

    # --- other outputs

    def _states(self) -> list[Circuit]:
        path = self.layout.path(3) or self.place(1)
        circuits = [c.random_circuit(path, seed) for seed in range(20, 24)]
        return [*circuits, *(c.gate_circuits(gate, qubits, 1)[0] for gate, qubits in self._placed())]

    @check("numbers", features=("statevector",), needs=(runs_circuits, is_exact))
    def test_statevector(self) -> None:
        """A statevector is exact, qubit 0 being the least significant bit of an index."""
        made = self._states()
        for circuit, entry in zip(made, self.entries(made, **self.wish("statevector")), strict=True):
            judge_array(circuit.name, "statevector", entry.get_statevector(), final_state(circuit))

    @check("numbers", features=("unitary",), needs=(runs_circuits, is_exact))
    def test_unitary(self) -> None:
        """A unitary is the circuit's matrix, qubit 0 being the least significant bit of rows and columns."""
        made = self._states()
        for circuit, entry in zip(made, self.entries(made, **self.wish("unitary")), strict=True):
            judge_array(circuit.name, "unitary", entry.get_unitary(), matrix_of(circuit))

    @check("numbers", features=("probabilities",), needs=(runs_circuits, means_something))
    def test_probabilities(self) -> None:
        """Probabilities are those of the outcomes of the circuit's clbits."""
        made = [c.measured(circuit, range(circuit.num_qubits)) for circuit in self._states()]
        for circuit, entry in zip(made, self.entries(made, **self.wish("probabilities")), strict=True):
            judge_probabilities(circuit, entry.get_probabilities(), distribution(circuit), self.noise)

    # --- shots

    @check("numbers", features=("counts",), needs=(runs_circuits,))
    def test_shots_add_up(self) -> None:
        """Counts add up to the shots that were asked for."""
        for shots in sorted({1, 2, 7, 100, min(1000, self.most_shots)}):
            if shots <= self.most_shots:
                self._count_shots(shots)

    def _count_shots(self, shots: int) -> None:
        (entry,) = self.entries([self.simple()], shots=shots, **self.wish("counts"))
        total = sum(entry.get_counts().values())
        self.expect(total == shots, f"{shots} shots were asked for, and the counts add up to {total}")
        self.expect(entry.shots == shots, f"{shots} shots were asked for, and the result says {entry.shots}")

    @check("numbers", features=("memory",), needs=(runs_circuits,))
    def test_memory(self) -> None:
        """The memory holds the outcome of every shot, in the order in which they were run."""
        shots = min(400, self.most_shots)
        (entry,) = self.entries([self.simple()], shots=shots, **self.wish("memory"))
        memory, counts = entry.get_memory(), entry.get_counts()
        self.expect(len(memory) == shots, f"{shots} shots gave a memory of {len(memory)} outcomes")
        tally = {outcome: memory.count(outcome) for outcome in sorted(set(memory))}
        self.expect(tally == dict(counts), f"the memory holds {tally}, but the counts are {dict(counts)}")
        changes = sum(one != two for one, two in pairwise(memory))
        self.expect(
            changes >= len(tally) or len(tally) == 1 or shots < 100,
            "the memory is sorted by outcome, so it is not the order of the shots",
        )

    @check("numbers", needs=(has_counts,))
    def test_programs_in_order(self) -> None:
        """A job has an entry for each program, in the order given, with the program's name and registers."""
        if self.spec.max_programs == 1:
            raise SkipTest("a job of it has one program")
        qubit = self.place(1)[0]
        made = [Circuit(qubit + 1, 1 + number, name=f"number {number}") for number in range(3)]
        for number, circuit in enumerate(made):
            circuit.measure(qubit, 0) if number % 2 else circuit.x(qubit).measure(qubit, 0)
        entries = self.entries(made)
        for number, (circuit, entry) in enumerate(zip(made, entries, strict=True)):
            self.expect(entry.name == circuit.name, f"entry {number} is named {entry.name!r}, not {circuit.name!r}")
            self.expect(
                entry.num_clbits == circuit.num_clbits,
                f"entry {number} has {entry.num_clbits} clbits, but the circuit has {circuit.num_clbits}",
            )
            judge_counts(circuit, self.array(entry), distribution(circuit), self.noise)

    # --- seeds

    @check("numbers", features=("counts",), needs=(runs_circuits,))
    def test_same_seed(self) -> None:
        """The same seed gives the same counts, whatever ran before or runs beside it."""
        circuit = self.simple(3)
        first = self.result(circuit, seed=11).get_counts()
        self.result(circuit, seed=12)
        jobs = [self.run(circuit, seed=11, executor="thread") for _ in range(4)]
        again = [job.result(timeout=self.patience).get_counts() for job in jobs]
        self.expect(
            all(counts == first for counts in again),
            f"seed 11 gave {dict(first)}, and then {[dict(counts) for counts in again if counts != first][:1]}. "
            "Draw from context.rng(index) alone",
        )

    @check("numbers", features=("counts",), needs=(runs_circuits,))
    def test_other_seeds(self) -> None:
        """Other seeds give other counts, and circuits of one job are independent."""
        circuit = self.simple(3)
        seen = [dict(self.result(circuit, seed=seed).get_counts()) for seed in range(40, 46)]
        if len(seen[0]) == 1:
            raise SkipTest("its outcomes are certain, so that no seed shows")
        self.expect(any(counts != seen[0] for counts in seen), "six seeds gave the same counts: the seed is not used")
        if self.spec.max_programs is None or self.spec.max_programs >= 6:
            twins = [dict(entry.get_counts()) for entry in self.entries([circuit] * 6, seed=SEED)]
            self.expect(
                any(counts != twins[0] for counts in twins),
                "six equal circuits of one job gave the same counts: draw from context.rng(index), not context.rng()",
            )

    # --- options that everybody knows

    @check("numbers", features=("initial_state",), needs=(runs_circuits,))
    def test_initial_state(self) -> None:
        """A run begins from the state that it is given."""
        name = self.initial_option()
        path = self.layout.path(2) or self.place(1)
        size = max(path) + 1
        state = c.random_state(size, 5)
        circuit = c.measured(Circuit(size, name="initial state").h(path), path)
        (entry,) = self.entries([circuit], **{name: state, **self.wish("counts")})
        judge_counts(circuit, self.array(entry), distribution(circuit, state), self.noise)

    def initial_option(self) -> str:
        """Return the name of the option that sets the initial state."""
        found = [name for name in ("initial_state", "initial_statevector") if name in self.declared]
        self.expect(found, "initial_state is declared, but there is no option of that name")
        return found[0]

    @check("numbers", features=("single_precision",), needs=(runs_circuits,))
    def test_single_precision(self) -> None:
        """With ``precision="single"`` amplitudes are complex64 and right to four digits."""
        self.expect("precision" in self.declared, "single_precision is declared, but there is no option `precision`")
        path = self.layout.path(3) or self.place(1)
        circuit = c.random_circuit(path, 31)
        if "statevector" in self.features():
            (entry,) = self.entries([circuit], precision="single", **self.wish("statevector"))
            state = entry.get_statevector()
            self.expect(state.dtype == np.complex64, f"amplitudes are {state.dtype}")
            judge_array(circuit.name, "statevector", state, final_state(circuit), single=True)
            return
        ready = c.measured(circuit, path)
        (entry,) = self.entries([ready], precision="single", **self.wish("counts"))
        judge_counts(ready, self.array(entry), distribution(ready), max(self.noise, 1e-4))
