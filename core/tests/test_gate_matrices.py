"""The table of gates: compared with exponentials of Pauli strings, projectors and eigenvalues; no code is shared."""

from __future__ import annotations

import cmath
import math
from functools import reduce
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm, schur
from scipy.stats import unitary_group

from qdock.expr import Parameter
from qdock.gates import _WITH_CONTROLS, ALIASES, GATES, Gate, controlled_matrix, gate

PI = math.pi
ANGLES = st.floats(-4 * PI, 4 * PI)
#: For tests that are made for every row.
FEW = settings(max_examples=settings.default.max_examples // 20)

# --- independent answers; the rightmost factor of a Kronecker product is the first qubit

PAULI = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]), "Z": np.diag([1, -1])}
ONE = np.diag([0, 1])
ZERO = np.diag([1, 0])


def kron(*first_to_last):
    return reduce(np.kron, reversed(first_to_last), np.eye(1))


def pauli(string):
    return kron(*(PAULI[letter] for letter in string))


def turn(angle, generator):
    return expm(-0.5j * angle * generator)


def rz(angle):
    return turn(angle, PAULI["Z"])


def phase(angle):
    return expm(1j * angle * ONE)


def euler(theta, phi, lam):
    return cmath.exp(0.5j * (phi + lam)) * rz(phi) @ turn(theta, PAULI["Y"]) @ rz(lam)


def controlled(matrix, states=(1,)):
    """The identity, plus what differs from it where the controls are in their states."""
    projector = kron(*(ONE if state else ZERO for state in states))
    size = len(matrix)
    return np.kron(np.eye(size), np.eye(len(projector))) + np.kron(matrix - np.eye(size), projector)


def chosen(blocks, num_controls):
    """Another matrix on the last qubit for each state of the controls; the identity where none is given."""
    total = np.zeros((2 << num_controls, 2 << num_controls), complex)
    for states in product((0, 1), repeat=num_controls):
        projector = kron(*(ONE if state else ZERO for state in states))
        total += np.kron(blocks.get(states, np.eye(2)), projector)
    return total


HADAMARD = (PAULI["X"] + PAULI["Z"]) / math.sqrt(2)
ROOT_OF_X = cmath.exp(0.25j * PI) * turn(PI / 2, PAULI["X"])
EXCHANGE = (pauli("II") + pauli("XX") + pauli("YY") + pauli("ZZ")) / 2
FORTH = kron(ZERO, np.eye(2)) + kron(ONE, PAULI["X"])
BACK = kron(np.eye(2), ZERO) + kron(PAULI["X"], ONE)

ANSWERS = {
    "id": lambda: np.eye(2),
    "x": lambda: PAULI["X"],
    "y": lambda: PAULI["Y"],
    "z": lambda: PAULI["Z"],
    "h": lambda: HADAMARD,
    "s": lambda: phase(PI / 2),
    "sdg": lambda: phase(-PI / 2),
    "t": lambda: phase(PI / 4),
    "tdg": lambda: phase(-PI / 4),
    "sx": lambda: ROOT_OF_X,
    "sxdg": lambda: ROOT_OF_X.conj().T,
    "p": phase,
    "u1": phase,
    "u2": lambda phi, lam: euler(PI / 2, phi, lam),
    "u3": euler,
    "u": euler,
    "U": euler,
    "u0": lambda _duration: np.eye(2),
    "rx": lambda theta: turn(theta, PAULI["X"]),
    "ry": lambda theta: turn(theta, PAULI["Y"]),
    "rz": rz,
    "r": lambda theta, phi: turn(theta, math.cos(phi) * PAULI["X"] + math.sin(phi) * PAULI["Y"]),
    "cx": lambda: controlled(PAULI["X"]),
    "CX": lambda: controlled(PAULI["X"]),
    "cy": lambda: controlled(PAULI["Y"]),
    "cz": lambda: controlled(PAULI["Z"]),
    "ch": lambda: controlled(HADAMARD),
    "cp": lambda theta: expm(1j * theta * np.kron(ONE, ONE)),
    "cu1": lambda theta: expm(1j * theta * np.kron(ONE, ONE)),
    "cs": lambda: expm(0.5j * PI * np.kron(ONE, ONE)),
    "csdg": lambda: expm(-0.5j * PI * np.kron(ONE, ONE)),
    "csx": lambda: controlled(ROOT_OF_X),
    "crx": lambda theta: expm(-0.5j * theta * kron(ONE, PAULI["X"])),
    "cry": lambda theta: expm(-0.5j * theta * kron(ONE, PAULI["Y"])),
    "crz": lambda theta: expm(-0.5j * theta * kron(ONE, PAULI["Z"])),
    "cu": lambda theta, phi, lam, gamma: controlled(cmath.exp(1j * gamma) * euler(theta, phi, lam)),
    "cu3": lambda theta, phi, lam: controlled(euler(theta, phi, lam)),
    "swap": lambda: EXCHANGE,
    "iswap": lambda: expm(0.25j * PI * (pauli("XX") + pauli("YY"))),
    "dcx": lambda: BACK @ FORTH,
    "ecr": lambda: (pauli("XI") - pauli("YX")) / math.sqrt(2),
    "rxx": lambda theta: turn(theta, pauli("XX")),
    "ryy": lambda theta: turn(theta, pauli("YY")),
    "rzz": lambda theta: turn(theta, pauli("ZZ")),
    "rzx": lambda theta: turn(theta, pauli("ZX")),
    "xx_minus_yy": lambda theta, beta: (
        kron(np.eye(2), rz(beta)) @ turn(theta / 2, pauli("XX") - pauli("YY")) @ kron(np.eye(2), rz(-beta))
    ),
    "xx_plus_yy": lambda theta, beta: (
        kron(rz(-beta), np.eye(2)) @ turn(theta / 2, pauli("XX") + pauli("YY")) @ kron(rz(beta), np.eye(2))
    ),
    "ccx": lambda: controlled(PAULI["X"], (1, 1)),
    "ccz": lambda: controlled(PAULI["Z"], (1, 1)),
    "cswap": lambda: controlled(EXCHANGE),
    "rccx": lambda: chosen({(1, 0): PAULI["Z"], (1, 1): PAULI["Y"]}, 2),
    "c3x": lambda: controlled(PAULI["X"], (1, 1, 1)),
    "c3sqrtx": lambda: controlled(ROOT_OF_X, (1, 1, 1)),
    "c4x": lambda: controlled(PAULI["X"], (1, 1, 1, 1)),
    "rc3x": lambda: chosen({(1, 1, 0): 1j * PAULI["Z"], (1, 1, 1): 1j * PAULI["Y"]}, 3),
}


def principal_power(matrix, exponent):
    """By eigenvalues with angles in (-pi, pi]; those of a normal matrix are the diagonal of its Schur form."""
    triangle, vectors = schur(np.asarray(matrix, complex), output="complex")
    angles = np.angle(np.diag(triangle))
    angles[angles < -PI + 1e-7] = PI
    return vectors @ np.diag(np.exp(1j * exponent * angles)) @ vectors.conj().T


def close(found, expected, tolerance=1e-10):
    assert found.shape == expected.shape
    assert found.dtype == np.complex128
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def angles_for(row, data):
    return [data.draw(ANGLES) for _ in row.parameters]


def embedded(matrix, qubits, num_qubits):
    """A matrix on some qubits as one on all: a sum over its elements, each a product of |a><b|."""
    total = np.zeros((1 << num_qubits, 1 << num_qubits), complex)
    for row, column in zip(*np.nonzero(matrix), strict=True):
        factors = [np.eye(2)] * num_qubits
        for place, qubit in enumerate(qubits):
            factors[qubit] = np.outer(np.eye(2)[row >> place & 1], np.eye(2)[column >> place & 1])
        total += matrix[row, column] * kron(*factors)
    return total


def product_of(steps, num_qubits):
    total = np.eye(1 << num_qubits, dtype=complex)
    for name, params, qubits in steps:
        part = cmath.exp(1j * params[0]) if name == "gphase" else embedded(ANSWERS[name](*params), qubits, num_qubits)
        total = part * total if name == "gphase" else part @ total
    return total


# --- the table

NAMES = list(GATES)


def test_every_row_has_an_independent_answer():
    assert set(GATES) == set(ANSWERS)


def test_the_table_has_every_gate_of_the_field():
    field = """id x y z h s sdg t tdg sx sxdg p u1 u2 u3 u U rx ry rz r cx CX cy cz ch cs csdg csx cp cu1 crx cry crz
    cu cu3 swap iswap dcx ecr rxx ryy rzz rzx xx_minus_yy xx_plus_yy ccx ccz cswap rccx c3x c3sqrtx c4x rc3x u0
    cnot phase cphase i toffoli fredkin ccnot c3sx rcccx"""
    assert [name for name in field.split() if name not in GATES and name not in ALIASES] == []


def test_codes_are_the_places_in_the_table():
    assert [row.code for row in GATES.values()] == list(range(len(GATES)))
    assert len(GATES) <= 128
    assert all(name == row.name for name, row in GATES.items())


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(data=st.data())
def test_a_matrix_is_the_independent_answer(name, data):
    row = GATES[name]
    angles = angles_for(row, data)
    close(row.matrix(*angles), ANSWERS[name](*angles))
    close(Gate(name, tuple(angles)).matrix(), ANSWERS[name](*angles))
    assert row.matrix(*angles).shape == (1 << row.num_qubits,) * 2


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(data=st.data())
def test_a_matrix_is_unitary_to_the_last_bits(name, data):
    row = GATES[name]
    matrix = row.matrix(*angles_for(row, data))
    close(matrix @ matrix.conj().T, np.eye(len(matrix), dtype=complex), 1e-14)


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(data=st.data())
def test_controls_of_a_row_surround_its_base(name, data):
    row = GATES[name]
    angles = angles_for(row, data)
    close(controlled(row.base_matrix(*angles), (1,) * row.num_controls), ANSWERS[name](*angles))


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.diagonal])
@FEW
@given(data=st.data())
def test_a_diagonal_row_is_diagonal(name, data):
    matrix = GATES[name].matrix(*angles_for(GATES[name], data))
    assert not (matrix - np.diag(np.diag(matrix))).any()


def test_no_other_row_is_diagonal():
    for row in GATES.values():
        matrix = row.matrix(*[0.3] * row.num_params)
        assert row.diagonal == (not (matrix - np.diag(np.diag(matrix))).any())


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.steps])
@FEW
@given(data=st.data())
def test_the_steps_of_a_row_are_its_matrix_with_the_global_phase(name, data):
    row = GATES[name]
    angles = angles_for(row, data)
    close(product_of(row.steps(*angles), row.num_qubits), ANSWERS[name](*angles))


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.steps and row.parameters])
def test_the_steps_of_a_row_may_have_expressions(name):
    row = GATES[name]
    parameters = [Parameter(name) for name in row.parameters]
    values = dict(zip(parameters, (0.3, -1.1, 2.2, 0.7), strict=False))
    bound = [
        (step, tuple(angle.bind(values).value if hasattr(angle, "bind") else angle for angle in angles), qubits)
        for step, angles, qubits in row.steps(*parameters)
    ]
    close(product_of(bound, row.num_qubits), ANSWERS[name](*(values[parameter] for parameter in parameters)))


def test_every_chain_of_steps_ends_at_u_and_cx():
    ends = {name for name, row in GATES.items() if row.steps is None}
    assert ends == {"u", "cx"}
    seen = {}

    def levels(name):
        row = GATES[name]
        if name not in seen:
            steps = [] if row.steps is None else row.steps(*[0.3] * row.num_params)
            seen[name] = 1 + max((levels(step[0]) for step in steps if step[0] != "gphase"), default=0)
        return seen[name]

    assert max(map(levels, GATES)) < 8


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(data=st.data())
def test_the_inverse_undoes_the_gate(name, data):
    made = Gate(name, tuple(angles_for(GATES[name], data)))
    close(made.inverse().matrix(), ANSWERS[name](*made.params).conj().T)
    close(made.inverse().inverse().matrix(), ANSWERS[name](*made.params))


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.inverse])
def test_the_inverse_of_a_row_is_a_row(name):
    assert gate(name, *[0.3] * GATES[name].num_params).inverse().is_plain


@pytest.mark.parametrize("alias, name", list(ALIASES.items()))
def test_an_alias_is_the_row(alias, name):
    angles = [0.3] * GATES[name].num_params
    assert gate(alias, *angles) == gate(name, *angles)
    assert gate(alias, *angles).name == name


# --- controls


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(data=st.data())
def test_controls_act_in_their_states(name, data):
    made = Gate(name, tuple(angles_for(GATES[name], data)))
    count = data.draw(st.integers(1, 3 if made.num_qubits < 3 else 1))
    state = data.draw(st.integers(0, (1 << count) - 1))
    states = tuple(state >> place & 1 for place in range(count))
    wrapped = made.control(count, state)
    assert wrapped.num_qubits == made.num_qubits + count
    close(wrapped.matrix(), controlled(ANSWERS[name](*made.params), states))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_controls_act_in_all_their_states(count):
    for states in product((0, 1), repeat=count):
        state = sum(bit << place for place, bit in enumerate(states))
        close(gate("ry", 0.7).control(count, state).matrix(), controlled(ANSWERS["ry"](0.7), states))
        close(controlled_matrix(ANSWERS["ry"](0.7), states), controlled(ANSWERS["ry"](0.7), states))


@pytest.mark.parametrize("name", list(_WITH_CONTROLS))
def test_a_row_with_controls_is_a_row_where_there_is_one(name):
    angles = [0.3] * GATES[name].num_params
    for count, row in enumerate(_WITH_CONTROLS[name], start=1):
        made = gate(name, *angles).control(count)
        assert made.is_plain == (row is not None)
        assert row in (None, made.name)
        close(made.matrix(), controlled(ANSWERS[name](*angles), (1,) * count))
        assert gate(name, *angles).control(count, 0).is_plain is False


def test_controls_of_controls_come_first():
    made = gate("x").control(1, 0).control(1).control(1, 0)
    assert made.controls == (0, 1, 0)
    close(made.matrix(), controlled(controlled(controlled(PAULI["X"], (0,)), (1,)), (0,)))
    assert gate("x").control().control() == gate("ccx")


# --- powers

EXPONENTS = st.one_of(st.integers(-7, 7), st.sampled_from([0.5, -0.5, 0.25, 1 / 3, 1.5, -2.75]), st.floats(-3, 3))


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(data=st.data())
def test_a_power_is_the_principal_one(name, data):
    made = Gate(name, tuple(angles_for(GATES[name], data)))
    exponent = data.draw(EXPONENTS)
    expected = ANSWERS[name](*made.params)
    if exponent == int(exponent):
        expected = np.linalg.matrix_power(expected if exponent >= 0 else expected.conj().T, abs(int(exponent)))
    else:
        expected = principal_power(expected, exponent)
    close(made.to_power(exponent).matrix(), expected, 1e-6)


@pytest.mark.parametrize(
    "name, angle", [("p", PI), ("p", -PI), ("p", 3 * PI), ("rz", -PI), ("rx", 3 * PI), ("crz", 2 * PI)]
)
def test_a_root_of_minus_one_is_i(name, angle):
    made = gate(name, angle).to_power(0.5)
    close(made.matrix(), principal_power(ANSWERS[name](angle), 0.5), 1e-7)


@pytest.mark.parametrize("name", ["x", "z", "h", "swap", "cz", "ccx"])
def test_the_square_root_squared_is_the_gate(name):
    root = gate(name).to_power(0.5)
    close(root.matrix() @ root.matrix(), ANSWERS[name]())
    assert root.to_power(2) == gate(name)
    assert gate(name).to_power(1) == gate(name)
    assert gate(name).to_power(-1) == gate(name).inverse()
    close(gate(name).to_power(0).matrix(), np.eye(1 << GATES[name].num_qubits, dtype=complex))


def test_the_square_root_of_x_is_sx():
    close(gate("x").to_power(0.5).matrix(), ROOT_OF_X)
    close(gate("z").to_power(0.5).matrix(), phase(PI / 2))


def test_the_power_of_a_rotation_is_a_rotation():
    assert gate("rz", 0.4).to_power(0.5) == gate("rz", 0.2)
    assert gate("cp", 0.4).to_power(-3) == gate("cp", 0.4 * -3)
    assert gate("xx_plus_yy", 0.4, 0.1).to_power(2) == gate("xx_plus_yy", 0.8, 0.1)
    assert gate("rz", Parameter("a")).to_power(2) == gate("rz", Parameter("a") * 2.0)


@given(st.floats(-20, 20), st.sampled_from([0.5, -0.25, 1.5]))
def test_binding_before_or_after_a_power_is_the_same(angle, exponent):
    for name in ("p", "rz", "crx", "rzz"):
        late = Gate(name, (Parameter("a"),)).to_power(exponent)
        bound = Gate(name, (late.params[0].bind({"a": angle}).value,), (), late.power)
        close(bound.matrix(), gate(name, angle).to_power(exponent).matrix(), 1e-6)


@given(st.data())
def test_modifiers_compose_in_any_order(data):
    name = data.draw(st.sampled_from([name for name, row in GATES.items() if row.num_qubits < 3]))
    made = Gate(name, tuple(angles_for(GATES[name], data)))
    expected = ANSWERS[name](*made.params)
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["control", "inverse", "power"]))
        if kind == "control" and made.num_qubits < 5:
            state = data.draw(st.integers(0, 1))
            made, expected = made.control(1, state), controlled(expected, (state,))
        elif kind == "inverse":
            made, expected = made.inverse(), expected.conj().T
        elif kind == "power":
            exponent = data.draw(st.sampled_from([-2, -1, -0.5, 0.5, 1 / 3, 2, 3]))
            made, expected = made.to_power(exponent), principal_power(expected, exponent)
    close(made.matrix(), expected, 1e-5)


@given(
    st.lists(st.sampled_from([0.0, 0.4, 0.4, -2.0, PI, PI, PI / 2]), min_size=4, max_size=4),
    st.integers(0, 10**6),
    EXPONENTS,
)
def test_a_power_of_a_matrix_with_known_eigenvalues(angles, seed, exponent):
    vectors = unitary_group.rvs(4, random_state=seed)
    matrix = (vectors * np.exp(1j * np.array(angles))) @ vectors.conj().T
    expected = (vectors * np.exp(1j * exponent * np.array(angles))) @ vectors.conj().T
    close(Gate("unitary", array=matrix).to_power(exponent).matrix(), expected, 1e-6)
