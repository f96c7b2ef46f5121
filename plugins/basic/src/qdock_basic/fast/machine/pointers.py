"""Pointers for compiled code: arrays without their counts of owners, which atomic instructions keep at every call.

A pointer `p` is read and written as ``p[index]``. It keeps nothing alive: whoever makes one from an array holds the
array for as long as the pointer is used.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from qdock_basic.fast.machine.vectors import LANE_BITS

__all__ = [
    "address",
    "at",
    "bit_count",
    "hold",
    "keep",
    "lane_bits",
    "lowest",
    "pointer",
    "reals",
    "spread",
    "to_pointer",
    "width",
]


@intrinsic
def pointer(typingctx: Any, array: Any) -> Any:
    """Return a pointer to the first entry of an array."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def reals(typingctx: Any, whole: Any) -> Any:
    """Return a pointer to real numbers, from one to complex numbers or from an array of either."""
    kind = getattr(whole.dtype, "underlying_float", whole.dtype)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, given = arguments[0], signature.args[0]
        if not isinstance(given, types.CPointer):
            value = context.make_array(given)(context, builder, value).data
        return builder.bitcast(value, context.get_value_type(signature.return_type))

    return types.CPointer(kind)(whole), codegen


@intrinsic
def at(typingctx: Any, start: Any, index: Any) -> Any:
    """Return a pointer to an entry behind another one."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return start(start, types.int64), codegen


@intrinsic
def address(typingctx: Any, start: Any) -> Any:
    """Return where a pointer points to, as a number."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], ir.IntType(64))

    return types.int64(start), codegen


@intrinsic
def to_pointer(typingctx: Any, number: Any, kind: Any) -> Any:
    """Return the pointer at an address to entries of a kind, like ``np.int64``, or of the kind of a pointer."""
    result = kind if isinstance(kind, types.CPointer) else types.CPointer(kind.dtype)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return result(types.int64, kind), codegen


@intrinsic
def lane_bits(typingctx: Any, start: Any) -> Any:
    """Return how many bits of an index count within a vector of such real numbers."""
    bits = LANE_BITS[start.dtype.bitwidth // 8]

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(ir.IntType(64), bits)

    return types.int64(start), codegen


@intrinsic
def hold(typingctx: Any, array: Any) -> Any:
    """Do nothing, so that the array lives until here."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_dummy_value()

    return types.void(array), codegen


@intrinsic
def spread(typingctx: Any, table: Any, place: Any, value: Any) -> Any:
    """Write a number to all lanes of the vector that begins at a place."""
    count = 1 << LANE_BITS[table.dtype.bitwidth // 8]

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target = _vector_at(builder, arguments[0], arguments[1], count)
        builder.store(_alike(builder, arguments[2], count), target, align=table.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(table, types.int64, table.dtype), codegen


@intrinsic
def keep(typingctx: Any, table: Any, place: Any, mask: Any, state: Any, other: Any) -> Any:
    """Write a number to the lanes of a vector whose bits of a mask are not as in `state`; the rest is kept."""
    bits, count = table.dtype.bitwidth, 1 << LANE_BITS[table.dtype.bitwidth // 8]

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = ir.Constant(ir.VectorType(ir.IntType(bits), count), list(range(count)))
        wanted, given = (_alike(builder, _narrowed(builder, word, bits), count) for word in arguments[2:4])
        target = _vector_at(builder, arguments[0], arguments[1], count)
        old = builder.load(target, align=bits // 8)
        is_met = builder.icmp_unsigned("==", builder.and_(lanes, wanted), given)
        builder.store(builder.select(is_met, old, _alike(builder, arguments[4], count)), target, align=bits // 8)
        return context.get_dummy_value()

    return types.void(table, types.int64, types.int64, types.int64, table.dtype), codegen


def _vector_at(builder: Any, table: Any, place: Any, count: int) -> Any:
    kind = ir.VectorType(table.type.pointee, count)
    return builder.bitcast(builder.gep(table, [place]), kind.as_pointer())


def _narrowed(builder: Any, word: Any, bits: int) -> Any:
    return word if bits == word.type.width else builder.trunc(word, ir.IntType(bits))


def _alike(builder: Any, value: Any, count: int) -> Any:
    """Return a vector of one value in all lanes."""
    kind = ir.VectorType(value.type, count)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), count), None))


@intrinsic
def bit_count(typingctx: Any, mask: Any) -> Any:
    """Return how many bits of a whole number are 1."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), codegen


@intrinsic
def lowest(typingctx: Any, mask: Any) -> Any:
    """Return the place of the lowest bit that is 1; there is one."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.true_bit)

    return types.int64(types.int64), codegen


@intrinsic
def width(typingctx: Any, mask: Any) -> Any:
    """Return one more than the place of the highest bit that is 1, or 0 if there is none."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zeros = builder.ctlz(arguments[0], cgutils.false_bit)
        return builder.sub(ir.Constant(ir.IntType(64), 64), zeros)

    return types.int64(types.int64), codegen
