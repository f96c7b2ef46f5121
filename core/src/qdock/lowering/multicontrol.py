"""Gates with any number of controls as gates of the table: exact, without clean ancillas, quadratic in size."""

from __future__ import annotations

from collections.abc import Sequence

from qdock.unitaries.decompositions import Angle, Step

__all__ = ["controlled_phase", "controlled_u", "controlled_x"]

_ROWS = {1: "cx", 2: "ccx", 3: "c3x", 4: "c4x"}


def controlled_x(controls: Sequence[int], target: int, spare: Sequence[int] = ()) -> list[Step]:
    """Return an X of `target` if all `controls` are one.

    Parameters
    ----------
    controls : sequence of int
    target : int
    spare : sequence of int
        Other qubits, in any state, which are left as they were; one of them makes the result linear in size.

    References
    ----------
    Barenco et al., *Elementary gates for quantum computation*, Phys. Rev. A 52 (1995), lemmas 7.2 to 7.5.
    """
    count = len(controls)
    if count == 0:
        return [("x", (), (target,))]
    if count in _ROWS:
        return [(_ROWS[count], (), (*controls, target))]
    if len(spare) >= count - 2:
        return _with_many_spare(controls, target, spare[: count - 2])
    if spare:
        return _with_one_spare(controls, target, spare[0])
    turn: Step = ("h", (), (target,))
    return [turn, *controlled_phase(3.141592653589793, (*controls, target)), turn]


def _with_many_spare(controls: Sequence[int], target: int, spare: Sequence[int]) -> list[Step]:
    """A ladder of Toffolis over borrowed qubits, down and up twice, so that they end as they began."""
    chain = [*spare, target]
    down: list[Step] = [("ccx", (), (controls[i + 1], chain[i - 1], chain[i])) for i in range(len(chain) - 1, 0, -1)]
    top: Step = ("ccx", (), (controls[0], controls[1], chain[0]))
    ladder = [*down, top, *reversed(down)]
    inner = [*down[1:], top, *reversed(down[1:])]
    return [*ladder, *inner]


def _with_one_spare(controls: Sequence[int], target: int, spare: int) -> list[Step]:
    """Two halves of the controls, each with the other half to borrow."""
    half = (len(controls) + 1) // 2
    first, second = list(controls[:half]), list(controls[half:])
    lower = controlled_x(first, spare, [*second, target])
    upper = controlled_x([*second, spare], target, first)
    return [*lower, *upper, *lower, *upper]


def controlled_phase(theta: Angle, qubits: Sequence[int], spare: Sequence[int] = ()) -> list[Step]:
    """Return a phase on the state in which all `qubits` are one, by halving the angle qubit by qubit."""
    *controls, last = qubits
    if not controls:
        return [("p", (theta,), (last,))]
    if len(controls) == 1:
        return [("cp", (theta,), (controls[0], last))]
    *rest, middle = controls
    flip = controlled_x(rest, middle, [last, *spare])
    half: Step = ("cp", (theta / 2,), (middle, last))
    back: Step = ("cp", (-theta / 2,), (middle, last))
    return [half, *flip, back, *flip, *controlled_phase(theta / 2, [*rest, last], [middle, *spare])]


def controlled_u(
    theta: Angle, phi: Angle, lam: Angle, controls: Sequence[int], target: int, spare: Sequence[int] = ()
) -> list[Step]:
    """Return ``u(theta, phi, lam)`` on `target` if all `controls` are one; Barenco et al., lemma 7.9."""
    flip = controlled_x(controls, target, spare)
    return [
        *controlled_phase((lam + phi) / 2, controls, [target, *spare]),
        ("p", ((lam - phi) / 2,), (target,)),
        *flip,
        ("u", (-theta / 2, 0.0, -(phi + lam) / 2), (target,)),
        *flip,
        ("u", (theta / 2, phi, 0.0), (target,)),
    ]
