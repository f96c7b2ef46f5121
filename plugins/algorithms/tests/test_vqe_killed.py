"""A VQE whose worker is killed with -9 after any energy, and is tried again or resumed, goes the same way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from qdock import Dock
from qdock.config import Config
from qdock.store import MemoryStore
from qdock_algorithms import AlgorithmJob

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")
SOON = 60.0
HERE = Path(__file__).parent
SHOTS = {"backend": "basic_simulator", "exact": False, "precision": 0.1, "optimizer": "COBYLA", "maxiter": 6}


@pytest.fixture(scope="module")
def dying_vqe():
    """The function, where workers find it."""
    sys.path.insert(0, str(HERE))
    import dying_vqe

    yield dying_vqe
    sys.path.remove(str(HERE))


@pytest.fixture(scope="module")
def dock():
    with Dock(Config.load(environ={}), store=MemoryStore()) as made:
        yield made


def submitted(dock, function, marker, after, retries=0, **options):
    job = AlgorithmJob(function, str(marker), after, **options)
    job.submit(executor="process", seed=11, retries=retries, dock=dock)
    return job


@pytest.mark.parametrize("options", [{}, SHOTS], ids=["exact", "shots"])
def test_a_vqe_killed_after_any_energy_gives_the_same_energies_when_it_is_tried_again(
    options, dock, dying_vqe, tmp_path
):
    alone = submitted(dock, dying_vqe.run, tmp_path / "never", 0, **options).result(SOON)
    assert len(alone.energies) >= 4
    for after in range(1, len(alone.energies) + 1):
        marker = tmp_path / str(after)
        found = submitted(dock, dying_vqe.run, marker, after, retries=1, **options).result(SOON)
        assert marker.exists()
        np.testing.assert_array_equal(found.energies, alone.energies)
        np.testing.assert_array_equal(found.parameters, alone.parameters)
        # Not more than one energy was computed twice.
        assert len(marker.with_suffix(".computed").read_text()) <= len(alone.energies) + 1


def test_a_killed_vqe_goes_on_where_it_was_when_its_job_is_run_again(dock, dying_vqe, tmp_path):
    alone = submitted(dock, dying_vqe.run, tmp_path / "never", 0).result(SOON)
    job = submitted(dock, dying_vqe.run, tmp_path / "killed", 3)
    with pytest.raises(Exception, match="worker"):
        job.result(SOON)
    assert job.error.kind == "worker_lost"
    again = job.rerun(resume=True)
    np.testing.assert_array_equal(again.result(SOON).energies, alone.energies)
    assert len((tmp_path / "killed.computed").read_text()) == len(alone.energies)
