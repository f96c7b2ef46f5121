"""Where control goes after a statement, and the loops and calls that a jump may leave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from qdock.expr import Var
from qdock_openqasm.ir import Block
from qdock_openqasm.types import QType
from qdock_openqasm.values import Value

__all__ = ["CallFrame", "Flow", "LoopFrame"]


class Flow(Enum):
    """How a statement that was run while loading ended."""

    NEXT = 0
    BREAK = 1
    CONTINUE = 2
    RETURN = 3
    END = 4


@dataclass(eq=False)
class LoopFrame:
    """A loop that is being read.

    Attributes
    ----------
    depth : int
        How many conditional blocks are open in its body, its own included.
    at_run_time : bool
        Whether it is a loop of the circuit. Else each round is written out, and a jump that depends on a
        measurement sets `flag`, which all that follows then asks.
    out, start : Block and int
        Where the flag must be cleared.
    jumps : int
        How many jumps that depend on a measurement may have left it so far.
    """

    depth: int
    at_run_time: bool
    out: Block
    start: int
    flag: Var | None = None
    jumps: int = 0
    what: str = "loop"


@dataclass(eq=False)
class CallFrame:
    """A subroutine that is being written out where it is called."""

    depth: int
    out: Block
    start: int
    returns: QType
    name: str
    flag: Var | None = None
    jumps: int = 0
    value: Value | None = None
    place: Any = None
    what: str = "call"
