"""The executors: one set of promises, held by each; and what each is by itself."""

from __future__ import annotations

import concurrent.futures
import gc
import multiprocessing
import operator
import os
import threading
import weakref
from importlib import import_module

import pytest

from qdock.call import Call
from qdock.config import Config
from qdock.errors import ConfigError, JobCancelledError, JobError
from qdock.executors import FutureExecutor, InlineExecutor, ThreadExecutor
from qdock.executors.thread import usable_cpus
from qdock.work.events import Finished, Log, Started
from qdock.work.worker import current_worker

SOON = 10.0


class Owner:
    """Collects the events of one job."""

    def __init__(self, may_start=True):
        self.events, self.over, self.may_start = [], threading.Event(), may_start

    def __call__(self, event):
        self.events.append(event)
        if isinstance(event, Started) and not self.may_start:
            raise JobCancelledError("too late")
        if isinstance(event, Finished):
            self.over.set()

    def wait(self):
        assert self.over.wait(SOON)
        return self.events[-1]

    @property
    def kinds(self):
        return [type(event).__name__ for event in self.events]


class Gate:
    """Work that waits until it is opened, and stops when it is asked to."""

    def __init__(self):
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self):
        self.entered.set()
        assert self.opened.wait(SOON)
        current_worker().check()
        return "through"


@pytest.fixture(params=["thread", "pool"])
def one_slot(request):
    """An executor that does one thing at a time, in another thread."""
    if request.param == "thread":
        executor = ThreadExecutor(slots=1)
        yield executor
        executor.close()
    else:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            yield FutureExecutor(pool)


@pytest.fixture(params=["inline", "thread", "pool"])
def executor(request):
    if request.param == "inline":
        yield InlineExecutor()
    elif request.param == "thread":
        executor = ThreadExecutor(slots=1)
        yield executor
        executor.close()
    else:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            yield FutureExecutor(pool)


def fail(text):
    raise ValueError(text)


# --- every executor


def test_work_is_started_then_finished_with_its_value(executor):
    owner = Owner()
    executor.start("a", Call(operator.add, (2, 3)), owner)
    assert owner.wait() == Finished(value=5)
    assert owner.kinds == ["Started", "Finished"]


def test_work_that_raises_finishes_with_the_failure_its_traceback_and_the_exception(executor):
    owner = Owner()
    executor.start("a", Call(fail, ("no luck",)), owner)
    finished = owner.wait()
    assert (finished.failure.kind, finished.failure.message) == ("exception", "ValueError: no luck")
    assert "in fail\n    raise ValueError(text)\nValueError: no luck" in finished.failure.traceback
    assert isinstance(finished.exception, ValueError)


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit("out")])
def test_work_that_would_end_a_program_ends_only_itself(executor, error):
    def leave():
        raise error

    owner, after = Owner(), Owner()
    executor.start("a", Call(leave), owner)
    executor.start("b", Call(int), after)
    assert owner.wait().failure.kind == "interrupted"
    assert after.wait() == Finished(value=0)


def test_an_exception_whose_message_can_not_be_made_is_still_named(executor):
    class BrokenError(Exception):
        def __str__(self):
            raise RuntimeError("broken")

    def work():
        raise BrokenError

    owner = Owner()
    executor.start("a", Call(work), owner)
    assert owner.wait().failure.message == "BrokenError: (its message can't be shown)"


def test_work_that_may_not_start_any_more_does_not(executor):
    owner, done = Owner(may_start=False), []
    executor.start("a", Call(done.append, (1,)), owner)
    assert owner.wait() == Finished(stopped=True)
    assert done == []


def test_the_work_knows_the_job_it_belongs_to(executor):
    owner = Owner()
    executor.start("a", Call(lambda: current_worker().job_id), owner)
    assert owner.wait().value == "a"
    assert current_worker() is None


def test_what_is_not_known_any_more_certainly_does_not_run(executor):
    assert executor.stop("nobody") is True


def test_no_work_of_another_process_can_be_attached_to(executor):
    assert executor.attach("a", Owner()) is False


def test_a_cancelled_error_that_nobody_asked_for_is_a_failure(executor):
    def work():
        raise JobCancelledError("another job was cancelled")

    owner = Owner()
    executor.start("a", Call(work), owner)
    assert owner.wait().failure.message == "JobCancelledError: another job was cancelled"


# --- executors with threads


def test_work_that_waits_for_a_slot_can_be_stopped_and_never_runs(one_slot):
    gate, first, second, third = Gate(), Owner(), Owner(), Owner()
    done = []
    one_slot.start("a", Call(gate), first)
    assert gate.entered.wait(SOON)
    handle = one_slot.start("b", Call(done.append, ("b",)), second)
    one_slot.start("c", Call(done.append, ("c",)), third)
    assert one_slot.stop(handle) is True
    gate.opened.set()
    third.wait()
    assert done == ["c"]


def test_work_that_runs_is_asked_to_stop_and_not_said_to_have_stopped(one_slot):
    gate, owner = Gate(), Owner()
    handle = one_slot.start("a", Call(gate), owner)
    assert gate.entered.wait(SOON)
    assert one_slot.stop(handle) is False
    gate.opened.set()
    assert owner.wait() == Finished(stopped=True)


def test_closing_waits_for_all_work(one_slot):
    gate, owners = Gate(), [Owner() for _ in range(5)]
    for i, owner in enumerate(owners):
        one_slot.start(str(i), Call(gate), owner)
    threading.Timer(0.02, gate.opened.set).start()
    one_slot.close()
    assert all(owner.over.is_set() for owner in owners)


def test_closing_without_waiting_drops_what_has_not_begun(one_slot):
    gate, first, second = Gate(), Owner(), Owner()
    one_slot.start("a", Call(gate), first)
    assert gate.entered.wait(SOON)
    one_slot.start("b", Call(int), second)
    one_slot.close(wait=False)
    gate.opened.set()
    first.wait()
    assert "Started" not in second.kinds


def test_work_is_done_in_the_order_it_came(one_slot):
    owners, done = [Owner() for _ in range(100)], []
    for i, owner in enumerate(owners):
        one_slot.start(str(i), Call(done.append, (i,)), owner)
    owners[-1].wait()
    assert done == list(range(100))


# --- inline


def test_inline_work_is_over_when_start_returns():
    owner = Owner()
    InlineExecutor().start("a", Call(int), owner)
    assert owner.over.is_set()


def test_inline_work_can_be_stopped_from_another_thread():
    executor, gate, owner = InlineExecutor(), Gate(), Owner()
    thread = threading.Thread(target=executor.start, args=("a", Call(gate), owner))
    thread.start()
    assert gate.entered.wait(SOON)
    assert owner.events[0].handle == "a"
    assert executor.stop("a") is False
    gate.opened.set()
    thread.join()
    assert owner.wait() == Finished(stopped=True)


def interrupt():
    raise KeyboardInterrupt


def test_ctrl_c_during_inline_work_cancels_the_job_and_goes_on_to_the_program():
    owner = Owner()
    with pytest.raises(KeyboardInterrupt):
        InlineExecutor().start("a", Call(interrupt), owner)
    assert (owner.wait().stopped, owner.wait().failure) == (True, None)


def test_a_keyboard_interrupt_in_another_thread_is_nobodys_ctrl_c():
    executor, owner = ThreadExecutor(slots=1), Owner()
    executor.start("a", Call(interrupt), owner)
    assert owner.wait().failure.kind == "interrupted"
    executor.close()


# --- thread


def test_no_more_threads_work_than_there_are_slots():
    executor, gate = ThreadExecutor(slots=3), Gate()
    lock, running, most = threading.Lock(), 0, 0

    def work():
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.opened.wait(SOON)
        with lock:
            running -= 1

    owners = [Owner() for _ in range(12)]
    for i, owner in enumerate(owners):
        executor.start(str(i), Call(work), owner)
    while most < 3:
        pass
    gate.opened.set()
    executor.close()
    assert most == 3


def test_the_slots_are_the_usable_processors_unless_the_configuration_says_otherwise():
    assert ThreadExecutor().slots == usable_cpus() >= 1
    config = Config.load(environ={}, executors={"thread": {"slots": 7}})
    assert ThreadExecutor(None, config).slots == 7


def test_without_a_list_of_usable_processors_all_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus() == 1


@pytest.mark.parametrize("slots", [0, -1, 2.0, "2", True])
def test_slots_that_are_no_positive_number_are_refused(slots):
    with pytest.raises(ConfigError, match="`slots` of the thread executor must be a whole number of at least 1, but"):
        ThreadExecutor(slots=slots)


def test_a_setting_that_there_is_not_is_refused():
    config = Config.load(environ={}, executors={"thread": {"slotz": 7}})
    with pytest.raises(ConfigError, match=r"\[executors.thread\]: there is no setting 'slotz'. Did you mean 'slots'"):
        ThreadExecutor(None, config)


def test_a_closed_executor_takes_no_more():
    executor = ThreadExecutor(slots=1)
    executor.close()
    with pytest.raises(JobError, match="closed and takes no more jobs"):
        executor.start("a", Call(int), Owner())


def test_idle_threads_are_used_again_and_end_when_the_executor_is_closed():
    executor, names = ThreadExecutor(slots=2), set()
    for i in range(20):
        owner = Owner()
        executor.start(str(i), Call(threading.get_ident), owner)
        names.add(owner.wait().value)
    assert len(names) <= 2
    executor.close()
    wait_until(lambda: executor._threads == 0)


def test_work_that_has_ended_may_close_its_executor():
    executor, owner = ThreadExecutor(slots=1), Owner()

    def close(event):
        if isinstance(event, Finished):
            executor.close()
        owner(event)

    executor.start("a", Call(int), close)
    assert owner.wait() == Finished(value=0)


def test_idle_threads_end_by_themselves(monkeypatch):
    monkeypatch.setattr("qdock.executors.thread.IDLE_SECONDS", 0.01)
    executor, owner = ThreadExecutor(slots=2), Owner()
    executor.start("a", Call(int), owner)
    owner.wait()
    wait_until(lambda: executor._threads == 0)
    again = Owner()
    executor.start("b", Call(int), again)
    assert again.wait() == Finished(value=0)
    executor.close()


def test_an_idle_thread_keeps_nothing_of_its_last_job_alive():
    class Heavy:
        pass

    executor, owner, heavy = ThreadExecutor(slots=1), Owner(), Heavy()
    alive = weakref.ref(heavy)
    executor.start("a", Call(id, (heavy,)), owner)
    owner.wait()
    del heavy
    wait_until(lambda: gc.collect() is not None and alive() is None)
    executor.close()


def test_an_owner_that_can_not_take_the_end_hurts_no_other_job(caplog):
    executor, after = ThreadExecutor(slots=1), Owner()

    def broken(event):
        if isinstance(event, Finished):
            raise RuntimeError("disk full")

    executor.start("a", Call(int), broken)
    executor.start("b", Call(int), after)
    assert after.wait() == Finished(value=0)
    executor.close()
    assert "The end of job a could not be reported." in caplog.text


def test_a_system_without_more_threads_refuses_the_first_job_and_queues_the_others(monkeypatch):
    executor, gate, owner = ThreadExecutor(slots=2), Gate(), Owner()

    def no_thread(_self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            executor.start("a", Call(int), Owner())
    executor.start("b", Call(gate), Owner())
    assert gate.entered.wait(SOON)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        executor.start("c", Call(int), owner)
    gate.opened.set()
    assert owner.wait() == Finished(value=0)
    executor.close()


# --- pools of another process


@pytest.fixture(scope="module")
def processes():
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_a_pool_in_another_process_gives_back_what_was_computed_there(processes):
    owner = Owner()
    FutureExecutor(processes).start("a", Call("os:getpid"), owner)
    assert owner.wait().value not in (None, os.getpid())
    assert owner.kinds == ["Started", "Finished"]


def test_what_was_said_in_another_process_arrives_with_the_end(processes):
    owner = Owner()
    FutureExecutor(processes).start("a", Call("qdock.backend:Context.log", (_context(), "hello")), owner)
    owner.wait()
    assert owner.kinds == ["Started", "Finished"]


def _context():
    from qdock.backend import Context

    return Context("a", 1)


def test_a_failure_in_another_process_has_its_traceback(processes):
    owner = Owner()
    FutureExecutor(processes).start("a", Call("json:loads", ("{",)), owner)
    failure = owner.wait().failure
    assert failure.kind == "exception"
    assert "JSONDecodeError" in failure.message
    assert "Traceback" in failure.traceback


def test_what_can_not_travel_is_a_failure_with_the_reason(processes):
    owner = Owner()
    FutureExecutor(processes).start("a", Call(lambda: 1), owner)
    failure = owner.wait().failure
    assert failure.kind == "exception"
    assert "<lambda>" in failure.message


def test_a_worker_that_dies_is_told_from_work_that_fails():
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        owner = Owner()
        FutureExecutor(pool).start("a", Call("os:_exit", (3,)), owner)
        assert owner.wait().failure.kind == "worker_lost"


class Prompt(concurrent.futures.ThreadPoolExecutor):
    """A pool that has begun the work, or more, before it gives the future back."""

    def submit(self, *args):
        future = super().submit(*args)
        concurrent.futures.wait([future], SOON)
        return future


def test_work_that_is_asked_to_stop_while_the_pool_takes_it_is_not_said_to_have_stopped():
    answers, ran = [], []

    class Stopping(Owner):
        def __call__(self, event):
            super().__call__(event)
            if isinstance(event, Started):
                answers.append(executor.stop(event.handle))

    with Prompt(1) as pool:
        executor, owner = FutureExecutor(pool), Stopping()
        executor.start("a", Call(ran.append, (1,)), owner)
        assert owner.wait().stopped
    assert (answers, ran) == ([False], [])


def test_a_pool_that_takes_nothing_keeps_nothing():
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    executor = FutureExecutor(pool)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.start("a", Call(int), Owner())
    assert executor._futures == {}


def test_a_pool_stays_open_for_its_owner():
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        FutureExecutor(pool).close()
        assert pool.submit(int).result() == 0


def test_the_names_of_the_executors_are_found_where_the_protocol_is():
    with pytest.raises(AttributeError, match="has no attribute 'DaskExecutor'"):
        import_module("qdock.executors").DaskExecutor  # noqa: B018  # the lookup is the test


def test_a_log_event_has_a_time():
    assert Log("x").time > 1_600_000_000


def wait_until(test):
    pause = threading.Event()
    for _ in range(1000):
        if test():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come true")
