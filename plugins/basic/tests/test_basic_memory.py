from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from qdock.circuit import Circuit
from qdock.errors import LimitExceeded
from qdock_basic import memory
from qdock_basic.limits import Limits

GIB = 1 << 30


def write(root: Path, **files: str) -> None:
    """Write files below `root`; in a name ``__`` stands for a slash and ``_DOT_`` for a dot."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 8 GiB available and no control groups."""
    write(tmp_path, proc__meminfo=f"MemTotal: 1 kB\nMemAvailable: {8 * GIB // 1024} kB\n")
    return tmp_path


def test_this_process_may_use_some_memory() -> None:
    assert 0 < memory.free_memory() < 1 << 60


def test_without_groups_it_is_what_the_machine_has_available(root: Path) -> None:
    assert memory.free_memory(root) == 8 * GIB


def test_a_control_group_of_version_2_leaves_what_it_does_not_use(root: Path) -> None:
    write(
        root,
        proc__self__cgroup="0::/user/job\n",
        sys__fs__cgroup__user__job__memory_DOT_max=f"{4 * GIB}\n",
        sys__fs__cgroup__user__job__memory_DOT_current=f"{3 * GIB}\n",
        sys__fs__cgroup__user__job__memory_DOT_stat=f"anon 5\ninactive_file {GIB // 2}\n",
    )
    assert memory.free_memory(root) == GIB + GIB // 2


def test_the_tightest_of_the_groups_above_counts(root: Path) -> None:
    write(
        root,
        proc__self__cgroup="0::/user/job\n",
        sys__fs__cgroup__user__job__memory_DOT_max="max\n",
        sys__fs__cgroup__user__job__memory_DOT_current="0\n",
        sys__fs__cgroup__user__memory_DOT_max=f"{2 * GIB}\n",
        sys__fs__cgroup__user__memory_DOT_current=f"{GIB}\n",
    )
    assert memory.free_memory(root) == GIB


def test_a_container_sees_its_own_group_at_the_mount(root: Path) -> None:
    write(
        root,
        proc__self__cgroup="0::/docker/0123\n",
        sys__fs__cgroup__memory_DOT_max=f"{GIB}\n",
        sys__fs__cgroup__memory_DOT_current="0\n",
    )
    assert memory.free_memory(root) == GIB


def test_a_control_group_of_version_1_is_read_too(root: Path) -> None:
    write(
        root,
        proc__self__cgroup="5:cpu:/x\n4:hugetlb,memory:/job\n0::/\n",
        sys__fs__cgroup__memory__job__memory_DOT_limit_in_bytes=f"{3 * GIB}\n",
        sys__fs__cgroup__memory__job__memory_DOT_usage_in_bytes=f"{GIB}\n",
        sys__fs__cgroup__memory__memory_DOT_limit_in_bytes="9223372036854771712\n",
        sys__fs__cgroup__memory__memory_DOT_usage_in_bytes="0\n",
    )
    assert memory.free_memory(root) == 2 * GIB


def test_more_in_use_than_allowed_leaves_nothing(root: Path) -> None:
    write(
        root,
        proc__self__cgroup="0::/\n",
        sys__fs__cgroup__memory_DOT_max="1000\n",
        sys__fs__cgroup__memory_DOT_current="5000\n",
    )
    assert memory.free_memory(root) == 0


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="this system does not say how many pages it has")
def test_a_system_without_proc_counts_its_pages(tmp_path: Path) -> None:
    assert 0 < memory.free_memory(tmp_path) < 1 << 60


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no address space")
def test_a_limit_of_the_address_space_counts(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    write(root, proc__self__statm="1000 500 0 0 0 0 0\n")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (GIB, resource.RLIM_INFINITY))
    assert memory.free_memory(root) == GIB - 1000 * resource.getpagesize()


# --- refusing


def test_what_fits_is_not_refused() -> None:
    memory.check_memory(800, "It", free=1000)
    memory.check_memory(1 << 20, "It")


def test_what_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(LimitExceeded, match=r"^It needs 5,368,709,120 bytes \(5\.0 GiB\), .* 1,000 bytes more, .* 80%"):
        memory.check_memory(5 * GIB, "It", free=1000)
    with pytest.raises(LimitExceeded, match="It needs 801 bytes"):
        memory.check_memory(801, "It", free=1000)


@pytest.mark.parametrize("qubits", [40, 10_000, 1_000_000])
@pytest.mark.parametrize("output", ["counts", "statevector", "unitary", "probabilities"])
def test_a_circuit_too_large_is_refused_before_anything_is_allocated(qubits: int, output: str, simulated: Any) -> None:
    circuit = Circuit(qubits, 1).h(0)
    if output == "counts":
        if qubits > 10_000:
            pytest.skip("The gates that join a million qubits take long to append.")
        circuit.t(0).h(0).cx(range(qubits - 1), range(1, qubits)).measure(qubits - 1, 0)
    tracemalloc.start()
    try:
        with pytest.raises(
            LimitExceeded, match=rf"of {qubits:,} qubits with output='{output}' needs .* bytes.* may use .* bytes"
        ):
            simulated(circuit, output=output)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def refusal(circuit: Circuit, simulated: Any, **options: Any) -> int:
    """The bytes that a refused circuit is said to need."""
    with pytest.raises(LimitExceeded) as caught:
        simulated(circuit, **options)
    return int(str(caught.value).partition(" needs ")[2].partition(" bytes")[0].replace(",", ""))


def test_single_precision_needs_half(simulated: Any) -> None:
    circuit = Circuit(45)
    double, single = (
        refusal(circuit, simulated, output="statevector", precision=name) for name in ("double", "single")
    )
    assert double == 2 * single == 24 << 45


def test_branches_that_wait_are_counted(simulated: Any) -> None:
    static = Circuit(45, 45).ry(0.1, range(45)).cx(range(44), range(1, 45))
    split, looped = static.copy(), static.copy()
    static.measure(range(45), range(45))
    split.measure(0, 0).h(0).measure(0, 0).h(0).measure(0, 0)
    looped.for_(None, range(5), looped.block().h(0).measure(0, 0))
    state = 16 << 45
    assert refusal(split, simulated) - refusal(static, simulated) == 2 * state
    assert refusal(looped, simulated) - refusal(static, simulated) == 10 * state
    assert refusal(looped, simulated, shots=1) == refusal(static, simulated)


def test_the_memory_of_many_shots_counts(simulated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: GIB)
    circuit = Circuit(1, 1).h(0).measure(0, 0)
    assert simulated(circuit, shots=10**8).counts.sum() == 10**8
    with pytest.raises(LimitExceeded, match="needs 2,400,000,080 bytes"):
        simulated(circuit, shots=10**8, memory=True)


def test_the_part_of_the_free_memory_is_a_limit_of_the_plugin(simulated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 100 << 20)
    circuit = Circuit(21)
    simulated(circuit, output="statevector")
    with pytest.raises(LimitExceeded, match="of which 40% are the limit"):
        simulated(circuit, output="statevector", limits=Limits(max_memory_percent=40))


def circuits_of_all_kinds() -> dict[str, tuple[Circuit, dict[str, Any]]]:
    """Circuits of 17 qubits, with options."""
    base = Circuit(17, 17)
    for qubit in range(17):
        base.ry(0.3 + qubit, qubit)
    base.cx(range(16), range(1, 17)).rxx(0.3, 0, 16).cu(1, 2, 3, 0.4, 3, 15)
    static = base.copy().measure(range(17), range(16, -1, -1))
    split = base.copy()
    for _ in range(2):
        split.measure(0, 0).h(0).reset(1).h(1)
    split.measure(range(17), range(17))
    small = Circuit(8).h(range(8)).rxx(0.3, 0, 7).cx(0, 7)
    return {
        "counts": (static, {}),
        "many shots": (static, {"shots": 1 << 20}),
        "memory": (static, {"shots": 1 << 20, "memory": True}),
        "single": (static, {"precision": "single"}),
        "branching": (split, {}),
        "probabilities": (static, {"output": "probabilities"}),
        "branching probabilities": (split, {"output": "probabilities"}),
        "statevector": (base, {"output": "statevector"}),
        "unitary": (small, {"output": "unitary"}),
    }


@pytest.mark.parametrize("kind", circuits_of_all_kinds())
def test_no_more_is_allocated_than_was_asked_for(kind: str, simulated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, options = circuits_of_all_kinds()[kind]
    asked: list[int] = []
    monkeypatch.setattr("qdock_basic.simulate.check_memory", lambda needed, *_: asked.append(needed))
    tracemalloc.start()
    try:
        simulated(circuit, engine="numpy", **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= max(asked) + (1 << 20)
