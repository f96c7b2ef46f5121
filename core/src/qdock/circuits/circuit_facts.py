"""What can be read off a circuit: its parameters, depth, counts and needed features."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from qdock.errors import CircuitError
from qdock.expr import Expr, Parameter
from qdock.operations import NUM_CLBITS, OPERATION_NAMES, Code, Delay, Detail, For, Modifier, Operation, While

if TYPE_CHECKING:
    from qdock.circuit import Circuit
    from qdock.circuits.builder import Builder

__all__ = ["bits_used", "count_ops", "depth", "detail_bits", "features", "has_stray_jump", "parameters"]

_BREAK, _CONTINUE = int(Code.BREAK), int(Code.CONTINUE)
_FEATURE_OF = {
    Code.RESET: "reset",
    Code.IF: "conditionals",
    Code.SWITCH: "conditionals",
    Code.WHILE: "loops",
    Code.FOR: "loops",
    Code.ASSIGN: "variables",
}


def expressions(circuit: Circuit) -> list[Expr]:
    """Return every expression of a circuit and its blocks."""
    columns = circuit.columns()
    if not columns.expressions and not columns.details and not isinstance(circuit.global_phase, Expr):
        return []
    found = list(columns.expressions.values())
    if isinstance(circuit.global_phase, Expr):
        found.append(circuit.global_phase)
    for detail in columns.details.values():
        found.extend(detail.expressions)
        for block in detail.blocks:
            found.extend(expressions(block))
    return found


def parameters(circuit: Circuit) -> frozenset[Parameter]:
    """Return the parameters of a circuit and its blocks."""
    found = expressions(circuit)
    if not found:
        return frozenset()
    return frozenset().union(*(expression.parameters for expression in found))


def count_ops(circuit: Circuit) -> dict[str, int]:
    """Return how often each operation stands in a circuit, the most frequent first."""
    columns = circuit.columns()
    codes, numbers = np.unique(columns.code, return_counts=True)
    counts = Counter(
        {
            OPERATION_NAMES[int(code)]: int(number)
            for code, number in zip(codes, numbers, strict=True)
            if code != Code.MODIFIED
        }
    )
    for detail in columns.details.values():
        if isinstance(detail, Modifier):
            counts[detail.label] += 1
    return dict(counts.most_common())


def bits_used(circuit: Builder) -> tuple[frozenset[int], frozenset[int]]:
    """Return the qubits and clbits that a circuit's operations touch, conditions and blocks included."""
    columns = circuit.columns()
    qubits, clbits = set(columns.qubits.tolist()), set(columns.clbits.tolist())
    for expression in columns.expressions.values():
        clbits.update(expression.bits)
    for detail in columns.details.values():
        inner = detail_bits(detail)
        qubits.update(inner[0])
        clbits.update(inner[1])
    return frozenset(qubits), frozenset(clbits)


def detail_bits(detail: Detail | None) -> tuple[set[int], set[int]]:
    """Return the qubits and clbits that a detail's expressions and blocks touch."""
    qubits: set[int] = set()
    clbits: set[int] = set()
    if detail is None:
        return qubits, clbits
    for expression in (*detail.expressions, *([] if detail.written is None else [detail.written])):
        clbits.update(expression.bits)
    for block in detail.blocks:
        inner = bits_used(block)
        qubits.update(inner[0])
        clbits.update(inner[1])
    return qubits, clbits


def check_delays(circuit: Circuit) -> None:
    """Raise `CircuitError` if a delay that had a parameter is negative now."""
    columns = circuit.columns()
    for index, detail in columns.details.items():
        if isinstance(detail, Delay) and columns.params[columns.param_start[index]] < 0:
            length = columns.params[columns.param_start[index]]
            raise CircuitError(f"A delay must not be negative, but is bound to {length}.")
        for block in detail.blocks:
            check_delays(block)


def has_stray_jump(circuit: Circuit) -> bool:
    """Whether a break or continue stands where there is no loop to leave or go on with."""
    columns = circuit.columns()
    data = columns.code.tobytes()
    if _BREAK in data or _CONTINUE in data:
        return True
    if not columns.details:
        return False
    outside = (detail for detail in columns.details.values() if not isinstance(detail, (For, While)))
    return any(has_stray_jump(block) for detail in outside for block in detail.blocks)


def has_same_operations(left: Circuit, right: Circuit) -> bool:
    """Whether two circuits do the same to their bits; a block has no names of its own to compare."""
    one, two = left.columns(), right.columns()
    return (
        left.global_phase == right.global_phase
        and np.array_equal(one.code, two.code)
        and np.array_equal(one.qubits, two.qubits)
        and np.array_equal(one.clbits, two.clbits)
        and np.array_equal(one.params, two.params, equal_nan=True)
        and one.expressions == two.expressions
        and one.details.keys() == two.details.keys()
        and all(_is_same_detail(detail, two.details[index]) for index, detail in one.details.items())
    )


def _is_same_detail(one: Detail, two: Detail) -> bool:
    if not one.blocks:
        return one == two
    return (
        len(one.blocks) == len(two.blocks)
        and one.mapped(_itself, _no_block) == two.mapped(_itself, _no_block)
        and all(map(has_same_operations, one.blocks, two.blocks))
    )


def _itself(node: Expr) -> Expr:
    return node


def _no_block(_: Circuit) -> Any:
    return None


def depth(circuit: Circuit) -> int:
    """Return the length of the longest path through operations that share a bit or variable, barriers left out."""
    level: dict[int | str, int] = {}
    deepest = 0
    for operation in circuit:
        if operation.name == "barrier":
            continue
        wires = _wires(operation)
        reached = 1 + max((level.get(wire, 0) for wire in wires), default=0)
        level.update(dict.fromkeys(wires, reached))
        deepest = max(deepest, reached)
    return deepest


def _wires(operation: Operation) -> list[int | str]:
    """Return what an operation touches: qubits as they are, clbits as negative numbers, variables by name."""
    wires: list[int | str] = [*operation.qubits, *(~clbit for clbit in operation.clbits)]
    for param in operation.params:
        if isinstance(param, Expr):
            wires += [*(~clbit for clbit in param.bits), *(var.name for var in param.variables)]
    if operation.detail is not None:
        qubits, clbits = detail_bits(operation.detail)
        wires += [*qubits, *(~clbit for clbit in clbits), *_detail_variables(operation.detail)]
    return wires


def _detail_variables(detail: Detail) -> set[str]:
    """Return the names of the variables that a detail's expressions and blocks touch."""
    own = (*detail.expressions, *([] if detail.written is None else [detail.written]))
    inner = (expression for block in detail.blocks for expression in expressions(block))
    names = {var.name for expression in (*own, *inner) for var in expression.variables}
    parts = (part for block in detail.blocks for part in block.columns().details.values())
    return names.union(*map(_detail_variables, parts))


def features(circuit: Circuit) -> frozenset[str]:
    """Return what a backend must be able to do to run a circuit, by the names of `qdock.spec.FEATURES`."""
    columns = circuit.columns()
    found = {_FEATURE_OF[Code(code)] for code in np.unique(columns.code).tolist() if code in _FEATURE_OF}
    if circuit.variables or any(item.bits or item.variables for item in columns.expressions.values()):
        found.add("variables")
    for detail in columns.details.values():
        for block in detail.blocks:
            found.update(features(block))
            if NUM_CLBITS[block.columns().code].any():
                found.add("mid_circuit_measurement")
    if _measures_before_the_end(circuit):
        found.add("mid_circuit_measurement")
    return frozenset(found)


def _measures_before_the_end(circuit: Circuit) -> bool:
    """Whether a qubit is used after it was measured, or a measured clbit decides what runs."""
    columns = circuit.columns()
    if not len(columns.clbits):
        return False
    sizes = np.diff(columns.qubit_start)
    owner = np.repeat(np.arange(len(columns.code)), sizes)
    waits = np.isin(columns.code[owner], (Code.BARRIER, Code.DELAY))
    last_use = np.full(circuit.num_qubits, -1)
    # A later entry overwrites an earlier one, so what remains is each qubit's last use.
    last_use[columns.qubits[~waits]] = owner[~waits]
    for index, detail in columns.details.items():
        inside = list(detail_bits(detail)[0])
        last_use[inside] = np.maximum(last_use[inside], index)
    measured = columns.code[owner] == Code.MEASURE
    if (last_use[columns.qubits[measured]] > owner[measured]).any():
        return True
    read = {bit for expression in expressions(circuit) for bit in expression.bits}
    return not read.isdisjoint(columns.clbits.tolist())
