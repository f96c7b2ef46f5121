"""One builder method for each row of the table of gates; angles first, then qubits, controls before targets."""

from __future__ import annotations

from typing import Self

from qdock.circuits.recorder import Qubits, Recorder
from qdock.expr import Expr
from qdock.gates import GATES

__all__ = ["Angle", "GateMethods"]

#: A number of radians, or an expression.
Angle = float | Expr

_ID = GATES["id"].code
_X = GATES["x"].code
_Y = GATES["y"].code
_Z = GATES["z"].code
_H = GATES["h"].code
_S = GATES["s"].code
_SDG = GATES["sdg"].code
_T = GATES["t"].code
_TDG = GATES["tdg"].code
_SX = GATES["sx"].code
_SXDG = GATES["sxdg"].code
_P = GATES["p"].code
_U1 = GATES["u1"].code
_U2 = GATES["u2"].code
_U3 = GATES["u3"].code
_U = GATES["u"].code
_BUILTIN_U = GATES["U"].code
_U0 = GATES["u0"].code
_RX = GATES["rx"].code
_RY = GATES["ry"].code
_RZ = GATES["rz"].code
_R = GATES["r"].code
_CX = GATES["cx"].code
_BUILTIN_CX = GATES["CX"].code
_CY = GATES["cy"].code
_CZ = GATES["cz"].code
_CH = GATES["ch"].code
_CP = GATES["cp"].code
_CU1 = GATES["cu1"].code
_CS = GATES["cs"].code
_CSDG = GATES["csdg"].code
_CSX = GATES["csx"].code
_CRX = GATES["crx"].code
_CRY = GATES["cry"].code
_CRZ = GATES["crz"].code
_CU = GATES["cu"].code
_CU3 = GATES["cu3"].code
_SWAP = GATES["swap"].code
_ISWAP = GATES["iswap"].code
_DCX = GATES["dcx"].code
_ECR = GATES["ecr"].code
_RXX = GATES["rxx"].code
_RYY = GATES["ryy"].code
_RZZ = GATES["rzz"].code
_RZX = GATES["rzx"].code
_XX_MINUS_YY = GATES["xx_minus_yy"].code
_XX_PLUS_YY = GATES["xx_plus_yy"].code
_CCX = GATES["ccx"].code
_CCZ = GATES["ccz"].code
_CSWAP = GATES["cswap"].code
_RCCX = GATES["rccx"].code
_C3X = GATES["c3x"].code
_C3SQRTX = GATES["c3sqrtx"].code
_C4X = GATES["c4x"].code
_RC3X = GATES["rc3x"].code


class GateMethods(Recorder):
    """The gates as methods. A list or register of qubits applies the gate to each in turn."""

    def id(self, qubit: Qubits) -> Self:
        """The identity."""
        return self._one(_ID, qubit)

    def x(self, qubit: Qubits) -> Self:
        """Pauli X."""
        return self._one(_X, qubit)

    def y(self, qubit: Qubits) -> Self:
        """Pauli Y."""
        return self._one(_Y, qubit)

    def z(self, qubit: Qubits) -> Self:
        """Pauli Z."""
        return self._one(_Z, qubit)

    def h(self, qubit: Qubits) -> Self:
        """Hadamard."""
        return self._one(_H, qubit)

    def s(self, qubit: Qubits) -> Self:
        """Square root of Z."""
        return self._one(_S, qubit)

    def sdg(self, qubit: Qubits) -> Self:
        """Inverse of S."""
        return self._one(_SDG, qubit)

    def t(self, qubit: Qubits) -> Self:
        """Fourth root of Z."""
        return self._one(_T, qubit)

    def tdg(self, qubit: Qubits) -> Self:
        """Inverse of T."""
        return self._one(_TDG, qubit)

    def sx(self, qubit: Qubits) -> Self:
        """Square root of X."""
        return self._one(_SX, qubit)

    def sxdg(self, qubit: Qubits) -> Self:
        """Inverse of the square root of X."""
        return self._one(_SXDG, qubit)

    def p(self, theta: Angle, qubit: Qubits) -> Self:
        """Phase ``exp(i theta)`` on one."""
        return self._turn(_P, theta, qubit)

    def u1(self, theta: Angle, qubit: Qubits) -> Self:
        """Phase, under its OpenQASM 2 name."""
        return self._turn(_U1, theta, qubit)

    def u2(self, phi: Angle, lam: Angle, qubit: Qubits) -> Self:
        """Half turn about an axis in the plane: ``u(pi/2, phi, lam)``."""
        return self._broadcast(_U2, (qubit,), (phi, lam))

    def u3(self, theta: Angle, phi: Angle, lam: Angle, qubit: Qubits) -> Self:
        """Any one-qubit gate, under its OpenQASM 2 name."""
        return self._broadcast(_U3, (qubit,), (theta, phi, lam))

    def u(self, theta: Angle, phi: Angle, lam: Angle, qubit: Qubits) -> Self:
        """Any one-qubit gate: ``rz(phi) ry(theta) rz(lam)`` up to a phase."""
        return self._broadcast(_U, (qubit,), (theta, phi, lam))

    def U(self, theta: Angle, phi: Angle, lam: Angle, qubit: Qubits) -> Self:
        """Any one-qubit gate, under its built-in name."""
        return self._broadcast(_BUILTIN_U, (qubit,), (theta, phi, lam))

    def u0(self, duration: Angle, qubit: Qubits) -> Self:
        """The identity, for a duration."""
        return self._turn(_U0, duration, qubit)

    def rx(self, theta: Angle, qubit: Qubits) -> Self:
        """Rotation about the x axis."""
        return self._turn(_RX, theta, qubit)

    def ry(self, theta: Angle, qubit: Qubits) -> Self:
        """Rotation about the y axis."""
        return self._turn(_RY, theta, qubit)

    def rz(self, theta: Angle, qubit: Qubits) -> Self:
        """Rotation about the z axis."""
        return self._turn(_RZ, theta, qubit)

    def r(self, theta: Angle, phi: Angle, qubit: Qubits) -> Self:
        """Rotation about the axis at `phi` in the xy plane."""
        return self._broadcast(_R, (qubit,), (theta, phi))

    def cx(self, control: Qubits, target: Qubits) -> Self:
        """Controlled X."""
        return self._two(_CX, control, target)

    def CX(self, control: Qubits, target: Qubits) -> Self:
        """Controlled X, under its built-in name."""
        return self._two(_BUILTIN_CX, control, target)

    def cy(self, control: Qubits, target: Qubits) -> Self:
        """Controlled Y."""
        return self._two(_CY, control, target)

    def cz(self, control: Qubits, target: Qubits) -> Self:
        """Controlled Z."""
        return self._two(_CZ, control, target)

    def ch(self, control: Qubits, target: Qubits) -> Self:
        """Controlled Hadamard."""
        return self._two(_CH, control, target)

    def cp(self, theta: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled phase."""
        return self._broadcast(_CP, (control, target), (theta,))

    def cu1(self, theta: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled phase, under its OpenQASM 2 name."""
        return self._broadcast(_CU1, (control, target), (theta,))

    def cs(self, control: Qubits, target: Qubits) -> Self:
        """Controlled S."""
        return self._two(_CS, control, target)

    def csdg(self, control: Qubits, target: Qubits) -> Self:
        """Controlled inverse of S."""
        return self._two(_CSDG, control, target)

    def csx(self, control: Qubits, target: Qubits) -> Self:
        """Controlled square root of X."""
        return self._two(_CSX, control, target)

    def crx(self, theta: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled rotation about the x axis."""
        return self._broadcast(_CRX, (control, target), (theta,))

    def cry(self, theta: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled rotation about the y axis."""
        return self._broadcast(_CRY, (control, target), (theta,))

    def crz(self, theta: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled rotation about the z axis."""
        return self._broadcast(_CRZ, (control, target), (theta,))

    def cu(self, theta: Angle, phi: Angle, lam: Angle, gamma: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled `u`, with the phase `gamma` on the control."""
        return self._broadcast(_CU, (control, target), (theta, phi, lam, gamma))

    def cu3(self, theta: Angle, phi: Angle, lam: Angle, control: Qubits, target: Qubits) -> Self:
        """Controlled `u3`."""
        return self._broadcast(_CU3, (control, target), (theta, phi, lam))

    def swap(self, first: Qubits, second: Qubits) -> Self:
        """Exchange of two qubits."""
        return self._two(_SWAP, first, second)

    def iswap(self, first: Qubits, second: Qubits) -> Self:
        """Exchange with a phase i."""
        return self._two(_ISWAP, first, second)

    def dcx(self, first: Qubits, second: Qubits) -> Self:
        """Two controlled X, back and forth."""
        return self._two(_DCX, first, second)

    def ecr(self, first: Qubits, second: Qubits) -> Self:
        """Echoed cross resonance."""
        return self._two(_ECR, first, second)

    def rxx(self, theta: Angle, first: Qubits, second: Qubits) -> Self:
        """Rotation about XX."""
        return self._broadcast(_RXX, (first, second), (theta,))

    def ryy(self, theta: Angle, first: Qubits, second: Qubits) -> Self:
        """Rotation about YY."""
        return self._broadcast(_RYY, (first, second), (theta,))

    def rzz(self, theta: Angle, first: Qubits, second: Qubits) -> Self:
        """Rotation about ZZ."""
        return self._broadcast(_RZZ, (first, second), (theta,))

    def rzx(self, theta: Angle, first: Qubits, second: Qubits) -> Self:
        """Rotation about Z on the first, X on the second qubit."""
        return self._broadcast(_RZX, (first, second), (theta,))

    def xx_minus_yy(self, theta: Angle, beta: Angle, first: Qubits, second: Qubits) -> Self:
        """Turn between 00 and 11."""
        return self._broadcast(_XX_MINUS_YY, (first, second), (theta, beta))

    def xx_plus_yy(self, theta: Angle, beta: Angle, first: Qubits, second: Qubits) -> Self:
        """Turn between 01 and 10."""
        return self._broadcast(_XX_PLUS_YY, (first, second), (theta, beta))

    def ccx(self, control1: Qubits, control2: Qubits, target: Qubits) -> Self:
        """Toffoli."""
        return self._broadcast(_CCX, (control1, control2, target))

    def ccz(self, control1: Qubits, control2: Qubits, target: Qubits) -> Self:
        """Doubly controlled Z."""
        return self._broadcast(_CCZ, (control1, control2, target))

    def cswap(self, control: Qubits, first: Qubits, second: Qubits) -> Self:
        """Fredkin: controlled exchange."""
        return self._broadcast(_CSWAP, (control, first, second))

    def rccx(self, control1: Qubits, control2: Qubits, target: Qubits) -> Self:
        """Toffoli up to phases."""
        return self._broadcast(_RCCX, (control1, control2, target))

    def c3x(self, control1: Qubits, control2: Qubits, control3: Qubits, target: Qubits) -> Self:
        """X with three controls."""
        return self._broadcast(_C3X, (control1, control2, control3, target))

    def c3sqrtx(self, control1: Qubits, control2: Qubits, control3: Qubits, target: Qubits) -> Self:
        """Square root of X with three controls."""
        return self._broadcast(_C3SQRTX, (control1, control2, control3, target))

    def c4x(self, control1: Qubits, control2: Qubits, control3: Qubits, control4: Qubits, target: Qubits) -> Self:
        """X with four controls."""
        return self._broadcast(_C4X, (control1, control2, control3, control4, target))

    def rc3x(self, control1: Qubits, control2: Qubits, control3: Qubits, target: Qubits) -> Self:
        """X with three controls, up to phases."""
        return self._broadcast(_RC3X, (control1, control2, control3, target))
