"""The memory of a state in cache: real and imaginary parts apart, and room for the coefficients of a gate."""

from __future__ import annotations

from typing import Any, NamedTuple

from qdock_basic.fast.loops.coefficients import MOST_COEFFICIENTS
from qdock_basic.fast.machine.jit import inner
from qdock_basic.fast.machine.memory import LINE, PAD_BYTES
from qdock_basic.fast.machine.pointers import address, at, lane_bits, to_pointer
from qdock_basic.fast.machine.vectors import join, split

__all__ = ["State", "clear", "give", "least_bits", "memory_size", "state_in", "take"]

# A state is at least four vectors long; qubits that it does not have stay 0.
_LEAST_VECTOR_BITS = 2
_REAL_BYTES = 8


class State(NamedTuple):
    """A state in two arrays, and room for coefficients: pointers to real numbers."""

    re: Any
    im: Any
    table: Any


@inner
def least_bits(amplitudes: Any) -> int:
    """Return how many bits the index of a state has at least."""
    return lane_bits(amplitudes) + _LEAST_VECTOR_BITS


@inner
def memory_size(bits: int) -> int:
    """Return how many float64 numbers a state and its coefficients may take, in whichever precision."""
    return (2 << bits) + MOST_COEFFICIENTS + 3 * PAD_BYTES // _REAL_BYTES


@inner
def state_in(memory: Any, amplitudes: Any, bits: int) -> State:
    """Return a state of so many bits; all three parts begin a line of cache."""
    start = (address(memory) + LINE - 1) & -LINE
    re = to_pointer(start, amplitudes)
    size = address(at(re, 1 << bits)) - start
    im = to_pointer(start + size + PAD_BYTES, amplitudes)
    return State(re, im, to_pointer(start + 2 * (size + PAD_BYTES), amplitudes))


@inner
def clear(state: State, start: int, end: int) -> None:
    """Set amplitudes to 0."""
    for index in range(start, end):
        state.re[index] = 0
    for index in range(start, end):
        state.im[index] = 0


@inner
def take(amplitudes: Any, num_places: int, bits: int, state: State) -> None:
    """Read a state; where the array is longer, the rest is 0."""
    lanes = lane_bits(amplitudes)
    if num_places >= lanes:
        split(amplitudes, 0, state.re, state.im, 0, 1 << (num_places - lanes))
    else:
        for index in range(1 << num_places):
            state.re[index], state.im[index] = amplitudes[2 * index], amplitudes[2 * index + 1]
    clear(state, 1 << num_places, 1 << bits)


@inner
def give(amplitudes: Any, num_places: int, bits: int, state: State) -> None:
    """Write a state, of which so many bits are there; the rest is 0."""
    lanes, there = lane_bits(amplitudes), min(bits, num_places)
    if there >= lanes:
        join(amplitudes, 0, state.re, state.im, 0, 1 << (there - lanes))
    else:
        for index in range(1 << there):
            amplitudes[2 * index], amplitudes[2 * index + 1] = state.re[index], state.im[index]
    for place in range(2 << there, 2 << num_places):
        amplitudes[place] = 0
