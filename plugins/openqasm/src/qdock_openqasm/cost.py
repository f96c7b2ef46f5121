"""What running statements again and again takes, told from their tree: the units of `Limits.work`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qdock_openqasm.assigned import children, walk
from qdock_openqasm.grammar import ast

__all__ = ["GENERAL", "ROUND", "general_cost", "size_of"]

#: How much more a statement takes that is run the general way, not compiled (see `qdock_openqasm.rounds`).
GENERAL = 32
#: What a round of a loop takes besides its body.
ROUND = 2


def size_of(*nodes: Any) -> int:
    """Return how many nodes some trees have."""
    return sum(1 for _ in walk([node for node in nodes if node is not None]))


def general_cost(nodes: Sequence[Any]) -> int:
    """Return what running some statements once takes the general way; loops in them count their own rounds."""
    total = ROUND
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        total += 1
        below = children(node)
        if isinstance(node, (ast.For, ast.While)):
            below = (item for item in below if not isinstance(item, ast.Statement))
        waiting.extend(below)
    return GENERAL * total
