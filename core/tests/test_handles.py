from __future__ import annotations

import gc

from qdock.dispatch import handles as module
from qdock.dispatch.handles import Handles
from qdock.job import FinishedJob


def job(job_id):
    return FinishedJob(None, job_id, None)


def test_a_job_that_somebody_holds_is_found():
    handles, held = Handles(), job("a")
    handles.keep(held)
    assert handles.find("a") is held
    assert handles.find("b") is None


def test_a_job_that_nobody_holds_is_gone():
    handles = Handles()
    handles.keep(job("a"))
    gc.collect()
    assert handles.find("a") is None


def test_of_many_jobs_only_those_stay_noted_that_somebody_holds(monkeypatch):
    monkeypatch.setattr(module, "_FEW", 10)
    handles, held = Handles(), [job(f"held {number}") for number in range(30)]
    for number, mine in enumerate(held):
        handles.keep(mine)
        for other in range(100):
            handles.keep(job(f"{number} {other}"))
    assert all(handles.find(mine.job_id()) is mine for mine in held)
    assert len(handles._refs) <= 2 * len(held) + 10
