"""Loops over numbers that are known, compiled: what would take the general way minutes takes seconds.

A loop is compiled if its body holds nothing but calls of gates, measurements into bits, assignments to numbers,
``if`` and loops of the same kind, all driven by numbers that are known. If anything else turns up, in the text or
while it runs, everything is put back as it was and the loop goes the general way, which also finds the words for
what is wrong. The result is the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qdock.errors import QdockError
from qdock.operations import Code
from qdock_openqasm.apply import apply, operand
from qdock_openqasm.assigned import names_in, walk
from qdock_openqasm.compiled import (
    Number,
    Unfit,
    compiled,
    converted,
    element,
    flat_indices,
    index_of,
    operation,
    scalar,
    span_of,
    truth,
)
from qdock_openqasm.cost import GENERAL, ROUND, size_of
from qdock_openqasm.declarations import check_writable, new_variable
from qdock_openqasm.errors import Fault
from qdock_openqasm.evaluate import resolve_type
from qdock_openqasm.flow import Flow
from qdock_openqasm.gatebody import check_call
from qdock_openqasm.grammar import ast
from qdock_openqasm.loops import length_of
from qdock_openqasm.memory import Storage
from qdock_openqasm.qubits import QubitsPart
from qdock_openqasm.scope import BitsSymbol, Constant, Function, GateSymbol, Qubits
from qdock_openqasm.templates import RowGate
from qdock_openqasm.types import FLOAT, INT, LITERAL, QType
from qdock_openqasm.values import whole

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["run_compiled"]

_MEASURE = int(Code.MEASURE)
_LITERAL_ONE = Number.fixed(LITERAL, 1)
#: What a statement returns when it leaves the loop or the round: None goes on.
Run = Callable[[], Flow | None]
#: Loops of fewer rounds are not worth compiling.
_FEW = 8


@dataclass(frozen=True, slots=True)
class Step:
    """A statement: its function, and what running it takes at least, in units of `Limits.work`."""

    run: Run
    work: int


def run_compiled(p: Program, node: ast.For | ast.While, rounds: int = _FEW) -> bool:
    """Run a loop if it can be compiled, and return whether it was; if not, nothing has happened."""
    if p.exact or not p.compiles or p.raised or p.memory.dry or rounds < _FEW or id(node) in p.unfit:
        return False
    kept = _State(p)
    try:
        with p.scope():
            step = _STATEMENTS[type(node)](kept, node)
            # What no round reaches is checked all the same.
            p.check_only([node])
            step.run()
            return True
    except Fault as fault:
        if fault.is_limit:
            fault.span = fault.span or node.span
            raise
    except (Unfit, QdockError, ArithmeticError, ValueError, IndexError, KeyError):
        pass
    kept.restore()
    p.unfit[id(node)] = node
    return False


class _State:
    """The program, and what it was when the loop began."""

    def __init__(self, p: Program) -> None:
        self.p = p
        self.ops, self.phases = len(p.memory.out.ops), len(p.memory.out.phases)
        self.spent = p.iterations, p.memory.work, p.memory.charged
        self.poisoned, self.checked = set(p.scopes.poisoned), set(p.checked)
        self.values: dict[int, tuple[list[Any], list[Any]]] = {}
        self.bits: bytes | None = None

    def keep(self, values: list[Any]) -> None:
        """Remember the values of what the loop sets."""
        if id(values) not in self.values:
            self.p.memory.spend_elements(len(values))
            self.values[id(values)] = values, list(values)

    def keep_bits(self) -> None:
        """Remember what is known of bits."""
        if self.bits is None:
            self.bits = bytes(self.p.memory.known_bits())

    def restore(self) -> None:
        """Make everything as it was."""
        p = self.p
        del p.memory.out.ops[self.ops :], p.memory.out.phases[self.phases :]
        p.iterations, p.memory.work, p.memory.charged = self.spent
        p.scopes.poisoned, p.checked = self.poisoned, self.checked
        for values, before in self.values.values():
            values[:] = before
        if self.bits is not None:
            p.memory.known_bits()[:] = self.bits


# --- blocks


def _block(s: _State, nodes: Sequence[Any]) -> tuple[Run, int]:
    """Return the statements of a block as a function, and what they take."""
    with s.p.scope():
        steps = [_statement(s, node) for node in nodes]
    runs = [step.run for step in steps]
    work = sum(step.work for step in steps)
    if len(runs) == 1:
        return runs[0], work

    def run() -> Flow | None:
        for step in runs:
            flow = step()
            if flow is not None:
                return flow
        return None

    return run, work


def _statement(s: _State, node: Any) -> Step:
    make = _STATEMENTS.get(type(node))
    if make is None or node.annotations:
        raise Unfit
    return make(s, node)


# --- loops


def _for(s: _State, node: ast.For) -> Step:
    p = s.p
    kind = resolve_type(p, node.type)
    values, rounds = _values(p, node.iterable, kind)
    with p.scope():
        variable = scalar(new_variable(p, node.variable.name, node.variable.span, kind))
        body, work = _block(s, node.body)
    span, work = node.iterable.span, work + ROUND
    jumps = any(isinstance(item, (ast.Break, ast.Continue)) for item in walk(node.body))

    def run() -> Flow | None:
        numbers = values()
        p.spend(len(numbers), span)
        p.memory.spend_work(0 if jumps else len(numbers) * work, span)
        for number in numbers:
            variable[0] = number
            if jumps:
                p.memory.spend_work(work, span)
            if body() is Flow.BREAK:
                break
        return None

    return Step(run, ROUND if jumps else ROUND + rounds * work)


def _values(p: Program, node: Any, kind: QType) -> tuple[Callable[[], Sequence[Any]], int]:
    """Return the values of a loop in its type as a function, and how many there are if that is known already."""
    if isinstance(node, ast.DiscreteSet):
        items = [converted(compiled(p, item), kind).get for item in node.values]
        return lambda: [item() for item in items], len(items)
    if not isinstance(node, ast.Range) or node.start is None or node.end is None or kind.kind not in ("int", "uint"):
        raise Unfit
    parts = [_LITERAL_ONE if part is None else compiled(p, part) for part in (node.start, node.end, node.step)]
    if any(part.type == FLOAT for part in parts):
        raise Unfit
    low, high = span_of(kind)

    def values() -> range:
        start, stop, step = [whole(part.get()) for part in parts]
        numbers = range(start, stop + (1 if step > 0 else -1), step)
        if numbers and not (low <= numbers[0] < high and low <= numbers[-1] < high):
            raise Unfit
        return numbers

    return values, length_of(values()) if all(part.is_fixed for part in parts) else 0


def _while(s: _State, node: ast.While) -> Step:
    p = s.p
    condition = truth(compiled(p, node.condition))
    body, work = _block(s, node.body)
    span, work = node.condition.span, work + size_of(node.condition) + ROUND
    most = p.limits.while_rounds

    def run() -> Flow | None:
        rounds = 0
        while condition():
            rounds += 1
            if rounds > most:
                p.limits.check("while_rounds", rounds, span)
            p.spend(1, span)
            p.memory.spend_work(work, span)
            if body() is Flow.BREAK:
                break
        return None

    return Step(run, work)


def _if(s: _State, node: ast.If) -> Step:
    condition = truth(compiled(s.p, node.condition))
    then, work = _block(s, node.then_body)
    otherwise, more = _block(s, node.else_body)
    return Step(lambda: then() if condition() else otherwise(), size_of(node.condition) + min(work, more) + 1)


def _leave(flow: Flow) -> Callable[[_State, Any], Step]:
    return lambda _s, _node: Step(lambda: flow, 1)


# --- numbers


def _declaration(s: _State, node: ast.ClassicalDeclaration) -> Step:
    p = s.p
    kind = resolve_type(p, node.type)
    value = Number.fixed(INT, 0) if node.init is None else compiled(p, node.init)
    get = converted(value, kind).get
    values = scalar(new_variable(p, node.name.name, node.name.span, kind))

    def run() -> None:
        values[0] = get()

    return Step(run, size_of(node))


def _assignment(s: _State, node: ast.Assignment) -> Step:
    p = s.p
    check_writable(p, node.target)
    storage, place, before = _target(p, node.target)
    if storage.home != p.memory.depth or not storage.is_writable:
        raise Unfit
    value = compiled(p, node.value)
    if node.op.value != "=":
        value = operation(p, node.op.value[:-1], before, value)
    get, values = converted(value, storage.type).get, storage.values
    s.keep(values)

    def run() -> None:
        value = get()
        values[place()] = value

    def run_scalar() -> None:
        values[0] = get()

    return Step(run if storage.dims else run_scalar, size_of(node))


def _target(p: Program, node: Any) -> tuple[Storage, Callable[[], int], Number]:
    """Return where an assignment goes, and what is there before."""
    if isinstance(node, ast.Identifier):
        symbol = p.scopes.get(node)
        scalar(symbol)
        return symbol.storage, lambda: 0, compiled(p, node)  # type: ignore[attr-defined] # a variable, as just asked
    storage, place = element(p, *flat_indices(node))
    return storage, place, compiled(p, node)


# --- gates and measurements


def _gate_call(s: _State, node: ast.GateCall) -> Step:
    p = s.p
    if node.modifiers or node.duration is not None:
        return _unchanging(s, node)
    symbol = p.scopes.find(node.name.name)
    if not isinstance(symbol, GateSymbol) or symbol.gate is None:
        raise Unfit
    kind = symbol.gate
    angles = [converted(compiled(p, item), FLOAT).get for item in node.arguments]
    picks = [_qubit(p, item) for item in node.qubits]
    check_call(symbol.name, kind, node, len(angles), 0)
    if isinstance(kind, RowGate) and not any(is_register for _, is_register in picks):
        return Step(_row(p, kind, [pick for pick, _ in picks], angles), size_of(node))
    what, span = f"gate '{symbol.name}'", node.span

    def run() -> None:
        parts = [
            QubitsPart(pick(), True) if is_register else QubitsPart((pick(),), False) for pick, is_register in picks
        ]
        before = p.memory.charged
        apply(p, kind, tuple([angle() for angle in angles]), (), parts, what, span)
        p.memory.spend_elements(p.memory.charged - before)

    return Step(run, GENERAL * size_of(node))


def _row(p: Program, kind: RowGate, picks: list[Callable[[], int]], angles: list[Callable[[], float]]) -> Run:
    """A call that is one row of the table."""
    code, emit = kind.code, p.memory.emit
    if len(picks) == 1:
        only = picks[0]
        if len(angles) == 1:
            angle = angles[0]
            return lambda: emit((code, (only(),), (), (angle(),)))
        return lambda: emit((code, (only(),), (), tuple([angle() for angle in angles])))

    def run() -> None:
        qubits = tuple([pick() for pick in picks])
        if len(set(qubits)) != len(qubits):
            raise Unfit
        emit((code, qubits, (), tuple([angle() for angle in angles])))

    return run


def _qubit(p: Program, node: Any) -> tuple[Callable[[], Any], bool]:
    """Return the qubit of an operand, or those of a register, as a function, and whether it is a register."""
    index = _single_index(node)
    if index is not None:
        symbol = p.scopes.get(node.name)
        if not isinstance(symbol, Qubits) or not symbol.is_register:
            raise Unfit
        indices, at = symbol.indices, index_of(p, index)
        return lambda: indices[at()], False
    if not _is_unchanging(p, node):
        raise Unfit
    part = operand(p, node)
    found = part.indices if part.is_register else part.indices[0]
    return lambda: found, part.is_register


def _single_index(node: Any) -> Any:
    """The index of ``name[index]``, or None for anything else."""
    if not isinstance(node, ast.IndexedIdentifier) or len(node.indices) != 1:
        return None
    found = node.indices[0]
    is_single = isinstance(found, list) and len(found) == 1 and not isinstance(found[0], ast.Range)
    return found[0] if is_single else None  # type: ignore[index] # a list, as just asked


def _measure(s: _State, node: ast.MeasureStatement) -> Step:
    p, target = s.p, node.target
    if not isinstance(node.measure, ast.MeasureExpression) or target is None:
        raise Unfit
    pick, is_register = _qubit(p, node.measure.operand)
    index = _single_index(target)
    if is_register or index is None:
        return _unchanging(s, node)
    check_writable(p, target)
    symbol = p.scopes.get(target.name)
    if not isinstance(symbol, BitsSymbol) or symbol.bits.clbits is None or not symbol.bits.is_register:
        raise Unfit
    clbits, at, memory = symbol.bits.clbits, index_of(p, index), p.memory
    s.keep_bits()

    def run() -> None:
        clbit = clbits[at()]
        memory.emit((_MEASURE, (pick(),), (clbit,), ()))
        memory.measured((clbit,))

    return Step(run, size_of(node))


def _unchanging(s: _State, node: Any) -> Step:
    """A statement that is the same in every round, run the general way."""
    if not _is_unchanging(s.p, node):
        raise Unfit
    if isinstance(node, ast.MeasureStatement):
        s.keep_bits()
    p = s.p
    work = GENERAL * size_of(node)

    def run() -> None:
        before = p.memory.charged
        p.run(node)
        p.memory.spend_elements(p.memory.charged - before)

    return Step(run, work)


def _is_unchanging(p: Program, node: Any) -> bool:
    """Whether nothing in a tree is a number that the loop may change."""
    symbols = [p.scopes.find(name) for name in names_in([node])]
    return all(isinstance(symbol, _UNCHANGING) for symbol in symbols)


_UNCHANGING = (Constant, Function, GateSymbol, Qubits, BitsSymbol)
_STATEMENTS: dict[type, Callable[[Any, Any], Step]] = {
    ast.For: _for,
    ast.While: _while,
    ast.If: _if,
    ast.Break: _leave(Flow.BREAK),
    ast.Continue: _leave(Flow.CONTINUE),
    ast.ClassicalDeclaration: _declaration,
    ast.Assignment: _assignment,
    ast.GateCall: _gate_call,
    ast.MeasureStatement: _measure,
    ast.Reset: _unchanging,
    ast.Barrier: _unchanging,
    ast.Delay: _unchanging,
    ast.GlobalPhase: _unchanging,
}
