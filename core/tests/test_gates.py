"""Gates as values: matrices that users give, copies, labels, and what is refused."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import unitary_group

from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import FLOAT, Bit, Parameter, Uint, Var, cast
from qdock.gates import GATES, Gate, GateDef, gate

FLIP = np.array([[0, 1], [1, 0]])
ROOT = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2


# --- matrices


@given(st.integers(0, 10**6), st.integers(1, 4))
def test_a_unitary_is_its_matrix(seed, num_qubits):
    matrix = unitary_group.rvs(1 << num_qubits, random_state=seed)
    made = Gate("unitary", array=matrix)
    assert made.num_qubits == num_qubits
    assert np.array_equal(made.matrix(), matrix)
    np.testing.assert_allclose(made.inverse().matrix() @ matrix, np.eye(len(matrix)), rtol=0, atol=1e-12)
    opened = np.kron(matrix, np.diag([1, 0])) + np.kron(np.eye(len(matrix)), np.diag([0, 1]))
    np.testing.assert_allclose(made.control(1, 0).matrix(), opened, rtol=0, atol=1e-12)


def test_a_unitary_keeps_a_copy_that_nobody_can_write():
    matrix = np.eye(2)
    made = Gate("unitary", array=matrix)
    matrix[0, 0] = 5
    assert made.array[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        made.array[0, 0] = 5


def test_a_unitary_may_be_a_list():
    assert Gate("unitary", array=[[0, 1], [1, 0]]) == Gate("unitary", array=FLIP)


@pytest.mark.parametrize(
    "array, message",
    [
        (None, r"needs its matrix; use circuit\.unitary\(matrix, qubits\)"),
        ("no", "can't be read as numbers"),
        ([[1, 0], [0]], "can't be read as numbers"),
        ([[10**400, 0], [0, 1]], "can't be read as numbers"),
        ([1, 0], r"has the shape \(2\*\*k, 2\*\*k\) for k qubits, but this one has \(2,\)"),
        (1.0, r"but this one has \(\)"),
        ([[1.0]], r"but this one has \(1, 1\)"),
        (np.eye(3), r"but this one has \(3, 3\)"),
        (np.eye(4)[:2], r"but this one has \(2, 4\)"),
        (np.zeros((2, 2, 2)), r"but this one has \(2, 2, 2\)"),
        ([[1, 0], [0, 2]], "not unitary: U U† differs from the identity by 3; 1e-08 is allowed"),
        ([[1, 1], [0, 1]], "not unitary"),
        ([[math.nan, 0], [0, 1]], "differs from the identity by nan"),
        ([[math.inf, 0], [0, 1]], "not unitary"),
        ([[1e200, 0], [0, 1]], "differs from the identity by inf"),
    ],
)
def test_what_is_no_unitary_is_refused(array, message):
    with pytest.raises(CircuitError, match=message):
        Gate("unitary", array=array)


def test_the_matrix_of_a_gate_on_many_qubits_is_refused_before_it_is_made():
    with pytest.raises(LimitExceeded, match="The matrix of 'mcx' on 31 qubits is too large; the limit is 14 qubits"):
        gate("x").control(30).matrix()


def test_a_gate_without_numbers_has_no_matrix():
    with pytest.raises(CircuitError, match="Gate 'ctrl @ ry' has no matrix yet: its angle '2"):
        Gate("ry", (2 * Parameter("a"),), (1,)).matrix()


# --- gates as values


@pytest.mark.parametrize(
    "made, label",
    [
        (gate("h"), "h"),
        (gate("h").control(2), "ctrl(2) @ h"),
        (gate("h").control(2, 0), "negctrl(2) @ h"),
        (gate("h").control(3, 0b011), "ctrl(2) @ negctrl @ h"),
        (gate("iswap").inverse(), "inv @ iswap"),
        (gate("h").to_power(0.5).control(), "ctrl @ pow(0.5) @ h"),
        (gate("x").control(5), "mcx"),
        (gate("p", 0.3).control(2), "mcp"),
        (gate("x").control(5, 1), "ctrl @ negctrl(4) @ x"),
        (Gate("unitary", array=np.eye(2)).control(), "ctrl @ unitary"),
    ],
)
def test_a_label_reads_as_in_openqasm(made, label):
    assert made.label == label


@pytest.mark.parametrize(
    "made",
    [
        gate("h"),
        gate("rz", 0.3),
        gate("rz", Parameter("a")).control(2, 1),
        Gate("unitary", array=ROOT).to_power(0.3),
    ],
)
def test_a_gate_is_equal_to_its_copies(made):
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):
        assert other == made
        assert hash(other) == hash(made)


def test_gates_that_differ_are_not_equal():
    assert gate("rz", 0.3) != gate("rz", 0.4)
    assert gate("x").control(5) != gate("x").control(5, 1)
    assert gate("h").to_power(0.5) != gate("h").to_power(0.25)
    assert Gate("unitary", array=np.eye(2)) != Gate("unitary", array=FLIP)
    assert Gate("unitary", array=np.eye(2)) != Gate("unitary", array=np.eye(4))
    assert gate("x") != "x"


def test_angles_become_floats():
    assert gate("rz", 1).params == (1.0,)
    assert type(gate("rz", np.float32(0.5)).params[0]) is float
    assert Gate("rz", [np.int64(2)]).params == (2.0,)
    assert gate("rz", cast(Var("i", Uint(3)), FLOAT)).params == gate("rz", Var("i", Uint(3))).params


# --- what is wrong is told


@pytest.mark.parametrize(
    "name, hint",
    [
        ("cxx", "Did you mean 'cx'?"),
        ("hadamard", "The names are in qdock.gates.GATES."),
        (5, "The names are in"),
        (["h"], "The names"),
    ],
)
def test_an_unknown_gate_is_refused_with_a_hint(name, hint):
    with pytest.raises(CircuitError, match="No gate is named") as caught:
        Gate(name)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "name, params, message",
    [
        ("rz", (), r"Gate 'rz' takes 1 angle \(theta\), but 0 were given"),
        ("h", (0.1,), "Gate 'h' takes no angle, but 1 were given"),
        ("u", (0.1,), r"Gate 'u' takes 3 angles \(theta, phi, lam\), but 1 were given"),
        ("rz", 0.3, r"The angles of 'rz' are given as a sequence, such as \[0\.3\], but 0\.3 was given"),
        ("rz", "a", "The angles of 'rz' are given as a sequence"),
        ("rz", ("a",), "An angle of 'rz' is a number in radians or an expression, but 'a' was given"),
        ("rz", (None,), "An angle of 'rz' is a number in radians or an expression, but None was given"),
        ("rz", (True,), "An angle of 'rz' is a number in radians or an expression, but True was given"),
        ("rz", (np.True_,), "An angle of 'rz' is a number in radians or an expression, but"),
        ("rz", (np.complex128(1),), "An angle of 'rz' is a number in radians or an expression, but"),
        ("rz", (1j,), "An angle of 'rz' is a number in radians or an expression, but 1j was given"),
        ("rz", (np.array([0.5]),), "An angle of 'rz' is a number in radians or an expression, but"),
        ("rz", (math.nan,), "An angle of 'rz' must be finite, but is nan"),
        ("rz", (-math.inf,), "An angle of 'rz' must be finite, but is -inf"),
        ("rz", (10**400,), "An angle of 'rz' must be finite, but is beyond all floats"),
        ("rz", (Bit(0),), r"An angle of 'rz' is a number in radians, but 'c\[0\]' is a bit. Use cast\(value, FLOAT\)"),
    ],
)
def test_wrong_angles_are_refused(name, params, message):
    with pytest.raises(CircuitError, match=message):
        Gate(name, params)


@pytest.mark.parametrize("controls", [(2,), ("1",), (True,), (None,), (1, -1)])
def test_a_control_has_the_state_0_or_1(controls):
    with pytest.raises(CircuitError, match="A control acts in the state 0 or 1, but"):
        Gate("x", controls=controls)


@pytest.mark.parametrize("controls", [1, "11", None])
def test_controls_are_a_tuple(controls):
    with pytest.raises(CircuitError, match="The controls of a gate are the states 0 and 1 in a tuple, but"):
        Gate("x", controls=controls)


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "2"])
def test_the_number_of_controls_is_at_least_one(count):
    with pytest.raises(CircuitError, match="The number of controls must be 1 or more, but is"):
        gate("x").control(count)


@pytest.mark.parametrize("state", [-1, 4, 1.5, "1", True])
def test_the_state_of_controls_fits_in_them(state):
    with pytest.raises(CircuitError, match=f"2 controls can't be in the state {state!r}; use 0 to"):
        gate("x").control(2, state)


def test_a_million_controls_are_the_limit():
    with pytest.raises(LimitExceeded, match="A gate may have 1000000 controls, but 1000000000000 were asked for"):
        gate("x").control(10**12)


@pytest.mark.parametrize("power", [math.nan, math.inf, "2", None, True, Parameter("a"), 1j])
def test_a_power_is_a_finite_number(power):
    with pytest.raises(CircuitError, match="The power of a gate is a finite number, but"):
        gate("x").to_power(power)
    with pytest.raises(CircuitError, match="The power of a gate is a finite number, but"):
        Gate("x", power=power)


def test_a_matrix_makes_a_unitary_only():
    with pytest.raises(CircuitError, match="Gate 'x' has its matrix in the table; a matrix makes a 'unitary'"):
        Gate("x", array=np.eye(2))
    with pytest.raises(CircuitError, match="Gate 'unitary' takes no angle, but 1 were given"):
        Gate("unitary", (0.3,), array=np.eye(2))


def test_a_row_is_data():
    row = GATES["rz"]
    assert isinstance(row, GateDef)
    assert (row.num_params, row.num_qubits, row.num_controls, row.diagonal) == (1, 1, 0, True)
    assert row.takes([0.3])
    assert not row.takes([])
    assert not row.takes(0.3)
    with pytest.raises(AttributeError):
        row.name = "x"
