"""The gates and functions that a program need not define: built in, stdgates.inc and qelib1.inc.

The libraries are tables from their names to rows of `qdock.gates`, exactly the names that the files define.
"""

from __future__ import annotations

import math

from qdock_openqasm.templates import Angle, RowGate

__all__ = ["BUILTIN_CONSTANTS", "BUILTIN_GATES", "LIBRARIES", "REPLACEABLE", "library"]

#: By version of the language; those of version 2 are spelt in ASCII only.
BUILTIN_CONSTANTS: dict[int, dict[str, float]] = {
    2: {"pi": math.pi},
    3: {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e, "ℇ": math.e},
}


def _half_theta(theta: Angle, _phi: Angle, _lam: Angle) -> Angle:
    """``U`` of OpenQASM 3 is that of the table times exp(i theta / 2)."""
    return theta / 2


def _half_sum(*angles: Angle) -> Angle:
    """``u2`` and ``u3`` of stdgates.inc turn like rz, whose matrix has determinant one."""
    return -(angles[-2] + angles[-1]) / 2


BUILTIN_GATES: dict[int, tuple[RowGate, ...]] = {
    2: (RowGate("U", "U"), RowGate("CX", "CX")),
    3: (RowGate("U", "U", _half_theta),),
}

LIBRARIES: dict[str, tuple[str, ...]] = {
    "stdgates.inc": (
        "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "cx", "cy", "cz", "cp", "crx",
        "cry", "crz", "ch", "swap", "ccx", "cswap", "cu", "CX", "phase", "cphase", "id", "u1", "u2", "u3",
    ),
    "qelib1.inc": (
        "u3", "u2", "u1", "cx", "id", "u0", "u", "p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz",
        "sx", "sxdg", "cz", "cy", "swap", "ch", "ccx", "cswap", "crx", "cry", "crz", "cu1", "cp", "cu3", "csx", "cu",
        "rxx", "rzz", "rccx", "rc3x", "c3x", "c3sqrtx", "c4x",
    ),
}  # fmt: skip

_ROWS = {"phase": "p", "cphase": "cp"}
_PHASES = {"u2": _half_sum, "u3": _half_sum}

#: The gates of the library in the paper on OpenQASM 2.
_PAPER = {
    "u3", "u2", "u1", "cx", "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cz", "cy", "ch",
    "ccx", "crz", "cu1", "cu3",
}  # fmt: skip

#: What qelib1.inc has beyond them; programs bring their own of these names.
REPLACEABLE = frozenset(LIBRARIES["qelib1.inc"]) - _PAPER


def library(name: str) -> list[RowGate]:
    """Return the gates of an include file of the language."""
    phases = _PHASES if name == "stdgates.inc" else {}
    return [RowGate(gate, _ROWS.get(gate, gate), phases.get(gate)) for gate in LIBRARIES[name]]
