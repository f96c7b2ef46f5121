"""What a name stands for, and from where it can be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from qdock_openqasm.errors import Fault, Suppressed, locate
from qdock_openqasm.memory import Bits, Storage
from qdock_openqasm.templates import GateKind
from qdock_openqasm.types import QType
from qdock_openqasm.values import Value

__all__ = [
    "ArrayAlias",
    "BitsSymbol",
    "Constant",
    "Extern",
    "Function",
    "GateSymbol",
    "Input",
    "Qubits",
    "Scope",
    "Scopes",
    "Subroutine",
    "Symbol",
    "Variable",
]


_SUBROUTINE = frozenset({"subroutine"})
_ANYWHERE = frozenset({"subroutine", "gate"})
#: How many names are compared with one that is not known.
_MOST_COMPARED = 5000


@dataclass(eq=False)
class Symbol:
    """A declared name.

    Parameters
    ----------
    name : str
        The name.
    span : optional
        Where it was declared; None for what is built in.
    """

    name: str
    span: Any = None
    #: What it is, for errors.
    what = "name"
    #: Whether it was declared with an index that was only guessed, as nothing is run.
    is_guess = False
    #: Into the bodies of what it can be seen from outside.
    seen_in: ClassVar[frozenset[str]] = frozenset()


@dataclass(eq=False)
class Qubits(Symbol):
    """A qubit, a register of qubits, or an alias of some."""

    indices: Sequence[int] = ()
    is_register: bool = False
    what = "qubit"

    @property
    def type(self) -> QType:
        """Its type."""
        return QType("qubit", len(self.indices) if self.is_register else None)


@dataclass(eq=False)
class BitsSymbol(Symbol):
    """A bit, a register of bits, or an alias of some."""

    bits: Bits = field(default_factory=lambda: Bits("", 0, False))
    owns: bool = True
    what = "variable"
    seen_in = _SUBROUTINE


@dataclass(eq=False)
class Variable(Symbol):
    """A classical variable, or an array."""

    storage: Storage = field(default_factory=lambda: Storage("", QType("int"), []))
    what = "variable"
    seen_in = _SUBROUTINE


@dataclass(eq=False)
class ArrayAlias(Symbol):
    """A part of an array under a name of its own: an alias, or the argument of a subroutine."""

    value: Value = field(default_factory=lambda: Value(QType("array"), None))
    is_writable: bool = True
    what = "array"
    seen_in = _SUBROUTINE


@dataclass(eq=False)
class Constant(Symbol):
    """A constant, or a parameter of a gate: something with a value that never changes."""

    value: Value = field(default_factory=lambda: Value(QType("int"), 0))
    what = "constant"
    seen_in = _ANYWHERE


@dataclass(eq=False)
class Input(Constant):
    """An ``input``: a parameter of the circuit, or the value that was given for it."""

    what = "input"
    seen_in = _SUBROUTINE


@dataclass(eq=False)
class Function(Symbol):
    """A function of the language itself."""

    what = "built-in function"
    seen_in = _ANYWHERE


@dataclass(eq=False)
class GateSymbol(Symbol):
    """A gate: of a library, or defined by the program. A replaceable one may be defined again."""

    gate: GateKind | None = None
    is_replaceable: bool = False
    what = "gate"
    seen_in = _ANYWHERE


@dataclass(eq=False)
class Subroutine(Symbol):
    """A ``def``."""

    node: Any = None
    arguments: tuple[QType, ...] = ()
    returns: QType = field(default_factory=lambda: QType("void"))
    weight: int = 0
    what = "subroutine"
    seen_in = _ANYWHERE


@dataclass(eq=False)
class Extern(Symbol):
    """An ``extern``, which only a target could run."""

    arguments: tuple[QType, ...] = ()
    returns: QType = field(default_factory=lambda: QType("void"))
    calls: int = 0
    what = "extern function"
    seen_in = _ANYWHERE


class Scope:
    """The names of one block; `closed` ones, of gates and subroutines, see only what is global outside."""

    def __init__(self, kind: str, parent: Scope | None = None) -> None:
        self.kind = kind
        self.parent = parent
        self.symbols: dict[str, Symbol] = {}

    @property
    def is_closed(self) -> bool:
        """Whether it is the body of a gate or a subroutine."""
        return self.kind in ("gate", "subroutine")


class Scopes:
    """The scopes that are open, innermost first."""

    def __init__(self) -> None:
        self.builtin = Scope("builtin")
        self.globals = Scope("global", self.builtin)
        self.current = self.globals
        self.poisoned: set[str] = set()
        #: Whether a file that was to be included could not be read, so that anything may be missing.
        self.is_incomplete = False
        #: How often a gate has taken the place of another one.
        self.replacements = 0

    @contextmanager
    def open(self, kind: str, parent: Scope | None = None) -> Iterator[Scope]:
        """Open a scope: ``block``, ``gate`` or ``subroutine``."""
        outer = self.current
        self.current = Scope(kind, parent or outer)
        try:
            yield self.current
        finally:
            self.current = outer

    @property
    def is_global(self) -> bool:
        """Whether declarations are those of the whole program."""
        return self.current is self.globals

    def inside(self, kind: str) -> bool:
        """Return whether a scope of that kind is open."""
        scope: Scope | None = self.current
        while scope is not None:
            if scope.kind == kind:
                return True
            scope = scope.parent
        return False

    def find(self, name: str) -> Symbol | None:
        """Return what a name stands for, or None."""
        scope: Scope | None = self.current
        while scope is not None:
            symbol = scope.symbols.get(name)
            if symbol is not None:
                return symbol
            scope = scope.parent
        return None

    def get(self, node: Any) -> Symbol:
        """Return what an identifier stands for here, or raise a `Fault` that says what is known."""
        symbol, border = self._look(node.name)
        if symbol is None:
            raise self.undefined("identifier", node)
        if border and border not in symbol.seen_in:
            raise self._invisible(symbol, node)
        return symbol

    def is_outside(self, name: str) -> bool:
        """Return whether a name was declared outside of the gate or subroutine that is open."""
        return bool(self._look(name)[1])

    def _look(self, name: str) -> tuple[Symbol | None, str]:
        """What a name stands for, and the kind of the body that it was seen through."""
        scope: Scope | None = self.current
        border = ""
        while scope is not None:
            symbol = scope.symbols.get(name)
            if symbol is not None:
                return symbol, border
            if scope.is_closed:
                border = scope.kind
            scope = scope.parent
        return None, border

    def _invisible(self, symbol: Symbol, node: Any) -> Fault:
        where = "gate" if self.inside("gate") else "subroutine"
        message = f"'{symbol.name}' can't be seen inside a {where}: {a(symbol.what)} must be passed as an argument"
        return Fault(message, node.span, declared(symbol))

    def undefined(self, what: str, node: Any) -> Fault:
        """Return the error for a name that was never declared, with the closest one that was."""
        if node.name in self.poisoned or self.is_incomplete:
            return Suppressed(f"'{node.name}' failed to be declared", node.span)
        self.poisoned.add(node.name)
        names = self._names(what == "gate")
        close = [name for name in names if name.lower() == node.name.lower()]
        if not close:
            # Imported for an error only.
            from difflib import get_close_matches

            close = get_close_matches(node.name, names, n=1)
        hint = f". Did you mean '{close[0]}'?" if close else ""
        return Fault(f"undefined {what} '{node.name}'{hint}", node.span)

    def misused(self, symbol: Symbol, wanted: str, span: Any, hint: str = "") -> Fault:
        """Return the error for a name that stands for something else than what is needed."""
        if symbol.name in self.poisoned:
            return Suppressed(f"'{symbol.name}' failed to be declared", span)
        return Fault(f"'{symbol.name}' is {a(symbol.what)}, not {wanted}{hint}", span, declared(symbol))

    def _names(self, gates: bool) -> list[str]:
        """The names that can be seen, those of gates or the others."""
        found: list[str] = []
        scope: Scope | None = self.current
        while scope is not None and len(found) < _MOST_COMPARED:
            found += (name for name, symbol in scope.symbols.items() if isinstance(symbol, GateSymbol) is gates)
            scope = scope.parent
        return found[:_MOST_COMPARED]

    def declare(self, symbol: Symbol) -> None:
        """Add a name to the innermost scope, or raise a `Fault` if it has one already."""
        taken = self.current.symbols.get(symbol.name)
        if taken is None and self.is_global:
            taken = self.builtin.symbols.get(symbol.name)
        if taken is not None and not _may_replace(taken, symbol):
            message = f"'{symbol.name}' is already declared in this scope, as {a(taken.what)}"
            self.poisoned.add(symbol.name)
            raise Fault(message, symbol.span, declared(taken))
        self.replacements += taken is not None
        self.current.symbols[symbol.name] = symbol


def a(what: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}"


def _may_replace(taken: Symbol, symbol: Symbol) -> bool:
    return isinstance(taken, GateSymbol) and taken.is_replaceable and isinstance(symbol, GateSymbol)


def declared(symbol: Symbol) -> tuple[str, ...]:
    """Return the note that says where a name was declared."""
    place = locate(symbol.span)
    if place is None:
        return (f"'{symbol.name}' is {a(symbol.what)} of the language or of a standard library",)
    return (f"'{symbol.name}' was declared at {place}",)
