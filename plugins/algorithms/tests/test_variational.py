"""VQE and QAOA: the energies that they must reach, and the way they go when they are interrupted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from qdock import Circuit
from qdock.backend import Context
from qdock.expr import Parameter
from qdock_algorithms import (
    AlgorithmJob,
    Pauli,
    annihilator,
    cost_of,
    evolution,
    hardware_efficient,
    hydrogen,
    ising_chain,
    maxcut,
    molecule,
    qaoa,
    qaoa_ansatz,
    trotter_ansatz,
    vqe,
)
from qdock_algorithms.exact import ExactCircuit
from qdock_algorithms.minimize import minimize


def ground_energy(hamiltonian: Pauli) -> float:
    return float(np.linalg.eigvalsh(hamiltonian.to_matrix())[0])


# --- hamiltonians


def test_hydrogen_has_the_coefficients_of_the_literature():
    # Seeley, Richard and Love, J. Chem. Phys. 137, 224109 (2012), who transform the same integrals.
    electrons = hydrogen() - Pauli("IIII", 1 / 1.401)
    expected = {
        "IIII": -0.81261, "IIIZ": 0.171201, "IIZI": 0.171201, "IZII": -0.2227965, "ZIII": -0.2227965,
        "IIZZ": 0.16862325, "IZIZ": 0.12054625, "IZZI": 0.165868, "ZIIZ": 0.165868, "ZIZI": 0.12054625,
        "ZZII": 0.17434925, "XXYY": -0.04532175, "XYYX": 0.04532175, "YXXY": 0.04532175, "YYXX": -0.04532175,
    }  # fmt: skip
    found = electrons.to_dict()
    assert found.keys() == expected.keys()
    for label, number in expected.items():
        assert found[label] == pytest.approx(number, abs=1e-5)


def test_fermions_anticommute():
    operators = [annihilator(mode, 3) for mode in range(3)]
    for i, first in enumerate(operators):
        for j, second in enumerate(operators):
            assert first @ second + second @ first == Pauli("III", 0.0)
            both = first @ second.adjoint() + second.adjoint() @ first
            assert both == Pauli("III", float(i == j))


def test_one_electron_has_the_energies_of_its_integrals():
    integrals = np.array([[1.0, 0.2], [0.2, -0.5]])
    levels = np.linalg.eigvalsh(integrals)
    energies = np.linalg.eigvalsh(molecule(integrals, np.zeros((2, 2, 2, 2))).to_matrix())
    np.testing.assert_allclose(sorted([0, *levels, levels.sum()]), energies, atol=1e-12)


def test_an_ising_chain_without_field_has_the_energy_of_its_bonds():
    assert ground_energy(ising_chain(5, coupling=2.0, field=0.0)) == pytest.approx(-8)
    assert ground_energy(ising_chain(5, coupling=2.0, field=0.0, periodic=True)) == pytest.approx(-10)
    assert ground_energy(ising_chain(4, coupling=0.0, field=0.5)) == pytest.approx(-2)


@pytest.mark.parametrize("label", ["X", "ZY", "XIYZ", "YYYY", "ZIIZ", "XZ", "III"])
def test_an_evolution_is_the_exponential_of_the_matrix(label):
    observed = ExactCircuit(evolution({label: 0.7}, 0.9)).statevector([])
    expected = expm(-0.63j * Pauli(label).to_matrix())[:, 0]
    assert abs(np.vdot(observed, expected)) == pytest.approx(1, abs=1e-12)


# --- the energies that must be reached


def test_vqe_finds_the_ground_energy_of_hydrogen():
    found = vqe(hydrogen(), hardware_efficient(4, 2), np.linspace(0, 1, 24), tolerance=1e-12)
    assert found.energy == pytest.approx(ground_energy(hydrogen()), abs=1e-6)
    assert found.energy == pytest.approx(-1.1373, abs=1e-4)
    assert found.energies.min() == found.energy
    assert found.converged


def test_vqe_finds_the_ground_energy_of_an_ising_chain_of_ten_sites():
    chain = ising_chain(10, periodic=True)
    ansatz = trotter_ansatz([chain[:10], chain[10:]], reps=5)
    found = vqe(chain, ansatz, np.full(10, 0.2), tolerance=1e-13)
    assert found.energy == pytest.approx(ground_energy(chain), abs=1e-6)


@pytest.mark.parametrize("optimizer", ["COBYLA", "Nelder-Mead", "BFGS", "SLSQP", "CG", "Powell"])
def test_vqe_on_a_backend_finds_the_same_with_every_optimizer(optimizer):
    ansatz = Circuit(2).ry(Parameter("a"), 0).cx(0, 1).ry(Parameter("b"), 1)
    hamiltonian = {"ZZ": 1.0, "XI": 0.5, "IX": 0.25}
    expected = vqe(hamiltonian, ansatz, [0.4, 0.3])
    found = vqe(hamiltonian, ansatz, [0.4, 0.3], backend="basic_simulator", optimizer=optimizer)
    assert found.energy == pytest.approx(expected.energy, abs=1e-5)


def test_vqe_from_shots_comes_close():
    job = AlgorithmJob(
        vqe, "Z", Circuit(1).ry(Parameter("a"), 0), [0.5],
        backend="basic_simulator", optimizer="COBYLA", precision=0.01, exact=False,
    )  # fmt: skip
    job.submit(seed=5)
    found = job.result()
    assert found.energy == pytest.approx(-1, abs=0.03)


def test_vqe_starts_with_values_of_the_seed_where_none_are_given():
    ansatz = hardware_efficient(2, 1)
    jobs = [AlgorithmJob(vqe, "ZZ", ansatz, maxiter=2) for _ in "abc"]
    for job, seed in zip(jobs, (1, 1, 2), strict=True):
        job.submit(seed=seed)
    first, second, third = (job.result().energies.tolist() for job in jobs)
    assert first == second != third
    assert len(vqe("ZZ", ansatz, maxiter=1).parameters) == 8


def random_graph() -> list[tuple[int, int]]:
    rng = np.random.default_rng(4)
    return [(a, b) for a in range(12) for b in range(a) if rng.random() < 0.4]


def test_qaoa_cuts_a_graph_of_twelve_nodes_nearly_as_well_as_can_be():
    cost = maxcut(random_graph(), 12)
    best = cost_of(cost, [format(number, "012b") for number in range(1 << 12)]).min()
    job = AlgorithmJob(qaoa, cost, reps=5)
    job.submit(seed=1)
    found = job.result()
    assert found.cost <= 0.9 * best
    assert found.mean_cost <= 0.9 * best
    assert sum(found.counts.values()) == 1024
    assert cost_of(cost, [found.bitstring])[0] == found.cost
    cut = sum(found.bitstring[::-1][a] != found.bitstring[::-1][b] for a, b in random_graph())
    assert cut == -found.cost


def test_qaoa_on_a_backend_finds_the_cut_of_a_weighted_square():
    square = maxcut([(0, 1, 1.0), (1, 2, 2.0), (2, 3, 1.0), (3, 0, 2.0)])
    found = qaoa(square, 1, [0.3, -0.4], backend="basic_simulator", optimizer="COBYLA", maxiter=30, shots=200)
    assert found.cost == -6.0
    assert qaoa(square, reps=2).cost == -6.0


# --- interrupted and resumed


class Interrupted(Context):
    """Keeps the last checkpoint, and ends the work after so many of them."""

    def __init__(self, after: int | None = None, kept: object = None) -> None:
        super().__init__(seed=7)
        self.after, self.kept, self.count, self.texts = after, kept, 0, []

    def resume(self) -> object:
        return self.kept

    def checkpoint(self, value: object) -> None:
        self.kept, self.count = value, self.count + 1
        if self.count == self.after:
            raise KeyboardInterrupt

    def progress(self, fraction: float, text: str = "") -> None:
        self.texts.append((fraction, text))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"backend": "basic_simulator", "optimizer": "COBYLA", "exact": False, "precision": 0.1},
        {"backend": "basic_simulator", "exact": False, "precision": 0.1, "optimizer": "SLSQP"},
    ],
    ids=str,
)
def test_a_vqe_interrupted_after_any_energy_goes_the_same_way_when_it_is_resumed(options, monkeypatch):
    monkeypatch.setattr("qdock_algorithms.minimize._INTERVAL", 0)
    arguments = {"maxiter": 6, **options}
    chain, ansatz = ising_chain(2), trotter_ansatz(["ZZ", {"XI": 1.0, "IX": 1.0}], 2)
    alone = Interrupted()
    expected = vqe(chain, ansatz, context=alone, **arguments)
    assert alone.count > 1
    for after in range(1, alone.count + 1):
        stopped = Interrupted(after)
        with pytest.raises(KeyboardInterrupt):
            vqe(chain, ansatz, context=stopped, **arguments)
        resumed = Interrupted(kept=stopped.kept)
        found = vqe(chain, ansatz, context=resumed, **arguments)
        np.testing.assert_array_equal(found.energies, expected.energies)
        assert resumed.count == alone.count - after


def test_what_was_known_is_left_where_another_way_is_gone():
    known = Interrupted(kept={"points": np.array([[1.0], [9.0]]), "energies": np.array([1.0, 0.0]), "gradients": []})
    found = minimize(
        lambda _, x: (float(x @ x), None), np.array([1.0]), optimizer="Nelder-Mead", maxiter=50, context=known
    )
    assert found.energy == pytest.approx(0, abs=1e-6)


def test_progress_tells_how_many_energies_there_are_and_the_lowest():
    context = Interrupted()
    vqe("Z", Circuit(1).ry(Parameter("a"), 0), [0.5], maxiter=4, context=context)
    fraction, text = context.texts[0]
    assert fraction == 0.25
    assert text == "energy 1, lowest 0.87758256"


@pytest.mark.parametrize(
    "call,message",
    [
        (lambda: vqe("Z", Circuit(1).ry(Parameter("a"), 0), [0.1], optimizer="Adam"), "`optimizer` is one of L-BFGS-B"),
        (lambda: vqe("Z", Circuit(1).ry(Parameter("a"), 0), [[0.1]]), "`start` is one value for each parameter"),
        (lambda: qaoa_ansatz("XX", 1), "A cost is a sum of strings of I and Z"),
        (lambda: hardware_efficient(0, 1), "has a qubit or more"),
    ],
)
def test_what_can_not_be_optimised_is_told(call, message):
    with pytest.raises(ValueError, match=message):
        call()
