"""The checks of classical control: circuits whose answers are known by construction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qdock.circuit import Circuit
from qdock.errors import QdockError
from qdock.expressions.arithmetic import Int
from qdock.testing.backend_case import BackendCase, has_counts, means_something, runs_circuits
from qdock.testing.checks import SkipTest, check
from qdock.testing.judge import judge_array, judge_counts
from qdock.testing.reference import final_state, matrix_of

__all__ = ["ControlChecks"]


class ControlChecks(BackendCase):
    """Measurements in the midst, reset, branches, loops and variables."""

    def _answers(self, circuit: Circuit, expected: Mapping[str, float], meaning: str) -> None:
        """Run a circuit and compare its counts with probabilities by outcome; `meaning` says what it shows."""
        likely = np.zeros(2**circuit.num_clbits)
        for outcome, probability in expected.items():
            likely[int(outcome, 2)] = probability
        circuit.name = meaning
        (entry,) = self.entries([circuit], **self.wish("counts"))
        judge_counts(circuit, self.array(entry), likely, self.noise)

    def _circuit(self, clbits: int, qubits: int = 1) -> tuple[Circuit, list[int]]:
        path = self.place(qubits)
        return Circuit(max(path) + 1, clbits), path

    @check("numbers", features=("mid_circuit_measurement",), needs=(runs_circuits, means_something))
    def test_certain_measurement(self) -> None:
        """A measurement whose outcome is certain changes nothing."""
        circuit, (qubit,) = self._circuit(1)
        self._flips(circuit.x(qubit).measure(qubit, 0).x(qubit).x(qubit), qubit, "x, measured, x, x")

    @check("numbers", features=("mid_circuit_measurement",), needs=(has_counts,))
    def test_mid_circuit_measurement(self) -> None:
        """A measured qubit goes on in the state that was seen."""
        circuit, (qubit,) = self._circuit(3)
        circuit.h(qubit).measure(qubit, 0).measure(qubit, 1).x(qubit).measure(qubit, 2)
        self._answers(circuit, {"100": 0.5, "011": 0.5}, "measured twice, then flipped")
        circuit, (qubit,) = self._circuit(2)
        circuit.h(qubit).measure(qubit, 0).h(qubit).measure(qubit, 1)
        self._answers(circuit, {"00": 0.25, "01": 0.25, "10": 0.25, "11": 0.25}, "h, measured, h, measured")

    @check("numbers", features=("mid_circuit_measurement",), needs=(has_counts,))
    def test_measured_again_into_one_clbit(self) -> None:
        """A clbit holds what was measured into it last."""
        circuit, (qubit,) = self._circuit(1)
        circuit.x(qubit).measure(qubit, 0).x(qubit).measure(qubit, 0)
        self._answers(circuit, {"0": 1}, "one, then zero, into one clbit")

    @check("numbers", features=("reset",), needs=(runs_circuits, means_something))
    def test_reset(self) -> None:
        """A reset leaves a qubit in 0."""
        circuit, (qubit,) = self._circuit(0)
        self._flips(circuit.x(qubit).reset(qubit).x(qubit), qubit, "x, reset, x")

    @check("numbers", features=("reset",), needs=(has_counts,))
    def test_reset_of_superpositions(self) -> None:
        """A reset leaves a qubit in 0, whatever it was, and its partners as they are."""
        circuit, (qubit,) = self._circuit(1)
        self._answers(circuit.h(qubit).reset(qubit).h(qubit).h(qubit).measure(qubit, 0), {"0": 1}, "h, then reset")
        if self.layout.path(2):
            circuit, path = self._circuit(2, 2)
            circuit.h(path[0]).cx(path[0], path[1]).reset(path[0]).measure(path, [0, 1])
            self._answers(circuit, {"00": 0.5, "10": 0.5}, "one of a Bell pair is reset")

    @check("numbers", features=("conditionals",), needs=(runs_circuits, means_something))
    def test_conditions_on_untouched_bits(self) -> None:
        """A clbit that nothing has been measured into is 0 to every condition."""
        circuit, (qubit,) = self._circuit(1)
        circuit.if_(circuit.bit(0).eq(0), circuit.block().x(qubit))
        circuit.if_(circuit.bit(0), circuit.block().h(qubit))
        self._flips(circuit, qubit, "x if a clbit is 0, h if it is 1")

    def _flips(self, circuit: Circuit, qubit: int, meaning: str) -> None:
        """Check, in whatever output there is, that a circuit flips a qubit."""
        if "counts" in self.features():
            circuit.add_creg("seen", 1)
            circuit.name = meaning
            (entry,) = self.entries([circuit.measure(qubit, circuit.num_clbits - 1)], **self.wish("counts"))
            judge_counts(circuit, self.array(entry.marginal("seen")), np.array([0.0, 1.0]), self.noise)
            return
        flip = Circuit(circuit.num_qubits).x(qubit)
        if "unitary" in self.features():
            (entry,) = self.entries([circuit], **self.wish("unitary"))
            judge_array(meaning, "unitary", entry.get_unitary(), matrix_of(flip))
        else:
            (entry,) = self.entries([circuit], **self.wish("statevector"))
            judge_array(meaning, "statevector", entry.get_statevector(), final_state(flip))

    @check("numbers", features=("conditionals", "mid_circuit_measurement"), needs=(runs_circuits, means_something))
    def test_certain_conditions(self) -> None:
        """A condition reads what has been measured."""
        circuit, (qubit,) = self._circuit(1)
        circuit.x(qubit).measure(qubit, 0).x(qubit)
        circuit.if_(circuit.bit(0), circuit.block().x(qubit), circuit.block().h(qubit))
        self._flips(circuit, qubit, "one is measured, x if it is, else h")

    @check("numbers", features=("conditionals", "mid_circuit_measurement"), needs=(has_counts,))
    def test_conditionals(self) -> None:
        """What stands in `if_` and `else` runs in the shots in which its condition says so, and in no other."""
        circuit, (qubit,) = self._circuit(2)
        circuit.h(qubit).measure(qubit, 0)
        circuit.if_(circuit.bit(0), circuit.block().x(qubit))
        self._answers(circuit.measure(qubit, 1), {"00": 0.5, "01": 0.5}, "x if one was measured")
        circuit, (qubit,) = self._circuit(2)
        circuit.h(qubit).measure(qubit, 0)
        circuit.if_(circuit.bit(0).eq(0), circuit.block().z(qubit), circuit.block().x(qubit))
        self._answers(circuit.measure(qubit, 1), {"00": 0.5, "01": 0.5}, "z if zero was measured, else x")

    @check("numbers", features=("conditionals", "mid_circuit_measurement"), needs=(has_counts,))
    def test_conditions_on_registers(self) -> None:
        """A condition reads a register as a number, its clbit 0 the least significant; `switch` chooses by it."""
        for number in range(4):
            circuit, (qubit,) = self._circuit(3)
            self._write(circuit, qubit, number)
            circuit.if_(circuit.value([0, 1]).eq(1), circuit.block().x(qubit))
            bit = int(number == 1)
            self._answers(circuit.measure(qubit, 2), {f"{bit}{number:02b}": 1}, f"x if {number} is 1")
            circuit, (qubit,) = self._circuit(3)
            self._write(circuit, qubit, number)
            x, z = circuit.block().x(qubit), circuit.block().z(qubit)
            circuit.switch(circuit.value([0, 1]), {(0, 2): x, 3: z}, x.copy())
            bit = int(number != 3)
            self._answers(circuit.measure(qubit, 2), {f"{bit}{number:02b}": 1}, f"a switch on {number}")

    def _write(self, circuit: Circuit, qubit: int, number: int) -> None:
        """Measure the two bits of a number into clbits 0 and 1, and leave the qubit in 0."""
        for bit in (0, 1):
            if number >> bit & 1:
                circuit.x(qubit).measure(qubit, bit).x(qubit)
            else:
                circuit.measure(qubit, bit)

    @check("numbers", features=("loops",), needs=(runs_circuits, means_something))
    def test_for(self) -> None:
        """`for_` runs its body as often as it says."""
        circuit, (qubit,) = self._circuit(0)
        circuit.for_(None, range(3), circuit.block().x(qubit))
        self._flips(circuit, qubit, "x three times")

    @check("numbers", features=("loops", "mid_circuit_measurement"), needs=(has_counts,))
    def test_while(self) -> None:
        """`while_` runs its body until its condition fails, and `break_` leaves a loop."""
        circuit, (qubit,) = self._circuit(2)
        body = circuit.block().h(qubit).measure(qubit, 0)
        circuit.h(qubit).measure(qubit, 0).while_(circuit.bit(0), body)
        self._answers(circuit.measure(qubit, 1), {"00": 1}, "h until zero is measured")
        circuit, (qubit,) = self._circuit(2)
        body = circuit.block().x(qubit).measure(qubit, 0)
        body.if_(circuit.bit(0), body.block().break_())
        circuit.for_(None, range(4), body)
        self._answers(circuit.measure(qubit, 1), {"11": 1}, "x until one is measured, then break")

    @check("numbers", features=("variables", "conditionals"), needs=(runs_circuits, means_something))
    def test_assigned_bits(self) -> None:
        """A condition sees what was assigned to a clbit."""
        circuit, (qubit,) = self._circuit(1)
        circuit.assign(circuit.bit(0), True)
        circuit.if_(circuit.bit(0), circuit.block().x(qubit))
        circuit.assign(circuit.bit(0), False)
        circuit.if_(circuit.bit(0), circuit.block().x(qubit))
        self._flips(circuit, qubit, "x if a clbit that was set to 1 is 1")

    @check("numbers", features=("variables",), needs=(has_counts,))
    def test_variables(self) -> None:
        """Variables hold what was assigned, shot by shot, and expressions are worked out at run time."""
        circuit, (qubit,) = self._circuit(2)
        number = circuit.add_var("number", Int(32), 3)
        self._may_be_refused(circuit.copy().assign(number, number + 1).measure(qubit, 0))
        circuit.assign(number, number * 2 + 1)
        circuit.assign(circuit.bit(0), number.eq(7))
        self._answers(circuit.measure(qubit, 1), {"01": 1}, "2 * 3 + 1 is 7")

    def _may_be_refused(self, circuit: Circuit) -> None:
        """Skip the check where the backend says before there is a job that its variables are bits."""
        try:
            self.run(circuit)
        except QdockError as error:
            raise SkipTest(f"numbers are refused, bits are tested: {error}") from None
