"""Large states: plan the passes of a circuit, run each on all threads, and look up in between."""

from __future__ import annotations

from functools import partial
from threading import local
from time import perf_counter
from typing import Any

import numpy as np

from qdock_basic.fast.front.stretch import Stretch
from qdock_basic.fast.large.blocked import CLEARED, clear_dead, make_pass, run_chunks
from qdock_basic.fast.large.planner import plan_passes
from qdock_basic.fast.machine.memory import parts
from qdock_basic.fast.machine.pool import share
from qdock_basic.fast.stats import Looker, Stats

__all__ = ["LEAST_BITS", "run_in_passes"]

#: Smaller states are run in cache.
LEAST_BITS = 14
# Bytes of a chunk, and of the runs in which memory is read: measured on a processor with 1 MiB of second-level cache.
_CHUNK_BYTES = 1 << 18
_RUN_BYTES = 1 << 8
# A thread asks what to do next at least after so many amplitudes times rows.
_WORK_BETWEEN_LOOKS = 1 << 27
# Memory that is written for the first time takes as long as so many rows.
_LEAST_ROWS = 16
_PIECES_BETWEEN_LOOKS = 64

_room = local()


def run_in_passes(addresses: Any, stretch: Stretch, whole: Any, threads: int, watch: Looker | None) -> Stats:
    """Run operations of a circuit on a state of at least `LEAST_BITS` qubits; see `cache.run_at`."""
    begin = perf_counter()
    num_places, fresh = stretch.num_qubits + stretch.offset, stretch.fresh
    amplitude = 2 * whole.itemsize
    chunk_bits, run_bits = (size.bit_length() - 1 for size in (_CHUNK_BYTES // amplitude, _RUN_BYTES // amplitude))
    chunk_bits = min(chunk_bits, num_places)
    plan = plan_passes(addresses, *stretch, chunk_bits, run_bits)
    seconds_plan = perf_counter() - begin
    dead = (1 << num_places) - (1 << run_bits) if fresh else 0
    count = len(plan.inside)
    for number in range(count):
        ready = make_pass(plan, number, num_places, dead, run_bits, whole[:1])
        rows = int(plan.starts[number + 1] - plan.starts[number])
        _run_pass(whole, ready, fresh and number == 0, threads, _slice(rows, chunk_bits), watch, (number, count))
        dead &= ~int(plan.inside[number])
    if fresh and not count:
        whole[: 2 << run_bits] = 0
        whole[0] = 1
    if dead:
        _clear(whole, dead, threads, watch)
    return Stats(count, threads, seconds_plan, perf_counter() - begin - seconds_plan)


def _slice(rows: int, chunk_bits: int) -> int:
    """Return how many chunks are run between two looks."""
    return max(1, (_WORK_BETWEEN_LOOKS // max(rows, _LEAST_ROWS)) >> chunk_bits)


def _run_pass(
    whole: Any, ready: Any, fresh: bool, threads: int, size: int, watch: Looker | None, place: tuple[int, int]
) -> None:
    """Run one pass, at most `size` chunks between two looks."""
    last, step = 1 << (len(ready.outside) - ready.group_bits), max(1, size >> ready.group_bits)
    for start in range(0, last, step):
        end = min(last, start + step)
        claims = np.array([start], dtype=np.int64)

        def work(claims: Any = claims, end: int = end) -> None:
            run_chunks(whole, ready, claims, end, fresh, *_scratch(whole.dtype, len(ready.runs) << ready.run_bits))

        share(work, min(threads, end - start))
        if watch is not None and watch.is_due():
            number, count = place
            watch.look((number + end / last) / count)


def _clear(whole: Any, dead: int, threads: int, watch: Looker | None) -> None:
    """Write the zeros of places that no pass has touched, some pieces at a time."""
    pieces = -(-len(whole) // CLEARED)
    for start in range(0, pieces, _PIECES_BETWEEN_LOOKS):
        end = min(pieces, start + _PIECES_BETWEEN_LOOKS)
        claims = np.array([start], dtype=np.int64)
        share(partial(clear_dead, whole, dead, claims, end), min(threads, end - start))
        if watch is not None and watch.is_due():
            watch.look(1.0)


def _scratch(dtype: Any, size: int) -> Any:
    """Return this thread's room for a chunk."""
    room = getattr(_room, dtype.name, None)
    if room is None or len(room[0]) < size:
        room = parts(size, dtype)
        setattr(_room, dtype.name, room)
    return room
