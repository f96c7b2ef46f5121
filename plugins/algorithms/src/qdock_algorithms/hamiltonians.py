"""Hamiltonians that are often asked for, as sums of Pauli strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from qdock_algorithms.pauli import Pauli

__all__ = ["annihilator", "hydrogen", "ising_chain", "maxcut", "molecule"]


def ising_chain(num_sites: int, coupling: float = 1.0, field: float = 1.0, *, periodic: bool = False) -> Pauli:
    """Return the transverse-field Ising chain, ``-coupling * sum(Z Z) - field * sum(X)``."""
    pairs = [(site, (site + 1) % num_sites) for site in range(num_sites if periodic else num_sites - 1)]
    bonds = [("ZZ", pair, -coupling) for pair in pairs]
    return Pauli.from_sparse_list([*bonds, *(("X", [site], -field) for site in range(num_sites))], num_sites)


def maxcut(edges: Iterable[tuple[int, int] | tuple[int, int, float]], num_nodes: int | None = None) -> Pauli:
    """Return the Hamiltonian whose energy is minus the weight of the edges that a cut goes through.

    Parameters
    ----------
    edges : iterable of (node, node) or (node, node, weight)
    num_nodes : int, optional
        Default: as many as the edges name.
    """
    weighted = [(edge[0], edge[1], float(edge[2]) if len(edge) == 3 else 1.0) for edge in edges]
    count = 1 + max(max(a, b) for a, b, _ in weighted) if num_nodes is None else num_nodes
    cut: list[tuple[str, Sequence[int], complex]] = [("ZZ", [a, b], weight / 2) for a, b, weight in weighted]
    return Pauli.from_sparse_list([*cut, ("", [], -sum(weight for *_, weight in weighted) / 2)], count)


# --- molecules


def annihilator(mode: int, num_modes: int) -> Pauli:
    """Return the operator that empties a mode, by the Jordan-Wigner transformation: a full mode is a qubit at 1."""
    chain = list(range(mode))
    letters = "Z" * mode
    return Pauli.from_sparse_list(
        [(letters + "X", [*chain, mode], 0.5), (letters + "Y", [*chain, mode], 0.5j)], num_modes
    )


def molecule(one_body: npt.ArrayLike, two_body: npt.ArrayLike, constant: float = 0.0) -> Pauli:
    """Return the electrons' Hamiltonian for integrals over spin orbitals.

    Parameters
    ----------
    one_body : (n, n) array_like
        ``h[p, q]`` stands before ``a†p aq``.
    two_body : (n, n, n, n) array_like
        ``h[p, q, r, s]`` stands before ``a†p a†q ar as / 2``.
    constant : float
        Such as the repulsion of the nuclei.

    Returns
    -------
    Pauli
        On n qubits, by the Jordan-Wigner transformation.
    """
    first, second = np.asarray(one_body, dtype=float), np.asarray(two_body, dtype=float)
    count = len(first)
    empty = [annihilator(mode, count) for mode in range(count)]
    fill = [operator.adjoint() for operator in empty]
    total = Pauli("I" * count, constant)
    for p, q in zip(*np.nonzero(first), strict=True):
        total += first[p, q] * (fill[p] @ empty[q])
    for p, q, r, s in zip(*np.nonzero(second), strict=True):
        total += 0.5 * second[p, q, r, s] * (fill[p] @ fill[q] @ empty[r] @ empty[s])
    return total.simplify()


def hydrogen() -> Pauli:
    """Return the Hamiltonian of H2 in hartree: STO-3G, the nuclei 1.401 bohr apart, their repulsion included.

    Modes 0 and 1 are the bonding orbital with spin up and down, 2 and 3 the antibonding one.

    References
    ----------
    The integrals are those of table 1 in Whitfield, Biamonte and Aspuru-Guzik, "Simulation of electronic structure
    Hamiltonians using quantum computers", Mol. Phys. 109, 735 (2011), arXiv:1001.3855.
    """
    one_body = np.diag([-1.252477, -1.252477, -0.475934, -0.475934])
    # Over the two orbitals in space, by (pq|rs): electron 1 in p and q, electron 2 in r and s.
    same, other, mixed, exchange = 0.674493, 0.697397, 0.663472, 0.181287
    space = np.zeros((2, 2, 2, 2))
    space[0, 0, 0, 0], space[1, 1, 1, 1] = same, other
    space[0, 0, 1, 1] = space[1, 1, 0, 0] = mixed
    for p, r in product((0, 1), repeat=2):
        space[p, 1 - p, r, 1 - r] = exchange
    two_body = np.zeros((4, 4, 4, 4))
    for p, q, r, s in product(range(4), repeat=4):
        if p % 2 == s % 2 and q % 2 == r % 2:
            two_body[p, q, r, s] = space[p // 2, s // 2, q // 2, r // 2]
    return molecule(one_body, two_body, constant=1 / 1.401)
