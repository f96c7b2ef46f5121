"""Index sets: which elements of a register or an array an index chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qdock import expr as ex
from qdock_openqasm.errors import Fault
from qdock_openqasm.grammar import ast
from qdock_openqasm.values import UNKNOWN, Value, as_integer

__all__ = ["Chosen", "IndexFault", "RuntimeIndex", "choose", "positions_in"]

#: Positions and whether they are a register (a range or set) or a single element.
Chosen = tuple[Sequence[int], bool]
Evaluate = Callable[[Any], Value]


class IndexFault(Fault):
    """An index that no element has."""


class RuntimeIndex(Fault):
    """An index that is known only when the circuit runs.

    Parameters
    ----------
    number : Expr
        The index.
    node : optional
        Where it stands in the tree.
    size : int
        How many elements there are to choose from.
    """

    def __init__(self, number: ex.Expr, node: Any = None, size: int = 0) -> None:
        message = f"the index '{number}' is known only when the circuit runs, but here it must be known before"
        super().__init__(message, node.span)
        self.number = number
        self.node = node
        self.size = size


def _number(node: Any, evaluate: Evaluate, size: int = 0) -> int | None:
    """The value of an index, None while it is only checked."""
    value = evaluate(node)
    if value.type.kind not in ("int", "uint", "literal", "bool", "bit"):
        raise Fault(f"an index must be an integer, not {value.type}", node.span)
    number = as_integer(value, "an index")
    if isinstance(number, ex.Expr):
        raise RuntimeIndex(number, node, size)
    return None if number is UNKNOWN else number  # type: ignore[return-value] # a number else


def _within(number: int, size: int, node: Any) -> int:
    if not -size <= number < size:
        allowed = "number 0" if size == 1 else f"0 to {size - 1}" if size else "none"
        elements = f"{size} element{'' if size == 1 else 's'}"
        are = "is" if size == 1 else "are"
        raise IndexFault(f"index {number} is out of range: there {are} {elements}, {allowed}", node.span)
    return number + size if number < 0 else number


def choose(element: Any, size: int, evaluate: Evaluate) -> Chosen:
    """Return what one index, a number or a range, chooses among `size` elements."""
    if isinstance(element, ast.Range):
        return _range(element, size, evaluate), True
    number = _number(element, evaluate, size)
    return ((0,) if number is None else (_within(number, size, element),)), False


def _range(node: Any, size: int, evaluate: Evaluate) -> Sequence[int]:
    step = 1 if node.step is None else _number(node.step, evaluate)
    if step == 0:
        raise Fault("the step of a range can't be 0", node.step.span)
    backwards = step is not None and step < 0
    first, last = (size - 1, 0) if backwards else (0, size - 1)
    start = first if node.start is None else _number(node.start, evaluate)
    stop = last if node.end is None else _number(node.end, evaluate)
    if start is None or stop is None or step is None:
        return range(size)
    if not size:
        return range(0)
    start = start if node.start is None else _within(start, size, node.start)
    stop = stop if node.end is None else _within(stop, size, node.end)
    return range(start, stop + (-1 if backwards else 1), step)


def positions_in(index: Any, size: int, evaluate: Evaluate, what: str) -> Chosen:
    """Return what an index in brackets chooses in a register of `size` elements."""
    if isinstance(index, ast.DiscreteSet):
        chosen = [choose(value, size, evaluate)[0][0] for value in index.values]
        return chosen, True
    if len(index) != 1:
        raise Fault(f"{what} has a single dimension, but {len(index)} indices were given", index[0].span)
    return choose(index[0], size, evaluate)
