"""Operands of gates: a qubit or several, and which of them a single operation acts on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qdock_openqasm.errors import Fault, RepeatedQubit
from qdock_openqasm.types import QType

__all__ = ["QubitsPart", "broadcast"]


@dataclass(frozen=True)
class QubitsPart:
    """A qubit or several."""

    indices: Sequence[int]
    is_register: bool

    @property
    def type(self) -> QType:
        """Its type."""
        return QType("qubit", len(self.indices) if self.is_register else None)


def broadcast(parts: Sequence[QubitsPart], what: str, span: Any) -> Iterator[tuple[int, ...]]:
    """Yield the qubits of each single operation: registers element by element, single qubits every time."""
    sizes = sorted({len(part.indices) for part in parts if part.is_register})
    if len(sizes) > 1:
        shown = ", ".join(map(str, sizes))
        raise Fault(f"{what}: registers of different sizes ({shown}) can't be taken element by element", span)
    count = sizes[0] if sizes else 1
    if not parts:
        yield ()
        return
    columns = [part.indices if part.is_register else [part.indices[0]] * count for part in parts]
    for row in zip(*columns, strict=True):
        if len(row) > 1 and len(set(row)) != len(row):
            raise RepeatedQubit(f"{what}: the same qubit is given more than once", span)
        yield row
