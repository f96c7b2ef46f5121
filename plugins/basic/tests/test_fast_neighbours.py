"""The engine beside others: in children, in threads, within what the process may use, and gone when it is done."""

from __future__ import annotations

import multiprocessing
import os
import weakref
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from time import monotonic, sleep

import numpy as np
import pytest

from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock_basic import fast
from qdock_basic.fast.machine import pool
from qdock_basic.fast.machine.cpus import usable_cpus

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")


def first_amplitude(size):
    return complex(fast.statevector(Circuit(size).ry(0.3, range(size)), threads=2)[0][0])


def test_a_child_that_is_spawned_after_the_threads_were_used_has_its_own():
    expected = first_amplitude(15)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(first_amplitude, 15).result(timeout=120) == expected


def test_jobs_of_several_threads_get_what_each_gets_alone():
    backend = Dock(Config.load({"QDOCK_STORE": "memory:"})).get_backend("basic_simulator")
    circuits = [Circuit(15, 15).ry(0.1 * number, range(15)).measure_all() for number in range(1, 5)]

    def counts(circuit):
        return backend.run(circuit, engine="fast", threads=2, seed=3).result().get_counts()

    expected = [counts(circuit) for circuit in circuits]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(counts, circuits)) == expected


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads how much memory is in use from /proc")
def test_the_memory_of_a_run_is_given_back():
    def in_use():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    first_amplitude(16)
    before = in_use()
    for _ in range(3):
        assert np.isfinite(first_amplitude(22))
    # It is kept for a second, in case that the next run wants as much.
    end = monotonic() + 30
    while in_use() >= before + (1 << 22) * 16 / 2 and monotonic() < end:
        sleep(0.05)
    assert in_use() < before + (1 << 22) * 16 / 2


def test_a_thread_that_wakes_after_the_work_holds_nothing_of_it():
    def work():
        pass

    kept, call = weakref.ref(work), pool._Call(work)
    call.close()
    del work
    assert kept() is None
    call.join_in()


@pytest.mark.parametrize(
    "text, expected", [("max 100000\n", None), ("150000 100000\n", 2), ("50000 100000\n", 1), ("", None)]
)
def test_a_quota_of_the_control_group_limits_the_threads(tmp_path, monkeypatch, text, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    (tmp_path / "sys/fs/cgroup/a/b").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/a/cpu.max").write_text(text)
    assert usable_cpus(tmp_path) == (expected or 8)


def test_without_control_groups_the_process_uses_the_cpus_that_it_may_run_on(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5}, raising=False)
    assert usable_cpus(tmp_path) == 2
