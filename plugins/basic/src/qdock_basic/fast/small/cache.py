"""Circuits whose state lies in cache: from columns to amplitudes in one call of compiled code."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from qdock_basic.fast.front.source import source_at
from qdock_basic.fast.machine.jit import compiled
from qdock_basic.fast.machine.pointers import hold, pointer, reals
from qdock_basic.fast.small.direct import MOST_DIRECT, run_directly
from qdock_basic.fast.small.merged import run_merged
from qdock_basic.fast.small.state import clear, give, least_bits, memory_size, state_in, take
from qdock_basic.fast.small.steps import Where, turn

__all__ = ["run_at"]


@compiled
def run_at(
    addresses: Any, num_qubits: int, offset: int, first: int, end: int, phase: float, fresh: bool, whole: Any
) -> None:
    """Run operations of a circuit on a state.

    Parameters
    ----------
    addresses : (NUM_ADDRESSES,) int64 array
        Of the circuit's arrays: see `source.locate`.
    num_qubits, offset, first, end, phase, fresh
        A `Stretch`; a call with a tuple for them would take longer.
    whole : (2^(n + 1),) real or (2^n,) complex array
        The state; overwritten.
    """
    source = source_at(addresses)
    num_places, amplitudes = num_qubits + offset, reals(whole)
    bits = least_bits(amplitudes)
    most = max(num_places, bits)
    memory = np.empty(memory_size(most), np.float64)
    state = state_in(pointer(memory), amplitudes, most)
    if num_places <= MOST_DIRECT or not fresh:
        bits = most
    if fresh:
        clear(state, 0, 1 << bits)
        state.re[0], state.im[0] = math.cos(phase), math.sin(phase)
    else:
        take(amplitudes, num_places, bits, state)
        if phase != 0.0:
            turn(cmath.rect(1.0, phase), Where(0, 0, bits), state)
    if num_places <= MOST_DIRECT:
        run_directly(source, offset, first, end, bits, state)
    else:
        bits = run_merged(source, num_qubits, offset, first, end, fresh, bits, state)
    give(amplitudes, num_places, bits, state)
    hold(memory)
