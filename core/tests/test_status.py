"""The seven statuses: their texts, their order, and what may follow what."""

from __future__ import annotations

import itertools

import pytest

from qdock.errors import InvalidTransition
from qdock.job import JOB_FINAL_STATES, JobStatus
from qdock.tracking.status import TRANSITIONS, check_transition, find_statuses, skipped

S = JobStatus


def test_the_statuses_have_their_historical_texts():
    assert {status.name: status.value for status in JobStatus} == {
        "INITIALIZING": "job is being initialized",
        "QUEUED": "job is queued",
        "VALIDATING": "job is being validated",
        "RUNNING": "job is actively running",
        "CANCELLED": "job has been cancelled",
        "DONE": "job has successfully run",
        "ERROR": "job incurred error",
    }


def test_the_final_states_are_a_tuple_in_historical_order():
    assert JOB_FINAL_STATES == (S.DONE, S.CANCELLED, S.ERROR)


def test_nothing_leaves_a_final_status():
    assert all(not TRANSITIONS[status] for status in JOB_FINAL_STATES)


def test_any_status_that_is_not_final_may_fail_or_be_cancelled():
    assert all({S.ERROR, S.CANCELLED} <= TRANSITIONS[status] for status in S if status not in JOB_FINAL_STATES)


def test_the_only_way_back_is_the_retry():
    order = [S.INITIALIZING, S.VALIDATING, S.QUEUED, S.RUNNING, S.DONE]
    back = [(a, b) for b, a in itertools.combinations_with_replacement(order, 2) if b in TRANSITIONS[a]]
    assert back == [(S.RUNNING, S.QUEUED)]


@pytest.mark.parametrize("previous, status", [(S.QUEUED, S.VALIDATING), (S.RUNNING, S.RUNNING), (S.DONE, S.ERROR)])
def test_a_transition_that_is_not_in_the_table_is_refused(previous, status):
    with pytest.raises(InvalidTransition, match=f"can't go from {previous.name} to {status.name}"):
        check_transition(previous, status)


def test_what_is_skipped_on_the_way_forward_is_known():
    assert skipped(S.QUEUED, S.DONE) == (S.RUNNING,)
    assert skipped(S.INITIALIZING, S.RUNNING) == (S.VALIDATING, S.QUEUED)
    assert skipped(S.QUEUED, S.RUNNING) == ()


def test_nothing_is_inferred_of_a_job_that_failed_or_was_cancelled_or_is_retried():
    assert skipped(S.QUEUED, S.ERROR) == skipped(S.INITIALIZING, S.CANCELLED) == skipped(S.RUNNING, S.QUEUED) == ()


@pytest.mark.parametrize("wanted", [S.DONE, "DONE", "done", "job has successfully run"])
def test_a_status_is_found_by_itself_its_name_or_its_text(wanted):
    assert find_statuses(wanted) == (S.DONE,)


def test_several_statuses_are_found():
    assert find_statuses(["done", S.ERROR]) == (S.DONE, S.ERROR)


def test_an_unknown_status_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"'finished' is no job status\. The statuses: INITIALIZING, QUEUED"):
        find_statuses("finished")
