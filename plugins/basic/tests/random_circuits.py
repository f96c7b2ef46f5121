"""Random circuits of every kind that a method is for, and what is expected of each."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from qdock.circuit import Circuit
from qdock.gates import GATES, Gate

_PLAIN = [row for row in GATES.values() if row.name != "id"]
_TURNS = ("rx", "ry", "rz", "p", "rxx", "rzz", "rzx", "ryy")
_CLIFFORD = ("x", "y", "z", "h", "s", "sdg", "sx", "sxdg", "id", "cx", "cy", "cz", "swap", "iswap", "dcx", "ecr")


def append_gate(draw: Any, circuit: Circuit) -> None:
    """Append a gate of the table that fits, half of them under a control."""
    row = draw(st.sampled_from([row for row in _PLAIN if row.num_qubits <= circuit.num_qubits]))
    gate = Gate(row.name, tuple(draw(st.floats(-4, 4)) for _ in range(row.num_params)))
    if draw(st.booleans()) and row.num_qubits < circuit.num_qubits:
        gate = gate.control(1, draw(st.integers(0, 1)))
    circuit.append(gate, _some(draw, circuit, gate.num_qubits))


def _some(draw: Any, circuit: Circuit, count: int) -> list[int]:
    """So many qubits, all different."""
    return list(draw(st.permutations(range(circuit.num_qubits)))[:count])


@st.composite
def gates(draw: Any, fewest: int = 1, most: int = 5) -> Circuit:
    """Gates alone."""
    size = draw(st.integers(fewest, most))
    circuit = Circuit(size, min(size, 5), global_phase=draw(st.sampled_from([0.0, 0.7])))
    for _ in range(draw(st.integers(0, 20))):
        append_gate(draw, circuit)
    return circuit


@st.composite
def read(draw: Any, fewest: int = 1, most: int = 5) -> Circuit:
    """Gates, then some qubits measured into any clbits."""
    circuit = draw(gates(fewest, most))
    for qubit in _some(draw, circuit, draw(st.integers(1, circuit.num_clbits))):
        circuit.measure(qubit, draw(st.integers(0, circuit.num_clbits - 1)))
    return circuit


@st.composite
def measured(draw: Any) -> Circuit:
    """Gates, then some qubits measured, with other gates between."""
    circuit = draw(gates())
    for qubit in _some(draw, circuit, draw(st.integers(1, circuit.num_qubits))):
        circuit.measure(qubit, draw(st.integers(0, circuit.num_clbits - 1)))
        if draw(st.booleans()):
            append_gate(draw, circuit)
    return circuit


@st.composite
def clifford(draw: Any, most: int = 4) -> Circuit:
    """Clifford gates, measurements and resets in any order; every clbit is shown."""
    circuit = Circuit(draw(st.integers(1, most)), draw(st.integers(1, 4)))
    for _ in range(draw(st.integers(0, 20))):
        draw(st.sampled_from([_fixed, _fixed, _fixed, _fixed, _turn, _measure, _reset, _power]))(draw, circuit)
    return circuit.measure(0, 0)


def _fits(circuit: Circuit, names: tuple[str, ...]) -> Any:
    return st.sampled_from([name for name in names if GATES[name].num_qubits <= circuit.num_qubits])


def _fixed(draw: Any, circuit: Circuit) -> None:
    name = draw(_fits(circuit, _CLIFFORD))
    circuit.append(name, _some(draw, circuit, GATES[name].num_qubits))


def _turn(draw: Any, circuit: Circuit) -> None:
    name = draw(_fits(circuit, _TURNS))
    circuit.append(name, _some(draw, circuit, GATES[name].num_qubits), [math.pi / 2 * draw(st.integers(-4, 4))])


def _measure(draw: Any, circuit: Circuit) -> None:
    circuit.measure(_some(draw, circuit, 1), draw(st.integers(0, circuit.num_clbits - 1)))


def _reset(draw: Any, circuit: Circuit) -> None:
    circuit.reset(_some(draw, circuit, 1))


def _power(draw: Any, circuit: Circuit) -> None:
    circuit.append(Gate("s").to_power(3), _some(draw, circuit, 1))


@st.composite
def among_others(draw: Any, narrow: Circuit, size: int = 15) -> Circuit:
    """A circuit on some of many qubits; on the others there are gates that nothing measured can see."""
    places = draw(st.permutations(range(size)))
    wide = Circuit(size, narrow.num_clbits)
    for qubit in places[narrow.num_qubits :]:
        wide.ry(draw(st.floats(-3, 3)), qubit)
    wide.compose(narrow, places[: narrow.num_qubits])
    return wide


@st.composite
def side_by_side(draw: Any, first: Circuit, second: Circuit, size: int = 15) -> Circuit:
    """Two circuits that have nothing to do with each other, the clbits of the first one below those of the second."""
    places = draw(st.permutations(range(size)))
    wide, middle = Circuit(size, first.num_clbits + second.num_clbits), first.num_qubits
    wide.compose(first, places[:middle], range(first.num_clbits))
    wide.compose(second, places[middle : middle + second.num_qubits], range(first.num_clbits, wide.num_clbits))
    return wide
