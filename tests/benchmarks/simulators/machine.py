"""What the machine itself can do, by compiled loops that do nothing else: arithmetic, and passes over memory."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from qdock_basic.fast.machine.memory import aligned
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.machine.vectors import LANE_BITS, add_to

__all__ = ["flops_a_second", "seconds_a_pass"]

# So many sums grow side by side that none waits for the one before.
_CHAINS = 16
_STEPS = 1 << 20
_LANES = 1 << LANE_BITS[8]
_PIECE = 1 << 16
ROUNDS = 5


@intrinsic
def _multiply_and_add(typingctx: Any, out: Any, count: Any) -> Any:
    """Multiply and add `count` times in each chain of vectors of float64."""
    signature = types.void(out, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.DoubleType(), _LANES)
        place = builder.bitcast(
            context.make_array(signature.args[0])(context, builder, arguments[0]).data, vector.as_pointer()
        )
        given = builder.load(place, align=8)
        chains = [cgutils.alloca_once(builder, vector) for _ in range(_CHAINS)]
        for chain in chains:
            builder.store(given, chain)
        kind = ir.FunctionType(vector, [vector] * 3)
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{_LANES}f64")
        with cgutils.for_range(builder, arguments[1], intp=ir.IntType(64)):
            for chain in chains:
                builder.store(builder.call(function, [given, given, builder.load(chain)]), chain)
        total = builder.load(chains[0])
        for chain in chains[1:]:
            total = builder.fadd(total, builder.load(chain))
        builder.store(total, place, align=8)
        return context.get_dummy_value()

    return signature, codegen


@njit(nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _calculate(claims: Any, pieces: int, out: Any) -> None:
    # What is calculated must be read by somebody, or the compiler leaves it out.
    while add_to(claims, 1) < pieces:
        out[:] = 0.5
        _multiply_and_add(out, _STEPS)


@njit(nogil=True)  # type: ignore[untyped-decorator]  # numba has no types
def _pass(whole: Any, claims: Any) -> None:
    while True:
        start = add_to(claims, 1) * _PIECE
        if start >= len(whole):
            break
        for index in range(start, min(start + _PIECE, len(whole))):
            whole[index] *= 1.25


def _best(work: Any, threads: int) -> float:
    taken = []
    for _ in range(ROUNDS):
        claims = np.zeros(1, np.int64)
        begin = perf_counter()
        share(lambda claims=claims: work(claims), threads)
        taken.append(perf_counter() - begin)
    return min(taken)


def flops_a_second(threads: int) -> float:
    """Return how many operations on float64 all threads do in a second, with nothing read or written."""
    pieces = 16 * threads
    seconds = _best(lambda claims: _calculate(claims, pieces, np.empty(_LANES)), threads)
    return 2 * _CHAINS * _LANES * _STEPS * pieces / seconds


def seconds_a_pass(threads: int, num_qubits: int) -> float:
    """Return how long it takes to read and write a state of so many qubits in double precision once, in its order."""
    whole = aligned(2 << num_qubits, np.float64)
    whole[:] = 1.0
    return _best(lambda claims: _pass(whole, claims), threads)
