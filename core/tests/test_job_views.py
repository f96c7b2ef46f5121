"""How jobs and lists of jobs show themselves: as text, and as HTML in which nothing is obeyed."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from qdock.dispatch.job_list import JobList
from qdock.dock import Dock
from qdock.job import JobStatus, RecordedJob
from qdock.store import MemoryStore
from qdock.tracking.record import Failure, JobProgress, Record, StatusChange

S = JobStatus
NASTY = "<script>alert('x')</script>&\"'"


def job(status=S.DONE, **fields):
    history = (StatusChange(status, 1e9),)
    return RecordedJob(
        None,
        Record(**{"id": "a1b2", "backend": "toy/coin", "status": status, "history": history, "created": 1e9, **fields}),
    )


class Checked(HTMLParser):
    """Collects the text of HTML, and the tags, which must close in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, _attributes):
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_list_of_jobs_is_a_table_on_a_terminal():
    text = repr(JobList([job(tags=("one", "two")), job(S.RUNNING, id="c3", backend="x")]))
    head, first, second = text.splitlines()
    assert head.split() == ["Job", "Status", "Backend", "Submitted", "Tags"]
    assert first.split()[:3] == ["a1b2", "DONE", "toy/coin"]
    assert first.endswith("one two")
    assert second.index("RUNNING") == first.index("DONE") == head.index("Status")


def test_a_list_of_jobs_is_a_list():
    jobs = [job(), job()]
    assert JobList(jobs) == jobs
    assert JobList(jobs)[:1] == jobs[:1]


def test_an_empty_list_says_so():
    assert repr(JobList()) == "No jobs."
    assert Checked(JobList()._repr_html_()).text == "No jobs."


@pytest.mark.parametrize("show", [repr, lambda jobs: Checked(jobs._repr_html_()).text])
def test_of_a_long_list_the_rest_is_counted(show):
    shown = show(JobList([job(id=f"id-{i}") for i in range(1234)]))
    assert "id-99" in shown
    assert "id-100" not in shown
    assert "... and 1,134 more" in shown


def test_control_characters_are_not_obeyed_by_a_terminal():
    assert "\x1b" not in repr(JobList([job(tags=("\x1b[31mred",))]))


def test_a_job_in_a_notebook_shows_what_is_known_of_it():
    fields = {"options": {"shots": 7, "start": np.zeros((2, 2)), "left": None}, "seed": 5, "tags": ("t",), "attempt": 2}
    shown = Checked(job(retries=3, metrics={"run": 0.1234}, **fields)._repr_html_()).text
    for text in ("a1b2", "DONE", "toy/coin", "shots=7", "start=array of (2, 2)", "Seed5", "2 of up to 4", "0.123 s"):
        assert text in shown
    assert "left" not in shown


def test_a_running_job_shows_how_far_it_is_and_a_failed_one_why():
    running = Checked(job(S.RUNNING, progress=JobProgress(0.25, "half of it"))._repr_html_())
    assert "progress" in running.tags
    assert "25% half of it" in running.text
    assert "no such gate" in Checked(job(S.ERROR, error=Failure("exception", "no such gate"))._repr_html_()).text


def test_every_text_is_escaped():
    fields = {"id": NASTY, "backend": NASTY, "tags": (NASTY,), "options": {NASTY: NASTY}, "native_id": NASTY}
    fields |= {"rerun_of": NASTY, "error": Failure("exception", NASTY)}
    nasty = job(S.ERROR, **fields)
    running = job(S.RUNNING, progress=JobProgress(0.5, NASTY))
    for html in (nasty._repr_html_(), JobList([nasty])._repr_html_(), running._repr_html_()):
        seen = Checked(html)
        assert "script" not in seen.tags
        assert NASTY in seen.text


def test_jobs_of_a_dock_are_such_a_list():
    with Dock(store=MemoryStore(), entry_points=[]) as dock:
        assert isinstance(dock.jobs(), JobList)
