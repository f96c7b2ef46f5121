"""Circuits in other gates: compared, phase included, with products of matrices that know nothing of lowering."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import unitary_group

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded, LoweringError
from qdock.expr import FLOAT, Parameter, Uint, cast
from qdock.gates import GATES, Gate
from qdock.lower import find_rules, lower
from qdock.lowering.equivalences import EQUIVALENCES

# Each is universal: something that turns one qubit by any angle, and something that entangles two.
UNIVERSAL = [
    {"rz", "sx", "cz"},
    {"rz", "sx", "x", "ecr"},
    {"rz", "ry", "cx"},
    {"rz", "h", "dcx"},
    {"rx", "ry", "iswap"},
    {"rx", "rz", "rzz"},
    {"ry", "p", "csdg"},
    {"p", "h", "cz"},
    {"r", "rxx"},
    {"u2", "cx"},
    {"u1", "u2", "u3", "cx"},
    {"U", "CX"},
    *({"u", name} for name in ("cx", "cy", "cz", "ch", "cp", "cu1", "cs", "csdg", "csx", "crx", "cry", "crz", "cu")),
    *({"u", name} for name in ("cu3", "iswap", "dcx", "ecr", "rxx", "ryy", "rzz", "rzx", "xx_minus_yy", "xx_plus_yy")),
]


def applied(matrix, qubits, total):
    """A matrix on some qubits times `total`: for each state of the others, the rows that differ in these."""
    index = np.arange(len(total))
    others = index[(index & sum(1 << qubit for qubit in qubits)) == 0]
    offsets = [sum(((row >> place) & 1) << qubit for place, qubit in enumerate(qubits)) for row in range(len(matrix))]
    rows = np.array(offsets)[:, None] + others[None, :]
    result = np.empty_like(total)
    result[rows] = np.einsum("ij,jkl->ikl", matrix, total[rows])
    return result


def unitary_of(circuit):
    """The product of all matrices of a circuit, its global phase included."""
    total = np.eye(1 << circuit.num_qubits, dtype=complex) * np.exp(1j * circuit.global_phase)
    for step in circuit:
        if step.is_gate:
            total = applied(step.gate.matrix(), step.qubits, total)
    return total


def names_of(circuit):
    return set(circuit.count_ops())


@st.composite
def circuits(draw, num_qubits=4, most=6):
    circuit = Circuit(num_qubits, global_phase=draw(st.floats(-7, 7)))
    names = [name for name, row in GATES.items() if row.num_qubits <= num_qubits]
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["row", "row", "modified", "matrix"]))
        if kind == "matrix":
            count = draw(st.integers(1, 2))
            made = Gate("unitary", array=unitary_group.rvs(1 << count, random_state=draw(st.integers(0, 1 << 30))))
        else:
            row = GATES[draw(st.sampled_from(names))]
            made = Gate(row.name, tuple(draw(st.floats(-7, 7)) for _ in range(row.num_params)))
        free = num_qubits - made.num_qubits
        if kind == "modified" and free:
            controls = draw(st.integers(1, free))
            made = made.to_power(draw(st.sampled_from([1, -1, 2, 0.5, -0.3]))).control(
                controls, draw(st.integers(0, (1 << controls) - 1))
            )
        circuit.append(made, draw(st.permutations(range(num_qubits)))[: made.num_qubits])
    return circuit


def joined(names):
    return "-".join(sorted(names))


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("target", UNIVERSAL[:4], ids=joined)
def test_every_gate_of_the_table_is_the_same_after_lowering(name, target):
    row = GATES[name]
    angles = np.random.default_rng(row.code).uniform(-7, 7, row.num_params)
    circuit = Circuit(row.num_qubits).append(name, range(row.num_qubits), angles)
    lowered = lower(circuit, target)
    assert names_of(lowered) <= target
    assert np.abs(unitary_of(lowered) - row.matrix(*angles)).max() < 1e-12


@pytest.mark.parametrize("target", UNIVERSAL, ids=joined)
@given(circuit=circuits())
@settings(max_examples=5, deadline=None)
def test_any_universal_set_gives_the_same_unitary(target, circuit):
    lowered = lower(circuit, target)
    assert names_of(lowered) <= target
    assert np.abs(unitary_of(lowered) - unitary_of(circuit)).max() < 1e-12


@given(circuit=circuits(num_qubits=6, most=8))
@settings(max_examples=15, deadline=None)
def test_circuits_of_six_qubits_are_the_same_after_lowering(circuit):
    assert np.abs(unitary_of(lower(circuit, {"rz", "sx", "cz"})) - unitary_of(circuit)).max() < 1e-12


@pytest.mark.parametrize("name, rule", EQUIVALENCES)
def test_every_equivalence_is_exact(name, rule):
    row = GATES[name]
    angles = np.random.default_rng(7).uniform(-7, 7, row.num_params)
    circuit = Circuit(row.num_qubits)
    for part, params, qubits in rule(*angles):
        circuit.gphase(*params) if part == "gphase" else circuit.append(part, qubits, params)
    assert np.abs(unitary_of(circuit) - row.matrix(*angles)).max() < 1e-13


@pytest.mark.parametrize("count", range(1, 7))
def test_many_controls_are_exact_with_and_without_a_spare_qubit(count):
    for spare in (0, 1, count):
        circuit = Circuit(min(count + 1 + spare, 8)).mcx(list(range(count)), count)
        assert np.abs(unitary_of(lower(circuit, {"u", "cx"})) - unitary_of(circuit)).max() < 1e-12
    phase = Circuit(count + 1).mcp(0.7, list(range(count)), count)
    assert np.abs(unitary_of(lower(phase, {"u", "cx"})) - unitary_of(phase)).max() < 1e-12


def test_twice_the_controls_cost_about_twice_the_gates_when_a_qubit_is_spare():
    sizes = [len(lower(Circuit(count + 2).mcx(list(range(count)), count), {"u", "cx"})) for count in (20, 40, 80)]
    assert sizes[1] < 2.3 * sizes[0]
    assert sizes[2] < 2.3 * sizes[1]


def test_clifford_and_t_circuits_lower_to_clifford_and_t():
    circuit = Circuit(3).ccx(0, 1, 2).cz(0, 1).swap(1, 2).y(0).sdg(1).cs(0, 1).p(math.pi / 4, 0).rz(-math.pi / 2, 1)
    lowered = lower(circuit, {"h", "t", "cx"})
    assert names_of(lowered) == {"h", "t", "cx"}
    assert np.abs(unitary_of(lowered) - unitary_of(circuit)).max() < 1e-12


def test_unbound_parameters_can_be_lowered_and_bound_later():
    theta = Parameter("theta")
    circuit = (
        Circuit(3).cu(theta, theta / 2, -theta, 3 * theta, 0, 1).append(Gate("crx", (theta,)).control(1), [2, 0, 1])
    )
    circuit.append(Gate("u", (theta, theta, theta), power=-2), 0).gphase(theta)
    lowered = lower(circuit, {"rz", "sx", "cz"})
    assert lowered.parameters == {theta}
    bound = lowered.bind({theta: 0.4})
    assert np.abs(unitary_of(bound) - unitary_of(circuit.bind({theta: 0.4}))).max() < 1e-12


def test_a_circuit_in_the_right_gates_is_returned_as_it_is():
    circuit = Circuit(2, 2).rz(0.3, 0).cz(0, 1).measure_all()
    assert lower(circuit, {"rz", "sx", "cz"}) is circuit
    assert lower(circuit, GATES) is circuit


def test_modified_gates_stay_where_the_target_takes_them():
    circuit = Circuit(4).mcx([0, 1, 2], 3).append(Gate("h").control(2, 1), [0, 1, 2]).unitary(np.eye(4), [0, 1])
    assert lower(circuit, [*GATES, "modified", "unitary"]) is circuit
    assert "unitary" not in lower(circuit, [*GATES, "modified"]).count_ops()
    assert "unitary" in lower(circuit, [*GATES, "unitary"]).count_ops()


def test_what_is_no_gate_stays_and_blocks_are_lowered():
    circuit = Circuit(2, 2, name="kept")
    count = circuit.add_var("count", Uint(4), 3)
    circuit.measure(0, 0).if_(circuit.bit(0), circuit.block().swap(0, 1), circuit.block().h(1))
    circuit.for_(count, range(3), circuit.block().reset(0).ch(0, 1)).delay(10, 0, "ns").barrier()
    lowered = lower(circuit, {"u", "cx"})
    assert lowered.name == "kept"
    assert [step.name for step in lowered] == ["measure", "if", "for", "delay", "barrier"]
    assert lowered[1].blocks[0].count_ops() == {"cx": 3}
    assert names_of(lowered[2].blocks[0]) == {"reset", "u", "cx"}
    assert lowered.variables == circuit.variables


def test_a_run_time_angle_keeps_its_phase_where_its_value_is_known():
    circuit = Circuit(1, 3)
    angle = cast(circuit.value("c"), FLOAT)
    lowered = lower(circuit.measure(0, 0).rz(angle, 0), {"u", "cx"})
    assert [step.name for step in lowered] == ["measure", "if", "u"]
    assert lowered[1].blocks[0].global_phase == -angle / 2
    assert lowered.global_phase == 0


def test_aliases_name_the_same_gates():
    assert names_of(lower(Circuit(2).swap(0, 1), {"u", "cnot"})) == {"cx"}


@pytest.mark.parametrize(
    "circuit, target, message",
    [
        (
            Circuit(1).rz(0.3, 0),
            {"h", "t", "cx"},
            r"Gate 'rz' can't be made exactly from cx, h, t\. Add a gate that turns",
        ),
        (Circuit(2).cx(0, 1), {"rz", "sx"}, r"Gate 'cx' can't be made exactly from rz, sx"),
        (Circuit(1).h(0), {"zz"}, "can't be lowered to 'zz': no gate of the table has that name"),
        (Circuit(1).h(0), (), r"Gate 'h' can't be made exactly from no gates\. Add"),
        (Circuit(1).h(0), None, "is a collection of names .* but is None"),
        (Circuit(1).h(0), "cx", "is a collection of names .* but is the text 'cx'"),
    ],
)
def test_a_gate_that_can_not_be_made_is_named(circuit, target, message):
    with pytest.raises(LoweringError, match=message):
        lower(circuit, target)


def test_a_circuit_that_grows_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("qdock.lower.MAX_OPERATIONS", 10)
    with pytest.raises(LimitExceeded, match="over 10 operations"):
        lower(Circuit(4).mcx([0, 1, 2], 3), {"u", "cx"})


def test_rules_are_found_for_every_gate_from_one_rotation_and_one_entangler():
    assert set(find_rules(frozenset({"u", "cx"}))) == set(GATES) - {"u", "cx"}
