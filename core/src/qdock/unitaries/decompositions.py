"""Exact decompositions of the standard gates into simpler ones, down to ``u``, ``cx`` and the global phase."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from qdock.expr import Expr

__all__ = ["Step"]

Angle = float | Expr
#: One gate of a decomposition: its name, its angles, and which of the gate's qubits it acts on.
Step = tuple[str, tuple[Any, ...], tuple[int, ...]]

PI = math.pi


def _h(qubit: int) -> Step:
    return ("h", (), (qubit,))


def _cx(control: int, target: int) -> Step:
    return ("cx", (), (control, target))


def _p(theta: Angle, qubit: int) -> Step:
    return ("p", (theta,), (qubit,))


Steps = Callable[..., list[Step]]


def nothing(*_params: Angle) -> list[Step]:
    """The identity."""
    return []


def one(name: str, *angles: float) -> Steps:
    """One gate at fixed angles."""
    return lambda: [(name, angles, (0,))]


def same(name: str, num_qubits: int = 1) -> Steps:
    """Another row with the same angles."""
    return lambda *params: [(name, params, tuple(range(num_qubits)))]


def around(inner: str, before: str, after: str) -> Steps:
    """A two-qubit gate with its target seen in another basis."""
    return lambda: [(before, (), (1,)), (inner, (), (0, 1)), (after, (), (1,))]


# --- one qubit


def sx() -> list[Step]:
    return [("gphase", (PI / 4,), ()), ("rx", (PI / 2,), (0,))]


def sxdg() -> list[Step]:
    return [("gphase", (-PI / 4,), ()), ("rx", (-PI / 2,), (0,))]


def p(theta: Angle) -> list[Step]:
    return [("u", (0.0, 0.0, theta), (0,))]


def u2(phi: Angle, lam: Angle) -> list[Step]:
    return [("u", (PI / 2, phi, lam), (0,))]


def rx(theta: Angle) -> list[Step]:
    return [("u", (theta, -PI / 2, PI / 2), (0,))]


def ry(theta: Angle) -> list[Step]:
    return [("u", (theta, 0.0, 0.0), (0,))]


def rz(theta: Angle) -> list[Step]:
    return [("gphase", (-theta / 2,), ()), ("p", (theta,), (0,))]


def r(theta: Angle, phi: Angle) -> list[Step]:
    return [("u", (theta, phi - PI / 2, PI / 2 - phi), (0,))]


# --- controlled


def ch() -> list[Step]:
    before: list[Step] = [("s", (), (1,)), _h(1), ("t", (), (1,))]
    after: list[Step] = [("tdg", (), (1,)), _h(1), ("sdg", (), (1,))]
    return [*before, _cx(0, 1), *after]


def cp(theta: Angle) -> list[Step]:
    return [_p(theta / 2, 0), _cx(0, 1), _p(-theta / 2, 1), _cx(0, 1), _p(theta / 2, 1)]


def _half_turns(name: str, theta: Angle) -> list[Step]:
    """A controlled rotation that an X turns around: half forth, half back, which cancel without the control."""
    return [(name, (theta / 2,), (1,)), _cx(0, 1), (name, (-theta / 2,), (1,)), _cx(0, 1)]


def cry(theta: Angle) -> list[Step]:
    return _half_turns("ry", theta)


def crz(theta: Angle) -> list[Step]:
    return _half_turns("rz", theta)


def crx(theta: Angle) -> list[Step]:
    return [_h(1), *_half_turns("rz", theta), _h(1)]


def cu(theta: Angle, phi: Angle, lam: Angle, gamma: Angle) -> list[Step]:
    return [
        _p(gamma, 0),
        _p((lam + phi) / 2, 0),
        _p((lam - phi) / 2, 1),
        _cx(0, 1),
        ("u", (-theta / 2, 0.0, -(phi + lam) / 2), (1,)),
        _cx(0, 1),
        ("u", (theta / 2, phi, 0.0), (1,)),
    ]


def cu3(theta: Angle, phi: Angle, lam: Angle) -> list[Step]:
    return [("cu", (theta, phi, lam, 0.0), (0, 1))]


# --- two qubits


def swap() -> list[Step]:
    return [_cx(0, 1), _cx(1, 0), _cx(0, 1)]


def iswap() -> list[Step]:
    return [("s", (), (0,)), ("s", (), (1,)), _h(0), _cx(0, 1), _cx(1, 0), _h(1)]


def dcx() -> list[Step]:
    return [_cx(0, 1), _cx(1, 0)]


def ecr() -> list[Step]:
    return [("rzx", (PI / 4,), (0, 1)), ("x", (), (0,)), ("rzx", (-PI / 4,), (0, 1))]


def rzz(theta: Angle) -> list[Step]:
    return [_cx(0, 1), ("rz", (theta,), (1,)), _cx(0, 1)]


def rzx(theta: Angle) -> list[Step]:
    return [_h(1), *rzz(theta), _h(1)]


def rxx(theta: Angle) -> list[Step]:
    return [_h(0), _h(1), *rzz(theta), _h(0), _h(1)]


def ryy(theta: Angle) -> list[Step]:
    turn: list[Step] = [("sxdg", (), (0,)), ("sxdg", (), (1,))]
    back: list[Step] = [("sx", (), (0,)), ("sx", (), (1,))]
    return [*back, *rzz(theta), *turn]


def xx_plus_yy(theta: Angle, beta: Angle) -> list[Step]:
    turn: list[Step] = [("rz", (beta,), (0,))]
    back: list[Step] = [("rz", (-beta,), (0,))]
    return [*turn, ("rxx", (theta / 2,), (0, 1)), ("ryy", (theta / 2,), (0, 1)), *back]


def xx_minus_yy(theta: Angle, beta: Angle) -> list[Step]:
    turn: list[Step] = [("rz", (-beta,), (1,))]
    back: list[Step] = [("rz", (beta,), (1,))]
    return [*turn, ("rxx", (theta / 2,), (0, 1)), ("ryy", (-theta / 2,), (0, 1)), *back]


# --- three qubits and more


def ccx() -> list[Step]:
    t, tdg = "t", "tdg"
    return [
        _h(2), _cx(1, 2), (tdg, (), (2,)), _cx(0, 2), (t, (), (2,)), _cx(1, 2), (tdg, (), (2,)), _cx(0, 2),
        (t, (), (1,)), (t, (), (2,)), _h(2), _cx(0, 1), (t, (), (0,)), (tdg, (), (1,)), _cx(0, 1),
    ]  # fmt: skip


def ccz() -> list[Step]:
    return [_h(2), ("ccx", (), (0, 1, 2)), _h(2)]


def cswap() -> list[Step]:
    return [_cx(2, 1), ("ccx", (), (0, 1, 2)), _cx(2, 1)]


def rccx() -> list[Step]:
    t, tdg = "t", "tdg"
    return [
        _h(2), (t, (), (2,)), _cx(1, 2), (tdg, (), (2,)), _cx(0, 2),
        (t, (), (2,)), _cx(1, 2), (tdg, (), (2,)), _h(2),
    ]  # fmt: skip


def rc3x() -> list[Step]:
    t, tdg = "t", "tdg"
    return [
        _h(3), (t, (), (3,)), _cx(2, 3), (tdg, (), (3,)), _h(3),
        _cx(0, 3), (t, (), (3,)), _cx(1, 3), (tdg, (), (3,)), _cx(0, 3), (t, (), (3,)), _cx(1, 3), (tdg, (), (3,)),
        _h(3), (t, (), (3,)), _cx(2, 3), (tdg, (), (3,)), _h(3),
    ]  # fmt: skip


def c3x() -> list[Step]:
    return [_h(3), *_mcp(PI, 0, 1, 2, 3), _h(3)]


def c3sqrtx() -> list[Step]:
    return [_h(3), *_mcp(PI / 2, 0, 1, 2, 3), _h(3)]


def c4x() -> list[Step]:
    return [_h(4), *_mcp(PI, 0, 1, 2, 3, 4), _h(4)]


def _mcp(theta: float, *qubits: int) -> list[Step]:
    """A phase on the all-ones state, by halving: Barenco et al., *Elementary gates*, lemma 7.5."""
    *controls, last, target = qubits
    if not controls:
        return [("cp", (theta,), (last, target))]
    flip: Step = (("cx", "ccx", "c3x")[len(controls) - 1], (), (*controls, last))
    half: Step = ("cp", (theta / 2,), (last, target))
    back: Step = ("cp", (-theta / 2,), (last, target))
    return [half, flip, back, flip, *_mcp(theta / 2, *controls, target)]
