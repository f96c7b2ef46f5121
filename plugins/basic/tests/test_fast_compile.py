"""How the fast engine is compiled: kept on disk, told once where that can't be, for processors of every width."""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys

import numpy as np
import pytest

from qdock_basic import choice, fast

pytest.importorskip("numba", reason="the fast engine needs numba: the extra qdock-basic[fast]")

import numba

from qdock_basic.fast.front import programs
from qdock_basic.fast.large import planner
from qdock_basic.fast.machine import jit, kept, vectors
from qdock_basic.fast.small.cache import run_at

_NARROW = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import fast_circuits
from qdock_basic import fast
from qdock_basic.fast.machine import vectors
assert vectors.LANE_BITS == {8: 1, 4: 2}, vectors.LANE_BITS
for seed in range(20):
    rng = np.random.default_rng(seed)
    circuit = fast_circuits.random_circuit(6, 30, rng)
    initial = fast_circuits.random_state(6, rng)
    np.testing.assert_allclose(fast.statevector(circuit)[0], fast_circuits.reference(circuit), atol=1e-12)
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names features of x86-64 processors")
def test_a_processor_with_short_vectors_gives_the_same_states(request):
    environ = {**os.environ, "NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "+sse2"}
    folder = str(request.path.parent)
    done = subprocess.run([sys.executable, "-c", _NARROW, folder], env=environ, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_vectors_are_as_long_as_the_processor_has_them():
    assert vectors.LANE_BITS[4] == vectors.LANE_BITS[8] + 1


def test_what_is_kept_on_disk_is_as_new_as_every_file_of_the_engine():
    version = run_at._cache._cache_file._version
    assert version == (numba.__version__, (np.__version__, jit._sources()))
    assert "front/columns.py" in {name for name, *_ in jit._sources()}


def test_what_other_files_were_compiled_to_is_not_read(tmp_path, monkeypatch):
    """It may name a class that these files have no more."""
    file = run_at._cache._cache_file
    index = tmp_path / "old.nbi"
    index.write_bytes(pickle.dumps(numba.__version__) + b"cno.such.module\nClass\n.")
    monkeypatch.setattr(file, "_index_path", str(index))
    assert file._load_index() == {}


def test_without_a_folder_to_write_to_it_is_compiled_anew_and_that_is_said_once(monkeypatch, caplog):
    made = []

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        made.append(options)
        return lambda function: function

    monkeypatch.setattr(jit, "njit", njit)
    jit._say_once.cache_clear()
    for _ in range(2):
        assert jit.compiled(len) is len
    assert made == [{"nogil": True}] * 2
    (said,) = [record.getMessage() for record in caplog.records if record.name == jit.__name__]
    assert said == (
        "The fast engine is compiled in every process, as there is no folder to keep it in "
        "(cannot cache function: no locator available). Set NUMBA_CACHE_DIR to one that can be written to."
    )


def test_kernels_on_disk_are_found_unless_a_file_of_the_engine_is_newer(monkeypatch, tmp_path):
    folder = tmp_path / "small_0123"
    folder.mkdir()
    kernels = folder / f"cache.run-1.py{sys.version_info.major}{sys.version_info.minor}.nbi"
    newest = max(file.stat().st_mtime for file in kept._ENGINE.rglob("*.py"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    for age, expected in ((None, False), (1, False), (-1, True)):
        if age is not None:
            kernels.touch()
            os.utime(kernels, (newest - age, newest - age))
        kept.is_compiled.cache_clear()
        assert kept.is_compiled() is expected
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert kept._SMALL / "__pycache__" in list(kept._folders())
    kept.is_compiled.cache_clear()


@pytest.mark.parametrize(
    "compiled, seconds, expected", [(True, 0.1, False), (True, 1, True), (False, 1, False), (False, 20, True)]
)
def test_work_is_worth_loading_kernels_sooner_than_compiling_them(monkeypatch, compiled, seconds, expected):
    monkeypatch.setattr(choice, "_LOADED", "not there")
    monkeypatch.setattr(choice, "_spent", [0.0])
    monkeypatch.setattr(choice, "is_compiled", lambda: compiled)
    monkeypatch.setattr(choice, "expected_seconds", lambda *_: seconds)
    assert choice.is_fast({"engine": "auto"}) is expected


def test_that_the_engine_is_compiled_first_is_said_once(monkeypatch, caplog):
    monkeypatch.setattr(choice, "_LOADED", "not there")
    monkeypatch.setattr(choice, "is_compiled", lambda: False)
    choice._say_once.cache_clear()
    for _ in range(2):
        assert choice.engine_for({"engine": "fast", "threads": None}).name == "fast"
    (said,) = [record.getMessage() for record in caplog.records if record.name == choice.__name__]
    assert said == "Compiling the fast engine for this machine: the first run takes some ten seconds longer."


def test_the_engine_says_what_is_missing(monkeypatch):
    assert fast.why_not() is None
    fast.why_not.cache_clear()
    monkeypatch.setattr(fast, "find_spec", lambda _: None)
    assert fast.why_not() == "numba is not installed; `pip install 'qdock-basic[fast]'` brings it."
    fast.why_not.cache_clear()


def test_a_plan_of_no_operations_has_no_passes():
    from qdock.circuit import Circuit

    known = programs.ready(Circuit(15))
    plan = planner.plan_passes(known.addresses, 15, 0, 0, 0, 0.0, True, 14, 4)
    assert len(plan.inside) == 0
    np.testing.assert_array_equal(plan.starts, [0])


def test_a_numba_whose_insides_are_not_known_compiles_parts_in_its_own_way():
    assert set(jit._part_options((0, 68))) == {"pipeline_class"}
    assert jit._part_options((0, 69)) == {}
    assert jit._part_options((1, 0)) == {}


def test_a_part_that_is_given_constants_is_compiled_once():
    @jit.inner
    def double(value):
        return 2 * value

    @numba.njit
    def both():
        return double(1) + double(2)

    assert both() == 6
    assert len(double.signatures) == 1
