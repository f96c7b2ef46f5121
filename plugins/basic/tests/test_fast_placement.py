"""On which CPU helping threads run, with a system that is only told about."""

from __future__ import annotations

import os
from threading import Event, Thread

import pytest

from qdock_basic.fast.machine import placement, pool


class System:
    """A thread on a CPU, the CPUs that it may run on, and the masks that it was given."""

    def __init__(self, here, allowed):
        self.here, self.allowed, self.masks, self.answer = here, set(allowed), [], 0

    def sched_getcpu(self):
        return self.here

    def sched_getaffinity(self, thread, size, mask):
        for cpu in self.allowed:
            mask[cpu // placement._WORD_BITS] |= 1 << cpu % placement._WORD_BITS
        return self.answer

    def sched_setaffinity(self, thread, size, mask):
        bits = range(size * 8)
        self.allowed = {bit for bit in bits if mask[bit // placement._WORD_BITS] >> bit % placement._WORD_BITS & 1}
        self.masks.append(self.allowed)
        if self.here not in self.allowed:
            self.here = min(self.allowed)
        return 0


@pytest.fixture
def system(monkeypatch):
    def make(here, allowed):
        made = System(here, allowed)
        monkeypatch.setattr(placement, "_calls", lambda: made)
        return made

    return make


def test_a_thread_on_the_given_cpu_goes_to_another_and_may_run_where_it_could(system):
    told = system(here=70, allowed={3, 70, 130})
    placement.keep_off(70)
    assert (told.here, told.masks) == (3, [{3, 130}, {3, 70, 130}])


@pytest.mark.parametrize("here, allowed, cpu", [(1, {0, 1}, 0), (1, {1}, 1), (1, {0, 1}, -1)])
def test_a_thread_elsewhere_or_with_one_cpu_stays(system, here, allowed, cpu):
    told = system(here, allowed)
    placement.keep_off(cpu)
    assert (told.here, told.masks) == (here, [])


def test_where_the_system_refuses_a_thread_stays(system):
    told = system(here=0, allowed={0, 1})
    told.answer = -1
    placement.keep_off(0)
    assert told.masks == []


def test_a_system_without_these_calls_is_left_alone(monkeypatch):
    monkeypatch.setattr(placement, "_calls", lambda: None)
    assert placement.cpu_here() == -1
    placement.keep_off(0)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system says no CPUs of a thread")
def test_what_a_user_allowed_a_thread_stays_allowed():
    before, seen = os.sched_getaffinity(0), []
    thread = Thread(target=lambda: (placement.keep_off(placement.cpu_here()), seen.append(os.sched_getaffinity(0))))
    thread.start()
    thread.join()
    assert seen == [before]
    assert placement.cpu_here() in before


def test_helpers_keep_off_the_cpu_of_whom_they_help(monkeypatch):
    asked, begun = [], Event()
    monkeypatch.setattr(pool, "cpu_here", lambda: 5)
    monkeypatch.setattr(pool, "keep_off", lambda cpu: (asked.append(cpu), begun.set()))
    pool.share(lambda: begun.wait(30), 2)
    assert asked == [5]
