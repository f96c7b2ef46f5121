"""Elements chosen by an index that is known only when the circuit runs: a choice among all of them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm.errors import Fault, RepeatedQubit
from qdock_openqasm.grammar import ast
from qdock_openqasm.indexing import RuntimeIndex
from qdock_openqasm.ir import Block, SwitchOp
from qdock_openqasm.memory import Memory, Storage
from qdock_openqasm.types import QType, core_type
from qdock_openqasm.values import Value, convert, to_expr

if TYPE_CHECKING:
    from qdock_openqasm.flow import Flow
    from qdock_openqasm.program import Program

__all__ = ["collected", "read_at_run_time", "switch_on"]

#: So many elements may be chosen from.
_MOST = 4096


def _replaced(node: Any, old: Any, new: Any) -> Any:
    """A copy of a tree in which one node is another one; what does not hold it is shared."""
    if node is old:
        return new
    if isinstance(node, list):
        items = [_replaced(item, old, new) for item in node]
        return items if any(a is not b for a, b in zip(items, node, strict=True)) else node
    if not isinstance(node, ast.Node):
        return node
    changes = {key: _replaced(value, old, new) for key, value in vars(node).items()}
    if all(changes[key] is value for key, value in vars(node).items()):
        return node
    made = copy.copy(node)
    vars(made).update(changes)
    return made


def _choices(node: Any, index: RuntimeIndex, taken: int = 1) -> list[Any]:
    """The tree with each number in place of the index."""
    if index.size * taken > _MOST:
        raise Fault(
            f"{index.message}; {index.size * taken} cases are more than the {_MOST} that can be told apart", index.span
        )
    literals = [ast.IntegerLiteral(number, span=index.node.span) for number in range(index.size)]
    return [_replaced(node, index.node, literal) for literal in literals]


def switch_on(p: Program, node: Any, index: RuntimeIndex) -> Flow | None:
    """Run a statement once for each value of an index, each under the condition that the index has it."""
    blocks: dict[tuple[int, ...], Block] = {}
    repeated: RepeatedQubit | None = None
    outer, p.cases = p.cases, p.cases * index.size
    with p.memory.alternatives():
        for number, statement in enumerate(_choices(node, index, outer)):
            block = Block()
            try:
                with p.memory.block(block):
                    p.run(statement)
                blocks[(number,)] = block
            except RepeatedQubit as error:
                # Two indices that are both open meet in some combinations, which the program has to avoid.
                repeated = error
    p.cases = outer
    if repeated is not None and not blocks:
        raise repeated
    p.memory.emit(SwitchOp(index.number, blocks))
    return None


def read_at_run_time(p: Program, node: Any, index: RuntimeIndex) -> Value:
    """Return the value of an element as an expression in its index."""
    from qdock_openqasm.evaluate import evaluate  # which reads elements

    values = [evaluate(p, choice) for choice in _choices(node, index)]
    if not values:
        raise Fault("there is no element to choose from", index.span)
    kind = values[0].type
    if kind.kind == "qubit":
        raise index
    target = core_type(kind)
    if target is None:
        raise Fault(f"{index.message}, as the elements are of type {kind}", index.span)
    return Value(kind, _chosen(index.number, [ex.cast(to_expr(value), target) for value in values], target))


def _chosen(number: ex.Expr, values: Sequence[ex.Expr], target: core.Type) -> ex.Expr:
    bits = [value.index for value in values if isinstance(value, ex.Bit)]
    if len(bits) == len(values):
        return ex.bit_at(ex.Bits(tuple(bits)), ex.cast(number, core.Int(64)))
    raw = core.Uint(target.width) if target.kind == "angle" else target
    terms = [_term(number, place, ex.cast(value, raw), raw) for place, value in enumerate(values)]
    while len(terms) > 1:
        pairs = [terms[place : place + 2] for place in range(0, len(terms), 2)]
        terms = [pair[0] if len(pair) == 1 else _joined(pair[0], pair[1], raw) for pair in pairs]
    return ex.cast(terms[0], target)


def _term(number: ex.Expr, place: int, value: ex.Expr, kind: core.Type) -> ex.Expr:
    hit = number.eq(place)
    return hit & value if kind == core.BOOL else ex.cast(hit, kind) * value


def _joined(left: ex.Expr, right: ex.Expr, kind: core.Type) -> ex.Expr:
    return left | right if kind == core.BOOL else left + right


def collected(memory: Memory, kind: QType, values: Sequence[Value], dims: tuple[int, ...]) -> Storage:
    """Return a new array of some values."""
    storage = Storage("array", kind, [0] * len(values), memory.depth, dims)
    for place, value in enumerate(values):
        memory.write(storage, place, convert(value, kind))
    return storage
