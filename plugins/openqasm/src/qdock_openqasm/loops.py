"""The values of a ``for`` loop that are known while a program is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import evaluate, place_of, resolve_type
from qdock_openqasm.grammar import ast
from qdock_openqasm.places import Elements, read, select
from qdock_openqasm.types import INT, QType
from qdock_openqasm.values import UNKNOWN, Value, as_integer, convert

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["RuntimeBounds", "check_rounds", "iterations_of", "length_of", "range_of", "rounds_of"]


class RuntimeBounds(Exception):
    """The bounds of a loop depend on a measurement: start, stop (inclusive) and step."""

    def __init__(self, start: Any, stop: Any, step: Any) -> None:
        super().__init__(start, stop, step)
        self.start, self.stop, self.step = start, stop, step


def range_of(p: Program, node: ast.Range) -> range | None:
    """Return the values of a loop over a range, or None while it is only checked."""
    if node.start is None or node.end is None:
        raise Fault("the range of a loop needs a start and an end", node.span)
    bounds = []
    for part in (node.start, node.end, node.step):
        value = Value(INT, 1, True) if part is None else evaluate(p, part)
        if value.type.kind not in ("int", "uint", "literal", "bool", "bit"):
            message = f"the bounds of a range are integers, not of type {value.type}"
            raise Fault(message, None if part is None else part.span)
        bounds.append(as_integer(value, "a bound of a range"))
    if any(bound is UNKNOWN for bound in bounds):
        return None
    if any(isinstance(bound, ex.Expr) for bound in bounds):
        raise RuntimeBounds(*bounds)
    start, stop, step = (int(bound) for bound in bounds)  # type: ignore[arg-type] # numbers, as tested
    if step == 0:
        raise Fault("the step of a range can't be 0", node.step.span if node.step else node.span)
    return range(start, stop + (1 if step > 0 else -1), step)


def check_rounds(p: Program, node: ast.For) -> None:
    """Refuse loops inside of each other that together would run too often, before the first of them begins."""
    if any(frame.what == "loop" for frame in p.frames):
        return
    total = _rounds(p, node)
    if total > p.iterations_left:
        p.limits.check("iterations", p.limits.iterations - p.iterations_left + total, node.iterable.span)


def _rounds(p: Program, node: ast.For) -> int:
    """How many rounds a loop and those right inside of it take, as far as their bounds are known now."""
    inner = 1
    rounds = _count(p, node.iterable)
    while rounds:
        loops = [item for item in node.body if isinstance(item, ast.For)]
        inner *= rounds
        if len(loops) != 1 or inner > p.limits.iterations:
            break
        node = loops[0]
        rounds = _count(p, node.iterable)
    return inner


def _count(p: Program, iterable: Any) -> int:
    if isinstance(iterable, ast.DiscreteSet):
        return len(iterable.values)
    try:
        values = range_of(p, iterable) if isinstance(iterable, ast.Range) else None
    except (Fault, RuntimeBounds):
        # A bound may be the variable of a loop around, which does not exist yet.
        return 0
    return length_of(values) if values is not None else 0


def length_of(values: range) -> int:
    """How many values a range has; `len` knows no number beyond 64 bits."""
    return max(0, (values.stop - values.start + values.step - (1 if values.step > 0 else -1)) // values.step)


def rounds_of(p: Program, node: ast.For) -> int:
    """Return how many rounds a loop has, where that can be told without its values."""
    return _count(p, node.iterable)


def iterations_of(p: Program, node: ast.For) -> Iterator[Value]:
    """Yield the value of the loop variable for each round, in its type; `RuntimeBounds` if they are not known."""
    kind = resolve_type(p, node.type)
    iterable = node.iterable
    if isinstance(iterable, ast.Range):
        values = range_of(p, iterable)
        if values is None:
            return iter([Value(kind, UNKNOWN)])
        p.spend(length_of(values), iterable.span)
        return (convert(Value(INT, number), kind, f"'{node.variable.name}'") for number in values)
    if isinstance(iterable, ast.DiscreteSet):
        p.spend(len(iterable.values), iterable.span)
        found = [evaluate(p, item) for item in iterable.values]
        return (convert(value, kind, f"'{node.variable.name}'") for value in found)
    return _elements(p, node, kind)


def _elements(p: Program, node: ast.For, kind: QType) -> Iterator[Value]:
    place = place_of(p, node.iterable)
    if isinstance(place, Value) and isinstance(place.data, Elements):
        place = place.data
    target = place.type
    if target.kind == "qubit":
        raise Fault("a loop can't run over qubits; run over their indices", node.iterable.span)
    if not (target.is_register and target.kind == "bit") and not (target.kind == "array" and len(target.dims) == 1):
        raise Fault(f"a loop runs over a range, a set, an array or bits, not over {target}", node.iterable.span)
    if p.memory.dry:
        return iter([convert(Value(target.base or QType("bit"), UNKNOWN), kind)])
    size = target.dims[0] if target.dims else target.width or 0
    p.spend(size, node.iterable.span)
    return _each(p, place, range(size), kind, node.variable.name)


def _each(p: Program, place: Any, positions: Iterable[int], kind: QType, name: str) -> Iterator[Value]:
    for position in positions:
        index = [ast.IntegerLiteral(position)]
        element = select(p.memory, place, index, lambda item: Value(INT, item.value))
        yield convert(read(p.memory, element), kind, f"'{name}'")
