"""The types of the language, and which value may take the place of which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qdock.expressions import arithmetic as core

__all__ = [
    "ANGLE",
    "BIT",
    "BOOL",
    "COMPLEX",
    "DURATION",
    "FLOAT",
    "INT",
    "LITERAL",
    "QUBIT",
    "UINT",
    "VOID",
    "MACHINE_WIDTH",
    "QType",
    "bits",
    "core_type",
    "is_assignable",
]

#: Width of ``int``, ``uint`` and ``angle`` where the program names none.
MACHINE_WIDTH = 64


@dataclass(frozen=True)
class QType:
    """A resolved type.

    Parameters
    ----------
    kind : str
        ``bool bit int uint float angle complex duration qubit array void``, or ``literal``: an integer that has
        not met a type yet.
    width : int, optional
        Bits of a number; size of a register of bits or qubits. None: machine precision, or a single one.
    base : QType, optional
        Of an array's elements.
    dims : tuple of int
        Of an array.
    """

    kind: str
    width: int | None = None
    base: QType | None = None
    dims: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.kind == "array":
            return f"array[{self.base}, {', '.join(map(str, self.dims))}]"
        name = "int" if self.kind == "literal" else self.kind
        return name if self.width is None else f"{name}[{self.width}]"

    @property
    def is_integer(self) -> bool:
        """Whether it is a whole number, its width known or not."""
        return self.kind in ("int", "uint", "literal")

    @property
    def is_register(self) -> bool:
        """Whether it is several bits or qubits."""
        return self.kind in ("bit", "qubit") and self.width is not None

    @property
    def num_bits(self) -> int:
        """How many bits represent a value."""
        if self.kind in ("bool", "bit"):
            return self.width or 1
        return self.width or MACHINE_WIDTH


BOOL = QType("bool")
BIT = QType("bit")
INT = QType("int")
UINT = QType("uint")
FLOAT = QType("float")
ANGLE = QType("angle")
COMPLEX = QType("complex")
DURATION = QType("duration")
QUBIT = QType("qubit")
VOID = QType("void")
LITERAL = QType("literal")


def bits(size: int) -> QType:
    """Return the type of a register of `size` bits."""
    return QType("bit", size)


def core_type(kind: QType) -> core.Type | None:
    """Return the type that a value has at run time, or None where circuits have no such values."""
    return _core_type(kind.kind, kind.width)


@lru_cache(maxsize=1024)
def _core_type(kind: str, width: int | None) -> core.Type | None:
    if kind == "bool" or (kind == "bit" and width is None):
        return core.BOOL
    if kind == "float":
        return core.FLOAT
    make = _CORE_TYPES.get(kind)
    if make is None or width == 0:
        return None
    return make(width or MACHINE_WIDTH)


_CORE_TYPES = {"bit": core.Uint, "uint": core.Uint, "int": core.Int, "literal": core.Int, "angle": core.Angle}


def _same_shape(left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Whether dimensions agree; negative ones are not known yet."""
    return len(left) == len(right) and all(a == b or -1 in (a, b) for a, b in zip(left, right, strict=True))


def is_assignable(target: QType, value: QType) -> bool:
    """Whether a value of one type can be given to a variable of another without a cast."""
    if value.kind in ("void", "qubit") or target.kind == "qubit":
        return False
    if "array" in (target.kind, value.kind):
        return target.kind == value.kind and _same_shape(target.dims, value.dims)
    if "duration" in (target.kind, value.kind):
        return target.kind == value.kind
    if value.kind == "complex":
        return target.kind == "complex"
    if target.kind == "bit" and value.kind == "bit":
        return (value.width or 1) == (target.width or 1)
    if target.is_register:
        return value.kind not in ("float", "angle")
    if value.kind == "angle":
        return target.kind in ("angle", "bool", "bit")
    return True
