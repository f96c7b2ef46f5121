"""Vector instructions for numba: LLVM vector IR for the loops that numba's own complex numbers leave scalar.

A state is kept as two arrays, real and imaginary parts. A vector holds `lanes(dtype)` amplitudes next to each
other, so the lowest qubits of an index, the lane qubits, count within a vector. One loop serves every gate: a new
vector is a sum of coefficient vectors times old ones, taken where the gate's higher qubits are 0 and 1 and with
lanes exchanged for its lane qubits. `PATTERNS` has a row for each such loop; which one runs is chosen at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.core.config import CPU_FEATURES
from numba.extending import intrinsic

__all__ = [
    "COMPLEX",
    "EXCHANGE",
    "KIND_SIZE",
    "LANE_BITS",
    "PATTERNS",
    "REAL",
    "SIGNS",
    "SUMS",
    "TABULATE",
    "TURNED",
    "Pattern",
    "add_to",
    "join",
    "join_turned",
    "mix",
    "split",
]

_I64 = ir.IntType(64)


#: Kinds of coefficients.
COMPLEX, REAL, TURNED = 0, 1, 2


class Pattern(NamedTuple):
    """A loop of `mix`.

    Attributes
    ----------
    high : int
        How many of the gate's qubits lie above the lanes, 0 to 2.
    flips : tuple of int
        How the lanes of an old vector are exchanged: ``lane ^ flip``; one for each input.
    parts : int
        What the coefficients are: `COMPLEX`; `REAL`; or `TURNED`, imaginary where an odd number of bits differs
        between the new index and the old one, else real.
    """

    high: int
    flips: tuple[int, ...]
    parts: int


def _vector_bytes() -> int:
    """Return the width of the vectors of the processor that numba compiles for."""
    features = get_host_cpu_features() if CPU_FEATURES is None else CPU_FEATURES
    enabled = {feature[1:] for feature in features.split(",") if feature.startswith("+")}
    return 64 if "avx512f" in enabled else 32 if "avx2" in enabled else 16


_BYTES = _vector_bytes()
#: How many qubits count within a vector, by the bytes of a real number.
LANE_BITS = {8: (_BYTES // 8).bit_length() - 1, 4: (_BYTES // 4).bit_length() - 1}
_MOST_BITS = LANE_BITS[4]


def _patterns() -> list[Pattern]:
    """Return the rows in an order from which `ops.py` computes a number: see `pattern_of` there."""
    lanes = [1 << bit for bit in range(_MOST_BITS)]
    rows: list[tuple[int, tuple[int, ...]]] = [(0, (0,)), (1, (0,)), (2, (0,))]
    rows += [(high, (0, lane)) for high in (0, 1) for lane in lanes]
    rows += [(0, (0, low, high, low | high)) for high in lanes for low in lanes if low < high]
    return [Pattern(high, flips, parts) for parts in (COMPLEX, REAL, TURNED) for high, flips in rows]


PATTERNS = _patterns()
#: How many patterns there are of each kind of coefficients.
KIND_SIZE = len(PATTERNS) // 3
#: The number, in place of a pattern's, of a loop that exchanges vectors at two places.
EXCHANGE = len(PATTERNS)
#: And that of one that multiplies each amplitude by a factor of its own.
TABULATE = EXCHANGE + 1
#: From here on: a matrix ``[[1, t], [u, -t u]]`` on each of two qubits above the lanes; these are t and u.
SUMS = TABULATE + 1
SIGNS = ((1, 1), (1, -1), (-1, 1))


class _Arrays:
    """Loads and stores of vectors in the real and imaginary parts of a state."""

    def __init__(self, builder: Any, element: Any, count: int, pointers: tuple[Any, ...]) -> None:
        self.builder, self.count, self.pointers = builder, count, pointers
        self.element = element
        self.vector = ir.VectorType(element, count)
        self.align = 8 if isinstance(element, ir.DoubleType) else 4

    def place(self, part: int, index: Any) -> Any:
        pointer = self.builder.gep(self.pointers[part], [index])
        return self.builder.bitcast(pointer, self.vector.as_pointer())

    def load(self, part: int, index: Any) -> Any:
        return self.builder.load(self.place(part, index), align=self.align)

    def store(self, part: int, index: Any, value: Any) -> None:
        self.builder.store(value, self.place(part, index), align=self.align)

    def shuffle(self, first: Any, second: Any, lanes: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
        return self.builder.shuffle_vector(first, second, mask)

    def flip(self, value: Any, flip: int) -> Any:
        return self.shuffle(value, value, [lane ^ flip for lane in range(self.count)]) if flip else value

    def spread(self, value: Any) -> Any:
        first = self.builder.insert_element(
            ir.Constant(self.vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0)
        )
        return self.shuffle(first, first, [0] * self.count)

    def multiply_add(self, factor: Any, value: Any, total: Any) -> Any:
        """Fused where the processor can, and never a call of a library's function where it can't."""
        if total is None:
            return self.builder.fmul(factor, value)
        name = f"llvm.fmuladd.v{self.count}f{8 * self.align}"
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [factor, value, total])


def _data(context: Any, builder: Any, kinds: Any, given: Any) -> list[Any]:
    """Return where the entries of arrays lie; pointers are given as they are."""
    return [
        value if isinstance(kind, types.CPointer) else context.make_array(kind)(context, builder, value).data
        for kind, value in zip(kinds, given, strict=True)
    ]


def _arrays(context: Any, builder: Any, array_types: Any, arrays: Any) -> _Arrays:
    element = context.get_value_type(array_types[0].dtype)
    bits = LANE_BITS[array_types[0].dtype.bitwidth // 8]
    return _Arrays(builder, element, 1 << bits, tuple(_data(context, builder, array_types, arrays)))


def _index_loop(builder: Any, loop: tuple[Any, ...], body: Callable[[Any], None]) -> None:
    """Run a body for each index in which the fixed bits are those of the base."""
    fixed, base, count = loop
    place = cgutils.alloca_once(builder, _I64)
    builder.store(ir.Constant(_I64, 0), place)
    with cgutils.for_range(builder, count, intp=_I64):
        index = builder.load(place)
        body(builder.or_(index, base))
        # Adding one carries over the fixed bits while these are set.
        following = builder.and_(builder.add(builder.or_(index, fixed), ir.Constant(_I64, 1)), builder.not_(fixed))
        builder.store(following, place)


def _corners(builder: Any, high: int, strides: Any) -> list[Callable[[Any], Any]]:
    """Return functions from an index to where the high qubits are 0 and 1, the first one counting fastest."""

    def corner(number: int) -> Callable[[Any], Any]:
        def at(index: Any) -> Any:
            for position in range(high):
                if number >> position & 1:
                    index = builder.add(index, strides[position])
            return index

        return at

    return [corner(number) for number in range(1 << high)]


def _emit_mix(arrays: _Arrays, pattern: Pattern, coefficients: Any, loop: tuple[Any, ...], strides: Any) -> None:
    """Emit the loop of one pattern."""
    builder = arrays.builder
    corners = _corners(builder, pattern.high, strides)
    inputs = [(corner, flip) for corner in corners for flip in pattern.flips]
    parts = 2 if pattern.parts == COMPLEX else 1
    table = [
        [coefficients(number * parts + part) for part in range(parts)] for number in range(len(corners) * len(inputs))
    ]

    def body(index: Any) -> None:
        old = [[arrays.load(part, corner(index)) for part in (0, 1)] for corner in corners]
        flipped = [[arrays.flip(value, flip) for value in values] for values in old for flip in pattern.flips]
        for row, corner in enumerate(corners):
            real = imaginary = None
            for column, (x, y) in enumerate(flipped):
                factor = list(table[row * len(inputs) + column])
                differing = row ^ column // len(pattern.flips), pattern.flips[column % len(pattern.flips)]
                if pattern.parts != TURNED or sum(map(int.bit_count, differing)) % 2 == 0:
                    real = arrays.multiply_add(factor[0], x, real)
                    imaginary = arrays.multiply_add(factor.pop(0), y, imaginary)
                if factor:
                    real = arrays.multiply_add(builder.fneg(factor[0]), y, real)
                    imaginary = arrays.multiply_add(factor[0], x, imaginary)
            arrays.store(0, corner(index), real)
            arrays.store(1, corner(index), imaginary)

    _index_loop(builder, loop, body)


def _emit_exchange(arrays: _Arrays, loop: tuple[Any, ...], strides: Any) -> None:
    builder = arrays.builder

    def body(index: Any) -> None:
        places = [builder.add(index, stride) for stride in strides]
        old = [[arrays.load(part, place) for part in (0, 1)] for place in places]
        for place, values in zip(places, reversed(old), strict=True):
            for part in (0, 1):
                arrays.store(part, place, values[part])

    _index_loop(builder, loop, body)


def _emit_tabulate(arrays: _Arrays, factors: _Arrays, loop: tuple[Any, ...], strides: Any) -> None:
    """Emit the product with factors whose imaginary parts lie a stride behind the real ones."""
    builder = arrays.builder

    def body(index: Any) -> None:
        x, y = arrays.load(0, index), arrays.load(1, index)
        p, q = factors.load(0, index), factors.load(0, builder.add(index, strides[0]))
        real = arrays.multiply_add(builder.fneg(q), y, arrays.multiply_add(p, x, None))
        imaginary = arrays.multiply_add(q, x, arrays.multiply_add(p, y, None))
        arrays.store(0, index, real)
        arrays.store(1, index, imaginary)

    _index_loop(builder, loop, body)


def _emit_sums(arrays: _Arrays, loop: tuple[Any, ...], strides: Any, signs: tuple[int, int]) -> None:
    """Emit the loop of two matrices that add and subtract; see `SUMS`."""
    builder = arrays.builder
    corners = _corners(builder, 2, strides)
    zero = builder.fadd if signs[0] > 0 else builder.fsub
    one = builder.fadd if signs[0] < 0 else builder.fsub

    def step(low: Any, high: Any) -> tuple[Any, Any]:
        return zero(low, high), one(high, low) if signs[1] < 0 else one(low, high)

    def body(index: Any) -> None:
        for part in (0, 1):
            a, b, c, d = (arrays.load(part, corner(index)) for corner in corners)
            (a, b), (c, d) = step(a, b), step(c, d)
            (a, c), (b, d) = step(a, c), step(b, d)
            for corner, value in zip(corners, (a, b, c, d), strict=True):
                arrays.store(part, corner(index), value)

    _index_loop(builder, loop, body)


@intrinsic
def mix(
    typingctx: Any,
    re: Any,
    im: Any,
    table: Any,
    start: Any,
    pattern: Any,
    fixed: Any,
    base: Any,
    count: Any,
    low: Any,
    high: Any,
) -> Any:
    """Run one loop over a state's vectors.

    Arguments: the state's two arrays; the array of coefficients, and where this gate's begin; the number of the
    pattern; the bits of an index that stay those of `base`; how many indices there are; and the strides of the
    gate's qubits above the lanes, or the two places of an exchange, or from real to imaginary parts of a table.
    """
    signature = types.void(re, im, table, *[types.int64] * 7)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointers = _data(context, builder, signature.args[:3], arguments[:3])
        pointers[2] = builder.gep(pointers[2], [arguments[3]])
        builder.call(_mix_function(builder.module, pointers[0].type), [*pointers, *arguments[4:]])
        return context.get_dummy_value()

    return signature, codegen


def _mix_function(module: Any, pointer: Any) -> Any:
    """Return the function with all loops; a module has it once, however often it is called."""
    kind = ir.FunctionType(ir.VoidType(), [pointer] * 3 + [_I64] * 6)
    name = f"qdock_mix_{pointer.pointee}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, kind, name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    for argument in function.args[:3]:
        argument.add_attribute("noalias")
    _fill(function, pointer.pointee)
    return function


def _fill(function: Any, element: Any) -> None:
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    re, im, table, number, *loop, first, second = function.args
    bits = LANE_BITS[8 if isinstance(element, ir.DoubleType) else 4]
    arrays = _Arrays(builder, element, 1 << bits, (re, im))
    factors = _Arrays(builder, element, 1 << bits, (table,))

    def coefficients(place: int) -> Any:
        return factors.load(0, ir.Constant(_I64, place * arrays.count))

    end = builder.append_basic_block("mixed")
    switch = builder.switch(number, end)
    for row, pattern in enumerate(PATTERNS):
        if max(pattern.flips) >> bits == 0:
            with _case(builder, switch, row, end):
                _emit_mix(arrays, pattern, coefficients, tuple(loop), (first, second))
    with _case(builder, switch, EXCHANGE, end):
        _emit_exchange(arrays, tuple(loop), (first, second))
    with _case(builder, switch, TABULATE, end):
        _emit_tabulate(arrays, factors, tuple(loop), (first, second))
    for row, signs in enumerate(SIGNS):
        with _case(builder, switch, SUMS + row, end):
            _emit_sums(arrays, tuple(loop), (first, second), signs)
    builder.position_at_end(end)
    builder.ret_void()


class _case:  # noqa: N801  # used like a function
    """A case of a switch, that goes on at `end`."""

    def __init__(self, builder: Any, switch: Any, number: int, end: Any) -> None:
        self.builder, self.end = builder, end
        self.block = builder.append_basic_block(f"pattern{number}")
        switch.add_case(ir.Constant(_I64, number), self.block)

    def __enter__(self) -> None:
        self.builder.position_at_end(self.block)

    def __exit__(self, *_: object) -> None:
        self.builder.branch(self.end)


@intrinsic
def split(typingctx: Any, whole: Any, start: Any, re: Any, im: Any, place: Any, count: Any) -> Any:
    """Copy `count` vectors of amplitudes, real and imaginary parts by turns from `start` on, to two arrays."""
    signature = types.void(whole, types.int64, re, im, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, parts, loop = _copying(context, builder, signature, arguments)
        with loop as (source, target):
            first, second = _halves(given, source, parts.count)
            for part in (0, 1):
                lanes = [2 * lane + part for lane in range(parts.count)]
                parts.store(part, target, parts.shuffle(first, second, lanes))
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def join(typingctx: Any, whole: Any, start: Any, re: Any, im: Any, place: Any, count: Any) -> Any:
    """Copy vectors back from two arrays to amplitudes with real and imaginary parts by turns; see `split`."""
    signature = types.void(whole, types.int64, re, im, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, parts, loop = _copying(context, builder, signature, arguments)
        with loop as (source, target):
            _store_joined(given, source, parts, parts.load(0, target), parts.load(1, target))
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def join_turned(
    typingctx: Any, whole: Any, start: Any, re: Any, im: Any, place: Any, count: Any, real: Any, imaginary: Any
) -> Any:
    """Copy vectors back as `join` does, multiplied by a complex number."""
    signature = types.void(whole, types.int64, re, im, types.int64, types.int64, re.dtype, re.dtype)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        given, parts, loop = _copying(context, builder, signature, arguments)
        p, q = (parts.spread(value) for value in arguments[6:])
        with loop as (source, target):
            x, y = parts.load(0, target), parts.load(1, target)
            first = parts.multiply_add(builder.fneg(q), y, parts.multiply_add(p, x, None))
            second = parts.multiply_add(q, x, parts.multiply_add(p, y, None))
            _store_joined(given, source, parts, first, second)
        return context.get_dummy_value()

    return signature, codegen


def _store_joined(given: _Arrays, source: Any, parts: _Arrays, x: Any, y: Any) -> None:
    half = parts.count // 2
    for number in (0, 1):
        lanes = [lane + part for lane in range(number * half, (number + 1) * half) for part in (0, parts.count)]
        place = given.builder.add(source, ir.Constant(_I64, number * parts.count))
        given.store(0, place, parts.shuffle(x, y, lanes))


def _halves(given: _Arrays, source: Any, count: int) -> tuple[Any, Any]:
    second = given.builder.add(source, ir.Constant(_I64, count))
    return given.load(0, source), given.load(0, second)


def _copying(context: Any, builder: Any, signature: Any, arguments: Any) -> tuple[_Arrays, _Arrays, Any]:
    """Return the interleaved array, the two parts, and a loop that gives the places in both."""
    whole, start, re, im, place, count = arguments[:6]
    given = _arrays(context, builder, signature.args[:1], (whole,))
    parts = _arrays(context, builder, signature.args[2:4], (re, im))
    return given, parts, _Places(builder, parts.count, start, place, count)


class _Places:
    """A loop over vectors, as a context."""

    def __init__(self, builder: Any, lanes: int, start: Any, place: Any, count: Any) -> None:
        self.builder, self.lanes, self.start, self.place = builder, lanes, start, place
        self.loop = cgutils.for_range(builder, count, intp=_I64)

    def __enter__(self) -> tuple[Any, Any]:
        index = self.builder.mul(self.loop.__enter__().index, ir.Constant(_I64, self.lanes))
        twice = self.builder.add(index, index)
        return self.builder.add(self.start, twice), self.builder.add(self.place, index)

    def __exit__(self, *error: Any) -> Any:
        return self.loop.__exit__(*error)


@intrinsic
def add_to(typingctx: Any, array: Any, amount: Any) -> Any:
    """Add to the first entry of an int64 array as one step for all threads, and return what it was."""
    signature = types.int64(array, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        struct = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", struct.data, arguments[1], "monotonic")

    return signature, codegen
