"""Gates written in other gates of the table, beside their decompositions: how `lower` gets from one set to another.

Each row is exact, global phase included. `lower` looks for the cheapest chain of rows, so a row is worth having
when it reaches a gate that no other one does, or in fewer steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from qdock.unitaries.decompositions import Angle, Step

__all__ = ["EQUIVALENCES"]

PI = math.pi

Rule = Callable[..., list[Step]]


def _same(name: str, num_qubits: int = 1) -> Rule:
    return lambda *params: [(name, params, tuple(range(num_qubits)))]


def _fixed(*steps: Step) -> Rule:
    return lambda: list(steps)


def _gphase(angle: Angle) -> Step:
    return ("gphase", (angle,), ())


def _on(qubit: int, *names: str) -> list[Step]:
    return [(name, (), (qubit,)) for name in names]


def _turn(name: str, angle: Angle, *qubits: int) -> Step:
    return (name, (angle,), qubits or (0,))


# --- one qubit


def _u_from_zyz(theta: Angle, phi: Angle, lam: Angle) -> list[Step]:
    return [_gphase((phi + lam) / 2), _turn("rz", lam), _turn("ry", theta), _turn("rz", phi)]


def _u_from_zsx(theta: Angle, phi: Angle, lam: Angle) -> list[Step]:
    turns = [_turn("rz", lam), *_on(0, "sx"), _turn("rz", theta + PI), *_on(0, "sx"), _turn("rz", phi + PI)]
    return [_gphase((phi + lam + PI) / 2), *turns]


def _u_from_u2(theta: Angle, phi: Angle, lam: Angle) -> list[Step]:
    return [
        _gphase(-theta / 2),
        ("u2", (0.0, lam + PI / 2), (0,)),
        ("u2", (phi + PI / 2, theta + PI), (0,)),
    ]


_ONE_QUBIT: list[tuple[str, Rule]] = [
    ("u", _same("u3")),
    ("u", _same("U")),
    ("u", _u_from_zyz),
    ("u", _u_from_zsx),
    ("u", _u_from_u2),
    ("p", _same("u1")),
    ("p", lambda theta: [_gphase(theta / 2), _turn("rz", theta)]),
    ("rx", lambda theta: [_turn("rz", PI / 2), _turn("ry", theta), _turn("rz", -PI / 2)]),
    ("rx", lambda theta: [*_on(0, "h"), _turn("rz", theta), *_on(0, "h")]),
    ("rx", lambda theta: [("r", (theta, 0.0), (0,))]),
    ("ry", lambda theta: [_turn("rz", -PI / 2), _turn("rx", theta), _turn("rz", PI / 2)]),
    ("ry", lambda theta: [*_on(0, "sx"), _turn("rz", theta), *_on(0, "sxdg")]),
    ("ry", lambda theta: [("r", (theta, PI / 2), (0,))]),
    ("rz", lambda theta: [_turn("rx", PI / 2), _turn("ry", -theta), _turn("rx", -PI / 2)]),
    # the Clifford group and T, without angles
    ("x", _fixed(*_on(0, "sx", "sx"))),
    ("x", _fixed(*_on(0, "h", "z", "h"))),
    ("y", _fixed(_gphase(PI / 2), *_on(0, "z", "x"))),
    ("z", _fixed(*_on(0, "s", "s"))),
    ("z", _fixed(*_on(0, "h", "x", "h"))),
    ("s", _fixed(*_on(0, "t", "t"))),
    ("s", _fixed(*_on(0, "sdg", "z"))),
    ("s", _fixed(*_on(0, "h", "sx", "h"))),
    ("sdg", _fixed(*_on(0, "s", "z"))),
    ("sdg", _fixed(*_on(0, "tdg", "tdg"))),
    ("t", _fixed(*_on(0, "tdg", "s"))),
    ("tdg", _fixed(*_on(0, "t", "sdg"))),
    ("sx", _fixed(*_on(0, "h", "s", "h"))),
    ("sx", _fixed(*_on(0, "sxdg", "x"))),
    ("sxdg", _fixed(*_on(0, "sx", "x"))),
    ("h", _fixed(_gphase(-PI / 4), *_on(0, "s", "sx", "s"))),
    ("h", _fixed(_gphase(PI / 4), *_on(0, "sdg", "sxdg", "sdg"))),
]

# --- two qubits


def _cx_from_rzx() -> list[Step]:
    return [_gphase(PI / 4), _turn("rz", PI / 2, 0), _turn("rx", PI / 2, 1), _turn("rzx", -PI / 2, 0, 1)]


def _cx_from_ecr() -> list[Step]:
    return [_gphase(PI / 4), _turn("rz", PI / 2, 0), _turn("rx", PI / 2, 1), *_on(0, "x"), ("ecr", (), (0, 1))]


def _cx_from_dcx() -> list[Step]:
    """Two of them with a Hadamard between are ``Z0 exp(i pi/4 Y0 X1) H0 H1``."""
    dcx: Step = ("dcx", (), (0, 1))
    inner = [*_on(0, "h"), *_on(1, "h"), dcx, *_on(0, "h"), dcx, *_on(0, "z")]
    around = [_turn("rx", -PI / 2, 0), *inner, _turn("rx", PI / 2, 0)]
    return [_gphase(PI / 4), *around, _turn("rz", PI / 2, 0), _turn("rx", PI / 2, 1)]


def _cx_from_ch() -> list[Step]:
    return [*_on(1, "tdg", "h", "sdg"), ("ch", (), (0, 1)), *_on(1, "s", "h", "t")]


def _rzx_from_iswap(theta: Angle) -> list[Step]:
    """An exchange before and after moves a rotation to the other qubit, between two controlled Z."""
    both = [*_on(0, "sdg"), *_on(1, "sdg")]
    iswap: Step = ("iswap", (), (0, 1))
    return [*both, iswap, _turn("rx", theta, 0), iswap, *both]


def _cz_from_rzz() -> list[Step]:
    return [_gphase(PI / 4), _turn("rz", PI / 2, 0), _turn("rz", PI / 2, 1), _turn("rzz", -PI / 2, 0, 1)]


def _both(name: str, inner: Step, after: str) -> list[Step]:
    return [*_on(0, name), *_on(1, name), inner, *_on(0, after), *_on(1, after)]


_TWO_QUBITS: list[tuple[str, Rule]] = [
    ("cx", _same("CX", 2)),
    ("cx", _fixed(*_on(1, "h"), ("cz", (), (0, 1)), *_on(1, "h"))),
    ("cx", _fixed(*_on(1, "s"), ("cy", (), (0, 1)), *_on(1, "sdg"))),
    ("cx", _fixed(("csx", (), (0, 1)), ("csx", (), (0, 1)))),
    ("cx", _fixed(*_on(0, "s"), _turn("crx", PI, 0, 1))),
    ("cx", _fixed(("cu", (PI, 0.0, PI, 0.0), (0, 1)))),
    ("cx", _fixed(("cu3", (PI, 0.0, PI), (0, 1)))),
    ("cx", _cx_from_ch),
    ("cx", _cx_from_rzx),
    ("cx", _cx_from_ecr),
    ("cx", _cx_from_dcx),
    ("cy", _fixed(*_on(0, "s"), _turn("cry", PI, 0, 1))),
    ("cz", _fixed(_turn("cp", PI, 0, 1))),
    ("cz", _fixed(_turn("crz", PI, 0, 1), *_on(0, "s"))),
    ("cz", _fixed(("cs", (), (0, 1)), ("cs", (), (0, 1)))),
    ("cz", _fixed(("csdg", (), (0, 1)), ("csdg", (), (0, 1)))),
    ("cz", _cz_from_rzz),
    ("cs", _fixed(*_on(0, "t"), *_on(1, "t"), ("cx", (), (0, 1)), *_on(1, "tdg"), ("cx", (), (0, 1)))),
    ("csdg", _fixed(*_on(0, "tdg"), *_on(1, "tdg"), ("cx", (), (0, 1)), *_on(1, "t"), ("cx", (), (0, 1)))),
    ("cp", _same("cu1", 2)),
    ("cp", lambda theta: [_turn("p", theta / 2, 0), _turn("crz", theta, 0, 1)]),
    ("cu", lambda theta, phi, lam, gamma: [_turn("p", gamma, 0), ("cu3", (theta, phi, lam), (0, 1))]),
    ("rzx", _rzx_from_iswap),
    ("rzx", lambda theta: [*_on(1, "h"), _turn("rzz", theta, 0, 1), *_on(1, "h")]),
    ("rzz", lambda theta: _both("h", _turn("rxx", theta, 0, 1), "h")),
    ("rzz", lambda theta: _both("sxdg", _turn("ryy", theta, 0, 1), "sx")),
    ("rzz", lambda theta: [*_on(1, "h"), _turn("rzx", theta, 0, 1), *_on(1, "h")]),
    ("rxx", lambda theta: [("xx_plus_yy", (theta, 0.0), (0, 1)), ("xx_minus_yy", (theta, 0.0), (0, 1))]),
    ("iswap", _fixed(("xx_plus_yy", (-PI, 0.0), (0, 1)))),
    ("iswap", _fixed(*_on(0, "x"), ("xx_minus_yy", (-PI, 0.0), (0, 1)), *_on(0, "x"))),
    ("swap", _fixed(_gphase(0.0), ("iswap", (), (0, 1)), ("cz", (), (0, 1)), *_on(0, "sdg"), *_on(1, "sdg"))),
]

#: Gate name and its angles to steps on its qubits.
EQUIVALENCES: list[tuple[str, Rule]] = [*_ONE_QUBIT, *_TWO_QUBITS]
