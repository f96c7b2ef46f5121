"""Memory of large arrays: used again, counted as free by the system, and given back soon."""

from __future__ import annotations

from time import monotonic, sleep

import numpy as np
import pytest

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

from qdock_basic.fast.machine import memory, reuse

SIZE = reuse.LEAST_BYTES // 16

needs_marks = pytest.mark.skipif(not reuse._IS_THERE, reason="the system can't mark memory as free")


@pytest.fixture
def kept(monkeypatch):
    """What is kept in this test alone."""
    monkeypatch.setattr(reuse, "_KEPT", reuse._Kept())
    return reuse._KEPT


def filled(size=SIZE):
    array = memory.aligned(size, np.complex128)
    array[...] = 1
    return array


@needs_marks
@pytest.mark.usefixtures("kept")
def test_an_array_begins_in_the_memory_of_the_one_before(monkeypatch):
    filled()
    monkeypatch.setattr(reuse, "_new_room", None)
    assert filled().sum() == SIZE


@needs_marks
@pytest.mark.usefixtures("kept")
def test_memory_in_use_is_never_given_to_another():
    first = filled()
    part = first[5:9]
    del first
    second = filled()
    second[...] = 2
    np.testing.assert_array_equal(part, 1)


@needs_marks
def test_an_array_of_another_size_takes_the_place_of_what_is_kept(kept):
    filled()
    other = filled(2 * SIZE)
    assert not kept._rooms
    del other
    assert [len(room) for room in kept._rooms] == [32 * SIZE + reuse._PAGE]


@needs_marks
def test_what_is_kept_is_given_back_after_a_while(kept, monkeypatch):
    monkeypatch.setattr(reuse, "SECONDS", 0.01)
    filled()
    end = monotonic() + 30
    while kept._rooms and monotonic() < end:
        sleep(0.01)
    assert not kept._rooms


@needs_marks
def test_under_a_limit_of_the_address_space_nothing_is_kept(kept, monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 40, 1 << 40))
    filled()
    assert not kept._rooms


@needs_marks
def test_a_child_of_a_fork_begins_with_nothing_kept(kept):
    filled()
    kept.forget()
    assert not kept._rooms
    assert filled().sum() == SIZE


@needs_marks
@pytest.mark.usefixtures("kept")
def test_more_memory_than_there_is_raises():
    with pytest.raises(MemoryError, match=r"does not give .* bytes of memory"):
        reuse.large_room(1 << 60)


def test_where_the_system_can_t_mark_memory_as_free_nothing_is_kept(kept, monkeypatch):
    monkeypatch.setattr(reuse, "_IS_THERE", False)
    assert filled().sum() == SIZE
    assert not kept._rooms


@needs_marks
@pytest.mark.usefixtures("kept")
def test_arrays_lie_where_large_pages_begin():
    assert filled().ctypes.data % (1 << 21) == 0
