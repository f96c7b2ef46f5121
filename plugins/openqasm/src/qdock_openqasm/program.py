"""The program while it is read: its names, its memory, its notes, and what has been spent.

What runs statements is imported when there is one to run: plain ones are run by `qdock_openqasm.fast`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qdock_openqasm.errors import GivenUp
from qdock_openqasm.flow import CallFrame, Flow, LoopFrame
from qdock_openqasm.ir import Block
from qdock_openqasm.library import BUILTIN_CONSTANTS, BUILTIN_GATES, LIBRARIES, REPLACEABLE, library
from qdock_openqasm.limits import Limits
from qdock_openqasm.memory import Bits, Memory, Storage
from qdock_openqasm.scope import (
    ArrayAlias,
    BitsSymbol,
    Constant,
    Extern,
    Function,
    GateSymbol,
    Input,
    Scope,
    Scopes,
    Subroutine,
    Variable,
)
from qdock_openqasm.types import FLOAT, QType
from qdock_openqasm.values import Value
from qdock_openqasm.vocabulary import FUNCTION_NAMES

__all__ = ["Program"]

#: How many rounds of loops are made after an error, only to look for others.
_PATIENCE = 2000


class Program:
    """Everything that statements share.

    Parameters
    ----------
    limits : Limits
        What the program may cost.
    inputs : mapping of str to number
        Values for ``input`` declarations; those left out become parameters of the circuit.
    include : callable
        Reads an included file, given its name and the span of the statement.
    """

    def __init__(self, limits: Limits, inputs: Mapping[str, Any], include: Callable[[str, Any], None]) -> None:
        self.limits = limits
        self.inputs = dict(inputs)
        self.version = 3
        self.exact = False
        self.scopes = Scopes()
        self.memory = Memory(limits)
        self.notes: dict[str, None] = {}
        self.pragmas: list[str] = []
        self.outputs: set[str] = set()
        #: The names of the circuit's parameters: inputs, and what extern functions return.
        self.parameters: set[str] = set()
        self.calibrated: set[str] = set()
        self.included: set[str] = set()
        self.defining = ""
        self.frames: list[LoopFrame | CallFrame] = []
        self.raised: list[LoopFrame | CallFrame] = []
        self.guarded: dict[LoopFrame | CallFrame, int] = {}
        self.calls: list[str] = []
        self.ended = False
        #: Whether a call in the statement at hand has ended the program.
        self.ending = False
        #: How many cases the statement at hand stands for: those of indices that only the circuit knows.
        self.cases = 1
        self.has_failed = False
        self._patience = _PATIENCE
        #: Rounds of loops, and calls, so far.
        self.iterations = 0
        #: Whether loops over known numbers may be compiled; the result is the same.
        self.compiles = True
        #: Loops that can't be, by their identity.
        self.unfit: dict[int, Any] = {}
        self._costs: dict[int, tuple[Any, int]] = {}
        #: Blocks that have been checked though they were not run, by their identity.
        self.checked: set[int] = set()
        self._alive: list[Any] = []
        self._include = include
        self.pending: list[Bits | Storage] = []

    def begin(self, version: int, exact: bool = False) -> None:
        """Declare what the language has built in; `exact` is whether nothing is to be folded."""
        self.version = version
        self.exact = self.memory.exact = exact
        names = self.scopes.builtin.symbols
        for name, number in BUILTIN_CONSTANTS[version].items():
            names[name] = Constant(name, value=Value(FLOAT, number, True))
        for name in FUNCTION_NAMES[version]:
            names[name] = Function(name)
        for gate in BUILTIN_GATES[version]:
            names[gate.name] = GateSymbol(gate.name, gate=gate)

    def add_library(self, name: str) -> None:
        """Declare the gates of an include file of the language, once; names that are taken stay what they are."""
        if name in self.included:
            return
        self.included.add(name)
        symbols = self.scopes.globals.symbols
        for gate in library(name):
            if gate.name not in symbols and gate.name not in self.scopes.builtin.symbols:
                replaceable = name == "qelib1.inc" and gate.name in REPLACEABLE
                symbols[gate.name] = GateSymbol(gate.name, gate=gate, is_replaceable=replaceable)

    def include(self, name: str, span: Any) -> None:
        """Read an included file: a library of the language, or a file of the program."""
        if name in LIBRARIES:
            self.add_library(name)
        else:
            self._include(name, span)

    def note(self, text: str) -> None:
        """Keep a remark on something that was read but has no place in a circuit."""
        self.notes[text] = None

    def spend(self, iterations: int, span: Any) -> None:
        """Count rounds of a loop that is resolved while loading, before they are made."""
        if self.memory.dry:
            return
        if self.has_failed:
            self._patience -= iterations
            if self._patience < 0:
                raise GivenUp("the rest is not looked at", span)
        self.iterations += iterations
        self.limits.check("iterations", self.iterations, span)

    def cost_of(self, nodes: Sequence[Any]) -> int:
        """Return what running some statements once takes the general way."""
        from qdock_openqasm.cost import general_cost

        found = self._costs.get(id(nodes))
        if found is None:
            found = self._costs[id(nodes)] = nodes, general_cost(nodes)
        return found[1]

    @property
    def iterations_left(self) -> int:
        """How many rounds of loops may still be resolved."""
        return self.limits.iterations - self.iterations

    def recover(self) -> None:
        """Get ready for the next statement after one that an error has ended."""
        self.has_failed = True
        self.calls.clear()
        self.guarded = {}
        self.cases = 1
        self.ending = False

    # --- scopes

    def scope(self, kind: str = "block", parent: Scope | None = None) -> _OpenScope:
        """Open a scope, and give back what was declared in it when the statement around it has ended."""
        return _OpenScope(self, Scope(kind, parent or self.scopes.current))

    def borrow(self, item: Bits | Storage) -> None:
        """Give something back when the statement at hand has ended."""
        self.pending.append(item)

    def releasing(self) -> _Releasing:
        """Give back, at the end, what went out of scope meanwhile."""
        return _Releasing(self)

    # --- statements that are checked but not run

    @contextmanager
    def only_checking(self) -> Iterator[None]:
        """Look for errors without any effect: for what a program holds but never reaches."""
        memory = self.memory
        outer, memory.out = memory.out, Block()
        memory.dry += 1
        try:
            yield
        finally:
            memory.dry -= 1
            memory.out = outer

    def check_only(self, statements: Sequence[Any], *, variable: Any = None, kind: QType | None = None) -> None:
        """Check the statements of a block, which may see a loop variable.

        Once is enough, as types don't change from round to round.
        """
        if not statements or id(statements) in self.checked:
            return
        self.checked.add(id(statements))
        self._alive.append(statements)
        with self.only_checking(), self.scope():
            if variable is not None and kind is not None:
                from qdock_openqasm import declarations

                declarations.new_variable(self, variable.name, variable.span, kind)
            with self.scope():
                for statement in statements:
                    self.run(statement)

    def run(self, node: Any) -> Flow:
        """Run one statement."""
        from qdock_openqasm import statements

        return statements.run(self, node)

    def run_body(self, body: Sequence[Any]) -> Flow:
        """Run the statements of a block in a scope of their own."""
        with self.scope():
            from qdock_openqasm import jumps

            return jumps.run_all(self, body)

    # --- what expressions and statements need of each other

    def call_subroutine(self, symbol: Subroutine, nodes: Sequence[Any], node: Any) -> Value:
        """Write out a call and return its value."""
        from qdock_openqasm import subroutines

        return subroutines.call_subroutine(self, symbol, nodes, node)

    def call_extern(self, symbol: Extern, nodes: Sequence[Any], node: Any) -> Value:
        """Return what stands for the value of an extern function."""
        from qdock_openqasm import subroutines

        return subroutines.call_extern(self, symbol, nodes, node)

    def measured_value(self, node: Any) -> Value:
        """Measure, and return the result."""
        from qdock_openqasm import statements

        return statements.measured_value(self, node)

    def is_unsure(self, name: str) -> bool:
        """Return whether a name's value depends on what only the circuit knows."""
        symbol = self.scopes.find(name)
        if isinstance(symbol, Variable):
            return self.memory.is_unsure(symbol.storage)
        if isinstance(symbol, BitsSymbol):
            return self.memory.is_unsure(symbol.bits)
        if isinstance(symbol, ArrayAlias):
            return self.memory.is_unsure(symbol.value.data.storage)
        return isinstance(symbol, Input) and not symbol.value.is_known

    def measures(self, name: str) -> bool:
        """Return whether a call by that name may give a value that depends on a measurement."""
        from qdock_openqasm.assigned import walk
        from qdock_openqasm.grammar import ast

        symbol = self.scopes.find(name)
        if isinstance(symbol, Subroutine):
            return any(
                isinstance(item, ast.MeasureExpression)
                or (isinstance(item, ast.FunctionCall) and item.name.name != name and self.measures(item.name.name))
                for item in walk(symbol.node.body)
            )
        return isinstance(symbol, Extern)


class _OpenScope:
    """A scope for a while; what was declared in it is due to be given back."""

    __slots__ = ("_outer", "_program", "_scope")

    def __init__(self, program: Program, scope: Scope) -> None:
        self._program = program
        self._scope = scope
        self._outer = program.scopes.current

    def __enter__(self) -> Scope:
        self._program.scopes.current = self._scope
        return self._scope

    def __exit__(self, kind: object, *_: object) -> None:
        self._program.scopes.current = self._outer
        if kind is not None:
            return
        for symbol in self._scope.symbols.values():
            if isinstance(symbol, Variable):
                self._program.pending.append(symbol.storage)
            elif isinstance(symbol, BitsSymbol) and symbol.owns:
                self._program.pending.append(symbol.bits)


class _Releasing:
    """Gives back what has become due since it was entered, unless an error ended it."""

    __slots__ = ("_mark", "_program")

    def __init__(self, program: Program) -> None:
        self._program = program
        self._mark = len(program.pending)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, *_: object) -> None:
        pending = self._program.pending
        if kind is None and len(pending) > self._mark:
            self._program.memory.release(pending[self._mark :])
            del pending[self._mark :]
