"""Sampler and Estimator: shapes, what they return, exact values and those from shots, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import qdock
from qdock import Circuit, CircuitResult, LocalBackend, Result
from qdock.backend import Context
from qdock.errors import LimitExceeded
from qdock.expr import Parameter
from qdock.results.values import snapshot
from qdock.spec import BackendSpec
from qdock_algorithms import BitArray, Estimator, Pauli, PrimitiveJob, Sampler
from qdock_algorithms.estimator import estimate
from qdock_algorithms.pubs import EstimatorPub, SamplerPub
from qdock_algorithms.sampler import sample

A, B = Parameter("a"), Parameter("b")
TURNS = [0.0, 0.7, 2.0]


def turned() -> Circuit:
    return Circuit(2).ry(A, 0).cx(0, 1).rz(B, 1)


class Countless(LocalBackend):
    """Runs on the simulator, but tells neither states nor the order of the shots, and takes three circuits a job."""

    spec = BackendSpec("countless", "x:y", features=frozenset({"counts"}), max_programs=3)

    def execute(self, programs, options, context):
        job = qdock.get_backend("basic_simulator").run(list(programs), shots=options["shots"], seed=context.seed)
        entries = [
            CircuitResult.from_counts(circuit, job.result().get_counts(number))
            for number, circuit in enumerate(programs)
        ]
        return Result(entries)


# --- sampler


def test_a_sampler_returns_the_bits_of_every_register_in_the_shape_of_the_values():
    circuit = Circuit(2).ry(A, 0)
    low, high = circuit.add_creg("low", 1), circuit.add_creg("high", 9)
    circuit.x(1).measure(0, low).measure(1, high[8])
    values = np.array([[0.0, np.pi, 0.0], [np.pi, 0.0, np.pi]])
    (result,) = Sampler("basic_simulator").run([(circuit, {A: values}, 20)], seed=1).result()
    assert (result.data.low.shape, result.data.low.num_shots, result.data.high.num_bits) == ((2, 3), 20, 9)
    assert result.data.high.array.shape == (2, 3, 20, 2)
    assert result.data.low[0, 1].get_counts() == {"1": 20}
    assert result.data.low[0].get_counts() == {"0": 40, "1": 20}
    assert result.data.low.get_counts((1, 1)) == {"0": 20}
    assert result.data.high.get_int_counts() == {256: 120}
    assert set(result.join_data()[0, 1].get_bitstrings()) == {"1000000001"}
    assert result.metadata == {"shots": 20}


def test_samples_are_those_that_the_backend_draws_for_the_same_seed():
    circuit = Circuit(2, 2).h(0).cx(0, 1).measure_all()
    first, second = (Sampler("basic_simulator").run([circuit, (circuit, None, 50)], seed=4).result() for _ in "ab")
    assert first[0].data.c == second[0].data.c
    assert first[0].data.c != first[1].data.c
    assert first[0].data.c.num_shots == 1024
    assert [len(first), len(first[:1]), len(list(first))] == [2, 1, 2]


def test_counts_are_close_to_what_the_state_says():
    circuit = Circuit(1, 1).ry(A, 0).measure_all()
    (result,) = Sampler("basic_simulator", default_shots=20_000).run([(circuit, TURNS)], seed=3).result()
    found = [result.data.c.get_counts(place).get("1", 0) / 20_000 for place in range(3)]
    np.testing.assert_allclose(found, np.sin(np.array(TURNS) / 2) ** 2, atol=0.02)


def test_a_backend_that_tells_counts_only_is_sampled_too():
    circuit = Circuit(1, 1).ry(A, 0).measure_all()
    (result,) = Sampler(Countless()).run([(circuit, [0.0, np.pi, 0.0, np.pi, 0.0], 10)]).result()
    assert [result.data.c.get_counts(place) for place in range(5)] == [{"0": 10}, {"1": 10}] * 2 + [{"0": 10}]


def test_a_backend_keeps_the_options_that_were_chosen_for_it():
    backend = qdock.get_backend("basic_simulator")
    backend.set_options(initial_state=[0, 1])
    try:
        (result,) = Sampler(backend).run([Circuit(1, 1).measure_all()], shots=5).result()
    finally:
        backend.set_options(initial_state=None)
    assert result.data.c.get_counts() == {"1": 5}


def test_a_job_of_a_primitive_can_be_run_again_from_its_record():
    job = Sampler("basic_simulator").run([(Circuit(1, 1).ry(A, 0).measure_all(), TURNS, 100)], seed=9)
    assert isinstance(job, PrimitiveJob)
    again = job.rerun()
    assert again.result()[0].data.c == job.result()[0].data.c


def test_pubs_that_a_store_kept_give_the_same():
    wanted = EstimatorPub.of((turned(), {"ZZ": 1, "XX": 2}, [[1.0, 2.0]]), None)
    kept = snapshot(wanted, "it")
    assert estimate([kept], "basic_simulator")[0].data.evs == estimate([wanted], "basic_simulator")[0].data.evs
    kept = snapshot(SamplerPub.of(Circuit(1, 1).x(0).measure_all(), 3), "it")
    assert sample([kept], "basic_simulator")[0].data.c.get_counts() == {"1": 3}


# --- estimator


def exact_values(circuit: Circuit, observables: list[Pauli], values: np.ndarray) -> np.ndarray:
    states = [
        qdock.run(circuit.bind({A: a, B: b}), "basic_simulator", output="statevector").result().get_statevector()
        for a, b in values
    ]
    return np.array([[np.vdot(state, item.to_matrix() @ state).real for state in states] for item in observables])


OBSERVABLES = [Pauli("ZZ"), Pauli("XY") + 0.5 * Pauli("IZ"), Pauli("II", 3.0) - Pauli("YX"), Pauli("II")]
VALUES = np.array([[0.1, 0.2], [0.8, -0.5], [2.0, 1.0]])


def test_observables_and_values_broadcast_as_arrays_do():
    pub = (turned(), [[item] for item in OBSERVABLES], VALUES)
    (result,) = Estimator("basic_simulator").run([pub]).result()
    np.testing.assert_allclose(result.data.evs, exact_values(turned(), OBSERVABLES, VALUES), atol=1e-12)
    assert not result.data.stds.any()
    assert result.data.stds.shape == (4, 3)
    assert result.metadata["exact"]


@pytest.mark.parametrize(
    "observables,values,shape",
    [
        ("ZZ", [0.1, 0.2], ()),
        (["ZZ"], [0.1, 0.2], (1,)),
        (["ZZ", "XX", "YY"], VALUES, (3,)),
        ([["ZZ"], ["XX"]], VALUES, (2, 3)),
        ("ZZ", np.zeros((4, 1, 2)), (4, 1)),
        (np.array([["ZZ", "XX"]]), np.zeros((5, 1, 2)), (5, 2)),
        ("ZZ", {A: np.zeros(3), "b": 0.5}, (3,)),
        ("ZZ", {(B, A): VALUES}, (3,)),
        ("ZZ", {A: np.zeros((2, 1)), B: np.zeros(3)}, (2, 3)),
    ],
)
def test_the_shape_of_the_values_follows_from_both(observables, values, shape):
    (result,) = Estimator("basic_simulator").run([(turned(), observables, values)]).result()
    assert result.data.evs.shape == shape


def test_values_by_parameter_are_those_by_place():
    by_place = Estimator("basic_simulator").run([(turned(), "XY", VALUES)]).result()[0].data.evs
    by_name = Estimator("basic_simulator").run([(turned(), "XY", {(B, A): VALUES[:, ::-1]})]).result()[0].data.evs
    np.testing.assert_array_equal(by_place, by_name)


def test_measured_values_are_within_their_errors_and_these_within_the_precision():
    pub = (turned(), [[item] for item in OBSERVABLES], VALUES, 0.02)
    (result,) = Estimator(Countless()).run([pub], seed=11).result()
    expected = exact_values(turned(), OBSERVABLES, VALUES)
    assert (np.abs(result.data.evs - expected) <= 4 * result.data.stds + 1e-12).all()
    assert (result.data.stds <= 0.02 * 1.001).all()
    assert result.data.stds[3].tolist() == [0, 0, 0]
    assert not result.metadata["exact"]


def test_standard_errors_are_the_spread_of_many_estimates():
    pub = (turned(), Pauli("ZZ") + Pauli("IZ") - 2 * Pauli("XX"), np.tile([0.9, 0.4], (300, 1)), 0.1)
    (result,) = Estimator("basic_simulator", exact=False).run([pub], seed=2).result()
    assert result.data.evs.std() == pytest.approx(result.data.stds.mean(), rel=0.15)
    assert result.data.stds.mean() <= 0.1


def test_a_circuit_that_measures_is_estimated_from_shots_on_any_backend():
    circuit = Circuit(2, 2).h(0).measure(0, 0).cx(0, 1)
    circuit.add_creg("estimated", 1)
    (result,) = Estimator("basic_simulator").run([(circuit, ["ZZ", "XX"])], seed=1, precision=0.01).result()
    assert not result.metadata["exact"]
    np.testing.assert_allclose(result.data.evs, [1, 0], atol=0.05)


def test_values_of_a_hamiltonian_of_many_qubits_are_those_of_its_matrix():
    circuit = Circuit(3).h(0).cx(0, 1).ry(0.4, 2).rx(0.3, 1)
    hamiltonian = Pauli.from_list([("XYZ", 0.5), ("ZZI", -1.0), ("IXX", 0.25), ("YIY", 0.75), ("III", 2.0)])
    exact = Estimator("basic_simulator").run([(circuit, hamiltonian)]).result()[0].data.evs
    measured = Estimator("basic_simulator", exact=False).run([(circuit, hamiltonian, None, 0.01)], seed=5).result()[0]
    assert abs(measured.data.evs - exact) < 4 * measured.data.stds


def test_a_primitive_runs_inside_of_another_job():
    def both(context: Context) -> float:
        inner = estimate([(Circuit(1).h(0), "X")], "basic_simulator", context=context)
        return float(inner[0].data.evs)

    job = PrimitiveJob(both)
    job.submit()
    assert job.result() == pytest.approx(1)


# --- bits


def test_bits_come_back_as_they_were_given():
    bits = np.random.default_rng(1).integers(0, 2, (2, 5, 11)).astype(bool)
    array = BitArray.from_bool_array(bits)
    np.testing.assert_array_equal(array.to_bool_array(), bits)
    assert (array.shape, array.ndim, array.size, array.num_shots) == ((2,), 1, 2, 5)
    assert array.get_bitstrings(1) == ["".join("01"[int(bit)] for bit in row) for row in bits[1]]
    assert repr(array) == "BitArray(<shape=(2,), num_shots=5, num_bits=11>)"
    assert array != "bits"


# --- what is refused


@pytest.mark.parametrize(
    "run,error,message",
    [
        (lambda: Sampler("basic_simulator").run(Circuit(1, 1)), TypeError, "takes a list of pubs"),
        (lambda: Sampler("basic_simulator").run((Circuit(1, 1), None, 10)), TypeError, "takes a list of pubs"),
        (lambda: Sampler("basic_simulator").run(["h"]), TypeError, r"A pub is \(circuit, parameter_values, shots\)"),
        (lambda: Sampler("basic_simulator").run([Circuit(1)]), ValueError, "has no clbit to sample"),
        (lambda: Sampler("basic_simulator").run([(Circuit(1, 1), None, 0)]), ValueError, "`shots` is a whole number"),
        (lambda: Sampler("basic_simulator", default_shots=0.5), ValueError, "`shots` is a whole number"),
        (lambda: Estimator("basic_simulator").run([(turned(),)]), ValueError, "no observable was given"),
        (
            lambda: Estimator("basic_simulator").run([(turned(), "ZZ")]),
            ValueError,
            r"parameters \(a, b\), but no values",
        ),
        (lambda: Estimator("basic_simulator").run([(turned(), "ZZ", [1.0])]), ValueError, "has 2 parameters"),
        (lambda: Estimator("basic_simulator").run([(turned(), "ZZ", ["x", "y"])]), ValueError, "are numbers"),
        (lambda: Estimator("basic_simulator").run([(turned(), "ZZ", [1, np.nan])]), ValueError, "must be finite"),
        (lambda: Estimator("basic_simulator").run([(turned(), "ZZ", {"a": 1})]), ValueError, "values were given for"),
        (
            lambda: Estimator("basic_simulator").run([(turned(), "ZZ", {(A, B): [1]})]),
            ValueError,
            "along the last axis",
        ),
        (lambda: Estimator("basic_simulator").run([(turned(), "Z", [1, 2])]), ValueError, "is on 1 qubits"),
        (lambda: Estimator("basic_simulator").run([(turned(), {"ZZ": 1j}, [1, 2])]), ValueError, "real coefficients"),
        (lambda: Estimator("basic_simulator").run([(turned(), 5, [1, 2])]), TypeError, "An observable is a Pauli sum"),
        (
            lambda: Estimator("basic_simulator").run([(turned(), ["ZZ", "XX"], np.zeros((3, 2)))]),
            ValueError,
            r"shape \(2,\) and parameter values of the shape \(3,\) don't broadcast",
        ),
        (
            lambda: Estimator("basic_simulator").run([(turned(), [["ZZ", "XX"], ["ZZ"]], [1, 2])]),
            ValueError,
            "rows of one shape",
        ),
        (lambda: Estimator("basic_simulator", default_precision=-1), ValueError, "`precision` is a standard error"),
        (
            lambda: Estimator(Countless()).run([(Circuit(1), "Z", None, 0)]).result(),
            ValueError,
            "`precision` must be above 0",
        ),
        (
            lambda: Estimator(Countless(), exact=True).run([(Circuit(1), "Z")]).result(),
            ValueError,
            "There are no exact values",
        ),
        (
            lambda: Estimator("basic_simulator", exact=False).run([(Circuit(1), "Z", None, 1e-6)]).result(),
            LimitExceeded,
            r"A precision of 1e-06 takes [\d,]+ shots, but 'basic_simulator' runs 1,000,000,000 at most",
        ),
        (lambda: BitArray(np.zeros((3, 2), np.uint8), 3), ValueError, r"of the shape \(..., shots, 1\)"),
        (lambda: BitArray(np.zeros((2, 3, 1), np.uint8), 3)[0, 1], IndexError, "have the shape"),
        (
            lambda: [item.join_data() for item in Estimator("basic_simulator").run([(Circuit(1), "Z")]).result()],
            TypeError,
            "Only samples of registers can be joined; this pub has evs, stds",
        ),
    ],
)
def test_what_fits_nothing_is_told(run, error, message):
    with pytest.raises(error, match=message):
        run()
