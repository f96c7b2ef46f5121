"""Dock: backends and executors by name, jobs found again, jobs inside jobs, hooks around a job, and the end."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import gc
import importlib
import logging
import multiprocessing
import os
import threading
import time

import pytest

from qdock import Call, Circuit, CircuitResult, Config, Dock, JobCancelledError, JobError, LocalBackend, Result
from qdock.errors import (
    BackendNotFoundError,
    ExecutorNotFoundError,
    JobNotFoundError,
    JobTimeoutError,
    OptionError,
    PluginError,
    StoreWarning,
    SubmissionRefused,
)
from qdock.executors import ThreadExecutor
from qdock.job import JobStatus
from qdock.spec import BackendSpec, ExecutorSpec
from qdock.store import MemoryStore
from qdock.streams import stream

S = JobStatus
SOON = 10.0


class Runner(LocalBackend):
    """Runs calls with the context."""

    spec = BackendSpec("runner", "x:Runner", accepts=("call",))

    def execute(self, programs, options, context):
        return Result(
            [CircuitResult(name="v", data={"value": call.resolve()(context, *call.args)}) for call in programs]
        )


class Spot(Runner):
    spec = BackendSpec("spot", "x:Spot", accepts=("call",))

    def estimate(self, programs, options):
        return 1e-6


def value_of(job):
    return job.result(SOON).data()["value"]


def one(_context):
    return 1


def fail(_context):
    raise ValueError("no number")


@pytest.fixture
def dock():
    with Dock(entry_points=[]) as dock:
        yield dock


def narrow_dock(**settings):
    return Dock(Config.load(environ={}, executors={"thread": {"slots": 1}}, **settings), entry_points=[])


@pytest.fixture
def opened():
    opened = threading.Event()
    yield opened
    opened.set()


# --- backends by name


COIN = """
from qdock.spec import BackendSpec, ExecutorSpec, hookimpl

@hookimpl
def qdock_backends():
    yield BackendSpec("coin", "made_up_coins:Coin", "A coin.", aliases=("penny",), accepts=("call",), executor="inline")
    yield BackendSpec("bad", "made_up_coins:broken")
    yield BackendSpec("odd", "made_up_coins:odd")
    yield BackendSpec("wrong", "made_up_coins:wrong")

@hookimpl
def qdock_executors():
    yield ExecutorSpec("mine", "made_up_coins:Mine")

def broken(spec, config):
    raise ZeroDivisionError("no coins")

def odd(spec, config):
    from qdock.errors import ConfigError
    raise ConfigError("coins.url is not set")

def wrong(spec, config):
    return 5

def __getattr__(name):
    from qdock import CircuitResult, LocalBackend, Result
    from qdock.executors import InlineExecutor

    class Coin(LocalBackend):
        def execute(self, programs, options, context):
            return Result([CircuitResult(name="c", data={"config": str(self.config.plugin("coins"))})])

    class Mine(InlineExecutor):
        pass

    if name not in ("Coin", "Mine"):
        raise AttributeError(name)
    return {"Coin": Coin, "Mine": Mine}[name]
"""


@pytest.fixture
def coins(plugin):
    config = Config.load(environ={}, backend="coins/coin", aliases={"my": "coins/coin"}, plugins={"coins": {"side": 1}})
    with Dock(config, store=MemoryStore(), entry_points=[plugin("coins", COIN)]) as dock:
        yield dock


@pytest.mark.parametrize("name", ["coin", "coins/coin", "penny", "my", None])
def test_a_backend_is_found_by_name_alias_or_default_and_always_the_same_one(coins, name):
    backend = coins.get_backend(name)
    assert backend.name == "coin"
    assert backend is coins.get_backend("coin")
    assert backend.dock is coins


def test_a_program_is_run_on_a_backend_by_name(coins):
    job = coins.run(Call(max), "coin")
    assert job.result().data()["config"] == "{'side': 1}"
    assert job.record.backend == "coins/coin"
    assert job.record.executor == "inline"


def test_a_program_is_run_on_the_default_backend(coins):
    assert coins.run(Call(max)).record.backend == "coins/coin"


def test_an_unknown_backend_is_an_error_with_the_names_there_are(coins):
    with pytest.raises(BackendNotFoundError, match=r"No backend named 'coim'.*Did you mean 'coin'"):
        coins.run(Call(max), "coim")


def test_a_backend_that_can_not_be_made_is_an_error_with_the_reason(coins):
    with pytest.raises(
        PluginError, match=r"'made_up_coins:broken' could not make 'coins/bad': ZeroDivisionError: no coi"
    ):
        coins.get_backend("bad")
    with pytest.raises(PluginError, match="'made_up_coins:wrong' made int instead of a Backend"):
        coins.get_backend("wrong")


def test_what_a_factory_says_itself_is_passed_on(coins):
    with pytest.raises(ValueError, match=r"coins\.url is not set"):
        coins.get_backend("odd")


@pytest.mark.parametrize("backend", [Runner, 5])
def test_what_is_no_backend_is_refused(dock, backend):
    with pytest.raises(TypeError, match="`backend` is a name or a Backend, but"):
        dock.run(Call(one), backend)


def test_a_class_in_place_of_an_instance_gets_a_hint(dock):
    with pytest.raises(TypeError, match="Make an instance of it"):
        dock.run(Call(one), Runner)


def test_a_backend_that_does_not_compute_here_is_refused(dock):
    from qdock import Backend

    class Remote(Backend):
        pass

    with pytest.raises(TypeError, match=r"<Remote Remote> is no LocalBackend, so a Dock can't run its jobs"):
        dock.run(Circuit(1), Remote())


def test_a_registered_backend_is_used_by_name_until_another_takes_its_place(dock):
    spec = BackendSpec("mine", f"{__name__}:Runner", accepts=("call",))
    dock.registry.register(spec)
    assert dock.registry.get_backend_spec("mine") is spec
    assert [spec.name for spec in dock.backends()] == ["mine"]


def test_a_replaced_backend_is_made_anew(coins):
    old = coins.get_backend("coin")
    coins.register(BackendSpec("coin", "made_up_coins:Coin", "Another.", plugin="coins"))
    coins.register(BackendSpec("cent", "made_up_coins:Coin"))
    assert coins.get_backend("coins/coin") is not old
    assert coins.get_backend("cent").spec.summary == ""


def test_a_backend_runs_in_the_dock_that_it_met_first_unless_another_is_asked(dock):
    backend = Runner()
    first = dock.run(Call(one), backend)
    second = backend.run(Call(one))
    with Dock(store=MemoryStore(), entry_points=[]) as other:
        third = other.run(Call(one), backend)
        third.result(SOON)
        assert [job.job_id() for job in other.jobs()] == [third.job_id()]
    assert backend.dock is dock
    assert {job.job_id() for job in dock.jobs()} == {first.job_id(), second.job_id()}


# --- executors


def test_executors_are_found_by_name_and_are_always_the_same(dock):
    assert dock.get_executor("thread") is dock.get_executor("thread")
    assert [spec.name for spec in dock.executors()] == ["inline", "thread", "process"]


def test_an_unknown_executor_is_an_error_with_the_names_there_are(dock):
    with pytest.raises(ExecutorNotFoundError, match=r"No executor named 'tread'.*Did you mean 'thread'"):
        dock.run(Call(one), Runner(), executor="tread")
    assert dock.jobs() == []
    assert dock.commands() == []


def test_an_executor_of_a_plugin_is_used_by_name(coins):
    job = coins.run(Call(max), "coin", executor="mine")
    job.result()
    assert job.record.executor == "mine"


def test_the_configuration_says_where_jobs_run():
    with Dock(Config.load(environ={"QDOCK_EXECUTOR": "inline"}), entry_points=[]) as dock:
        job = dock.run(Call(lambda _: threading.get_ident()), Runner())
        assert value_of(job) == threading.get_ident()
        assert job.record.executor == "inline"


def test_the_argument_comes_before_the_configuration_and_that_before_the_spec(plugin):
    config = Config.load(environ={}, executor="thread")
    with Dock(config, entry_points=[plugin("coins", COIN)]) as dock:
        assert dock.run(Call(max), "coin").record.executor == "thread"
        assert dock.run(Call(max), "coin", executor="inline").record.executor == "inline"


def test_any_pool_of_futures_is_an_executor(dock):
    with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        job = dock.run(Call(lambda _: threading.current_thread().name), Runner(), executor=pool)
        assert value_of(job).startswith("mine")
        assert job.record.executor == "ThreadPoolExecutor"
        assert dock.get_executor(pool) is dock.get_executor(pool)


FAR = """
from qdock import CircuitResult, LocalBackend, Result

class Far(LocalBackend):
    def execute(self, programs, options, context):
        import os
        context.log("far away")
        context.progress(1.0, "there")
        seen = {"process": os.getpid(), "draw": float(context.rng().random()), "qubits": programs[0].num_qubits}
        return Result([CircuitResult(name="f", data=seen)])
"""


def test_a_pool_of_processes_is_an_executor_with_results_seeds_and_logs(dock, plugin):
    plugin("far", FAR)
    backend = importlib.import_module("made_up_far").Far()
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        job = dock.run(Circuit(3), backend, executor=pool, seed=5)
        data = job.result(60).data()
    assert data["process"] != os.getpid()
    assert (data["draw"], data["qubits"]) == (stream(5).random(), 3)
    assert job.logs() == ["far away"]
    assert job.progress == (1.0, "there")
    assert [line.status for line in job.history] == [S.QUEUED, S.RUNNING, S.DONE]


def test_any_object_with_the_protocol_is_an_executor(dock):
    executor = ThreadExecutor(slots=1)
    assert value_of(dock.run(Call(one), Runner(), executor=executor)) == 1
    executor.close()


def test_what_is_no_executor_is_refused(dock):
    with pytest.raises(
        TypeError, match=r"`executor` is a name, an Executor or a `concurrent.futures.Executor`, but 5 was"
    ):
        dock.run(Call(one), Runner(), executor=5)


def test_an_executor_that_does_not_take_a_job_leaves_it_failed(dock):
    executor = ThreadExecutor(slots=1)
    executor.close()
    with pytest.raises(JobError, match="This executor is closed"):
        dock.run(Call(one), Runner(), executor=executor)
    job = dock.get_job("last")
    assert job.error.kind == "not_started"
    with pytest.raises(JobError, match="The executor did not take it: JobError: This executor is closed"):
        job.result()


# --- jobs found again


def test_a_job_is_found_by_id_prefix_and_as_the_last(dock):
    first, last = (dock.run(Call(one), Spot()) for _ in range(2))
    assert dock.get_job(first.job_id()) is first
    assert dock.get_job(first.job_id()[:12]) is first
    assert dock.get_job("last") is last


def test_an_unknown_job_is_an_error(dock):
    with pytest.raises(JobNotFoundError, match=r"No job's id is, or begins with, 'zz'. `qdock.jobs\(\)` lists"):
        dock.get_job("zz")


def test_a_job_that_nobody_held_is_found_with_everything_about_it(coins):
    def work(context):
        context.log("hello")

    backend = coins.get_backend("coin")
    program = Call(work)
    job = coins.run(program, backend, tags="t", metadata={"m": 1}, seed=4)
    job_id, history, result = job.job_id(), job.history, job.result()
    del job
    gc.collect()
    again = coins.get_job(job_id)
    assert again.result() is result
    assert again.history == history
    assert again.backend() is backend
    assert (again.program, again.seed, again.tags, again.metadata) == (program, 4, ("t",), {"m": 1})
    assert again.rerun().result().metadata["seed"] == 4


def test_jobs_are_listed_the_last_first_and_filtered(dock):
    for i in range(4):
        dock.run(Call(one), Spot() if i % 2 else Runner(), tags=("even",) if i % 2 == 0 else ()).result(SOON)
    failed = dock.run(Call(lambda _: 1 / 0), Spot())
    assert dock.jobs()[0] is failed
    assert len(dock.jobs()) == 5
    assert len(dock.jobs(status="done")) == 4
    assert dock.jobs(status=S.ERROR) == dock.jobs(status=["ERROR", S.CANCELLED]) == [failed]
    assert len(dock.jobs(backend="spot")) == 3
    assert len(dock.jobs(tag="even")) == 2
    assert len(dock.jobs(limit=3)) == 3


@pytest.mark.parametrize(
    "since",
    [
        lambda now: now,
        lambda now: dt.datetime.fromtimestamp(now, dt.UTC),
        lambda now: dt.timedelta(seconds=time.time() - now),
    ],
)
def test_jobs_are_listed_since_a_time(dock, since):
    first = dock.run(Call(one), Spot())
    middle = first.record.created + 1e-6
    while time.time() < middle + 1e-3:
        pass
    second = dock.run(Call(one), Spot())
    assert dock.jobs(since=since(middle + 1e-3)) == [second]


@pytest.mark.parametrize("wrong", ["yesterday", True])
def test_what_is_no_point_in_time_is_refused(dock, wrong):
    with pytest.raises(TypeError, match=f"`since` is a number of seconds since 1970, .* but {wrong!r} was given"):
        dock.jobs(since=wrong)


@pytest.mark.parametrize("wrong", [-1, 1.5, True])
def test_a_limit_that_is_no_number_of_jobs_is_refused(dock, wrong):
    with pytest.raises(ValueError, match=f"`limit` must be a whole number of at least 0, but is {wrong!r}"):
        dock.jobs(limit=wrong)


def test_a_default_backend_that_there_is_not_says_which_setting_names_it():
    with (
        Dock(Config.load(environ={"QDOCK_BACKEND": "nope"}), entry_points=[]) as dock,
        pytest.raises(
            BackendNotFoundError, match=r"No backend named 'nope'.*`defaults\.backend` names it \(QDOCK_BACKEND\)"
        ),
    ):
        dock.run(Circuit(1))


def test_the_newest_hundred_jobs_are_listed_unless_another_limit_is_given(dock):
    jobs = [dock.run(Call(one), Spot()) for _ in range(101)]
    newest = [job.job_id() for job in reversed(jobs)]
    assert [job.job_id() for job in dock.jobs()] == newest[:100]
    assert [job.job_id() for job in dock.jobs(limit=None)] == newest


def test_a_status_that_does_not_exist_is_refused(dock):
    with pytest.raises(ValueError, match="'finished' is no job status"):
        dock.jobs(status="finished")


def test_two_docks_know_nothing_of_each_other(dock):
    with Dock(store=MemoryStore(), entry_points=[]) as other:
        job, twin = dock.run(Call(one), Spot()), other.run(Call(one), Spot())
        assert dock.jobs() == [job]
        assert other.jobs() == [twin]
        with pytest.raises(JobNotFoundError):
            other.get_job(job.job_id())
        other.register(BackendSpec("only-here", "x:Y"))
        assert dock.backends() == []
        assert dock.get_executor("thread") is not other.get_executor("thread")


def test_a_backend_that_is_nowhere_registered_can_not_be_found_again(dock):
    job = dock.run(Call(one), Spot())
    job_id = job.job_id()
    del job
    gc.collect()
    with pytest.raises(BackendNotFoundError, match="No backend named 'spot'"):
        dock.get_job(job_id).backend()


def test_a_job_has_the_id_it_was_given(dock):
    job = dock.run(Call(one), Runner(), job_id="mine-1")
    assert job.result()
    assert dock.get_job("mine-1") is job
    with pytest.raises(JobError, match="There is a job 'mine-1' already"):
        dock.run(Call(one), Runner(), job_id="mine-1")


# --- a job of another Dock on the same store


def test_a_job_is_watched_from_another_dock_on_its_store(opened):
    store = MemoryStore()
    with Dock(store=store, entry_points=[]) as owner, Dock(store=store, entry_points=[]) as other:
        job = owner.run(Call(lambda _: opened.wait(SOON)), Runner())
        seen, calls = other.get_job(job.job_id()), []
        assert seen is not job
        with pytest.raises(JobTimeoutError, match="did not finish"):
            seen.result(timeout=0.01)
        seen.add_done_callback(calls.append)
        opened.set()
        assert value_of(seen) is True
        seen.wait_for_final_state(SOON)
        assert seen.done()
        assert calls == [seen]


def test_another_docks_request_to_cancel_stands_in_the_record(opened):
    store = MemoryStore()
    entered = threading.Event()

    def work(context):
        entered.set()
        opened.wait(SOON)
        context.check()

    with Dock(store=store, entry_points=[]) as owner, Dock(store=store, entry_points=[]) as other:
        job = owner.run(Call(work), Runner())
        assert entered.wait(SOON)
        assert other.get_job(job.job_id()).cancel(wait=0.01) is False
        assert store.get(job.job_id()).cancel_requested
        opened.set()


# --- jobs inside jobs


@pytest.mark.parametrize("executor", [None, "thread", "inline"])
def test_jobs_inside_jobs_do_not_wait_for_a_slot(executor):
    with narrow_dock() as dock:
        backend = Runner()

        def inner(_context, depth):
            if depth:
                return value_of(backend.run(Call(inner, (depth - 1,)), executor=executor))
            return threading.get_ident()

        jobs = [dock.run(Call(inner, (5,)), backend) for _ in range(3)]
        assert len({value_of(job) for job in jobs}) == 1
        parents = {job.record.id: job.record.parent for job in dock.jobs()}
        assert sum(parent is None for parent in parents.values()) == 3
        assert all(parent in parents for parent in parents.values() if parent)


def test_a_job_inside_of_work_on_the_spot_knows_its_parent(dock):
    backend = Spot()
    job = dock.run(Call(lambda _: backend.run(Call(one)).record.parent), backend)
    assert value_of(job) == job.job_id()


def test_a_job_inside_a_thread_of_a_job_runs_there(dock):
    import asyncio

    backend = Runner()

    async def main():
        return await asyncio.to_thread(lambda: backend.run(Call(one)).record.parent)

    job = dock.run(Call(lambda _: asyncio.run(main())), backend)
    assert value_of(job) == job.job_id()


def test_cancelling_a_job_stops_the_jobs_inside_it(dock):
    backend, entered = Runner(), threading.Event()

    def inner(context):
        entered.set()
        while True:
            context.check()

    job = dock.run(Call(lambda _: value_of(backend.run(Call(inner)))), backend)
    assert entered.wait(SOON)
    assert job.cancel(wait=SOON) is True
    assert {job.status() for job in dock.jobs()} == {S.CANCELLED}


def test_cancelling_a_job_stops_the_work_that_is_done_on_the_spot_inside_it(dock):
    entered, opened = threading.Event(), threading.Event()

    def inner(context):
        entered.set()
        assert opened.wait(SOON)
        context.check()

    job = dock.run(Call(lambda _: dock.run(Call(inner), Spot()).result()), Runner())
    assert entered.wait(SOON)
    job.cancel(wait=0)
    opened.set()
    job.wait_for_final_state(SOON)
    assert [job.status() for job in dock.jobs()] == [S.CANCELLED, S.CANCELLED]


def test_cancelling_a_job_inside_another_is_an_error_in_that(dock):
    backend, entered = Runner(), threading.Event()

    def inner(context):
        entered.set()
        while True:
            context.check()

    outer = dock.run(Call(lambda _: value_of(backend.run(Call(inner)))), backend)
    assert entered.wait(SOON)
    (child,) = (job for job in dock.jobs() if job.record.parent)
    assert child.cancel(wait=SOON) is True
    with pytest.raises(JobCancelledError, match=f"Job {child.job_id()} was cancelled"):
        outer.result(SOON)
    assert outer.status() is S.ERROR


# --- the hooks around a job


HOOKS = """
from qdock.spec import hookimpl
from qdock.errors import SubmissionRefused

gate, seen, calls = [], [], []

@hookimpl
def qdock_job_submitting(job):
    seen.append((job.status().name, job.job_id(), job.program, job.tags, job.options, job.backend().name))
    job.add_done_callback(calls.append)
    return gate[-1](job) if gate else {"account": 7}

@hookimpl
def qdock_job_status_changed(job, previous, status):
    seen.append((job.job_id(), previous.name, status.name, job.status().name))
    if "raise" in job.tags:
        raise RuntimeError("observer down")
"""


@pytest.fixture
def hooks(plugin):
    """A Dock with a plugin that looks at every job, and that plugin's module."""
    with Dock(entry_points=[plugin("hooks", HOOKS)]) as dock:
        dock.registry.load_all()
        yield dock, importlib.import_module("made_up_hooks")


@pytest.mark.parametrize("backend", [Spot(), Runner()])
def test_a_gate_sees_the_job_before_it_is_recorded_and_gives_it_metadata(hooks, backend):
    dock, module = hooks
    program = Call(one)
    job = dock.run(program, backend, tags="t", metadata={"mine": 1})
    job.result(SOON)
    assert module.seen[0] == ("INITIALIZING", job.job_id(), program, ("t",), {}, backend.name)
    assert job.metadata == {"mine": 1, "account": 7}
    assert dock.store.get(job.job_id()).metadata == job.metadata
    assert module.calls == [job]


@pytest.mark.parametrize("backend", [Spot(), Runner()])
def test_a_job_that_a_gate_refuses_is_neither_run_nor_recorded(hooks, backend):
    dock, module = hooks
    ran = []

    def refuse(_job):
        raise SubmissionRefused("The budget of this month is used up.")

    module.gate.append(refuse)
    with pytest.raises(SubmissionRefused, match="The budget of this month is used up"):
        dock.run(Call(lambda _: ran.append(1)), backend)
    assert dock.jobs() == []
    assert ran == []


def test_metadata_of_a_gate_that_are_no_json_are_refused(hooks):
    dock, module = hooks
    module.gate.append(lambda _: {"bad": object()})
    with pytest.raises(OptionError, match="The metadata of a job are JSON values"):
        dock.run(Call(one), Spot())


def test_a_job_can_not_be_cancelled_before_it_is_recorded(hooks):
    dock, module = hooks
    module.gate.append(lambda job: {"cancelled": job.cancel()})
    assert dock.run(Call(one), Spot()).metadata == {"cancelled": False}


def test_an_observer_sees_every_recorded_transition(hooks):
    dock, module = hooks
    job = dock.run(Call(one), Runner())
    job.result(SOON)
    changes = [entry[1:3] for entry in module.seen if entry[0] == job.job_id()]
    assert changes == [("INITIALIZING", "QUEUED"), ("QUEUED", "RUNNING"), ("RUNNING", "DONE")]


def test_an_observer_sees_work_on_the_spot_once(hooks):
    dock, module = hooks
    job = dock.run(Call(one), Spot())
    assert [entry for entry in module.seen if entry[0] == job.job_id()] == [
        (job.job_id(), "INITIALIZING", "DONE", "DONE")
    ]


@pytest.mark.parametrize("backend", [Spot(), Runner()])
def test_an_observer_that_raises_hurts_no_job(hooks, backend, caplog):
    dock, _ = hooks
    assert value_of(dock.run(Call(one), backend, tags="raise")) == 1
    assert "observer down" in caplog.text


# --- the end


def test_closing_waits_for_queued_and_running_jobs():
    dock = narrow_dock()
    jobs = [dock.run(Call(lambda _: time.sleep(0.005)), Runner()) for _ in range(5)]
    dock.close()
    assert {job.status() for job in jobs} == {S.DONE}


def test_closing_without_waiting_cancels_what_is_queued_and_what_looks():
    dock, entered = narrow_dock(), threading.Event()

    def work(context):
        entered.set()
        while True:
            context.check()

    jobs = [dock.run(Call(work), Runner()) for _ in range(3)]
    assert entered.wait(SOON)
    dock.close(wait=False)
    assert {job.status() for job in jobs} == {S.CANCELLED}


def test_what_does_not_stop_is_left_behind_and_named(monkeypatch, caplog, opened):
    monkeypatch.setattr("qdock.dispatch.closing.STOP_SECONDS", 0.01)
    dock, entered = Dock(entry_points=[]), threading.Event()

    def work(_context):
        entered.set()
        opened.wait(SOON)

    job = dock.run(Call(work), Runner())
    assert entered.wait(SOON)
    with caplog.at_level(logging.WARNING):
        dock.close(wait=False)
    assert f"<RecordedJob {job.job_id()} RUNNING on runner> did not stop and is left behind" in caplog.text


def test_a_closed_dock_takes_no_more_jobs_and_can_be_closed_again(dock):
    dock.close()
    dock.close()
    assert dock.closed
    with pytest.raises(JobError, match=r"This Dock is closed and takes no more jobs\. Make another one"):
        dock.run(Call(one), Runner())


def test_jobs_of_a_closed_dock_can_still_be_looked_at(dock):
    job = dock.run(Call(one), Runner())
    dock.close()
    assert value_of(dock.get_job(job.job_id())) == 1


def test_a_job_that_runs_while_the_dock_is_closed_may_still_run_its_parts(opened):
    dock, backend = narrow_dock(), Runner()

    def work(_context):
        opened.wait(SOON)
        return value_of(backend.run(Call(one)))

    job = dock.run(Call(work), backend)
    closer = threading.Thread(target=dock.close)
    closer.start()
    while not dock.closed:
        time.sleep(0.001)
    opened.set()
    closer.join(SOON)
    assert value_of(job) == 1


def test_a_callback_may_close_the_dock(opened):
    dock, closed = Dock(entry_points=[]), threading.Event()
    job = dock.run(Call(lambda _: opened.wait(SOON)), Runner())
    job.add_done_callback(lambda _: (dock.close(), closed.set()))
    opened.set()
    assert closed.wait(SOON)
    assert job.done()


def test_a_job_can_not_close_the_dock(dock):
    with pytest.raises(JobError, match="A job can't close a Dock: it would wait for itself"):
        dock.run(Call(lambda _: dock.close()), Runner()).result(SOON)


def test_leaving_by_an_exception_cancels_the_jobs():
    entered = threading.Event()

    def work(context):
        entered.set()
        while True:
            context.check()

    dock = Dock(entry_points=[])

    def leave():
        with dock:
            dock.run(Call(work), Runner())
            assert entered.wait(SOON)
            raise LookupError

    with pytest.raises(LookupError):
        leave()
    assert dock.get_job("last").status() is S.CANCELLED


def test_ctrl_c_while_closing_cancels_the_jobs(monkeypatch):
    dock, entered = Dock(entry_points=[]), threading.Event()

    def work(context):
        entered.set()
        while True:
            context.check()

    job = dock.run(Call(work), Runner())
    assert entered.wait(SOON)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("qdock.dispatch.closing._wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        dock.close()
    assert job.status() is S.CANCELLED
    assert dock.closed


def test_a_store_that_was_given_stays_open_and_one_that_was_made_is_closed():
    closed = []

    class Store(MemoryStore):
        def close(self):
            closed.append(self)

    given, made = Store(), Store()
    Dock(store=given, entry_points=[]).close()
    dock = Dock(entry_points=[])
    dock._store = made
    dock.close()
    assert closed == [made]


# --- when the store fails


class FullStore(MemoryStore):
    """A store that can't record an end."""

    def transition(self, job_id, expected, status, **changes):
        if status in (S.DONE, S.ERROR):
            raise OSError("No space left on device")
        return super().transition(job_id, expected, status, **changes)


class StartlessStore(MemoryStore):
    """A store that can't record a start."""

    error = OSError("No space left on device")

    def transition(self, job_id, expected, status, **changes):
        if status is S.RUNNING:
            raise self.error
        return super().transition(job_id, expected, status, **changes)


def test_a_job_whose_start_can_not_be_recorded_runs_all_the_same(caplog):
    seen = []
    with Dock(store=StartlessStore(), entry_points=[]) as dock:
        job = dock.run(Call(lambda _: seen.append(dock.jobs()[0].status())), Runner())
        assert job.result(SOON).data(0) == {"value": None}
        assert seen == [S.RUNNING]
        history = dock.store.get(job.job_id()).history
        assert [(line.status, line.inferred) for line in history] == [
            (S.QUEUED, False),
            (S.RUNNING, True),
            (S.DONE, False),
        ]
        assert job.record.history == history
    (line,) = caplog.messages
    assert line == f"The start of job {job.job_id()} could not be recorded: OSError: No space left on device"


def test_a_job_whose_start_may_not_be_recorded_does_not_start():
    class Refusing(StartlessStore):
        error = ValueError("It is not to run.")

    ran = []
    with Dock(store=Refusing(), entry_points=[]) as dock:
        job = dock.run(Call(ran.append), Runner())
        with pytest.raises(JobError, match="failed: ValueError: It is not to run"):
            job.result(SOON)
        assert job.error.kind == "not_started"
    assert ran == []


def test_a_store_that_is_full_is_complained_of_in_one_line_however_many_jobs_there_are(caplog):
    with caplog.at_level(logging.DEBUG, "qdock"), Dock(store=FullStore(), entry_points=[]) as dock:
        for job in [dock.run(Call(one), Runner()) for _ in range(20)]:
            job.wait_for_final_state(SOON)
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 1
    assert warned[0].exc_info is None
    assert "so this process alone knows of it: OSError: No space left on device" in warned[0].getMessage()
    # Who looks for the fault finds the traceback of each.
    assert sum(record.exc_info is not None for record in caplog.records) == 20


def test_a_job_whose_end_can_not_be_recorded_ends_all_the_same_and_hands_over_its_result(caplog):
    with Dock(store=FullStore(), entry_points=[]) as dock:
        job = dock.run(Call(one), Runner())
        with pytest.warns(StoreWarning, match="could not be recorded, so this process alone knows of it: OSError: No"):
            assert job.result(SOON).data(0) == {"value": 1}
        assert job.done()
        assert "could not be recorded" in caplog.text


def test_a_job_that_failed_says_so_though_that_can_not_be_recorded():
    with Dock(store=FullStore(), entry_points=[]) as dock:
        job = dock.run(Call(fail), Runner())
        with pytest.warns(StoreWarning, match="could not be recorded"), pytest.raises(ValueError, match="no number"):
            job.result(SOON)
        assert job.error.kind == "exception"


def test_what_could_not_be_recorded_is_when_there_is_room_again():
    class Full(MemoryStore):
        full = True

        def transition(self, job_id, expected, status, **changes):
            if self.full and status is S.DONE:
                raise OSError("No space left on device")
            return super().transition(job_id, expected, status, **changes)

    store = Full()
    with Dock(store=store, entry_points=[]) as dock:
        job = dock.run(Call(one), Runner())
        job.wait_for_final_state(SOON)
        assert store.get(job.job_id()).status is S.RUNNING
        store.full = False
        dock.run(Call(one), Runner()).result(SOON)
        assert store.get(job.job_id()).status is S.DONE
        assert store.result(job.job_id()).data(0) == {"value": 1}
        assert job.result().data(0) == {"value": 1}


# --- the default Dock


def test_the_functions_of_the_package_are_methods_of_the_default_dock(monkeypatch):
    import qdock
    from qdock import default

    monkeypatch.setattr(default, "_dock", Dock(entry_points=[]))
    assert qdock.default_dock() is default._dock
    job = qdock.run(Call(one), Spot(), tags="t")
    assert qdock.get_job("last") is job
    assert qdock.jobs(tag="t", status="done", limit=1) == [job]
    assert qdock.plugins() == qdock.backends() == []
    assert [spec.name for spec in qdock.executors()] == ["inline", "thread", "process"]
    qdock.register(ExecutorSpec("mine", "a:B"))
    assert [spec.name for spec in qdock.executors()] == ["inline", "thread", "process", "mine"]
    circuit = Circuit(1)
    assert qdock.convert(circuit) is circuit
    with pytest.raises(BackendNotFoundError):
        qdock.get_backend("nobody")
    assert Runner().run(Call(one)).result(SOON)
    qdock.default_dock().close()


def test_after_the_default_dock_was_closed_there_is_a_new_one(monkeypatch):
    from qdock import default

    monkeypatch.setattr(default, "_dock", None)
    first = default.default_dock()
    first.close()
    second = default.default_dock()
    assert second is not first
    second.close()
