"""What stands left of an assignment, or is read by index: bits, variables, elements of arrays, bits of integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from qdock import expr as ex
from qdock.expressions import arithmetic as core
from qdock_openqasm.cost import GENERAL
from qdock_openqasm.errors import Fault
from qdock_openqasm.grammar import ast
from qdock_openqasm.indexing import Evaluate, choose, positions_in
from qdock_openqasm.memory import Bits, Memory, Storage
from qdock_openqasm.qubits import QubitsPart
from qdock_openqasm.types import BIT, LITERAL, QType, bits
from qdock_openqasm.values import UNKNOWN, Value, convert, to_expr

__all__ = ["BitSlice", "BitsPart", "Elements", "Place", "read", "select", "write"]


@dataclass(frozen=True)
class BitsPart:
    """Bits of a register, by their positions in it."""

    whole: Bits
    positions: Sequence[int]
    is_register: bool

    @property
    def type(self) -> QType:
        """Its type."""
        return bits(len(self.positions)) if self.is_register else BIT


@dataclass(frozen=True)
class Elements:
    """A variable, or elements of an array by their positions; `dims` is empty for a single one."""

    storage: Storage
    positions: Sequence[int]
    dims: tuple[int, ...] = ()

    @property
    def type(self) -> QType:
        """Its type."""
        return QType("array", base=self.storage.type, dims=self.dims) if self.dims else self.storage.type


@dataclass(frozen=True)
class BitSlice:
    """Bits of an integer or an angle in a variable."""

    whole: Elements
    positions: Sequence[int]
    is_register: bool

    @property
    def type(self) -> QType:
        """Its type."""
        return bits(len(self.positions)) if self.is_register else BIT


Place = QubitsPart | BitsPart | Elements | BitSlice | Value

#: Stands for the size of an argument's dimension while only the subroutine is known: no index is too large.
_PLENTY = 1 << 62
_WITH_BITS = frozenset({"int", "uint", "angle", "bit", "literal"})


# --- select


def select(memory: Memory, place: Place, index: Any, evaluate: Evaluate) -> Place:
    """Return what an index in brackets chooses of a place."""
    if isinstance(place, Value) and isinstance(place.data, Elements):
        place = place.data
    if isinstance(place, Elements) and place.dims:
        return _elements(memory, place, index, evaluate)
    kind = place.type
    size = _size(kind)
    positions, is_register = positions_in(index, size, evaluate, f"a value of type {kind}")
    if isinstance(place, QubitsPart):
        return QubitsPart(_picked(memory, place.indices, positions), is_register)
    if not positions:
        raise Fault("this range chooses no bit: without one there is no value")
    if isinstance(place, BitsPart):
        return BitsPart(place.whole, _picked(memory, place.positions, positions), is_register)
    if isinstance(place, BitSlice):
        return BitSlice(place.whole, _picked(memory, place.positions, positions), is_register)
    if isinstance(place, Elements):
        return BitSlice(place, positions, is_register)
    return _bits_of(place, positions, is_register)


def _picked(memory: Memory, items: Sequence[int], positions: Sequence[int]) -> Sequence[int]:
    """Some of the items, by their positions; a range of a range is one, and costs nothing."""
    if isinstance(items, range) and isinstance(positions, range):
        first, step = items.start + items.step * positions.start, items.step * positions.step
        return range(first, first + step * len(positions), step)
    memory.spend_elements(len(positions))
    return [items[position] for position in positions]


def _size(kind: QType) -> int:
    if kind.kind == "qubit" or kind.kind == "bit":
        if kind.width is None:
            raise Fault(f"a single {kind.kind} cannot be indexed")
        return kind.width
    if kind.kind not in _WITH_BITS:
        raise Fault(f"a value of type {kind} cannot be indexed")
    return kind.num_bits


def _length(found: Sequence[int]) -> int:
    return _UNKNOWN_SIZE if found is _UNKNOWN else len(found)


_UNKNOWN_SIZE = -1
_UNKNOWN: Sequence[int] = ()


def _elements(memory: Memory, place: Elements, index: Any, evaluate: Evaluate) -> Elements:
    indices = [index] if isinstance(index, ast.DiscreteSet) else index
    if len(indices) > len(place.dims):
        raise Fault(f"{place.type} has {len(place.dims)} dimensions, but {len(indices)} indices were given")
    chosen: list[tuple[Sequence[int], bool]] = [
        _along(element, size, evaluate) for element, size in zip(indices, place.dims, strict=False)
    ] + [(_UNKNOWN if size < 0 else range(size), True) for size in place.dims[len(indices) :]]
    if memory.dry:
        # While a subroutine is checked, sizes may be unknown; nothing is read or written.
        return Elements(place.storage, place.positions, tuple(_length(found) for found, keeps in chosen if keeps))
    dims = tuple(len(found) for found, keeps in chosen if keeps)
    if len(chosen) == 1:
        return Elements(place.storage, _picked(memory, place.positions, chosen[0][0]), dims)
    memory.spend_work(2 * math.prod(dims))
    strides = [math.prod(place.dims[axis + 1 :]) for axis in range(len(place.dims))]
    offsets = [
        [position * stride for position in positions] for (positions, _), stride in zip(chosen, strides, strict=True)
    ]
    positions = [place.positions[sum(where)] for where in product(*offsets)]
    return Elements(place.storage, positions, dims)


def _along(element: Any, size: int, evaluate: Evaluate) -> tuple[Sequence[int], bool]:
    if isinstance(element, ast.DiscreteSet):
        return [choose(value, size, evaluate)[0][0] for value in element.values], True
    if size == _UNKNOWN_SIZE:
        _, keeps = choose(element, _PLENTY, evaluate)
        return _UNKNOWN, keeps
    return choose(element, size, evaluate)


def _bits_of(value: Value, positions: Sequence[int], is_register: bool) -> Value:
    """Bits of a value that is not in a variable."""
    kind = bits(len(positions)) if is_register else BIT
    if value.is_unknown:
        return Value(kind, UNKNOWN, value.const)
    if isinstance(value.data, ex.Expr):
        return Value(kind, _bits_of_expr(value, positions, is_register))
    data = int(value.data.whole if value.type == LITERAL and not isinstance(value.data, int) else value.data)
    found = sum(((data >> position) & 1) << place for place, position in enumerate(positions))
    return Value(kind, found if is_register else bool(found), value.const)


def _bits_of_expr(value: Value, positions: Sequence[int], is_register: bool) -> ex.Expr:
    whole = ex.cast(to_expr(value), core.Uint(value.type.num_bits))
    if isinstance(whole, ex.Bits):
        chosen = tuple(whole.indices[position] for position in positions)
        return ex.Bits(chosen) if is_register else ex.Bit(chosen[0])
    if not is_register:
        return ex.bit_at(whole, positions[0])
    target = core.Uint(max(len(positions), 1))
    first = positions[0] if positions else 0
    if list(positions) == list(range(first, first + len(positions))):
        return ex.cast(whole >> first, target)
    terms = [ex.cast(ex.bit_at(whole, position), target) << place for place, position in enumerate(positions)]
    while len(terms) > 1:
        terms = [terms[i] | terms[i + 1] if i + 1 < len(terms) else terms[i] for i in range(0, len(terms), 2)]
    return terms[0]


# --- read and write


def read(memory: Memory, place: Place) -> Value:
    """Return the value of a place; an array's is its elements themselves."""
    if isinstance(place, Value):
        return place
    if isinstance(place, QubitsPart):
        return Value(place.type, place.indices)
    if isinstance(place, Elements):
        return Value(place.type, place) if place.dims else memory.read(place.storage, place.positions[0])
    if isinstance(place, BitSlice):
        whole = memory.read(place.whole.storage, place.whole.positions[0])
        return _bits_of(whole, place.positions, place.is_register)
    return _read_bits(memory, place)


def _read_bits(memory: Memory, place: BitsPart) -> Value:
    whole = place.whole
    if memory.dry:
        return Value(place.type, UNKNOWN)
    if whole.clbits is None:
        number = whole.number or 0
        return _bits_of(Value(bits(whole.size), number), place.positions, place.is_register)
    return memory.read_bits(_part(memory, place))


def _part(memory: Memory, place: BitsPart) -> Bits:
    """A part of a register as a register of its own, on the same clbits."""
    chosen = clbits_of(memory, place)
    return Bits(place.whole.name, len(chosen), place.is_register, chosen, home=place.whole.home)


def clbits_of(memory: Memory, place: BitsPart) -> Sequence[int]:
    """Return the clbits that a part of a register stands on."""
    clbits = memory.clbits(place.whole)
    if isinstance(place.positions, range) and place.positions == range(len(clbits)):
        return clbits
    return _picked(memory, clbits, place.positions)


def write(memory: Memory, place: Place, value: Value) -> None:
    """Set a place to a value, converted to its type."""
    if isinstance(place, Elements):
        _write_elements(memory, place, value)
    elif isinstance(place, BitSlice):
        _write_slice(memory, place, value)
    elif isinstance(place, BitsPart):
        _write_bits(memory, place, value)
    else:
        raise Fault(f"a value of type {place.type} cannot be assigned to")


def _write_elements(memory: Memory, place: Elements, value: Value) -> None:
    if not place.storage.is_writable:
        raise Fault("an array that is an input, or that was passed as 'readonly', can't be changed")
    if not place.dims:
        memory.write(place.storage, place.positions[0], value)
        return
    convert(value, place.type, f"'{place.storage.name}'")
    if memory.dry:
        return
    source = value.data
    assert isinstance(source, Elements)
    if memory.copies(source.storage, place.storage):
        memory.spend_elements(len(place.positions))
        known = [source.storage.values[position] for position in source.positions]
        for position, number in zip(place.positions, known, strict=True):
            place.storage.values[position] = number
        return
    memory.spend_work(GENERAL * len(place.positions))
    values = [memory.read(source.storage, position) for position in source.positions]
    for position, element in zip(place.positions, values, strict=True):
        memory.write(place.storage, position, element)


def _write_slice(memory: Memory, place: BitSlice, value: Value) -> None:
    value = convert(value, place.type, f"a part of '{place.whole.storage.name}'")
    if memory.dry or not place.positions:
        return
    storage, position = place.whole.storage, place.whole.positions[0]
    width = storage.type.num_bits
    whole = memory.read(storage, position)
    raw = QType("uint", width) if storage.type.kind != "bit" else storage.type
    mask = sum(1 << i for i in place.positions)
    if whole.is_known and value.is_known:
        number = (int(whole.data) & ((1 << width) - 1) & ~mask) | _spread(int(value.data), place.positions)
        memory.write(storage, position, _raw(number, raw, storage.type))
        return
    kind = core.Uint(width)
    kept = ex.cast(to_expr(whole), kind) & ex.Const(((1 << width) - 1) & ~mask, kind)
    bits_set: ex.Expr = kept
    source = to_expr(value)
    for offset, target in enumerate(place.positions):
        bit = source if source.type == core.BOOL else ex.bit_at(source, offset)
        bits_set = bits_set | (ex.cast(bit, kind) << target)
    memory.write(storage, position, _raw(bits_set, raw, storage.type))


def _spread(number: int, positions: Sequence[int]) -> int:
    return sum(((number >> offset) & 1) << position for offset, position in enumerate(positions))


def _raw(data: Any, raw: QType, kind: QType) -> Value:
    """Bits as a value of a type that they represent."""
    if kind.kind != "angle":
        return Value(raw, data)
    return Value(kind, ex.cast(data, core.Angle(kind.num_bits)) if isinstance(data, ex.Expr) else data)


def _write_bits(memory: Memory, place: BitsPart, value: Value) -> None:
    value = convert(value, place.type, f"'{place.whole.name}'")
    whole = place.whole
    if memory.dry or value.is_unknown or not place.positions:
        return
    if whole.clbits is None and not isinstance(value.data, ex.Expr) and memory.depth == whole.home:
        mask = sum(1 << position for position in place.positions)
        whole.number = ((whole.number or 0) & ~mask) | _spread(int(value.data), place.positions)
        return
    memory.write_bits(_part(memory, place), value)
