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
from qdock.expr import Parameter
from qdock.gates import gate
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
    programs = {"a1": circuit, "b2": several(), "c3": circuit, "d4": (circuit,) * 20}
    queued = JobStatus.QUEUED
    for second, (job_id, program) in enumerate(programs.items()):
        history = (StatusChange(queued, 100.0 + second),)
        fields = {"backend": "basic/basic_simulator", "program": program, "options": {"shots": 10}, "tags": ("old",)}
        store.create(Record(id=job_id, status=queued, created=100.0 + second, history=history, seed=7, **fields))
    result = Result([CircuitResult.from_counts(circuit, {"0": 6, "1": 4})])
    store.add_logs("a1", [LogLine(101.0, "hello")])
    store.transition("a1", (queued,), JobStatus.DONE, result=result, at=105.0)
    store.transition("d4", (queued,), JobStatus.DONE, result=many(circuit), at=105.0)
    store.transition("b2", (queued,), JobStatus.ERROR, error=Failure("exception", "no"), at=106.0)


def several() -> tuple[Circuit, ...]:
    """Return circuits that are packed from version 3 on."""
    plain = Circuit(3, 3, name="plain")
    for number in range(30):
        plain.rz(number / 10, number % 3).ccx(*((number + step) % 3 for step in range(3)))
    plain.measure_all()
    more = Circuit(2, 2, name="more", global_phase=0.5).h(0).measure(0, 1).barrier()
    more.if_(more.bit(1), more.block().x(1)).append(gate("h").control(1, 0), [1, 0]).rx(Parameter("a"), 0).reset(1)
    more.metadata = {"lab": [1, None]}
    return plain, more, plain


def many(circuit: Circuit) -> Result:
    """Return a result that is in columns from version 4 on."""
    return Result([CircuitResult.from_counts(circuit, {"0": 10 - number % 2, "1": number % 2}) for number in range(20)])


if __name__ == "__main__":
    main()
