"""The durable store: what stands in its file and beside it, who may open it, and what damage comes to."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import apsw
import numpy as np
import pytest

from qdock.call import Call
from qdock.circuit import Circuit
from qdock.errors import ResultNotStored, StoreError
from qdock.expr import Parameter
from qdock.gates import gate
from qdock.job import JobStatus
from qdock.result import CircuitResult, Result
from qdock.results import result_io
from qdock.results.values import NotStored
from qdock.stores import documents as documents_module
from qdock.stores import leases, sqlite_files, sqlite_store
from qdock.stores.documents import digest, pack, unpack
from qdock.stores.sqlite_schema import APPLICATION_ID, MIGRATIONS, VERSION
from qdock.stores.sqlite_store import SqliteStore
from qdock.stores.stored import program_from_value
from qdock.tracking.record import Deferred, Failure, LogLine, Record, StatusChange, changed

S = JobStatus
STORES = Path(__file__).parent / "stores"
LARGE = 1 << 14


def queued(job_id="a1", **fields):
    fields = {"backend": "basic/coin", "created": 100.0, **fields}
    return Record(id=job_id, status=S.QUEUED, history=(StatusChange(S.QUEUED, fields["created"]),), **fields)


def done(job_id="a1", **fields):
    return changed(queued(job_id, **fields), status=S.DONE)


def statevector(num_amplitudes):
    return Result([CircuitResult(name="c", statevector=np.eye(1, num_amplitudes)[0].astype(complex))])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a folder ü" / "jobs.sqlite"


@pytest.fixture
def store(path):
    store = SqliteStore(path)
    yield store
    store.close()


def files_beside(path):
    return sorted((path.parent / f"{path.name}.files" / "data").glob("*"))


# --- what is at rest


def test_nothing_is_made_before_it_is_needed(path):
    SqliteStore(path)
    assert not path.parent.exists()


def test_another_handle_on_the_file_finds_everything_of_a_job(path, store):
    circuit = Circuit(2, 2).h(0).measure_all()
    options = {"shots": 10, "noise": np.eye(3)}
    record = done(program=circuit, options=options, seed=7, tags=("t",), metadata={"who": "ada"}, metrics={"run": 0.5})
    store.create(record, statevector(4), [LogLine(1.0, "one \udc80")])
    store.close()
    found = SqliteStore(path).find("last")
    assert isinstance(found.program, Deferred)
    assert found.program == circuit
    assert (found.seed, found.tags, found.metadata, found.metrics) == (7, ("t",), {"who": "ada"}, {"run": 0.5})
    np.testing.assert_array_equal(found.options["noise"], np.eye(3))
    assert SqliteStore(path).result("a1") == statevector(4)
    assert [line.text for line in SqliteStore(path).logs("a1")] == ["one ?"]


def test_small_results_are_in_the_file_and_large_ones_beside_it(path, store):
    store.create(done("small"), statevector(4))
    assert files_beside(path) == []
    store.create(done("large"), statevector(LARGE))
    assert len(files_beside(path)) == 1
    assert store.result("large") == statevector(LARGE)


def test_a_large_program_is_beside_the_file(path, store):
    program = Call("numpy:sum", (np.arange(40_000),))
    store.create(queued(program=program))
    assert len(files_beside(path)) == 1
    np.testing.assert_array_equal(SqliteStore(path).get("a1").program.load().args[0], np.arange(40_000))


def test_a_file_that_no_record_refers_to_is_removed_at_once(path, store):
    store.create(queued())
    store.transition("a1", (S.QUEUED,), S.CANCELLED)
    assert store.transition("a1", (S.QUEUED,), S.DONE, result=statevector(LARGE)) is None
    assert files_beside(path) == []


def test_pruning_removes_the_files_too(path, store):
    store.create(done(), statevector(LARGE))
    assert store.prune(101.0) == 1
    assert files_beside(path) == []


def test_pruning_removes_files_that_a_kill_left_behind_and_no_young_ones(path, store):
    store.create(done("kept"), statevector(LARGE))
    (kept,) = files_beside(path)
    for name, age in (("old.npz", 1.0), ("young.npz", kept.stat().st_mtime)):
        (kept.parent / name).touch()
        os.utime(kept.parent / name, (age, age))
    os.utime(kept, (1.0, 1.0))
    assert store.prune(0.0) == 0
    assert files_beside(path) == sorted([kept, kept.parent / "young.npz"])


def test_a_program_that_can_not_be_stored_lives_as_long_as_its_job(path, store):
    program = Call(lambda: 1)
    store.create(queued(program=program))
    assert store.transition("a1", (S.QUEUED,), S.RUNNING).program is program
    assert "can't be imported" in SqliteStore(path).get("a1").program.load().reason


def test_a_result_that_can_not_be_stored_is_refused_later_with_the_reason(store, caplog):
    class Odd(Result):
        def to_bytes(self):
            raise TypeError("it holds a socket")

    store.create(queued())
    assert store.transition("a1", (S.QUEUED,), S.DONE, result=Odd([])).status is S.DONE
    assert "this process alone has it" in caplog.text
    with pytest.raises(ResultNotStored, match=r"could not be stored \(it holds a socket\), and its owner has ended"):
        store.result("a1")


# --- versions


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_file_of_every_version_opens(path, version):
    path.parent.mkdir()
    build = apsw.Connection(str(path))
    build.execute((STORES / f"version_{version}.sql").read_text(encoding="utf-8"))
    build.close()
    store = SqliteStore(path)
    assert [record.id for record in store.select()] == (["c3", "b2", "a1"] if version < 4 else ["d4", "c3", "b2", "a1"])
    assert store.result("a1").get_counts() == {"0": 6, "1": 4}
    if version >= 4:
        assert store.result("d4").get_counts() == [{"0": 10}, {"0": 9, "1": 1}] * 10
    short = Circuit(1, 1).h(0).measure(0, 0)
    assert store.get("a1").program == short
    assert store.get("b2").program == (short if version < 3 else several())
    assert [line.text for line in store.logs("a1")] == ["hello"]
    assert store.get("b2").error.message == "no"
    assert store.get("c3").status is S.QUEUED
    store.create(queued("new"))
    assert path.exists()
    store.close()
    assert user_version(path) == VERSION


def several():
    """The circuits that `write_old_store.several` wrote."""
    plain = Circuit(3, 3)
    for number in range(30):
        plain.rz(number / 10, number % 3).ccx(*((number + step) % 3 for step in range(3)))
    more = Circuit(2, 2, global_phase=0.5).h(0).measure(0, 1).barrier()
    more.if_(more.bit(1), more.block().x(1)).append(gate("h").control(1, 0), [1, 0]).rx(Parameter("a"), 0).reset(1)
    return plain.measure_all(), more, plain


def user_version(path):
    db = apsw.Connection(str(path))
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return version


def test_an_older_qdock_reads_and_writes_what_a_later_minor_version_wrote(path, store):
    store.create(queued())
    store.close()
    later(path, reader=VERSION)
    store = SqliteStore(path)
    assert store.get("a1").id == "a1"
    store.create(queued("b2"))
    assert [record.id for record in store.select()] == ["b2", "a1"]
    store.close()
    assert user_version(path) == VERSION + 1


def test_a_file_of_a_later_major_version_is_refused(path, store):
    store.create(queued())
    store.close()
    later(path, reader=VERSION + 1)
    with pytest.raises(StoreError, match=rf"is of version {VERSION + 1}, but this qdock reads up to {VERSION}"):
        SqliteStore(path).select()


def later(path, reader):
    """Make of a store one that a later version wrote, which has a column and a table more."""
    db = apsw.Connection(str(path))
    db.execute("ALTER TABLE job ADD COLUMN colour TEXT; CREATE TABLE more (x)")
    db.execute("UPDATE about SET value = ? WHERE name = 'reader'", (reader,))
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()


def test_a_migration_that_another_has_made_is_not_made_again(path):
    threads = [threading.Thread(target=SqliteStore(path).select) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = SqliteStore(path)
    store.create(queued())
    assert store.get("a1").id == "a1"
    store.close()
    assert len(MIGRATIONS) == user_version(path)


# --- programs


def documents(path):
    """Return the kinds of documents in a file, each with its content, or with the start of its file's name."""
    db = apsw.Connection(str(path))
    rows = db.execute("SELECT kind, coalesce(content, substr(file, 1, 9)) FROM document").fetchall()
    db.close()
    return dict(rows)


def long_circuit(operations):
    circuit = Circuit(2, 2)
    for number in range(operations):
        circuit.rx(number / 7, number % 2)
    return circuit


def test_a_short_program_is_json_and_a_long_one_or_many_are_arrays(path, store):
    for number, program in enumerate((Circuit(1).h(0), (Circuit(1),) * 3, (long_circuit(99), Call("math:cos", (1,))))):
        store.create(queued(f"short {number}", program=program))
        assert set(documents(path)) == {"given", "program"}
    for number, program in enumerate((long_circuit(64), (long_circuit(4),) * 16)):
        store.create(queued(f"long {number}", program=program))
        assert documents(path)["packed program"].startswith(b"PK")
        store.prune(0)


def test_a_program_with_more_json_than_an_archive_may_have_is_json(path, store, monkeypatch):
    circuit = long_circuit(100)
    circuit.metadata = {"note": "x" * 1000}
    monkeypatch.setattr(result_io, "MAX_JSON_BYTES", 1000)
    store.create(done(program=(circuit, circuit)))
    assert set(documents(path)) == {"given", "program"}
    assert SqliteStore(path).get("a1").program == (circuit, circuit)


def test_packed_programs_come_back_as_they_were_given(path, store):
    for job_id, program in {
        "one": long_circuit(100),
        "several": (long_circuit(100),),
        "large": long_circuit(40_000),
    }.items():
        store.create(done(job_id, program=program))
        read = SqliteStore(path).get(job_id).program
        assert isinstance(read, Deferred)
        assert read == program
        assert type(read.load()) is type(program)
    assert [file.name[:9] for file in files_beside(path)] == ["packed-pr"]
    assert store.prune(1e9) == 3
    assert files_beside(path) == []


def test_an_older_qdock_hears_why_it_has_no_packed_program(path, store):
    store.create(done(program=long_circuit(100)))
    program = program_from_value(*unpack(documents(path)["program"]))
    assert isinstance(program, NotStored)
    assert "it is packed as only a later version of qdock can read it: update qdock" in program.reason


def test_a_new_file_differs_from_older_ones_in_one_table_only(path, store, tmp_path):
    store.open()
    older = apsw.Connection(str(tmp_path / "older.sqlite"))
    for script in MIGRATIONS:
        older.execute(script)
    tables = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    new = dict(apsw.Connection(str(path)).execute(tables).fetchall())
    assert [name for name, sql in older.execute(tables).fetchall() if new.pop(name) != sql] == ["document"]
    assert new == {}


def test_packed_circuits_that_break_the_rules_are_damaged_whatever_their_sha256_says(path, store):
    store.create(done(program=long_circuit(100)))
    db = apsw.Connection(str(path))
    content = documents(path)["packed program"]
    value, arrays = unpack(content)
    arrays["qubits"] = arrays["qubits"] + np.uint8(2)
    content = b"".join(pack(value, arrays))
    db.execute(
        "UPDATE document SET content = ?, digest = ? WHERE kind = 'packed program'",
        (content, digest("a1", "packed program", content).digest()),
    )
    db.close()
    with pytest.raises(
        StoreError,
        match=r"The packed program of job a1 is damaged in the store: Plain operation 0 of circuit 0 is invalid: 'rx'",
    ):
        store.get("a1").program.load()


def test_packed_circuits_that_are_lost_are_not_taken_for_those_of_a_later_version(path, store):
    store.create(done(program=long_circuit(100)))
    with apsw.Connection(str(path)) as db:
        db.execute("DELETE FROM document WHERE kind = 'packed program'")
    db.close()
    with pytest.raises(StoreError, match="The program of job a1 is damaged in the store: its packed circuits are not"):
        store.get("a1").program.load()


# --- files that are none of ours, or damaged


def test_a_file_of_another_program_is_refused_and_left_as_it_is(path):
    path.parent.mkdir()
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE diary (text)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is an SQLite file of another program"):
        SqliteStore(path).select()
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"Dear diary, " * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged or no store"):
        SqliteStore(path).create(queued())
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_store(path):
    path.parent.mkdir()
    path.touch()
    store = SqliteStore(path)
    store.create(queued())
    assert store.get("a1").id == "a1"
    store.close()
    db = apsw.Connection(str(path))
    assert db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    db.close()


def test_a_file_that_was_cut_short_is_an_error(path, store):
    for i in range(50):
        store.create(done(f"j{i}"), statevector(256))
    store.close()
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match="is damaged"):
        [SqliteStore(path).result(f"j{i}") for i in range(50)]


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"can't be read or written .* Check the disk"):
        SqliteStore(tmp_path / "file" / "jobs.sqlite").select()


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="can't be opened or written"):
        SqliteStore(tmp_path).select()


@pytest.mark.parametrize("kind", ["given", "program", "result"])
def test_a_changed_document_is_not_believed(store, kind):
    store.create(done(program=Circuit(1, 1).h(0), options={"shots": 5}), statevector(4))
    with store._files.write() as db:
        (content,) = db.execute("SELECT content FROM document WHERE kind = ?", (kind,)).fetchone()
        content = content.replace(b"\x00", b"\x01", 1) if kind == "result" else content.replace(b"1", b"2", 1)
        db.execute("UPDATE document SET content = ? WHERE kind = ?", (content, kind))
    with pytest.raises(StoreError, match=f"The {kind} of job a1 is damaged in the store: its sha256 is not"):
        store.result("a1") if kind == "result" else store.get("a1").program.load()


def test_a_changed_record_is_not_believed_and_left_out_of_lists(store, caplog):
    store.create(queued("b2"))
    store.create(done())
    with store._files.write() as db:
        db.execute("UPDATE job SET status = 'QUEUED' WHERE id = 'a1'")
    with pytest.raises(StoreError, match="The record of job a1 is damaged"):
        store.get("a1")
    assert [record.id for record in store.select()] == ["b2"]
    assert "Job a1 is left out" in caplog.text


def test_a_damaged_record_of_a_dead_owner_hides_no_other(store):
    store.create(queued("b2", owner="me"))
    store.create(queued("a1", owner="me"))
    with store._files.write() as db:
        db.execute("UPDATE job SET state = x'7b7d' WHERE id = 'b2'")
    store._owners.release("me")
    assert [record.id for record in store.select()] == ["a1"]


def test_a_store_that_can_not_be_read_is_closed_all_the_same(path, store):
    store.create(queued(owner="me"))
    store._files.close()
    path.write_bytes(b"x" * 10_000)
    store.close()
    with pytest.raises(StoreError, match="is damaged or no store"):
        store.get("a1")


def test_the_result_of_another_job_is_not_taken_for_this_ones(store):
    store.create(done("a1"), statevector(4))
    store.create(done("b2"), statevector(8))
    with store._files.write() as db:
        db.execute("DELETE FROM document WHERE kind = 'result' AND job = 1")
        db.execute("UPDATE document SET job = 1 WHERE kind = 'result'")
    with pytest.raises(StoreError, match="The result of job a1 is damaged"):
        store.result("a1")


def test_a_changed_line_of_a_log_is_named_and_hides_no_other(store):
    store.create(queued())
    store.add_logs("a1", [LogLine(float(i), f"line {i}") for i in range(4)])
    with store._files.write() as db:
        db.execute("UPDATE log SET text = 'wrong' WHERE line = 1; UPDATE log SET time = 9 WHERE line = 2")
    assert [line.text for line in store.logs("a1")] == [
        "line 0",
        "[damaged: the sha256 of line 1 is not the one recorded]",
        "[damaged: the sha256 of line 2 is not the one recorded]",
        "line 3",
    ]
    with store._files.write() as db:
        db.execute("DELETE FROM log WHERE line = 3")
    assert store.logs("a1")[-1].text == "[damaged: 3 lines are there, not all]"
    with store._files.write() as db:
        db.execute("UPDATE log_size SET lines = x'00'; UPDATE log SET time = 'x', text = x'00' WHERE line = 0")
    assert store.logs("a1")[0] == LogLine(0.0, "[damaged: the sha256 of line 0 is not the one recorded]")


def test_a_changed_file_is_not_believed(path, store):
    store.create(done(), statevector(LARGE))
    (file,) = files_beside(path)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"the sha256 of its file .* is not the one recorded"):
        store.result("a1")


def test_a_file_that_is_gone_is_an_error(path, store):
    store.create(done(), statevector(LARGE))
    files_beside(path)[0].unlink()
    with pytest.raises(StoreError, match=r"its file .* can't be read \(No such file or directory\)"):
        store.result("a1")


def test_a_store_that_is_deleted_is_begun_anew(path, store):
    store.create(queued())
    shutil.rmtree(path.parent)
    store.create(queued("b2"))
    assert [record.id for record in store.select()] == ["b2"]
    assert path.exists()


# --- processes and owners


def in_a_child(work):
    """Return what a forked child does: 0 if `work` returned true."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def test_a_connection_does_not_cross_a_fork(path, store):
    def no_file_is_open():
        return str(path) not in {os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()}

    def use():
        before = no_file_is_open()
        store.create(queued("b2"))
        return before and len(store.select()) == 2

    store.create(queued())
    assert not no_file_is_open()
    assert in_a_child(use) == 0
    assert [record.id for record in store.select()] == ["b2", "a1"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_waits_for_another_threads_transaction(store):
    store.create(queued())
    begun, ended = threading.Event(), []

    def write():
        with store._files.write() as db:
            db.execute("UPDATE job SET owner = 'x'")
            begun.set()
            time.sleep(0.05)
            ended.append(True)

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait(10)
    assert in_a_child(lambda: bool(ended) and store.get("a1").id == "a1") == 0
    thread.join()


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_that_was_forked_off_in_the_midst_of_a_transaction_can_not_use_the_store(store, monkeypatch):
    monkeypatch.setattr(sqlite_files, "BUSY_SECONDS", 0.01)
    store.create(queued())
    begun, go_on = threading.Event(), threading.Event()

    def write():
        with store._files.write() as db:
            db.execute("UPDATE job SET owner = 'x'")
            begun.set()
            go_on.wait(10)

    def is_refused():
        with pytest.raises(StoreError, match="it was forked off while another thread had been writing for too long"):
            store.get("a1")
        return True

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait(10)
    assert in_a_child(is_refused) == 0
    go_on.set()
    thread.join()
    assert store.get("a1").id == "a1"


def test_a_thread_has_a_connection_of_its_own_which_goes_with_it(store):
    store.create(queued())
    for _ in range(5):
        thread = threading.Thread(target=store.get, args=("a1",))
        thread.start()
        thread.join()
    store.get("a1")
    assert len(store._files._all) <= 2


OWNER = """
import os, socket, sys
from qdock.job import JobStatus
from qdock.tracking.record import Record, StatusChange
from qdock.stores.sqlite_store import SqliteStore
history = (StatusChange(JobStatus.QUEUED, 1.0),)
owner = f"{socket.gethostname()}:1:abc"
record = Record(id="a1", backend="b", status=JobStatus.QUEUED, history=history, created=1.0, owner=owner)
SqliteStore(sys.argv[1]).create(record)
print("ready", flush=True)
sys.stdin.readline()
os._exit(9)
"""


def test_a_job_is_lost_when_its_owner_dies_and_not_before(path):
    command = [sys.executable, "-c", OWNER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        store = SqliteStore(path)
        assert store.get("a1").status is S.QUEUED
        assert [record.status for record in store.select()] == [S.QUEUED]
        process.communicate(b"\n")
    (record,) = store.select(status=(S.ERROR,))
    assert record.error.kind == "worker_lost"
    assert ":1:abc, ended before it" in record.error.message
    assert store.get("a1") == record
    assert list((path.parent / f"{path.name}.files" / "owners").iterdir()) == []


def test_a_job_whose_owner_died_is_lost_when_it_is_looked_at_alone(store):
    store.create(queued(owner="me"))
    store._owners.release("me")
    assert store.get("a1").error.kind == "worker_lost"


@pytest.mark.parametrize(
    "executor, moves, ended",
    [
        ("process", (), S.CANCELLED),
        ("thread", (S.RUNNING,), S.CANCELLED),
        ("inline", (S.RUNNING,), S.CANCELLED),
        # Whose work was elsewhere may go on for a moment.
        ("process", (S.RUNNING,), S.ERROR),
        ("adopted", (S.RUNNING,), S.ERROR),
    ],
)
def test_a_job_that_was_asked_to_stop_is_cancelled_once_its_owner_has_died(store, executor, moves, ended):
    store.create(queued(owner="me", executor=executor))
    for status in moves:
        store.transition("a1", (S.QUEUED,), status)
    store.update("a1", cancel_requested=True)
    store._owners.release("me")
    record = store.get("a1")
    assert (record.status, record.error is None) == (ended, ended is S.CANCELLED)
    assert record.history[-1].status is ended


def test_a_reason_with_half_a_surrogate_pair_is_recorded_and_read(store):
    store.create(queued(owner="me", options={"name": "\udc00"}))
    store.transition("a1", (S.QUEUED,), S.ERROR, error=Failure("exception", "no \ud800"))
    (record,) = store.select()
    assert (record.error.message, record.options) == ("no \ud800", {"name": "\udc00"})


def test_what_is_no_number_is_refused_and_changes_nothing(store):
    store.create(queued())
    with pytest.raises(ValueError, match="JSON"):
        store.update("a1", metrics={"run": math.nan})
    with pytest.raises(ValueError, match="JSON"):
        store.create(queued("b2", time_limit=math.inf))
    assert [record.metrics for record in store.select()] == [{}]


def test_a_job_that_names_no_owner_is_nobodys_to_lose(store):
    store.create(queued())
    assert store.get("a1").status is S.QUEUED


def watcher_of(store, owner):
    """Return a handle on the same file, as another owner has one."""
    other = SqliteStore(store.path)
    other.create(queued(owner, owner=owner))
    return other


def test_an_owner_that_watches_over_others_ends_the_jobs_of_the_dead(store):
    store.create(queued(owner="me"))
    other = watcher_of(store, "you")
    other.watch_over("you")
    assert store.get("a1").status is S.QUEUED
    store._owners.release("me")
    other.watch_over("you")
    with other._files.read() as db:
        assert db.execute("SELECT status FROM job WHERE id = 'a1'").fetchall() == [("ERROR",)]
    assert other.get("you").status is S.QUEUED
    other.close()


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock of leases and heartbeats, to be set."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_an_owner_on_another_host_is_dead_when_its_heartbeat_stood_still_for_the_lease(store, clock):
    far = "far:1:a"
    store.create(queued(owner=far))
    # Its lock is not to be seen from another host.
    store._owners.release(far)
    other = SqliteStore(store.path)
    for _ in range(50):
        clock[0] += leases.LEASE_SECONDS / 5
        store.watch_over(far)
        assert other.get("a1").status is S.QUEUED
    clock[0] += leases.LEASE_SECONDS - 1
    assert other.get("a1").status is S.QUEUED
    clock[0] += 2
    assert other.get("a1").error.kind == "worker_lost"
    other.close()


def test_an_observer_that_has_just_come_takes_no_owner_on_another_host_for_dead(store, clock):
    store.create(queued(owner="far:1:a"))
    store._owners.release("far:1:a")
    clock[0] += 10 * leases.LEASE_SECONDS
    other = SqliteStore(store.path)
    assert [record.status for record in other.select()] == [S.QUEUED]
    other.close()


def test_an_owner_in_another_container_whose_lock_is_seen_lives(store, clock):
    store.create(queued(owner="far:1:a"))
    other = SqliteStore(store.path)
    for _ in range(3):
        assert other.get("a1").status is S.QUEUED
        clock[0] += 2 * leases.LEASE_SECONDS
    other.close()


def test_the_heartbeats_of_owners_without_jobs_are_forgotten(store, clock):
    store.create(queued(owner="me"))
    store.watch_over("me")
    store.transition("a1", (S.QUEUED,), S.DONE)
    clock[0] += leases.BEAT_SECONDS
    store.watch_over("you")
    with store._files.read() as db:
        assert db.execute("SELECT name FROM owner").fetchall() == [("you",)]


def test_closing_keeps_the_lock_of_an_owner_whose_job_runs(path, store):
    store.create(queued(owner="me"))
    store.close()
    assert SqliteStore(path).get("a1").status is S.QUEUED
    store.transition("a1", (S.QUEUED,), S.DONE)
    store.close()
    assert list((path.parent / f"{path.name}.files" / "owners").iterdir()) == []


def test_a_forked_child_does_not_keep_its_parents_lock(store, path):
    store.create(queued(owner="me"))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(reading, 1)
        os._exit(0)
    store._owners.release("me")
    try:
        assert SqliteStore(path).get("a1").error.kind == "worker_lost"
    finally:
        os.write(writing, b"x")
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


def test_several_observers_at_once_lose_a_job_once(path, store):
    store.create(queued(owner="me"))
    store._owners.release("me")
    found = []
    threads = [threading.Thread(target=lambda: found.append(SqliteStore(path).get("a1"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [record.status for record in found] == [S.ERROR] * 4
    assert len(store.get("a1").history) == 2


def test_jobs_of_one_circuit_have_the_program_that_each_ran(store):
    circuit = Circuit(1, 1, name="first").h(0).measure(0, 0)
    store.create(done("a1", program=circuit.snapshot()))
    circuit.name = "second"
    store.create(done("a2", program=circuit.snapshot()))
    circuit.metadata = {"run": 3}
    store.create(done("a3", program=circuit.snapshot()))
    circuit.x(0)
    store.create(done("a4", program=(circuit.snapshot(), Circuit(1))))
    programs = [store.get(job_id).program.load() for job_id in ("a1", "a2", "a3", "a4")]
    assert [program.name for program in programs[:3]] == ["first", "second", "second"]
    assert [program.metadata for program in programs[:3]] == [{}, {}, {"run": 3}]
    assert programs[0] == programs[2] == Circuit(1, 1).h(0).measure(0, 0)
    assert programs[3] == (circuit, Circuit(1))


def test_every_setting_of_a_connection_is_in_force(store):
    store.create(done())
    with store._files.read() as db:
        found = {name: db.pragma(name) for name in ("synchronous", "mmap_size", "cell_size_check", "trusted_schema")}
        assert (found, db.pragma("journal_mode")) == (
            {"synchronous": 1, "mmap_size": 0, "cell_size_check": 1, "trusted_schema": 0},
            "wal",
        )


# --- results in columns


def of_many(circuits=40):
    """Return a result in columns, and its equal made of entries."""
    programs = [Circuit(1, 2, name=f"c{number}") for number in range(circuits)]
    seen = [{number % 4: 3, 3: 1} for number in range(circuits)]
    entries = [CircuitResult.from_counts(circuit, one) for circuit, one in zip(programs, seen, strict=True)]
    return Result(entries, {"seed": 3})


def test_a_result_of_many_circuits_is_columns_and_an_older_qdock_hears_why_it_has_none(path, store):
    store.create(done(), of_many())
    found = documents(path)
    assert found["packed result"].startswith(b"PK")
    assert b"it is packed as only a later version of qdock can read it: update qdock" in found["no result"]
    read = SqliteStore(path).result("a1")
    assert read.get_counts() == of_many().get_counts()
    assert read == of_many()


def test_a_result_of_few_circuits_is_records(path, store):
    store.create(done(), of_many(15))
    assert documents(path).keys() >= {"result"}
    assert not documents(path).keys() & {"packed result", "no result"}


def test_columns_of_a_result_that_are_lost_or_changed_are_damaged(path, store):
    store.create(done("lost"), of_many())
    store.create(done("changed"), of_many())
    db = apsw.Connection(str(path))
    db.execute("DELETE FROM document WHERE kind = 'packed result' AND job = 1")
    with pytest.raises(StoreError, match="The packed result of job lost is damaged in the store: it is not there"):
        SqliteStore(path).result("lost")
    content = documents(path)["packed result"]
    for place in range(0, len(content), 41):
        flipped = content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :]
        db.execute("UPDATE document SET content = ? WHERE kind = 'packed result'", (flipped,))
        with pytest.raises(StoreError, match="The packed result of job changed is damaged in the store: its sha256"):
            SqliteStore(path).result("changed")
    db.close()


def test_a_large_result_of_many_circuits_is_beside_the_file(path, store, monkeypatch):
    monkeypatch.setattr(documents_module, "INLINE_BYTES", 1000)
    store.create(done(), of_many())
    assert [file.name[:13] for file in files_beside(path)] == ["packed-result"]
    assert SqliteStore(path).result("a1") == of_many()
    monkeypatch.setattr(sqlite_store, "_IN_MEMORY_BYTES", 100)
    store.create(done("b2"), of_many())
    assert SqliteStore(path).result("b2") == of_many()


def test_a_late_result_of_many_circuits_comes_back(path, store):
    store.create(queued())
    store.add_late("a1", 1, of_many())
    assert SqliteStore(path).late_results("a1") == {1: of_many()}
