"""The standard gates as a table: name, parameters, matrix, inverse, decomposition; and gates made from them.

Every row is a function of its angles. The first listed qubit is the least significant bit of a matrix index;
control qubits come first. Angles are radians and may be expressions everywhere but in a matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np

from qdock.common.suggest import did_you_mean
from qdock.errors import CircuitError, LimitExceeded
from qdock.expr import FLOAT, Const, Expr, cast
from qdock.expressions.arithmetic import shown, whole
from qdock.unitaries import decompositions as via
from qdock.unitaries import matrices as m
from qdock.unitaries.decompositions import Step
from qdock.unitaries.matrices import Matrix, controlled_matrix, matrix_power

__all__ = ["ALIASES", "GATES", "Gate", "GateDef", "Step", "controlled_matrix", "gate"]

Angle = float | Expr
PI = math.pi
TOLERANCE = 1e-8
_NO_ANGLES = (bool, np.bool_, np.complexfloating, str, bytes)
MAX_CONTROLS = 1_000_000
#: A matrix on so many qubits takes 4 GiB.
MAX_MATRIX_QUBITS = 14


# --- the table


@dataclass(frozen=True)
class GateDef:
    """One row: a gate as a function of its angles.

    Parameters
    ----------
    name : str
        As in OpenQASM.
    parameters : tuple of str
        Names of its angles.
    num_qubits : int
        Controls included.
    base : callable
        Angles to the matrix of what acts on the targets.
    num_controls : int
        Its first qubits, which must be 1.
    steps : callable, optional
        Angles to an exact decomposition, global phase included. None: ``u`` and ``cx``, which end every chain.
    inverse : callable, optional
        Angles to the name and angles of the inverse. None: no row is the inverse.
    diagonal : bool
        Whether the matrix is diagonal for all angles.
    code : int
        Row number: the operation code in a circuit's columns.
    """

    name: str
    parameters: tuple[str, ...]
    num_qubits: int
    base: Callable[..., Any]
    num_controls: int = 0
    steps: Callable[..., list[Step]] | None = None
    inverse: Callable[..., tuple[str, tuple[Any, ...]]] | None = None
    diagonal: bool = False
    code: int = -1

    @property
    def num_params(self) -> int:
        """How many angles it takes."""
        return len(self.parameters)

    def takes(self, params: object) -> bool:
        """Whether these are as many angles as it has, in a list or tuple."""
        return isinstance(params, (list, tuple)) and len(params) == len(self.parameters)

    def base_matrix(self, *params: float) -> Matrix:
        """Return what acts on the targets, a (2^m, 2^m) complex128 array for m targets."""
        return np.array(self.base(*params), dtype=complex)

    def matrix(self, *params: float) -> Matrix:
        """Return the whole unitary, a (2^k, 2^k) complex128 array for k qubits."""
        return controlled_matrix(self.base(*params), (1,) * self.num_controls)


def _constant(matrix: Any) -> Callable[[], Any]:
    return lambda: matrix


def _to(name: str) -> Callable[..., tuple[str, tuple[Any, ...]]]:
    return lambda *params: (name, params)


def _minus(name: str) -> Callable[..., tuple[str, tuple[Any, ...]]]:
    """The inverse of a rotation turns the other way."""
    return lambda *params: (name, tuple(-param for param in params))


def _minus_first(name: str) -> Callable[..., tuple[str, tuple[Any, ...]]]:
    return lambda theta, axis: (name, (-theta, axis))


def _u_inverse(name: str) -> Callable[..., tuple[str, tuple[Any, ...]]]:
    return lambda theta, phi, lam, *gamma: (name, (-theta, -lam, -phi, *(-angle for angle in gamma)))


_T3 = ("theta", "phi", "lam")


def _rows() -> list[GateDef]:
    """Return the table in the order of its operation codes."""
    row = GateDef
    pauli_y, pauli_z = _constant(m.PAULI["y"]), _constant(m.PAULI["z"])
    xx, yy, zz, zx = (m.two_pauli_rotation(*pair) for pair in ("xx", "yy", "zz", "zx"))
    return [
        # one qubit, fixed
        row("id", (), 1, _constant(m.ID), 0, via.nothing, _to("id"), diagonal=True),
        row("x", (), 1, _constant(m.X), 0, via.one("u", PI, 0.0, PI), _to("x")),
        row("y", (), 1, pauli_y, 0, via.one("u", PI, PI / 2, PI / 2), _to("y")),
        row("z", (), 1, pauli_z, 0, via.one("p", PI), _to("z"), diagonal=True),
        row("h", (), 1, _constant(m.H), 0, via.one("u", PI / 2, 0.0, PI), _to("h")),
        row("s", (), 1, _constant(m.S), 0, via.one("p", PI / 2), _to("sdg"), diagonal=True),
        row("sdg", (), 1, _constant(m.SDG), 0, via.one("p", -PI / 2), _to("s"), diagonal=True),
        row("t", (), 1, _constant(m.phase(PI / 4)), 0, via.one("p", PI / 4), _to("tdg"), diagonal=True),
        row("tdg", (), 1, _constant(m.phase(-PI / 4)), 0, via.one("p", -PI / 4), _to("t"), diagonal=True),
        row("sx", (), 1, _constant(m.SX), 0, via.sx, _to("sxdg")),
        row("sxdg", (), 1, _constant(m.SXDG), 0, via.sxdg, _to("sx")),
        # one qubit, turned by angles
        row("p", ("theta",), 1, m.phase, 0, via.p, _minus("p"), diagonal=True),
        row("u1", ("theta",), 1, m.phase, 0, via.same("p"), _minus("u1"), diagonal=True),
        row("u2", ("phi", "lam"), 1, m.u2, 0, via.u2, lambda phi, lam: ("u2", (-lam - PI, PI - phi))),
        row("u3", _T3, 1, m.u, 0, via.same("u"), _u_inverse("u3")),
        row("u", _T3, 1, m.u, 0, None, _u_inverse("u")),
        row("U", _T3, 1, m.u, 0, via.same("u"), _u_inverse("U")),
        row("u0", ("duration",), 1, m.u0, 0, via.nothing, _to("u0"), diagonal=True),
        row("rx", ("theta",), 1, m.rx, 0, via.rx, _minus("rx")),
        row("ry", ("theta",), 1, m.ry, 0, via.ry, _minus("ry")),
        row("rz", ("theta",), 1, m.rz, 0, via.rz, _minus("rz"), diagonal=True),
        row("r", ("theta", "phi"), 1, m.r, 0, via.r, _minus_first("r")),
        # controlled
        row("cx", (), 2, _constant(m.X), 1, None, _to("cx")),
        row("CX", (), 2, _constant(m.X), 1, via.same("cx", 2), _to("CX")),
        row("cy", (), 2, pauli_y, 1, via.around("cx", "sdg", "s"), _to("cy")),
        row("cz", (), 2, pauli_z, 1, via.around("cx", "h", "h"), _to("cz"), diagonal=True),
        row("ch", (), 2, _constant(m.H), 1, via.ch, _to("ch")),
        row("cp", ("theta",), 2, m.phase, 1, via.cp, _minus("cp"), diagonal=True),
        row("cu1", ("theta",), 2, m.phase, 1, via.same("cp", 2), _minus("cu1"), diagonal=True),
        row("cs", (), 2, _constant(m.S), 1, lambda: via.cp(PI / 2), _to("csdg"), diagonal=True),
        row("csdg", (), 2, _constant(m.SDG), 1, lambda: via.cp(-PI / 2), _to("cs"), diagonal=True),
        row("csx", (), 2, _constant(m.SX), 1, via.around("cs", "h", "h")),
        row("crx", ("theta",), 2, m.rx, 1, via.crx, _minus("crx")),
        row("cry", ("theta",), 2, m.ry, 1, via.cry, _minus("cry")),
        row("crz", ("theta",), 2, m.rz, 1, via.crz, _minus("crz"), diagonal=True),
        row("cu", (*_T3, "gamma"), 2, m.cu, 1, via.cu, _u_inverse("cu")),
        row("cu3", _T3, 2, m.u, 1, via.cu3, _u_inverse("cu3")),
        # two qubits
        row("swap", (), 2, _constant(m.SWAP), 0, via.swap, _to("swap")),
        row("iswap", (), 2, _constant(m.ISWAP), 0, via.iswap),
        row("dcx", (), 2, _constant(m.DCX), 0, via.dcx),
        row("ecr", (), 2, _constant(m.ECR), 0, via.ecr, _to("ecr")),
        row("rxx", ("theta",), 2, xx, 0, via.rxx, _minus("rxx")),
        row("ryy", ("theta",), 2, yy, 0, via.ryy, _minus("ryy")),
        row("rzz", ("theta",), 2, zz, 0, via.rzz, _minus("rzz"), diagonal=True),
        row("rzx", ("theta",), 2, zx, 0, via.rzx, _minus("rzx")),
        row("xx_minus_yy", ("theta", "beta"), 2, m.xx_minus_yy, 0, via.xx_minus_yy, _minus_first("xx_minus_yy")),
        row("xx_plus_yy", ("theta", "beta"), 2, m.xx_plus_yy, 0, via.xx_plus_yy, _minus_first("xx_plus_yy")),
        # three qubits and more
        row("ccx", (), 3, _constant(m.X), 2, via.ccx, _to("ccx")),
        row("ccz", (), 3, pauli_z, 2, via.ccz, _to("ccz"), diagonal=True),
        row("cswap", (), 3, _constant(m.SWAP), 1, via.cswap, _to("cswap")),
        row("rccx", (), 3, m.rccx, 0, via.rccx, _to("rccx")),
        row("c3x", (), 4, _constant(m.X), 3, via.c3x, _to("c3x")),
        row("c3sqrtx", (), 4, _constant(m.SX), 3, via.c3sqrtx),
        row("c4x", (), 5, _constant(m.X), 4, via.c4x, _to("c4x")),
        row("rc3x", (), 4, m.rc3x, 0, via.rc3x),
    ]


#: Every row by name; `GateDef.code` is its place.
GATES: dict[str, GateDef] = {row.name: replace(row, code=code) for code, row in enumerate(_rows())}

#: Other names that the field uses for a row.
ALIASES: dict[str, str] = {
    "c3sx": "c3sqrtx",
    "ccnot": "ccx",
    "cnot": "cx",
    "cphase": "cp",
    "fredkin": "cswap",
    "i": "id",
    "phase": "p",
    "rcccx": "rc3x",
    "toffoli": "ccx",
}

#: What a row becomes with one control more, two more, and so on.
_WITH_CONTROLS: dict[str, tuple[str | None, ...]] = {
    "x": ("cx", "ccx", "c3x", "c4x"),
    "cx": ("ccx", "c3x", "c4x"),
    "ccx": ("c3x", "c4x"),
    "c3x": ("c4x",),
    "y": ("cy",),
    "z": ("cz", "ccz"),
    "cz": ("ccz",),
    "h": ("ch",),
    "s": ("cs",),
    "sdg": ("csdg",),
    "sx": ("csx", None, "c3sqrtx"),
    "p": ("cp",),
    "u1": ("cu1",),
    "rx": ("crx",),
    "ry": ("cry",),
    "rz": ("crz",),
    "u3": ("cu3",),
    "swap": ("cswap",),
}

#: Rows whose power multiplies their first angle.
_TURNING = {
    "p", "u1", "rx", "ry", "rz", "r", "cp", "cu1", "crx", "cry", "crz",
    "rxx", "ryy", "rzz", "rzx", "xx_minus_yy", "xx_plus_yy",
}  # fmt: skip


# --- gates made from the table


@dataclass(frozen=True, eq=False)
class Gate:
    """A gate of the table or a matrix, with control qubits and a power: what a circuit can append.

    Parameters
    ----------
    name : str
        A name of `GATES` or `ALIASES`, or ``"unitary"``.
    params : tuple of float or Expr
        Its angles in radians.
    controls : tuple of int
        The state, 0 or 1, in which each added control qubit lets it act. They come before its own qubits.
    power : float
        Exponent of the matrix, by its principal logarithm.
    array : (2^k, 2^k) array, optional
        The matrix of a ``"unitary"``.

    Raises
    ------
    CircuitError
        For an unknown name, a wrong number of angles, an angle that is not finite or a matrix that is not unitary.
    """

    name: str
    params: tuple[Any, ...] = ()
    controls: tuple[int, ...] = ()
    power: float = 1.0
    array: Matrix | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "controls", _checked_controls(self.controls))
        object.__setattr__(self, "power", _checked_power(self.power))
        if isinstance(self.name, str) and self.name == "unitary":
            object.__setattr__(self, "array", _checked_unitary(self.array))
            names: tuple[str, ...] = ()
        else:
            definition = find_definition(self.name)
            object.__setattr__(self, "name", definition.name)
            names = definition.parameters
            if self.array is not None:
                raise CircuitError(f"Gate '{self.name}' has its matrix in the table; a matrix makes a 'unitary'.")
        object.__setattr__(self, "params", check_angles(self.name, names, self.params))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Gate):
            return NotImplemented
        return self._key() == other._key() and np.array_equal(self._array(), other._array())

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self.name, self.params, self.controls, self.power

    def _array(self) -> Matrix:
        return np.zeros((0, 0), dtype=complex) if self.array is None else self.array

    @property
    def num_qubits(self) -> int:
        """How many qubits it acts on, controls included."""
        own = GATES[self.name].num_qubits if self.array is None else len(self.array).bit_length() - 1
        return len(self.controls) + own

    @property
    def is_plain(self) -> bool:
        """Whether it is a row of the table without control or power."""
        return self.array is None and not self.controls and self.power == 1

    @property
    def label(self) -> str:
        """Its name with modifiers as OpenQASM 3 writes them: ``ctrl(2) @ pow(0.5) @ h``."""
        return label(self.name, self.controls, self.power)

    def matrix(self) -> Matrix:
        """Return the unitary, a (2^k, 2^k) complex128 array; unbound parameters are a `CircuitError`."""
        if self.num_qubits > MAX_MATRIX_QUBITS:
            raise LimitExceeded(
                f"The matrix of '{self.label}' on {self.num_qubits} qubits is too large; the limit is "
                f"{MAX_MATRIX_QUBITS} qubits."
            )
        return controlled_matrix(self.target_matrix(), self.controls)

    def target_matrix(self) -> Matrix:
        """Return the matrix without the added controls, power included."""
        for param in self.params:
            if isinstance(param, Expr):
                raise CircuitError(f"Gate '{self.label}' has no matrix yet: its angle '{param}' is not a number.")
        own = GATES[self.name].matrix(*self.params) if self.array is None else self.array
        return matrix_power(own, self.power)

    def inverse(self) -> Gate:
        """Return the gate that undoes this one."""
        if self.array is not None:
            return replace(self, array=matrix_power(self.array, self.power).conj().T, power=1.0)
        rule = GATES[self.name].inverse
        if self.power != 1 or rule is None:
            return replace(self, power=-self.power)
        name, params = rule(*self.params)
        return replace(self, name=name, params=params)

    def control(self, num_controls: int = 1, state: int | None = None) -> Gate:
        """Return the gate with control qubits in front.

        Parameters
        ----------
        num_controls : int
            How many.
        state : int, optional
            The controls' value for which it acts, the first control least significant. None: all ones.
        """
        _check_count(num_controls)
        if state is not None and (whole(state) is None or not 0 <= state < 1 << num_controls):
            raise CircuitError(f"{num_controls} controls can't be in the state {state!r}; use 0 to 2**n - 1.")
        bits = tuple(1 if state is None else (state >> position) & 1 for position in range(num_controls))
        return _named(replace(self, controls=bits + self.controls))

    def to_power(self, exponent: float) -> Gate:
        """Return the gate to a power, by the principal logarithm of its matrix."""
        exponent = _checked_power(exponent)
        whole = exponent == int(exponent)
        if self.name in _TURNING and self.power == 1 and (whole or _is_principal(self.params[0])):
            return replace(self, params=(self.params[0] * exponent, *self.params[1:]))
        if exponent in (1, -1):
            return self if exponent == 1 else self.inverse()
        if whole or -1 < self.power <= 1:
            return replace(self, power=self.power * exponent)
        # Its angles are not those of a principal power any more: the square root of X**2 is not X.
        return Gate("unitary", (), self.controls, 1.0, matrix_power(self.target_matrix(), exponent))


def gate(name: str, *params: Angle) -> Gate:
    """Return a gate of the table: ``gate("rz", 0.3)``."""
    return Gate(name, params)


def label(name: str, controls: tuple[int, ...], power: float) -> str:
    """Return a gate's name with modifiers as OpenQASM 3 writes them."""
    if name in ("x", "p") and power == 1 and len(controls) > 1 and all(controls):
        return f"mc{name}"
    runs = [(bit, len(list(run))) for bit, run in groupby(controls)]
    parts = [("ctrl" if bit else "negctrl") + (f"({count})" if count > 1 else "") for bit, count in runs]
    if power != 1:
        parts.append("inv" if power == -1 else f"pow({power:g})")
    return " @ ".join([*parts, name])


def _named(made: Gate) -> Gate:
    """Return the row that is this gate, where there is one."""
    names = _WITH_CONTROLS.get(made.name, ())
    count = len(made.controls)
    if made.power == 1 and 0 < count <= len(names) and all(made.controls) and names[count - 1]:
        return Gate(str(names[count - 1]), made.params)
    return made


def _is_principal(theta: Angle) -> bool:
    """Whether every power of a rotation is the rotation by the multiple; of whole powers that is always true."""
    return not isinstance(theta, Expr) and -PI < theta <= PI


def find_definition(name: str) -> GateDef:
    """Return the row of that name or alias; an unknown name is a `CircuitError` with the closest one."""
    found = GATES.get(ALIASES.get(name, name)) if isinstance(name, str) else None
    if found is None:
        hint = did_you_mean(str(name), [*GATES, *ALIASES], " The names are in qdock.gates.GATES.")
        raise CircuitError(f"No gate is named '{name}'.{hint}")
    return found


def check_angles(name: str, parameters: tuple[str, ...], values: Any) -> tuple[float | Expr, ...]:
    """Return a gate's angles checked, as many as it has parameters."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise CircuitError(
            f"The angles of '{name}' are given as a sequence, such as [0.3], but {shown(values)} was given."
        )
    angles = tuple(values)
    if len(angles) != len(parameters):
        raise CircuitError(f"Gate '{name}' takes {_counted(parameters)}, but {len(angles)} were given.")
    return tuple(check_angle(name, angle) for angle in angles)


def check_angle(name: str, value: Any) -> float | Expr:
    """Return an angle as a float or an expression; anything else or a number that is not finite is an error."""
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, Expr):
        return _checked_expression(name, value)
    try:
        if isinstance(value, _NO_ANGLES) or getattr(value, "ndim", 0) != 0:
            raise TypeError
        number = float(value)
    except OverflowError:
        raise CircuitError(f"An angle of '{name}' must be finite, but is beyond all floats.") from None
    except (TypeError, ValueError):
        raise CircuitError(
            f"An angle of '{name}' is a number in radians or an expression, but {shown(value)} was given."
        ) from None
    if not math.isfinite(number):
        raise CircuitError(f"An angle of '{name}' must be finite, but is {number}.")
    return number


def _checked_expression(name: str, value: Expr) -> float | Expr:
    if value.type.kind == "bool":
        raise CircuitError(
            f"An angle of '{name}' is a number in radians, but '{value}' is a bit. Use cast(value, FLOAT)."
        )
    value = cast(value, FLOAT)
    return float(value.value) if isinstance(value, Const) else value


def _checked_power(power: Any) -> float:
    if isinstance(power, (bool, Expr)) or not hasattr(power, "__float__") or not math.isfinite(power):
        raise CircuitError(f"The power of a gate is a finite number, but {shown(power)} was given.")
    return float(power)


def _checked_controls(controls: Any) -> tuple[int, ...]:
    if isinstance(controls, (str, bytes)) or not isinstance(controls, Iterable):
        raise CircuitError(
            f"The controls of a gate are the states 0 and 1 in a tuple, but {shown(controls)} was given."
        )
    states = tuple(controls)
    for state in states:
        if isinstance(state, bool) or state not in (0, 1):
            raise CircuitError(f"A control acts in the state 0 or 1, but {shown(state)} was given.")
    _check_count(len(states), least=0)
    return tuple(map(int, states))


def _check_count(count: Any, least: int = 1) -> None:
    if whole(count) is None or count < least:
        raise CircuitError(f"The number of controls must be {least} or more, but is {count!r}.")
    if count > MAX_CONTROLS:
        raise LimitExceeded(f"A gate may have {MAX_CONTROLS} controls, but {count} were asked for.")


def _counted(parameters: tuple[str, ...]) -> str:
    count = {0: "no angle", 1: "1 angle"}.get(len(parameters), f"{len(parameters)} angles")
    return f"{count} ({', '.join(parameters)})" if parameters else count


def _checked_unitary(array: Any) -> Matrix:
    """Return a private, read-only copy of a unitary matrix, or say what is wrong with it."""
    if array is None:
        raise CircuitError("A gate named 'unitary' needs its matrix; use circuit.unitary(matrix, qubits).")
    try:
        matrix = np.array(array, dtype=np.complex128)
    except (TypeError, ValueError, OverflowError):
        raise CircuitError(
            "A unitary is a square array of complex numbers, but this one can't be read as numbers."
        ) from None
    size = len(matrix) if matrix.ndim else 0
    if matrix.shape != (size, size) or size < 2 or size & (size - 1):
        raise CircuitError(f"A unitary has the shape (2**k, 2**k) for k qubits, but this one has {matrix.shape}.")
    with np.errstate(all="ignore"):
        defect = float(np.abs(matrix @ matrix.conj().T - np.eye(size)).max())
    # A NaN compares false, so that it is refused here too.
    if not defect <= TOLERANCE:
        raise CircuitError(
            f"The matrix is not unitary: U U† differs from the identity by {defect:.3g}; {TOLERANCE:g} is allowed."
        )
    matrix.flags.writeable = False
    return matrix
