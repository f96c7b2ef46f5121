"""A state machine over the lives of jobs in a store: whatever is tried, the model and the store agree."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from qdock.errors import InvalidTransition, JobError, ResultNotStored
from qdock.job import JOB_FINAL_STATES, JobStatus
from qdock.result import CircuitResult, Result
from qdock.store import MemoryStore
from qdock.tracking.record import Failure, LogLine, Record, StatusChange

S = JobStatus
UNFINISHED = (S.INITIALIZING, S.VALIDATING, S.QUEUED, S.RUNNING)
ORDER = ("INITIALIZING", "VALIDATING", "QUEUED", "RUNNING", "DONE")

# Written by hand from the documentation, as an answer that is independent of the table in the code.
ALLOWED = {
    ("INITIALIZING", "VALIDATING"),
    ("INITIALIZING", "QUEUED"),
    ("INITIALIZING", "RUNNING"),
    ("INITIALIZING", "DONE"),
    ("VALIDATING", "QUEUED"),
    ("VALIDATING", "RUNNING"),
    ("VALIDATING", "DONE"),
    ("QUEUED", "RUNNING"),
    ("QUEUED", "DONE"),
    ("RUNNING", "DONE"),
    ("RUNNING", "QUEUED"),
    *((status, end) for status in ORDER[:4] for end in ("ERROR", "CANCELLED")),
}


@dataclass
class Model:
    """What a job should be."""

    status: str
    history: list[tuple[str, bool]]
    attempt: int = 1
    cancel_requested: bool = False
    error: Failure | None = None
    result: Result | None = None
    logs: list[str] = field(default_factory=list)
    tags: tuple[str, ...] = ()


class Lives(RuleBasedStateMachine):
    """Jobs are created, moved, updated and looked for."""

    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.store = MemoryStore()
        self.model = {}
        self.clock = 1000.0

    @rule(target=jobs, status=st.sampled_from((S.INITIALIZING, S.QUEUED)), tags=st.sampled_from(((), ("t",))))
    def create(self, status, tags):
        job_id = f"job-{len(self.model)}"
        history = (StatusChange(status, self.clock),)
        record = Record(id=job_id, backend="b", status=status, history=history, created=self.clock, tags=tags)
        self.store.create(record)
        self.model[job_id] = Model(status.name, [(status.name, False)], tags=tags)
        return job_id

    @rule(job=jobs)
    def create_again(self, job):
        with pytest.raises(JobError, match="There is a job"):
            self.store.create(self.store.get(job))

    @rule(
        job=jobs,
        expected=st.sets(st.sampled_from(UNFINISHED), min_size=1),
        status=st.sampled_from(list(JobStatus)),
        step=st.floats(-10, 10),
    )
    def move(self, job, expected, status, step):
        self.clock += step
        changes = {"error": Failure("exception", "no luck")} if status is S.ERROR else {}
        result = Result([CircuitResult(name=job)]) if status is S.DONE else None
        if any((previous.name, status.name) not in ALLOWED for previous in expected):
            with pytest.raises(InvalidTransition, match="can't go from"):
                self.store.transition(job, expected, status, at=self.clock)
            return
        record = self.store.transition(job, expected, status, result=result, at=self.clock, **changes)
        model = self.model[job]
        starts = status in (S.QUEUED, S.RUNNING)
        wins = S[model.status] in expected and not (starts and model.cancel_requested)
        assert (record is not None) is wins
        if wins:
            self.follow(model, status, result, changes.get("error"))

    def follow(self, model, status, result, error):
        if (model.status, status.name) == ("RUNNING", "QUEUED"):
            model.attempt += 1
        elif status.name in ORDER:
            between = ORDER[ORDER.index(model.status) + 1 : ORDER.index(status.name)]
            model.history += [(name, True) for name in between]
        model.history.append((status.name, False))
        model.status, model.result, model.error = status.name, result, error

    @rule(job=jobs)
    def request_cancel(self, job):
        model = self.model[job]
        final = S[model.status] in JOB_FINAL_STATES
        assert (self.store.update(job, cancel_requested=True) is None) is final
        model.cancel_requested = model.cancel_requested or not final

    @rule(job=jobs, text=st.text(max_size=5))
    def log(self, job, text):
        self.store.add_logs(job, [LogLine(self.clock, text)])
        self.model[job].logs.append(text)

    @rule(job=consumes(jobs))
    def look_at_for_the_last_time(self, job):
        self.check(job)

    @invariant()
    def the_model_and_the_store_agree(self):
        for job in self.model:
            self.check(job)

    def check(self, job):
        record, model = self.store.get(job), self.model[job]
        assert (record.status.name, record.attempt, record.cancel_requested, record.error, record.tags) == (
            model.status,
            model.attempt,
            model.cancel_requested,
            model.error,
            model.tags,
        )
        assert [(line.status.name, line.inferred) for line in record.history] == model.history
        times = [line.time for line in record.history]
        assert times == sorted(times)
        assert [line.text for line in self.store.logs(job)] == model.logs
        if model.result is None:
            with pytest.raises(ResultNotStored, match=job):
                self.store.result(job)
        else:
            assert self.store.result(job) is model.result

    @invariant()
    def what_is_selected_is_what_there_is_the_newest_first(self):
        assert [record.id for record in self.store.select()] == list(reversed(self.model))
        for status in JobStatus:
            found = {record.id for record in self.store.select(status=(status,))}
            assert found == {job for job, model in self.model.items() if model.status == status.name}
        tagged = {record.id for record in self.store.select(tag="t")}
        assert tagged == {job for job, model in self.model.items() if model.tags}


TestLives = Lives.TestCase
TestLives.settings = settings(stateful_step_count=40)
