"""Write ``stores/version_N.sql``, which every later version must open: ``python core/tests/write_old_store.py``.

It is run once for each version of the schema, by the version that it is of; the file never changes again.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import apsw
import apsw.shell

from qdock.circuit import Circuit
from qdock.job import JobStatus
from qdock.result import CircuitResult, Result
from qdock.stores.sqlite_schema import APPLICATION_ID, VERSION
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import Failure, LogLine, Record, StatusChange


def main() -> None:
    target = Path(__file__).parent / "stores" / f"version_{VERSION}.sql"
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "jobs.sqlite")
        fill(store)
        store.close()
        output = io.StringIO()
        db = apsw.Connection(str(store.path))
        apsw.shell.Shell(stdout=output, db=db).process_command(".dump")
        pragmas = f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {VERSION};\n"
        lines = [line for line in output.getvalue().splitlines() if not line.startswith("--")]
        target.write_text("\n".join([*lines, pragmas]), encoding="utf-8")
    print(target)


def fill(store: SqliteStore) -> None:
    circuit = Circuit(1, 1).h(0).measure(0, 0)
    queued = JobStatus.QUEUED
    for second, job_id in enumerate(("a1", "b2", "c3")):
        history = (StatusChange(queued, 100.0 + second),)
        fields = {"backend": "basic/basic_simulator", "program": circuit, "options": {"shots": 10}, "tags": ("old",)}
        store.create(Record(id=job_id, status=queued, created=100.0 + second, history=history, seed=7, **fields))
    result = Result([CircuitResult.from_counts(circuit, {"0": 6, "1": 4})])
    store.add_logs("a1", [LogLine(101.0, "hello")])
    store.transition("a1", (queued,), JobStatus.DONE, result=result, at=105.0)
    store.transition("b2", (queued,), JobStatus.ERROR, error=Failure("exception", "no"), at=106.0)


if __name__ == "__main__":
    main()
