"""The streams of `qdock.streams` in compiled code: the same words, bit by bit, as numpy's Philox generator gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from qdock_basic.fast.machine.jit import inner

__all__ = ["STREAM_SIZE", "begin_stream", "child_path", "next_double", "next_word"]

# --- places in a stream, a uint64 array: the key, the counter, and the words made from it, of which so many are used
_KEY, _COUNTER, _WORDS, _USED = 0, 2, 6, 10
STREAM_SIZE = 11

_ONE, _FOUR = np.uint64(1), np.uint64(4)
# Multipliers and steps of the key of Philox 4x64, and of splitmix64: see the references of `qdock.streams`.
_FIRST, _SECOND = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_GOLDEN, _SILVER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ROUNDS = 10
_TO_UNIT = 2.0**-53


@intrinsic
def _high(typingctx: Any, left: Any, right: Any) -> Any:
    """Return the upper half of the product of two words, which no integer of Python's numpy holds."""
    wide = ir.IntType(128)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.mul(*(builder.zext(word, wide) for word in arguments))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


@inner
def begin_stream(stream: Any, block: int, path: int) -> None:
    """Go to the beginning of the stream of a block of shots and a branch; the key stays."""
    stream[_COUNTER], stream[_COUNTER + 1] = 0, 0
    stream[_COUNTER + 2], stream[_COUNTER + 3] = path, block
    stream[_USED] = _FOUR


@inner
def next_word(stream: Any) -> Any:
    """Return the next 64 random bits, a uint64."""
    if stream[_USED] == _FOUR:
        # The upper half of the counter is the stream's place, and nobody draws 2^64 times four words.
        stream[_COUNTER] += _ONE
        _fill(stream)
        stream[_USED] = 0
    word = stream[_WORDS + np.int64(stream[_USED])]
    stream[_USED] += _ONE
    return word


@inner
def _fill(stream: Any) -> None:
    a, b, c, d = stream[_COUNTER], stream[_COUNTER + 1], stream[_COUNTER + 2], stream[_COUNTER + 3]
    first, second = stream[_KEY], stream[_KEY + 1]
    for _ in range(_ROUNDS):
        a, b, c, d = _high(_SECOND, c) ^ b ^ first, _SECOND * c, _high(_FIRST, a) ^ d ^ second, _FIRST * a
        first, second = first + _GOLDEN, second + _SILVER
    stream[_WORDS], stream[_WORDS + 1], stream[_WORDS + 2], stream[_WORDS + 3] = a, b, c, d


@inner
def next_double(stream: Any) -> float:
    """Return a number from 0 up to 1, of 53 random bits."""
    return float(next_word(stream) >> np.uint64(11)) * _TO_UNIT


@inner
def child_path(path: Any, outcome: int) -> Any:
    """See `qdock.streams.child_path`."""
    mixed = np.uint64(path) + _GOLDEN * np.uint64(outcome + 1)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))
