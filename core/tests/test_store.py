"""What every store does: records, compare-and-set, results and logs; and what the one in memory does to stay small."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from qdock.errors import InvalidTransition, JobError, JobNotFoundError, ResultNotStored
from qdock.job import JOB_FINAL_STATES, JobStatus
from qdock.result import CircuitResult, Result
from qdock.store import CappedLog, MemoryStore
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import Failure, JobProgress, LogLine, Record, StatusChange, changed

S = JobStatus


def queued(job_id="a1", **fields):
    fields = {"backend": "coin", "created": 100.0, **fields}
    return Record(id=job_id, status=S.QUEUED, history=(StatusChange(S.QUEUED, fields["created"]),), **fields)


@pytest.fixture(params=["memory", "sqlite"])
def empty(request, tmp_path):
    """A store of each kind, without a job in it."""
    store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "jobs.sqlite")
    yield store
    store.close()


@pytest.fixture
def store(empty):
    empty.create(queued())
    return empty


def statevector(num_amplitudes):
    return Result([CircuitResult(name="c", statevector=np.eye(1, num_amplitudes)[0].astype(complex))])


# --- records


def test_a_record_is_found_as_it_was_created(store):
    assert store.get("a1") == queued()


def test_two_jobs_can_not_have_one_id(store):
    with pytest.raises(JobError, match="There is a job 'a1' already"):
        store.create(queued())


def test_an_unknown_id_is_an_error(store):
    with pytest.raises(JobNotFoundError, match="no job 'b'"):
        store.get("b")


def test_a_job_is_found_by_its_id_a_prefix_and_as_the_last(store):
    store.create(queued("b2"))
    store.create(queued("a"))
    assert [store.find(text).id for text in ("a", "a1", "b", "last")] == ["a", "a1", "b2", "a"]


def test_a_prefix_of_several_ids_is_refused_with_some_of_them(store):
    store.create(queued("a2"))
    with pytest.raises(
        JobNotFoundError, match=r"2 jobs have ids that begin with 'a': a1, a2, \.\.\. Give more of the id"
    ):
        store.find("a")


@pytest.mark.parametrize("text", ["x", "", "a11"])
def test_what_is_no_prefix_of_an_id_finds_nothing(store, text):
    with pytest.raises(JobNotFoundError, match=f"No job's id is, or begins with, '{text}'"):
        store.find(text)


def test_the_last_of_no_jobs_is_none(empty):
    with pytest.raises(JobNotFoundError, match="'last'"):
        empty.find("last")


def test_records_are_selected_by_status_backend_tag_and_time_the_newest_first(empty):
    store = empty
    for i in range(6):
        backend = "coin" if i % 2 else "basic/coin"
        store.create(queued(f"j{i}", created=float(i), backend=backend, tags=("even",) if i % 2 == 0 else ()))
    store.transition("j3", (S.QUEUED,), S.CANCELLED)

    def ids(**filters):
        return [record.id for record in store.select(**filters)]

    assert ids() == ["j5", "j4", "j3", "j2", "j1", "j0"]
    assert ids(status=(S.CANCELLED,)) == ["j3"]
    assert ids(backend="basic/coin") == ["j4", "j2", "j0"]
    assert ids(backend="coin") == ids()
    assert ids(tag="even", limit=2) == ["j4", "j2"]
    assert ids(since=4.0) == ["j5", "j4"]
    assert ids(since=1.0, backend="basic/coin", tag="even", status=(S.QUEUED, S.CANCELLED), limit=1) == ["j4"]
    assert ids(status=()) == ids(limit=0) == ids(tag="odd") == []


# --- transitions


def test_a_transition_writes_status_history_and_fields_together(store):
    record = store.transition("a1", (S.QUEUED,), S.RUNNING, at=101.0, native_id="n")
    assert record == store.get("a1")
    assert (record.status, record.native_id, record.revision) == (S.RUNNING, "n", 1)
    assert record.history == (StatusChange(S.QUEUED, 100.0), StatusChange(S.RUNNING, 101.0))


def test_a_transition_from_another_status_than_expected_changes_nothing(store):
    assert store.transition("a1", (S.RUNNING,), S.DONE) is None
    assert store.get("a1") == queued()


@pytest.mark.parametrize("final", JOB_FINAL_STATES)
def test_nothing_leaves_a_final_status_in_the_store(store, final):
    before = store.transition("a1", (S.QUEUED, S.RUNNING), final)
    for status in JOB_FINAL_STATES:
        assert store.transition("a1", (S.QUEUED, S.RUNNING), status) is None
    assert store.update("a1", native_id="late") is None
    assert store.get("a1") == before


def test_a_transition_that_can_never_be_allowed_is_an_error(store):
    with pytest.raises(InvalidTransition, match=r"can't go from DONE to RUNNING\. DONE allows nothing: it is final"):
        store.transition("a1", (S.QUEUED, S.DONE), S.RUNNING)


def test_a_skipped_status_is_recorded_as_inferred(store):
    record = store.transition("a1", (S.QUEUED, S.RUNNING), S.DONE, at=105.0)
    assert record.history[1:] == (StatusChange(S.RUNNING, 105.0, 1, True), StatusChange(S.DONE, 105.0))


def test_a_retry_counts_the_attempt(store):
    store.transition("a1", (S.QUEUED,), S.RUNNING)
    store.transition("a1", (S.RUNNING,), S.QUEUED)
    record = store.transition("a1", (S.QUEUED,), S.RUNNING)
    assert record.attempt == 2
    assert [(line.status.name, line.attempt) for line in record.history] == [
        ("QUEUED", 1),
        ("RUNNING", 1),
        ("QUEUED", 2),
        ("RUNNING", 2),
    ]


def test_a_job_whose_end_was_asked_for_is_neither_started_nor_queued_again(store):
    store.create(queued("b"))
    store.transition("b", (S.QUEUED,), S.RUNNING)
    for job_id in ("a1", "b"):
        store.update(job_id, cancel_requested=True)
    assert store.transition("a1", (S.QUEUED,), S.RUNNING) is None
    assert store.transition("b", (S.RUNNING,), S.QUEUED) is None
    assert store.transition("a1", (S.QUEUED,), S.CANCELLED).status is S.CANCELLED
    assert store.transition("b", (S.RUNNING,), S.DONE).status is S.DONE


def test_the_times_of_a_history_never_decrease_though_the_clock_does(store):
    store.transition("a1", (S.QUEUED,), S.RUNNING, at=50.0)
    record = store.transition("a1", (S.RUNNING,), S.DONE, at=-3600.0)
    assert [line.time for line in record.history] == [100.0, 100.0, 100.0]


def test_a_transition_without_a_time_takes_the_present(store):
    record = store.transition("a1", (S.QUEUED,), S.RUNNING)
    assert record.history[-1].time > 1_600_000_000


def test_an_update_is_a_revision_of_its_own(store):
    record = store.update("a1", progress=JobProgress(0.5, "half"))
    assert (record.revision, record.progress.text, record.status) == (1, "half", S.QUEUED)


def test_of_threads_that_race_to_end_a_job_exactly_one_wins(empty):
    store, wins = empty, []
    numbers = range(100)
    for i in numbers:
        store.create(queued(f"j{i}"))
    together = threading.Barrier(6)

    def race(status):
        together.wait()
        wins.extend((i, status) for i in numbers if store.transition(f"j{i}", (S.QUEUED, S.RUNNING), status))

    threads = [threading.Thread(target=race, args=(status,)) for status in JOB_FINAL_STATES * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(i for i, _ in wins) == list(numbers)
    assert all(store.get(f"j{i}").status is status for i, status in wins)


# --- results


def test_a_result_is_kept_with_the_end(store):
    result = statevector(2)
    store.transition("a1", (S.QUEUED,), S.DONE, result=result)
    assert store.result("a1") == result


def test_a_job_that_is_born_done_has_its_result_and_log(empty):
    result = statevector(2)
    empty.create(changed(queued(), status=S.DONE), result, [LogLine(1.0, "hi")])
    assert empty.result("a1") == result
    assert empty.logs("a1") == [LogLine(1.0, "hi")]


def test_a_job_that_failed_keeps_its_reason_and_no_result(store):
    failure = Failure("exception", "ValueError: no", "Traceback ...")
    assert store.transition("a1", (S.QUEUED,), S.ERROR, error=failure).error == failure
    assert store.get("a1").error == failure
    with pytest.raises(ResultNotStored, match="of job a1 is not in the store"):
        store.result("a1")


def test_a_job_without_a_result_says_so(store):
    with pytest.raises(ResultNotStored, match="The result of job a1 is not in the store"):
        store.result("a1")


def test_the_oldest_results_go_when_they_take_too_much_memory():
    store = MemoryStore(max_result_bytes=10_000)
    for i in range(5):
        store.create(changed(queued(f"j{i}"), status=S.DONE), statevector(256))
    assert [job_id for job_id in ("j0", "j1", "j2", "j3", "j4") if _has_result(store, job_id)] == ["j3", "j4"]
    assert len(store.select()) == 5


def test_the_newest_result_stays_however_large_it_is():
    store = MemoryStore(max_result_bytes=100)
    store.create(changed(queued(), status=S.DONE), statevector(256))
    assert _has_result(store, "a1")


def test_arrays_in_the_data_of_a_result_count():
    store = MemoryStore(max_result_bytes=1000)
    for i in range(3):
        result = Result([CircuitResult(name="c", data={"samples": np.zeros(100)})])
        store.create(changed(queued(f"j{i}"), status=S.DONE), result)
    assert not _has_result(store, "j1")


def _has_result(store, job_id):
    try:
        return bool(store.result(job_id))
    except ResultNotStored:
        return False


def test_the_oldest_finished_jobs_are_forgotten_and_unfinished_ones_never():
    store = MemoryStore(max_finished=3)
    store.create(queued("waiting"))
    for i in range(6):
        store.create(queued(f"j{i}"), logs=[LogLine(0.0, "x")])
        store.transition(f"j{i}", (S.QUEUED,), S.DONE, result=statevector(2))
    assert [record.id for record in store.select()] == ["j5", "j4", "j3", "waiting"]
    assert store._result_bytes == 3 * 2 * 16
    assert set(store._logs) == {"j3", "j4", "j5"}


# --- what was asked for, and forgetting


def test_requests_to_end_a_job_are_told_to_its_owner_while_it_runs(empty):
    for job_id, owner in (("a", "me"), ("b", "me"), ("c", "you")):
        empty.create(queued(job_id, owner=owner))
        empty.update(job_id, cancel_requested=job_id != "b")
    assert empty.cancel_requests("me") == ["a"]
    empty.transition("a", (S.QUEUED,), S.CANCELLED)
    assert empty.cancel_requests("me") == []


def test_pruning_forgets_the_jobs_that_ended_before(empty):
    for i in range(4):
        empty.create(queued(f"j{i}", tags=("t",)), logs=[LogLine(0.0, "x")])
    for i in range(3):
        empty.transition(f"j{i}", (S.QUEUED,), S.DONE, result=statevector(2), at=200.0 + i)
    assert empty.prune(202.0) == 2
    assert [record.id for record in empty.select(tag="t")] == ["j3", "j2"]
    assert empty.result("j2") == statevector(2)
    with pytest.raises(JobNotFoundError, match="no job 'j0'"):
        empty.result("j0")
    assert empty.prune(202.0) == 0


# --- logs


def test_a_log_keeps_its_lines_in_order(store):
    store.add_logs("a1", [LogLine(1.0, "one")])
    store.add_logs("a1", [LogLine(2.0, "two"), LogLine(3.0, "three")])
    assert [line.text for line in store.logs("a1")] == ["one", "two", "three"]


def test_a_job_that_logged_nothing_has_an_empty_log(store):
    assert store.logs("a1") == []


def test_the_log_of_an_unknown_job_is_an_error(store):
    with pytest.raises(JobNotFoundError, match="no job 'b'"):
        store.add_logs("b", [LogLine(1.0, "one")])
    with pytest.raises(JobNotFoundError, match="no job 'b'"):
        store.logs("b")


def test_a_long_log_keeps_its_newest_lines_and_says_how_many_it_does_not():
    log = CappedLog([LogLine(float(i), f"line {i}") for i in range(100)], max_lines=3)
    assert [line.text for line in log.lines()] == [
        "[97 earlier lines are not kept: a log holds 3 lines, 1048576 characters]",
        "line 97",
        "line 98",
        "line 99",
    ]


def test_a_store_bounds_the_log_of_a_job_by_lines(store):
    for start in range(0, 10_500, 500):
        store.add_logs("a1", [LogLine(float(i), f"line {i}") for i in range(start, start + 500)])
    lines = [line.text for line in store.logs("a1")]
    assert lines[0] == "[500 earlier lines are not kept: a log holds 10000 lines, 1048576 characters]"
    assert lines[1:] == [f"line {i}" for i in range(500, 10_500)]


def test_a_store_bounds_the_log_of_a_job_by_characters(store):
    for letter in "abc":
        store.add_logs("a1", [LogLine(0.0, letter * 400_000)])
    store.add_logs("a1", [])
    assert [line.text[:9] for line in store.logs("a1")] == ["[1 earlie", "b" * 9, "c" * 9]
    store.add_logs("a1", [LogLine(0.0, "d" * 2_000_000)])
    assert [len(line.text) for line in store.logs("a1")[1:]] == [(1 << 20) + 3]


def test_a_log_of_long_lines_stays_within_its_bytes():
    log = CappedLog(max_characters=1000)
    log.extend(LogLine(0.0, "x" * 300) for _ in range(50))
    assert [len(line.text) for line in log.lines()[1:]] == [300, 300, 300]


def test_of_a_line_that_is_too_long_the_beginning_is_kept():
    log = CappedLog(max_characters=10)
    log.extend([LogLine(0.0, "0123456789abcdef")])
    assert [line.text for line in log.lines()] == ["0123456789..."]
