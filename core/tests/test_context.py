"""What work knows of its job, what is kept of it, and what it runs inside of it."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import apsw
import numpy as np
import pytest

from qdock import Call, Circuit, CircuitResult, Config, Context, Dock, JobCancelledError, JobError, LocalBackend, Result
from qdock.errors import OptionError
from qdock.job import JobStatus
from qdock.results.result_checks import is_same
from qdock.results.values import Unstorable
from qdock.spec import BackendSpec
from qdock.store import MemoryStore
from qdock.stores.sqlite_store import SqliteStore
from qdock.work.events import Checkpoint, Inside, Log, Part, Progress, Recorded
from qdock.work.worker import Worker

SOON = 20.0
S = JobStatus


class Runner(LocalBackend):
    """Calls functions with the context."""

    spec = BackendSpec("runner", "test_context:Runner", accepts=("call",))

    def execute(self, programs, options, context):
        return Result([CircuitResult.from_value(call.name, call.function(context, *call.args)) for call in programs])


class Coin(LocalBackend):
    """A coin of the job's seed."""

    spec = BackendSpec("coin", "test_context:Coin", gates=("h", "x"))

    def execute(self, programs, options, context):
        if options["shots"] == 13:
            raise ValueError("13 is no good")
        context.log("tossed")
        draws = [context.rng(i).integers(0, 2, options["shots"]) for i in range(len(programs))]
        return Result([CircuitResult.from_outcomes(c, d) for c, d in zip(programs, draws, strict=True)])


TOSS = Circuit(1, 1).h(0).measure(0, 0)


@pytest.fixture
def dock():
    config = Config.load(environ={}, executors={"thread": {"slots": 1}})
    with Dock(config, store=MemoryStore(), entry_points=[]) as made:
        yield made


@pytest.fixture
def runner(dock):
    made = Runner()
    made.dock = dock
    return made


@pytest.fixture
def told():
    """A context and the list of what it says."""
    events = []
    return Context("a", 5, Worker("a", events.append)), events


def toss(context, times=3, **options):
    coin = context.backend(Coin(), **options)
    return [coin.run(TOSS, shots=20).result().get_counts() for _ in range(times)]


# --- checkpoints


def test_a_checkpoint_is_what_the_value_was_then(told):
    context, events = told
    value = {"x": np.zeros(2), "n": 1}
    context.checkpoint(value)
    value["x"][0] = 1
    assert is_same(events[0].value["value"], {"x": np.zeros(2), "n": 1})
    assert type(events[0]) is Checkpoint


def test_a_checkpoint_that_can_not_be_kept_is_an_error_there(told):
    with pytest.raises(Unstorable, match=r"A checkpoint can't be kept: Event can't be stored"):
        told[0].checkpoint([threading.Event()])


def test_without_an_earlier_attempt_there_is_nothing_to_resume():
    assert Context().resume() is None
    assert Context().parts == {}
    assert Context(checkpoint={"value": 3}).resume() == 3


def test_a_job_goes_on_from_the_checkpoint_of_the_one_it_repeats(runner):
    def work(context, last):
        done = context.resume() or []
        while len(done) < last:
            done.append(len(done))
            context.checkpoint(done)
        if last == 3:
            raise ValueError("no further")
        return done, context.resume()

    job = runner.run(Call(work, (3,)))
    with pytest.raises(ValueError, match="no further"):
        job.result(SOON)
    assert job.record.checkpoint["value"] == [0, 1, 2]
    again = job.rerun(resume=True, program=Call(work, (5,)))
    assert again.result(SOON).get_value()[0] == [0, 1, 2, 3, 4]
    assert job.rerun(program=Call(work, (4,))).result(SOON).get_value() == ([0, 1, 2, 3], None)


def test_a_job_without_a_checkpoint_can_not_be_resumed(runner):
    job = runner.run(Call(lambda _: 1))
    with pytest.raises(JobError, match="has no checkpoint to go on from"):
        job.rerun(resume=True)


def test_a_retry_goes_on_from_the_last_checkpoint(runner):
    class Passing(Exception):
        retriable = True

    def work(context):
        seen = [*(context.resume() or []), "again"]
        context.checkpoint(seen)
        if len(seen) < 3:
            raise Passing
        return seen

    job = runner.run(Call(work), retries=5)
    assert job.result(SOON).get_value() == ["again"] * 3
    assert job.record.attempt == 3


# --- parts


def test_parts_are_there_before_the_job_has_ended_and_are_kept(runner):
    reached, go_on = threading.Event(), threading.Event()

    def work(context):
        parts = context.parts
        if not parts:
            context.part(1, CircuitResult.from_value("b", 11))
            reached.set()
            assert go_on.wait(SOON)
            raise ValueError("0 is missing")
        return {index: entry.get_value() for index, entry in parts.items()}

    job = runner.run(Call(work))
    assert reached.wait(SOON)
    assert {index: entry.get_value() for index, entry in job.parts.items()} == {1: 11}
    go_on.set()
    job.wait_for_final_state(SOON)
    assert job.parts[1].get_value() == 11
    assert job.rerun(resume=True).result(SOON).get_value() == {1: 11}


def test_a_part_of_the_programs_has_the_indices_and_draws_of_the_whole(told):
    _, events = told
    kept = {"parts": {"indices": [2, 4], "result": Result([CircuitResult(name="c"), CircuitResult(name="e")])}}
    part = Context("a", 5, Worker("a", events.append), kept, first=2)
    part.part(1, CircuitResult(name="d"))
    assert events == [Part(3, CircuitResult(name="d"))]
    assert {index: entry.name for index, entry in part.parts.items()} == {0: "c", 2: "e"}
    assert part.rng(1).random() == Context("a", 5).rng(3).random()


# --- backends inside of a job


def test_runs_inside_of_a_job_have_one_summary_and_no_records(dock, runner):
    job = runner.run(Call(toss), seed=3)
    assert len(job.result(SOON).get_value()) == 3
    assert [found.job_id() for found in dock.jobs()] == [job.job_id()]
    seen = job.record.inside["coin"]
    assert (seen["jobs"], seen["programs"]) == (3, 3)
    assert seen["seconds"] > 0


def test_runs_inside_of_a_job_have_records_if_that_is_wanted(dock, runner):
    job = runner.run(Call(lambda context: toss(context, record=True)), seed=3)
    values = job.result(SOON).get_value()
    inner = [found for found in dock.jobs() if found.record.parent == job.job_id()]
    assert [found.result().get_counts() for found in reversed(inner)] == values
    assert {(found.status(), found.record.executor, *found.logs()) for found in inner} == {(S.DONE, "inline", "tossed")}
    assert job.record.inside == {}


def test_the_same_seed_gives_the_same_runs_inside_each_different(runner):
    first, second = (runner.run(Call(toss), seed=3).result(SOON).get_value() for _ in range(2))
    assert first == second
    assert first[0] != first[1]


def test_after_a_resume_the_runs_inside_go_on_with_the_seeds_that_were_next(runner):
    def work(context, stop=None):
        seen, coin = context.resume() or [], context.backend(Coin())
        while len(seen) < 4:
            seen.append(coin.run(TOSS, shots=20).result().get_counts())
            context.checkpoint(seen)
            if len(seen) == stop:
                raise ValueError("stop")
        return seen

    whole = runner.run(Call(work), seed=8).result(SOON).get_value()
    job = runner.run(Call(work, (2,)), seed=8)
    job.wait_for_final_state(SOON)
    assert job.rerun(resume=True, program=Call(work)).result(SOON).get_value() == whole


def test_a_run_inside_that_fails_is_an_error_like_any_other(runner):
    def work(context):
        job = context.backend(Coin()).run(TOSS, shots=13)
        return job.status(), job.error.message, job.record.parent == context.job_id

    assert runner.run(Call(work)).result(SOON).get_value() == (S.ERROR, "ValueError: 13 is no good", True)


def test_cancelling_a_job_ends_what_it_runs_inside(runner):
    begun = threading.Event()

    class Endless(Coin):
        def execute(self, programs, options, context):
            begun.set()
            while True:
                context.check()

    def in_a_thread_of_its_own(context):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: context.backend(Endless()).run(TOSS).result()).result()

    for work in (lambda context: context.backend(Endless()).run(TOSS).result(), in_a_thread_of_its_own):
        begun.clear()
        job = runner.run(Call(work))
        assert begun.wait(SOON)
        assert job.cancel(wait=SOON) is True
        with pytest.raises(JobCancelledError, match="was cancelled"):
            job.result()


def test_a_backend_inside_is_as_it_is_outside(runner):
    def work(context):
        coin = Coin()
        coin.set_options(shots=7)
        inner = context.backend(coin)
        assert (inner.name, inner.target(), inner.spec) == ("coin", None, coin.spec)
        inner.set_options(shots=8)
        shots = [inner.run(TOSS, executor="process", tags=("a",)).result()[0].shots]
        shots.append(inner.run(TOSS, shots=9, seed=1).result()[0].shots)
        return [*shots, context.backend(coin).run(TOSS).result()[0].shots]

    assert runner.run(Call(work)).result(SOON).get_value() == [8, 9, 7]


def test_a_time_limit_of_a_run_inside_is_refused(runner):
    job = runner.run(Call(lambda context: context.backend(Coin()).run(TOSS, time_limit=1)))
    with pytest.raises(OptionError, match="`time_limit` is for jobs that run by themselves"):
        job.result(SOON)


def test_work_on_the_spot_tells_what_it_ran_inside(dock):
    class Spot(Runner):
        spec = BackendSpec("spot", "test_context:Spot", accepts=("call",))

        def estimate(self, programs, options):
            return 0.0

    backend = Spot()
    backend.dock = dock
    assert backend.run(Call(toss)).record.inside["coin"]["jobs"] == 3
    job = backend.run(Call(lambda context: toss(context, record=True)))
    assert sum(found.record.parent == job.job_id() for found in dock.jobs()) == 3


def test_a_context_alone_runs_on_the_default_dock(dock, monkeypatch):
    monkeypatch.setattr("qdock.default_dock", lambda: dock)
    assert len(toss(Context("a", 3))) == 3


# --- several calls in one job


def test_each_of_several_calls_has_draws_of_its_own_and_no_say_about_the_job(told):
    context, events = told
    first, second = context.of_call(0), context.of_call(1)
    assert len({item.rng().random() for item in (context, first, second)}) == 3
    assert first.rng().random() == Context("a", 5, first=-1).of_call(1).rng().random()
    first.progress(0.5)
    first.checkpoint(1)
    first.log("line")
    assert [event.text for event in events] == ["line"]
    context.worker.stop_requested = True
    with pytest.raises(JobCancelledError):
        second.check()


def test_what_several_calls_run_inside_is_counted_together(told, dock, monkeypatch):
    context, events = told
    monkeypatch.setattr("qdock.default_dock", lambda: dock)
    for index in range(2):
        toss(context.of_call(index))
    context.counter.tell_inside()
    assert events[-1].runs["coin"]["jobs"] == 6
    assert {type(event) for event in events} == {Inside}


# --- written down at a steady interval


class Counting(MemoryStore):
    """A store that other processes are said to read, and that counts what is written."""

    shared = True

    def __init__(self):
        super().__init__()
        self.commits = 0

    def update(self, job_id, **changes):
        self.commits += 1
        return super().update(job_id, **changes)

    def transition(self, *args, **changes):
        self.commits += 1
        return super().transition(*args, **changes)

    def add_logs(self, *args):
        self.commits += 1
        return super().add_logs(*args)


@pytest.fixture
def counted():
    with Dock(Config.load(environ={}), store=Counting(), entry_points=[]) as made:
        yield made


def say_much(context):
    for number in range(1000):
        context.checkpoint({"number": number})
        context.progress(number / 1000, str(number))
        context.log(str(number))
        context.backend(Coin()).run(TOSS, shots=1)
    raise ValueError("the end")


def test_a_thousand_checkpoints_cost_a_bounded_number_of_commits_to_a_file(tmp_path, monkeypatch):
    commits = []
    # SQLite itself calls this, at every commit of every connection; what it returns does not forbid it.
    hook = lambda db: db.set_commit_hook(lambda: bool(commits.append(1)))  # noqa: E731
    monkeypatch.setattr(apsw, "connection_hooks", [hook])
    with Dock(Config.load(environ={}), store=SqliteStore(tmp_path / "jobs.sqlite"), entry_points=[]) as dock:
        dock.run(Call(id), Runner()).wait_for_final_state(SOON)
        assert commits
        commits.clear()
        begun = time.monotonic()
        job = dock.run(Call(say_much), Runner())
        job.wait_for_final_state(SOON)
        assert len(commits) <= 2 * 5 * (time.monotonic() - begun) + 6
        assert job.record.checkpoint == {"value": {"number": 999}, "runs": 999}
        assert len(job.logs()) == 1000
    store = SqliteStore(tmp_path / "jobs.sqlite")
    assert store.get(job.job_id()).checkpoint == {"value": {"number": 999}, "runs": 999}
    store.close()


def test_a_thousand_checkpoints_cost_a_bounded_number_of_commits(counted):
    begun = time.monotonic()
    job = counted.run(Call(say_much), Runner())
    job.wait_for_final_state(SOON)
    # One write of the record and one of the log five times a second, and those of the start and the end.
    assert counted.store.commits <= 2 * 5 * (time.monotonic() - begun) + 6
    assert job.record.checkpoint == {"value": {"number": 999}, "runs": 999}
    assert counted.store.get(job.job_id()).checkpoint == job.record.checkpoint
    assert job.progress.text == "999"
    assert job.record.inside["coin"]["jobs"] == 1000
    assert job.logs() == [str(number) for number in range(1000)]


def test_what_work_says_is_known_in_this_process_at_once(counted):
    said, go_on = threading.Event(), threading.Event()

    def work(context):
        context.progress(0.5, "half")
        context.log("a line")
        said.set()
        assert go_on.wait(SOON)

    job = counted.run(Call(work), Runner())
    assert said.wait(SOON)
    assert (job.progress.text, job.logs()) == ("half", ["a line"])
    assert job.cancel(wait=0) is False
    assert job.progress.text == "half"
    go_on.set()
    job.wait_for_final_state(SOON)
    assert counted.store.get(job.job_id()).progress.text == "half"


def test_other_processes_see_how_far_it_is_while_it_runs(counted):
    go_on = threading.Event()

    def work(context):
        context.progress(0.5, "half")
        assert go_on.wait(SOON)

    job, end = counted.run(Call(work), Runner()), time.monotonic() + SOON
    while counted.store.get(job.job_id()).progress.text != "half":
        assert time.monotonic() < end
        time.sleep(0.01)
    go_on.set()


def test_a_store_that_fails_on_the_way_does_not_stop_the_work(counted, monkeypatch, caplog):
    def fail(*_):
        raise OSError("disk full")

    def work(context):
        context.log("a line")
        return 5

    monkeypatch.setattr(counted.store, "add_logs", fail)
    job = counted.run(Call(work), Runner())
    assert job.result(SOON).get_value() == 5
    assert "could not be recorded" in caplog.text


# --- in other processes


@pytest.fixture(scope="module")
def deeds():
    sys.path.insert(0, str(Path(__file__).parent))
    import deeds

    yield deeds
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture
def pool():
    with ProcessPoolExecutor(1) as made:
        yield made


@pytest.mark.parametrize("where", ["process", "pool"])
def test_what_work_says_in_another_process_reaches_the_owner(dock, deeds, where, request):
    executor = request.getfixturevalue("pool") if where == "pool" else where
    job = dock.run(Call("deeds:tell_everything"), deeds.Teller2(), executor=executor, seed=3)
    job.wait_for_final_state(SOON)
    assert job.error.message == "ValueError: enough"
    assert is_same(job.record.checkpoint["value"], {"x": np.arange(3), "z": 1j})
    assert job.record.inside["coin2"]["jobs"] == 2
    (inner,) = (found for found in dock.jobs() if found.record.parent == job.job_id())
    assert inner.result().get_counts().shots == 5
    assert (job.progress.fraction, job.logs()) == (0.25, ["a line"])


def test_the_events_of_work_have_their_types(told):
    context, events = told
    context.progress(2)
    context.log("x")
    context.counter.count("coin", 1, 0.5)
    context.counter.emit(Recorded(None))
    assert [type(event) for event in events] == [Progress, Log, Inside, Recorded]


def test_the_key_of_a_stream_is_that_of_the_generator_that_draws_from_it() -> None:
    context = Context(seed=5, first=2)
    for circuit in (0, 3):
        key = context.rng(circuit).bit_generator.state["state"]["key"]
        assert tuple(key.tolist()) == context.stream_key(circuit)


def test_what_is_drawn_in_a_job_inside_of_another_moves_nothing_of_the_outer_one() -> None:
    outer = Context(seed=5)
    drawn = outer.moved_rng(1)
    inner = Context(seed=6)
    inner.moved_rng(2).random()
    inner.end()
    assert drawn.random() == outer.rng(1).random()
    outer.end()
    assert Context(seed=7).moved_rng(3).random() == Context(seed=7).rng(3).random()
