"""What kind of circuit it is: which measurements may be read last, and whether anything else is left to chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qdock.circuit import Circuit
from qdock.operations import Code, Columns, Detail
from qdock_basic.programs.program import CHANCES, READ_LAST, Block, Flow, Step

__all__ = ["Facts", "facts_of", "read_last", "splits_of"]

_RESET = int(Code.RESET)
_LOOPS = frozenset({Code.WHILE, Code.FOR})


@dataclass(frozen=True)
class Facts:
    """What a circuit has, in its blocks too.

    Attributes
    ----------
    written : frozenset of int
        Clbits that a measurement or an assignment may write.
    measures, resets : bool
        Whether there is such an operation.
    """

    written: frozenset[int]
    measures: bool
    resets: bool


def facts_of(circuit: Circuit) -> Facts:
    """Return the facts of a circuit."""
    columns = circuit.columns()
    if not columns.details:
        return Facts(frozenset(columns.clbits.tolist()), len(columns.clbits) > 0, _RESET in columns.code.tobytes())
    written: set[int] = set()
    resets = False
    for columns in _all_columns(circuit):
        written.update(columns.clbits.tolist())
        resets = resets or bool((columns.code == Code.RESET).any())
    measures = bool(written)
    for columns in _all_columns(circuit):
        for detail in columns.details.values():
            if detail.written is not None:
                written.update(detail.written.bits)
    return Facts(frozenset(written), measures, resets)


def _all_columns(circuit: Circuit) -> Iterator[Columns]:
    columns = circuit.columns()
    yield columns
    for detail in columns.details.values():
        for block in detail.blocks:
            yield from _all_columns(block)


def splits_of(block: Block) -> int | None:
    """Return how often at most a run is split by chance before its last readings; None: as often as loops go round."""
    steps = list(_all_steps(block))
    loops = (step for step in steps if step.kind in _LOOPS)
    if any(inner.kind in CHANCES for loop in loops for inner in _with_inner(loop)):
        return None
    return sum(step.kind in CHANCES for step in steps)


def read_last(block: Block) -> Block:
    """Return the block with those measurements marked that may as well be made after everything else.

    They are those whose qubit nothing touches afterwards, but other measurements, and whose clbit nothing reads
    or writes afterwards, but other measurements that are read last.
    """
    later = _Later()
    steps = [later.look(step) for step in reversed(block.steps)]
    return replace(block, steps=steps[::-1])


@dataclass
class _Later:
    """What the steps after a place touch; steps are shown to it from the last to the first."""

    qubits: set[int] = field(default_factory=set)
    clbits: set[int] = field(default_factory=set)

    def look(self, step: Step) -> Step:
        if step.kind == Code.MEASURE and self.qubits.isdisjoint(step.qubits) and self.clbits.isdisjoint(step.clbits):
            return step._replace(kind=READ_LAST)
        for inner in _with_inner(step):
            # A qubit that is measured again afterwards may still be read last: the answer is the same.
            if inner.kind != Code.MEASURE:
                self.qubits.update(inner.qubits)
            self.clbits.update(_clbits(inner))
        return step


# --- looking into steps


def _all_steps(block: Block) -> Iterator[Step]:
    """Yield the steps of a block and of the blocks in it."""
    for step in block.steps:
        yield from _with_inner(step)


def _with_inner(step: Step) -> Iterator[Step]:
    yield step
    if isinstance(step.detail, Flow):
        for block in step.detail.blocks:
            yield from _all_steps(block)


def _clbits(step: Step) -> Iterator[int]:
    """Yield the clbits that a step itself writes or reads."""
    yield from step.clbits
    detail = step.detail.detail if isinstance(step.detail, Flow) else step.detail
    expressions = [*step.angles]
    if isinstance(detail, Detail):
        expressions += [*detail.expressions, *([detail.written] if detail.written is not None else [])]
    for expression in expressions:
        yield from expression.bits
