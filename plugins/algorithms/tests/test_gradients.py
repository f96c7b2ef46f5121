"""Gradients by the adjoint method, by shifted parameters and by finite differences are one."""

from __future__ import annotations

import numpy as np
import pytest

from qdock import Circuit, expr
from qdock.expr import Parameter
from qdock.gates import Gate
from qdock_algorithms import Estimator, Pauli, PrimitiveJob, adjoint_gradient, hydrogen, parameter_shift

T = [Parameter(f"t{index}") for index in range(5)]


def many_gates() -> Circuit:
    circuit = Circuit(4).h(range(4)).rx(T[0], 0).ry(2 * T[1], 1).rz(T[2] - T[0], 2).rzz(T[3], 0, 3)
    circuit.rxx(T[4], 1, 2).crx(T[0], 2, 0).cp(T[1] * T[2], 3, 1).u(T[2], T[3], T[4], 2).cu(T[0], 0.3, T[1], T[2], 0, 1)
    circuit.xx_plus_yy(T[3], T[4], 1, 3).ryy(expr.sin(T[0]), 0, 2).iswap(0, 1).p(T[4], 3).cry(0.4, 1, 2)
    return circuit.append(Gate("ry", (T[1],)).control(2), [0, 3, 2]).barrier()


VALUES = np.array([0.3, -0.8, 1.1, 0.5, 2.0])


def test_parameter_shift_and_adjoint_gradients_agree_to_a_thousand_millionth():
    adjoint = adjoint_gradient(many_gates(), hydrogen(), VALUES)
    shifted = parameter_shift(many_gates(), hydrogen(), VALUES, "basic_simulator")
    np.testing.assert_allclose(adjoint, shifted, atol=1e-9, rtol=0)
    assert np.abs(adjoint).min() > 1e-4


def test_both_agree_with_finite_differences_of_the_estimator():
    step = 1e-5
    shifts = np.concatenate([VALUES + step * np.eye(5), VALUES - step * np.eye(5)])
    evs = Estimator("basic_simulator").run([(many_gates(), hydrogen(), shifts)]).result()[0].data.evs
    slopes = (evs[:5] - evs[5:]) / (2 * step)
    np.testing.assert_allclose(adjoint_gradient(many_gates(), hydrogen(), VALUES), slopes, atol=1e-8, rtol=0)


def test_values_may_be_given_by_name():
    circuit = Circuit(1).ry(T[0], 0).rx(T[1], 0)
    by_name = adjoint_gradient(circuit, {"Z": 2.0}, {"t1": 0.4, "t0": 0.9})
    np.testing.assert_allclose(by_name, [-2 * np.sin(0.9) * np.cos(0.4), -2 * np.cos(0.9) * np.sin(0.4)], atol=1e-12)


def test_a_gradient_from_shots_is_close_to_the_exact_one():
    circuit, values = Circuit(2).ry(T[0], 0).cx(0, 1).ry(T[1], 1), [0.4, 1.2]

    def gradient(context) -> np.ndarray:
        return parameter_shift(circuit, "ZZ", values, "basic_simulator", precision=0.01, exact=False, context=context)

    job = PrimitiveJob(gradient)
    job.submit(seed=3)
    np.testing.assert_allclose(job.result(), adjoint_gradient(circuit, "ZZ", values), atol=0.05)


def test_circuits_that_measure_have_gradients_from_shifts_alone():
    circuit = Circuit(2, 1).ry(T[0], 0).measure(0, 0).cx(0, 1)
    found = parameter_shift(circuit, "ZI", [0.7], "basic_simulator", precision=0.01)
    assert found[0] == pytest.approx(-np.sin(0.7), abs=0.05)


def test_a_large_gradient_is_the_sum_over_terms():
    circuit = many_gates()
    parts = [adjoint_gradient(circuit, term, VALUES) for term in hydrogen()]
    np.testing.assert_allclose(np.sum(parts, axis=0), adjoint_gradient(circuit, hydrogen(), VALUES), atol=1e-12)
    assert not adjoint_gradient(circuit, Pauli("IIII"), VALUES).round(12).any()
