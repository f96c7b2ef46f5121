"""The classical memory of a program: what is known while it is read, and what exists when it runs.

A variable is a number as long as it can be: it becomes a variable of the circuit when it takes a value that
depends on a measurement, or when it is set inside something that may or may not run. Bits that results show are
clbits from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from qdock import expr as ex
from qdock.circuits.recorder import MAX_NESTING
from qdock_openqasm.errors import Fault
from qdock_openqasm.ir import AssignOp, Block, Layout, Op, Row
from qdock_openqasm.limits import Limits
from qdock_openqasm.types import BIT, QType, bits, core_type
from qdock_openqasm.values import UNKNOWN, Value, convert, to_expr

__all__ = ["Bits", "Memory", "Storage"]

_UNSURE = 2
#: From the states of bits, 0 and 1, to the digits of a number.
_DIGITS = bytes.maketrans(b"\x00\x01", b"01")
_NUMBERS = frozenset({bool, int, float, complex})
#: So many elements are copied in a unit of work.
_ELEMENTS = 2


def _bits(number: int, size: int) -> list[int]:
    """The bits of a number, the least significant first."""
    return [int(digit) for digit in f"{number & ((1 << size) - 1):0{size}b}"[::-1]]


@dataclass(eq=False)
class Bits:
    """A bit or a register of bits, or some bits of one.

    `clbits` are those of the circuit; None: no clbit yet, for bits that results don't show and that were never
    measured into. Then `number` has their values; None: they were never set.
    """

    name: str
    size: int
    is_register: bool
    clbits: Sequence[int] | None = None
    number: int | None = None
    home: int = 0

    @property
    def type(self) -> QType:
        """Its type."""
        return bits(self.size) if self.is_register else BIT


@dataclass(eq=False)
class Storage:
    """A variable, or the elements of an array in order.

    `values` are Python numbers, expressions in parameters only, or None where only the circuit's variable in
    `variables` knows. `home` is how many conditional blocks stood around the declaration.
    """

    name: str
    type: QType
    values: list[Any]
    home: int = 0
    dims: tuple[int, ...] = ()
    variables: dict[int, ex.Var] = field(default_factory=dict)
    is_writable: bool = True


@dataclass(eq=False)
class _Frame:
    """A block that may or may not run: where it will stand, and what it has changed."""

    parent: Block
    before: dict[tuple[int, int], tuple[Storage, int, Any]] = field(default_factory=dict)
    clbits: dict[int, int] = field(default_factory=dict)


class Memory:
    """Registers, variables and the block that operations go to.

    Parameters
    ----------
    limits : Limits
        For bits, variables and gates.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.layout = Layout()
        self.out = Block()
        self.num_qubits = 0
        self.dry = 0
        self._elements = 0
        #: How often an index that is not known, as nothing is run, was taken for some index.
        self.guesses = 0
        #: Whether nothing is known while reading: the circuit is to be the same as the one that was written.
        self.exact = False
        #: What counts as gates so far.
        self.charged = 0
        #: What loops, calls and copies have taken so far, in units of `Limits.work`.
        self.work = 0
        self._known = bytearray()
        self._frames: list[_Frame] = []
        self._names: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._free_variables: dict[ex.Type, list[ex.Var]] = {}
        self._free_bits: dict[int, list[Sequence[int]]] = {}
        self._changed: list[_Frame] = []
        self._settled: set[tuple[int, int]] = set()

    # --- operations

    def emit(self, op: Row | Op) -> None:
        """Append an operation to the block at hand."""
        if not self.dry:
            self.charged += 1
            if self.charged > self.limits.gates:
                raise self.limits.reached("gates")
            self.out.ops.append(op)

    def charge(self, count: int, span: Any = None) -> None:
        """Count gates that are about to be appended without `emit`."""
        self.charged += count
        if self.charged > self.limits.gates:
            raise self.limits.reached("gates", self.charged, span)

    def spend_work(self, units: int, span: Any = None) -> None:
        """Count work before it is done: what a loop, a call or a copy takes, however it is driven."""
        if self.dry:
            return
        self.work += units
        if self.work > self.limits.work:
            raise self.limits.reached("work", self.work, span)

    def spend_elements(self, count: int, span: Any = None) -> None:
        """Count elements that are about to be copied as they are."""
        self.spend_work(count // _ELEMENTS, span)

    def charge_elements(self, count: int, span: Any = None) -> None:
        """Count the elements of an array that is about to be declared."""
        self._elements += count
        self.limits.check("elements", self._elements, span)

    def known_bits(self) -> bytearray:
        """Return what is known of each clbit: 0, 1, or 2 if only the circuit knows."""
        return self._known

    @property
    def num_clbits(self) -> int:
        """How many clbits have been declared."""
        return len(self._known)

    @property
    def depth(self) -> int:
        """How many blocks that may or may not run are open."""
        return len(self._frames)

    # --- declarations

    def new_name(self, name: str) -> str:
        """Return a name that no register or variable has."""
        found = name
        while found in self._names:
            self._numbers[name] = self._numbers.get(name, 0) + 1
            found = f"{name}_{self._numbers[name]}"
        self._names.add(found)
        return found

    def add_qubits(self, name: str, size: int) -> range:
        """Declare qubits."""
        self.limits.check("qubits", self.num_qubits + size)
        self.layout.qregs.append((self.new_name(name), size))
        first, self.num_qubits = self.num_qubits, self.num_qubits + size
        return range(first, self.num_qubits)

    def physical(self, index: int) -> int:
        """Return the stand-in for a physical qubit."""
        self.limits.check("qubits", index + 1)
        self.layout.num_physical = max(self.layout.num_physical, index + 1)
        return -index - 1

    def add_clbits(self, name: str, size: int, output: bool) -> range:
        """Declare clbits; they are zero when a shot begins."""
        first = len(self._known)
        self.limits.check("clbits", first + size)
        self.layout.cregs.append((self.new_name(name), size, output))
        self._known.extend(bytes([_UNSURE if self.exact else 0]) * size)
        return range(first, first + size)

    def _scratch_bits(self, name: str, size: int, home: int) -> Sequence[int]:
        free = self._free_bits.get(size)
        return free.pop() if free and home == self.depth else self.add_clbits(name, size, output=False)

    def _variable(self, name: str, kind: ex.Type, home: int) -> ex.Var:
        # What an inner block gave back may have been changed there; a name from outside must not get it.
        free = self._free_variables.get(kind)
        if free and home == self.depth:
            return free.pop()
        self.limits.check("variables", len(self.layout.variables) + 1)
        var = ex.Var(self.new_name(name), kind)
        self.layout.variables.append((var.name, kind, 0))
        return var

    def fresh_variable(self, name: str, kind: ex.Type) -> ex.Var:
        """Declare a variable of the circuit that nothing has used before."""
        return self._variable(name, kind, home=-1)

    def declare(self, storage: Storage, initial: Any) -> None:
        """Declare a variable of the circuit, with the value that it has when a shot begins."""
        var = self.at_run_time(storage)
        self.layout.variables[-1] = (var.name, var.type, initial)

    def at_run_time(self, storage: Storage) -> ex.Var:
        """Return the circuit's variable for a single value, which only the circuit knows from now on."""
        storage.values[0] = None
        return self._variable_of(storage, 0)

    def is_unsure(self, item: Bits | Storage) -> bool:
        """Return whether the circuit knows more about a name than can be told now."""
        if isinstance(item, Storage):
            return any(value is None or isinstance(value, ex.Expr) for value in item.values)
        return item.clbits is not None and any(self._known[clbit] == _UNSURE for clbit in item.clbits)

    def release(self, items: Iterable[Bits | Storage]) -> None:
        """Give back the clbits and variables of names that went out of scope."""
        for item in items:
            if isinstance(item, Bits):
                if item.clbits is not None:
                    self._free_bits.setdefault(item.size, []).append(item.clbits)
            else:
                for var in item.variables.values():
                    self._free_variables.setdefault(var.type, []).append(var)

    # --- blocks that may or may not run

    @contextmanager
    def block(self, out: Block) -> Iterator[None]:
        """Collect operations in `out`, which stands behind what has been emitted; what it changes is unsure after."""
        if len(self._frames) >= MAX_NESTING:
            raise Fault(
                f"control flow is nested more than {MAX_NESTING} deep, the most that a circuit holds", is_limit=True
            )
        frame = _Frame(self.out)
        outer, self.out = self.out, out
        self._frames.append(frame)
        try:
            yield
        finally:
            self._frames.pop()
            self.out = outer
            self._restore(frame)
            self._changed.append(frame)

    @contextmanager
    def alternatives(self) -> Iterator[None]:
        """Several blocks of which at most one runs: each begins with what was known before the first."""
        outer, self._changed = self._changed, []
        settled, self._settled = self._settled, set()
        try:
            yield
        finally:
            changed, self._changed = self._changed, outer
            self._settled = settled
            for frame in changed:
                self._forget(frame)

    def _restore(self, frame: _Frame) -> None:
        for storage, position, value in frame.before.values():
            storage.values[position] = value
        for clbit, value in frame.clbits.items():
            self._known[clbit] = value

    def _forget(self, frame: _Frame) -> None:
        """What a block changed is unsure from now on, for the blocks around it too."""
        for storage, position, _ in frame.before.values():
            self._touch(storage, position)
            storage.values[position] = None
        for clbit in frame.clbits:
            self._touch_clbit(clbit)
            self._known[clbit] = _UNSURE

    def _touch(self, storage: Storage, position: int) -> None:
        """Before a variable changes in a block that may not run: keep its value, and set the circuit's variable."""
        for frame in self._frames[storage.home :]:
            key = (id(storage), position)
            if key not in frame.before:
                frame.before[key] = (storage, position, storage.values[position])
                self._settle(storage, position, frame.parent)

    def _settle(self, storage: Storage, position: int, out: Block) -> None:
        """Give the circuit's variable the value that is known so far."""
        value = storage.values[position]
        key = (id(storage), id(out))
        if value is None or (len(storage.values) == 1 and key in self._settled):
            return
        self._settled.add(key)
        known = Value(storage.type, value)
        out.ops.append(AssignOp(self._variable_of(storage, position), to_expr(known)))

    def _variable_of(self, storage: Storage, position: int) -> ex.Var:
        if position not in storage.variables:
            kind = core_type(storage.type)
            if kind is None:
                raise Fault(f"'{storage.name}' of type {storage.type} can't change while the circuit runs")
            storage.variables[position] = self._variable(storage.name, kind, storage.home)
        return storage.variables[position]

    def _touch_clbit(self, clbit: int) -> None:
        for frame in self._frames:
            frame.clbits.setdefault(clbit, self._known[clbit])

    def unsettle(self, storage: Storage) -> None:
        """Make all of a variable depend on the circuit: a loop that is about to begin changes it."""
        self.limits.check("variables", len(self.layout.variables) + storage.values.count(None) + len(storage.values))
        for position, value in enumerate(storage.values):
            if value is not None:
                self._touch(storage, position)
                self._settle(storage, position, self.out)
                storage.values[position] = None

    def unsettle_bits(self, item: Bits) -> None:
        """The same for bits."""
        for clbit in self.clbits(item):
            self._touch_clbit(clbit)
            self._known[clbit] = _UNSURE

    # --- variables

    def read(self, storage: Storage, position: int) -> Value:
        """Return the value of a variable or an element."""
        if self.dry:
            return Value(storage.type, UNKNOWN)
        value = storage.values[position]
        return Value(storage.type, storage.variables[position] if value is None else value)

    def copies(self, source: Storage, target: Storage) -> bool:
        """Return whether the elements of an array may be taken over as the numbers they are."""
        if self.exact or source.type != target.type or self.depth > target.home:
            return False
        self.spend_elements(len(source.values))
        return all(type(value) in _NUMBERS for value in source.values)

    def write(self, storage: Storage, position: int, value: Value) -> None:
        """Set a variable or an element."""
        value = convert(value, storage.type, f"'{storage.name}'")
        if self.dry or value.is_unknown:
            return
        fixed = not (isinstance(value.data, ex.Expr) and (value.data.bits or value.data.variables))
        if self.depth > storage.home and not self.exact:
            self._touch(storage, position)
        if self.depth > storage.home or not fixed or self.exact:
            self.emit(AssignOp(self._variable_of(storage, position), to_expr(value)))
        storage.values[position] = value.data if fixed and not self.exact else None

    # --- bits

    def clbits(self, item: Bits) -> Sequence[int]:
        """Return the clbits of a bit or register, which get their values first if they have any."""
        if item.clbits is None:
            item.clbits = self._scratch_bits(item.name, item.size, item.home)
            if item.number is None:
                self._mark(item.clbits, [_UNSURE] * item.size)
            else:
                out = self._frames[item.home].parent if self.depth > item.home else self.out
                self._set_clbits(item.clbits, item.number, out)
        return item.clbits

    def read_bits(self, item: Bits) -> Value:
        """Return the value of a bit or a register."""
        if self.dry:
            return Value(item.type, UNKNOWN)
        if item.clbits is None:
            return Value(item.type, (item.number or 0) if item.is_register else bool(item.number))
        if not item.size:
            return Value(item.type, 0)
        self.spend_elements(item.size)
        states = self._states(item.clbits)
        if _UNSURE in states:
            node = ex.Bits(tuple(item.clbits)) if item.is_register else ex.Bit(item.clbits[0])
            return Value(item.type, node)
        number = int(states[::-1].translate(_DIGITS), 2)
        return Value(item.type, number if item.is_register else bool(number))

    def _states(self, clbits: Sequence[int]) -> bytes:
        if isinstance(clbits, range) and clbits.step == 1:
            return bytes(self._known[clbits.start : clbits.stop])
        return bytes([self._known[clbit] for clbit in clbits])

    def write_bits(self, item: Bits, value: Value) -> None:
        """Set a bit or a register."""
        value = convert(value, item.type, f"'{item.name}'")
        if self.dry or value.is_unknown or not item.size:
            return
        if item.clbits is None and not isinstance(value.data, ex.Expr) and self.depth == item.home:
            item.number = int(value.data)
            return
        clbits = self.clbits(item)
        if isinstance(value.data, ex.Expr):
            target = ex.Bits(tuple(clbits)) if item.is_register else ex.Bit(clbits[0])
            self.emit(AssignOp(target, value.data))
            self.measured(clbits)
        else:
            self._change_clbits(clbits, int(value.data))

    def _change_clbits(self, clbits: Sequence[int], number: int) -> None:
        self.spend_elements(len(clbits))
        wanted = _bits(number, len(clbits))
        if any(self._known[clbit] != bit for clbit, bit in zip(clbits, wanted, strict=True)):
            for clbit in clbits:
                self._touch_clbit(clbit)
            self._set_clbits(clbits, number, self.out)

    def _set_clbits(self, clbits: Sequence[int], number: int, out: Block) -> None:
        target: ex.Bit | ex.Bits = ex.Bits(tuple(clbits)) if len(clbits) > 1 else ex.Bit(clbits[0])
        out.ops.append(AssignOp(target, ex.Const(target.type.wrap(number), target.type)))
        if not self.exact:
            self._mark(clbits, _bits(number, len(clbits)))

    def _mark(self, clbits: Sequence[int], states: Sequence[int]) -> None:
        for clbit, state in zip(clbits, states, strict=True):
            self._known[clbit] = state

    def measured(self, clbits: Iterable[int]) -> None:
        """Note that clbits have values that only the circuit knows."""
        if isinstance(clbits, range) and clbits.step == 1 and not self._frames:
            self._known[clbits.start : clbits.stop] = bytes([_UNSURE]) * len(clbits)
            return
        for clbit in clbits:
            if self._known[clbit] != _UNSURE:
                self._touch_clbit(clbit)
                self._known[clbit] = _UNSURE
