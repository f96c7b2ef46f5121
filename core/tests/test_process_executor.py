"""The executor that works in processes: what travels, what is kept, and how each of them ends."""

from __future__ import annotations

import operator
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from qdock.call import Call
from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import ConfigError, JobCancelledError, JobError, OptionError
from qdock.executors import ProcessExecutor, carry, conversation
from qdock.job import JobStatus
from qdock.result import Result
from qdock.spec import BackendSpec
from qdock.store import MemoryStore
from qdock.work.events import Finished, Log, Started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")
SOON = 30.0
HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def deeds():
    """The functions that workers call, where they find them."""
    sys.path.insert(0, str(HERE))
    import deeds

    yield deeds
    sys.path.remove(str(HERE))


@pytest.fixture(scope="module")
def executor():
    """One with two slots, warm after its first test."""
    made = ProcessExecutor(slots=2)
    yield made
    made.close()


@pytest.fixture
def fresh():
    """Make executors of the test's own: `fresh(slots=1)`."""
    made = []

    def make(**settings):
        made.append(ProcessExecutor(**{"slots": 1, **settings}))
        return made[-1]

    yield make
    for executor in made:
        executor.close(wait=False)
        for job in list(executor._jobs):
            executor.stop(job)
        executor.close()


class Owner:
    """Collects the events of one job."""

    numbers = iter(range(10**9))

    def __init__(self, executor, function, *args, may_start=True, **limits):
        self.events, self.over, self.may_start = [], threading.Event(), may_start
        self.begun, self.executor = threading.Event(), executor
        call = function if isinstance(function, Call) else Call(function, args)
        self.handle = executor.start(f"job{next(self.numbers)}", call, self, **limits)

    def __call__(self, event):
        self.events.append(event)
        if isinstance(event, Started):
            self.begun.set()
            if not self.may_start:
                raise JobCancelledError("too late")
        if isinstance(event, Finished):
            self.over.set()

    @property
    def finished(self):
        assert self.over.wait(SOON)
        return self.events[-1]

    @property
    def value(self):
        assert self.finished.failure is None
        return self.finished.value

    @property
    def failure(self):
        return self.finished.failure

    @property
    def lines(self):
        assert self.over.wait(SOON)
        return [line for event in self.events if isinstance(event, Log) for line in event.text.splitlines()]

    def stop(self):
        return self.executor.stop(self.handle)


def wait_for(condition, seconds=SOON):
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)
    return value


def read_pids(path):
    wait_for(path.exists)
    return [int(word) for word in path.read_text().split()]


def is_alive(pid):
    """Whether a process exists and is no mere entry that nobody has taken note of yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


# --- values


def test_work_is_done_in_another_process_and_its_value_comes_back(executor, deeds):
    owner = Owner(executor, deeds.pid)
    assert owner.value != os.getpid()
    assert [type(event) for event in owner.events] == [Started, Finished]


def test_plain_values_come_back_equal_and_as_what_they_were(executor, deeds):
    value = Owner(executor, deeds.kinds_of_values).value
    expected = deeds.kinds_of_values()
    assert value["json"] == expected["json"]
    assert [type(item) for item in value["json"]] == [type(item) for item in expected["json"]]
    assert value["nan"] == float("inf")
    np.testing.assert_array_equal(value["array"], expected["array"])
    assert value["array"].dtype == np.complex64
    value["array"][0, 0] = 1
    assert value["circuit"] == expected["circuit"]


@pytest.mark.parametrize("value", [(1, 2), {1: 2}, {"a": (3,)}, 2**70, 1j, {1, 2}, [[[()]]]])
def test_other_values_come_back_too(executor, deeds, value):
    assert Owner(executor, deeds.same, value).value == value


def test_objects_of_a_module_that_both_find_come_back(executor, deeds):
    assert Owner(executor, deeds.same, deeds.Point([1])).value == deeds.Point([1])


def test_a_list_that_holds_itself_comes_back(executor, deeds):
    loop = []
    loop.append(loop)
    value = Owner(executor, deeds.same, loop).value
    assert value[0] is value


def test_an_argument_larger_than_a_pipe_goes_and_comes(executor, deeds):
    array = np.arange(3_000_000, dtype=np.int64)
    np.testing.assert_array_equal(Owner(executor, deeds.same, array).value, array)


def test_a_function_is_called_by_the_name_it_was_given_by(executor):
    assert Owner(executor, Call("math:hypot", (3, 4))).value == 5.0


def test_a_function_of_no_module_travels_with_what_it_refers_to(executor):
    pytest.importorskip("cloudpickle")
    step = 5

    def add(number):
        return operator.add(number, step)

    assert Owner(executor, add, 2).value == 7


def test_a_value_of_a_class_that_only_the_owner_has_comes_back_as_that(executor):
    pytest.importorskip("cloudpickle")

    class Local:
        pass

    assert type(Owner(executor, Local).value) is Local


def test_a_function_of_a_module_that_no_worker_can_import_travels(executor, monkeypatch):
    pytest.importorskip("cloudpickle")
    module = type(sys)("made_up_here")
    exec("def double(x):\n    return twice * x\ntwice = 2\n", vars(module))
    monkeypatch.setitem(sys.modules, "made_up_here", module)
    assert Owner(executor, module.double, 21).value == 42


# --- what can't travel


def test_what_can_not_travel_is_refused_by_name_when_it_is_submitted(executor):
    with pytest.raises(JobError, match=r"Argument 1 of _operator:add can't travel .*_thread.lock"):
        Owner(executor, operator.add, 1, threading.Lock())
    with pytest.raises(JobError, match=r"Argument 'end' of builtins:print can't travel .*generator"):
        Owner(executor, Call(print, (), {"end": iter(i for i in "a")}))


def test_without_cloudpickle_a_local_function_is_refused_with_what_to_install(executor, monkeypatch):
    monkeypatch.setattr(carry, "_find_cloudpickle", lambda: None)
    with pytest.raises(
        JobError, match=r"The function .*<lambda> can't travel .* import\. For functions of your own `pip"
    ):
        Owner(executor, lambda: 1)


@pytest.mark.parametrize("name", ["__main__:work", "no_such_module_here:work"])
def test_a_name_that_means_nothing_to_a_worker_is_refused(executor, name):
    with pytest.raises(JobError, match=rf"of the module '{name.partition(':')[0]}', which a worker process can't imp"):
        Owner(executor, Call(name))


def test_a_module_without_the_function_is_a_failure_of_the_work(executor):
    failure = Owner(executor, Call("math:hypotenuse")).failure
    assert failure.kind == "exception"
    assert "'math:hypotenuse' can't be imported" in failure.message


def test_a_module_that_fails_to_import_there_fails_the_job_and_nothing_else(fresh, tmp_path, monkeypatch):
    (tmp_path / "made_up_once.py").write_text(
        "import os\nif os.environ.get('MADE_UP') != '1':\n    1 / 0\ndef f(): pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("MADE_UP", "1")
    from made_up_once import f

    monkeypatch.delenv("MADE_UP")
    one = fresh()
    failure = Owner(one, f).failure
    assert (failure.kind, "can't unpack it: ZeroDivisionError" in failure.message) == ("not_started", True)
    assert Owner(one, operator.add, 1, 1).value == 2


# --- how work ends


def test_an_exception_comes_back_as_a_failure_with_its_traceback(executor, deeds):
    finished = Owner(executor, deeds.fail, "no luck").finished
    assert (finished.failure.kind, finished.failure.message) == ("exception", "KeyError: 'no luck'")
    assert "deeds.py" in finished.failure.traceback
    assert "in fail\n    raise KeyError(text)" in finished.failure.traceback
    assert finished.exception is None


@pytest.mark.parametrize(
    "function, kind, message",
    [
        (Call(sys.exit, (3,)), "interrupted", r"SystemExit: 3"),
        (Call(os._exit, (3,)), "worker_lost", r"Its worker process \d+ ended with exit code 3\."),
        (Call("deeds:segfault"), "worker_lost", r"was ended by signal 11 \(SIGSEGV\)\."),
        (Call(os.abort), "worker_lost", r"was ended by signal 6 \(SIGABRT\)\."),
        (Call("signal:raise_signal", (9,)), "worker_lost", r"signal 9 \(SIGKILL\)\. Somebody killed it, or the sys"),
        (Call("deeds:lock"), "result_not_sent", r"of type lock, can't travel to its owner: .*_thread.lock"),
        (Call("deeds:unreadable"), "result_not_sent", r"can't be unpacked here: ValueError: not here"),
        (Call("deeds:read_input"), "exception", r"EOFError"),
        (Call("deeds:babble"), "worker_lost", r"sent what can't be understood: a message of 4,557,430,888,7"),
        (Call(os.closerange, (3, 1000)), "worker_lost", r"Its worker process \d+ "),
    ],
)
def test_work_that_ends_badly_says_why_and_the_next_is_done(executor, function, kind, message):
    owner, after = Owner(executor, function), Owner(executor, operator.add, 1, 1)
    assert owner.failure.kind == kind
    assert re.search(message, owner.failure.message), owner.failure.message
    assert after.value == 2


def test_a_segfault_leaves_its_traceback_in_the_log(executor, deeds):
    assert any("in segfault" in line for line in Owner(executor, deeds.segfault).lines)


def test_a_result_that_is_too_large_is_a_failure_that_names_the_limit(fresh, deeds):
    one = fresh(result_limit=1000)
    owner = Owner(one, deeds.wide, 2000)
    assert owner.failure.kind == "result_too_large"
    assert "is over the limit of 1,000 bytes" in owner.failure.message
    assert Owner(one, deeds.wide, 500).value == bytes(500)


@linux
def test_work_that_eats_memory_ends_at_its_limit(fresh, deeds):
    one = fresh(memory_limit=1 << 30)
    failure = Owner(one, deeds.eat).failure
    assert failure.kind == "memory_limit"
    assert failure.message.startswith("It needed more memory than its limit of 1,073,741,824 bytes: MemoryError")
    assert Owner(one, operator.add, 1, 1).value == 2


@pytest.mark.parametrize("function", ["deeds:spin", "deeds:sleep", "deeds:chatter"])
def test_work_that_takes_too_long_is_ended_and_its_process_is_gone(fresh, tmp_path, function):
    one = fresh()
    # The limit is for the work; this worker has imported what it needs before that.
    assert Owner(one, "deeds:pid").value
    owner = Owner(one, function, str(tmp_path / "pid"), time_limit=0.2)
    assert owner.failure.kind == "time_limit"
    assert owner.failure.message == "It took longer than its time limit of 0.2 s and was ended."
    assert not is_alive(*read_pids(tmp_path / "pid"))


def test_a_worker_that_imports_for_ever_is_given_up(fresh, tmp_path, monkeypatch):
    (tmp_path / "made_up_slow.py").write_text(
        "import os, time\nif 'SLOW' in os.environ:\n    time.sleep(1000)\nf = int\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "made_up_fast.py").write_text("import made_up_slow\ndef f(): pass\n")
    from made_up_fast import f

    monkeypatch.setenv("SLOW", "1")
    one = fresh()
    assert Owner(one, operator.add, 1, 1).value == 2
    monkeypatch.setattr(conversation, "START_SECONDS", 0.3)
    failure = Owner(one, f).failure
    assert failure.kind == "not_started"
    assert "did not get to begin it within 0.3 s" in failure.message


def test_a_process_that_can_not_be_started_is_a_failure_that_says_what_it_printed(fresh, monkeypatch, tmp_path):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no python here\nexit 5\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    failure = Owner(fresh(), operator.add, 1, 1).failure
    assert failure.kind == "not_started"
    assert "it ended with exit code 5. It printed: no python here" in failure.message
    monkeypatch.setattr(sys, "executable", "")
    assert "`sys.executable` is empty" in Owner(fresh(), operator.add, 1, 1).failure.message


# --- stop


@linux
@pytest.mark.parametrize("function", ["spin", "sleep", "chatter", "ignore_sigterm"])
def test_stop_is_true_when_the_process_is_gone(fresh, tmp_path, function):
    owner = Owner(fresh(), Call(f"deeds:{function}", (str(tmp_path / "pid"),)))
    pids = read_pids(tmp_path / "pid")
    assert owner.stop() is True
    assert not any(map(is_alive, pids))
    assert owner.finished == Finished(stopped=True)
    assert owner.stop() is True


@linux
def test_stop_ends_what_the_work_has_started_too(fresh, tmp_path):
    owner = Owner(fresh(), Call("deeds:leave_a_child", (str(tmp_path / "pid"),)))
    pids = read_pids(tmp_path / "pid")
    assert owner.stop() is True
    wait_for(lambda: not any(map(is_alive, pids)))


def test_work_that_is_stopped_while_it_waits_never_starts(fresh, tmp_path):
    one = fresh()
    running = Owner(one, Call("deeds:sleep", (str(tmp_path / "first"),)))
    waiting = [Owner(one, Call("deeds:note", (str(tmp_path / f"later{i}"),))) for i in range(20)]
    assert all(owner.stop() for owner in waiting)
    wait_for((tmp_path / "first").exists)
    assert running.stop() is True
    assert Owner(one, operator.add, 1, 1).value == 2
    assert not list(tmp_path.glob("later*"))
    assert all(owner.events == [] for owner in waiting)


def test_work_that_is_stopped_while_its_process_starts_never_begins(fresh, tmp_path):
    one = fresh()
    owner = Owner(one, Call("deeds:note", (str(tmp_path / "done"),)))
    wait_for(lambda: not one._queue)
    assert owner.stop() is True
    assert owner.finished == Finished(stopped=True)
    assert Owner(one, operator.add, 1, 1).value == 2
    assert not (tmp_path / "done").exists()


def test_work_that_must_not_begin_any_more_does_not(executor, tmp_path):
    owner = Owner(executor, Call("deeds:note", (str(tmp_path / "done"),)), may_start=False)
    assert owner.finished == Finished(stopped=True)
    assert not (tmp_path / "done").exists()


def test_stopping_one_job_leaves_the_others_alone(fresh, deeds, tmp_path):
    two = fresh(slots=2)
    other = Owner(two, deeds.sleep, None, 1.0)
    first = Owner(two, Call("deeds:spin", (str(tmp_path / "pid"),)))
    wait_for((tmp_path / "pid").exists)
    assert first.stop() is True
    assert other.finished == Finished(value=None)


def test_an_unknown_handle_runs_nowhere(executor):
    assert executor.stop("nobody") is True
    assert executor.attach("nobody", print) is False


# --- what is printed and told


def test_what_is_printed_stands_in_the_log_in_order(executor, deeds):
    lines = Owner(executor, deeds.speak).lines
    assert set(lines) == {
        "from Python", "and its stderr", "from a program", "from C", "bytes \ufffd", "from the job", "no newline",
    }  # fmt: skip
    assert lines.index("from Python") < lines.index("and its stderr") < lines.index("from a program")


def test_what_is_printed_can_be_read_while_the_work_goes_on(fresh, deeds):
    owner = Owner(fresh(), deeds.speak_and_wait, 1000)
    wait_for(lambda: any(isinstance(event, Log) for event in owner.events))
    assert owner.events[-1].text == "here I am"
    assert not owner.over.is_set()
    assert owner.stop() is True


def test_a_flood_is_cut_short_and_its_end_is_kept(executor, deeds):
    owner = Owner(executor, deeds.flood, 50_000_000)
    assert owner.finished.failure is None
    assert owner.lines[-1] == "the end"
    assert any("bytes that were printed are not kept" in line for line in owner.lines)
    assert sum(map(len, owner.lines)) < 20_000_000


@pytest.mark.parametrize("error", [OSError("disk full"), SystemExit()])
def test_a_start_that_can_not_be_told_is_a_failure(executor, error):
    finished = []

    def emit(event):
        if isinstance(event, Started):
            raise error
        finished.append(event)

    executor.start("mute", Call(operator.add, (1, 1)), emit)
    wait_for(lambda: finished)
    assert finished[0].failure.kind == "not_started"
    assert Owner(executor, operator.add, 1, 1).value == 2


def test_an_owner_that_can_not_take_an_event_does_not_stop_the_work(executor, deeds, caplog):
    over, events = threading.Event(), []

    def emit(event):
        events.append(event)
        if isinstance(event, Finished):
            over.set()
        if not isinstance(event, Started):
            raise OSError("disk full")

    executor.start("deaf", Call(deeds.speak), emit)
    assert over.wait(SOON)
    assert events[-1].failure is None
    assert "could not be recorded" in caplog.text
    assert Owner(executor, operator.add, 1, 1).value == 2


# --- which process


def test_a_process_is_used_again_and_after_so_many_jobs_there_is_a_fresh_one(fresh, deeds):
    one = fresh(jobs_per_worker=2)
    pids = [Owner(one, deeds.pid).value for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


@pytest.mark.parametrize("deed", ["change_folder", "start_a_thread", "set_variable"])
def test_a_process_in_which_work_left_something_behind_is_not_used_again(fresh, deeds, deed):
    one = fresh()
    first = Owner(one, deeds.pid).value
    assert Owner(one, getattr(deeds, deed)).finished.failure is None
    assert Owner(one, deeds.pid).value != first
    assert Owner(one, deeds.variable, "QDOCK_TEST_DEED").value is None


def test_a_process_has_the_surroundings_of_the_time_of_submission(fresh, deeds, monkeypatch, tmp_path):
    one = fresh()
    first = Owner(one, deeds.pid).value
    monkeypatch.setenv("QDOCK_TEST_DEED", "later")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    owner, second = Owner(one, deeds.surroundings), Owner(one, deeds.variable, "QDOCK_TEST_DEED")
    monkeypatch.delenv("QDOCK_TEST_DEED")
    path = [os.path.join(str(tmp_path), entry) for entry in sys.path]
    assert owner.value == (str(tmp_path), path, "/nowhere", "memory:")
    assert second.value == "later"
    assert Owner(one, deeds.pid).value != first


def test_a_process_never_imports_the_main_module_of_its_owner(executor, deeds):
    assert Owner(executor, deeds.main_module).value == "qdock.executors.child"


def test_a_process_that_died_while_it_was_idle_costs_no_job(fresh, deeds):
    one = fresh()
    first = Owner(one, deeds.pid).value
    os.kill(first, signal.SIGKILL)
    assert Owner(one, deeds.pid).value != first


def test_killing_a_worker_fails_one_job_only(fresh, deeds, tmp_path):
    two = fresh(slots=2)
    other = Owner(two, deeds.sleep, None, 0.5)
    owner = Owner(two, Call("deeds:spin", (str(tmp_path / "pid"),)))
    (pid,) = read_pids(tmp_path / "pid")
    os.kill(pid, signal.SIGKILL)
    assert owner.failure.kind == "worker_lost"
    assert f"process {pid} was ended by signal 9 (SIGKILL)" in owner.failure.message
    assert other.finished == Finished()


@linux
def test_work_that_forks_and_dies_is_told_at_once_whoever_holds_the_pipes(fresh, deeds):
    owner = Owner(fresh(), deeds.fork_and_die)
    assert "exit code 7" in owner.failure.message
    wait_for(lambda: not is_alive(int(owner.lines[0])))


def test_an_idle_process_is_ended_after_a_while_and_is_heard_at_its_exit(fresh, deeds, tmp_path):
    one = fresh(idle_seconds=0.05)
    pid = Owner(one, deeds.pid).value
    wait_for(lambda: not one._threads)
    assert not is_alive(pid)
    assert Owner(one, deeds.at_exit, str(tmp_path / "farewell")).finished.failure is None
    wait_for((tmp_path / "farewell").exists)


def test_without_news_of_a_process_its_end_is_seen_by_looking(fresh, monkeypatch, tmp_path):
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    one = fresh()
    assert Owner(one, os._exit, 4).failure.message.endswith("ended with exit code 4.")
    owner = Owner(one, Call("deeds:spin", (str(tmp_path / "pid"),)))
    pids = read_pids(tmp_path / "pid")
    assert owner.stop() is True
    assert not any(map(is_alive, pids))


# --- closing, forking, dying


def test_a_closed_executor_has_finished_all_and_leaves_no_process(fresh, deeds):
    one = fresh()
    owners = [Owner(one, deeds.pid) for _ in range(3)]
    one.close()
    assert all(owner.over.is_set() for owner in owners)
    assert not is_alive(owners[0].value)
    with pytest.raises(JobError, match="closed and takes no more jobs"):
        Owner(one, deeds.pid)


def test_an_executor_that_is_closed_without_waiting_drops_what_has_not_begun(fresh, deeds):
    one = fresh()
    running, waiting, stopped = Owner(one, deeds.sleep, None, 0.3), Owner(one, deeds.pid), Owner(one, deeds.pid)
    assert running.begun.wait(SOON)
    assert stopped.stop() is True
    one.close(wait=False)
    assert running.finished == Finished()
    one.close()
    assert waiting.events == stopped.events == []


OWNER = """
import sys, os, time, threading
sys.path.insert(0, {path!r})
from qdock.executors import ProcessExecutor
from qdock.call import Call
executor = ProcessExecutor(slots=2)
for index, deed in enumerate(("spin", "sleep")):
    executor.start(deed, Call("deeds:" + deed, (f"{folder}/{{deed}}",)), lambda event: None)
while len([name for name in os.listdir({folder!r}) if "." not in name]) < 2:
    time.sleep(0.01)
{rest}
"""


@pytest.mark.parametrize(
    "rest",
    [
        "os.kill(os.getpid(), 9)",
        "os._exit(0)",
        "if os.fork() == 0:\n    time.sleep(3)\n    os._exit(0)\nos.kill(os.getpid(), 9)",
        "sys.exit(0)",
    ],
    ids=["killed", "exit", "forked and killed", "ended"],
)
@linux
def test_no_worker_outlives_its_owner(tmp_path, rest):
    code = OWNER.format(path=str(HERE), folder=str(tmp_path), rest=rest)
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], timeout=60, check=False)
    pids = [pid for deed in ("spin", "sleep") for pid in read_pids(tmp_path / deed)]
    wait_for(lambda: not any(map(is_alive, pids)), seconds=5)


@linux
def test_what_the_work_has_started_does_not_outlive_the_owner_either(tmp_path):
    code = OWNER.format(path=str(HERE), folder=str(tmp_path), rest="os.kill(os.getpid(), 9)")
    code = code.replace("spin", "leave_a_child")
    subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    pids = read_pids(tmp_path / "leave_a_child")
    assert len(pids) == 2
    wait_for(lambda: not any(map(is_alive, pids)), seconds=5)


def test_work_that_waits_for_its_children_waits_for_no_others(executor):
    failure = Owner(executor, os.wait).failure
    assert failure.message.startswith("ChildProcessError")


@linux
def test_without_the_help_of_the_system_the_lifeline_ends_a_worker(tmp_path):
    """What holds where there is no PDEATHSIG."""
    (tmp_path / "sitecustomize.py").write_text("import ctypes\ndef CDLL(*_):\n    raise OSError\nctypes.CDLL = CDLL\n")
    code = OWNER.format(path=str(HERE), folder=str(tmp_path / "out"), rest="os.kill(os.getpid(), 9)")
    (tmp_path / "out").mkdir()
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], timeout=60, check=False, env=environ)
    pids = [pid for deed in ("spin", "sleep") for pid in read_pids(tmp_path / "out" / deed)]
    wait_for(lambda: not any(map(is_alive, pids)), seconds=5)


def test_a_forked_child_has_an_executor_of_its_own(fresh, deeds):
    one = fresh()
    assert Owner(one, deeds.pid).value
    with warnings.catch_warnings():
        # Newer Pythons warn of what is tested here: a fork while there are threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(0 if Owner(one, operator.add, 1, 1).value == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert Owner(one, operator.add, 1, 1).value == 2


# --- settings


@pytest.mark.parametrize(
    "table, message",
    [
        ({"slots": 0}, "`slots` of the process executor must be a whole number of at least 1, but is 0"),
        ({"memory_limit": 1.5}, "`memory_limit` of the process executor must be a whole number of at least 1,048,576"),
        ({"idle_seconds": "long"}, "`idle_seconds` of the process executor is a number, but is 'long'"),
        ({"slot": 2}, r"\[executors.process\]: there is no setting 'slot'. Did you mean 'slots'?"),
        ({"colour": 2}, r"\[executors.process\]: there is no setting 'colour'. Known: slots, idle_seconds"),
    ],
)
def test_settings_that_make_no_sense_are_refused(table, message):
    with pytest.raises(ConfigError, match=message):
        ProcessExecutor(None, Config.load(environ={}, executors={"process": table}))


def test_settings_come_from_the_configuration():
    made = ProcessExecutor(None, Config.load(environ={}, executors={"process": {"slots": 3, "jobs_per_worker": 7}}))
    assert (made.slots, made.settings.jobs_per_worker) == (3, 7)


def test_a_system_without_such_processes_is_told_so(monkeypatch):
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(JobError, match="needs Linux, macOS or another POSIX system, not 'nt'"):
        ProcessExecutor()


# --- through a Dock


@pytest.fixture
def dock():
    config = Config.load(environ={}, executors={"process": {"slots": 1}}, plugins={"x": {"colour": "red"}})
    with Dock(config, store=MemoryStore(), entry_points=[]) as made:
        made.register(BackendSpec("coin", "deeds:Coin", features=frozenset()))
        made.register(BackendSpec("runner", "deeds:Runner", accepts=("call",)))
        yield made


@pytest.fixture
def circuit():
    made = Circuit(2, 2)
    made.h(0)
    made.measure([0, 1], [0, 1])
    return made


def test_counts_are_those_of_every_other_executor(dock, circuit):
    results = [
        dock.run([circuit, circuit], "coin", seed=7, shots=1000, executor=name).result()
        for name in ("inline", "thread", "process", "process")
    ]
    counts = [result.get_counts() for result in results]
    assert counts[0] == counts[1] == counts[2] == counts[3]
    pids = [result.data(0)["pid"] for result in results]
    assert pids[0] == pids[1] == os.getpid() != pids[2] == pids[3]
    # The second job finds the backend that was made for the first, with the owner's settings.
    assert results[2].data(0)["object"] == results[3].data(0)["object"]
    assert results[2].data(0)["setting"] == {"colour": "red"}


def test_a_job_tells_its_progress_and_its_log(dock, circuit):
    job = dock.run([circuit] * 3, "coin", executor="process")
    assert isinstance(job.result(SOON), Result)
    assert (job.progress.fraction, job.progress.text) == (1.0, "circuit")
    assert job.logs() == ["tossed circuit"] * 3
    assert [line.status.name for line in job.history] == ["QUEUED", "RUNNING", "DONE"]


def test_a_backend_that_is_an_object_of_ones_own_travels_as_it_is(dock, circuit, deeds):
    pytest.importorskip("cloudpickle")

    class Mine(deeds.Coin):
        pass

    job = dock.run(circuit, Mine(), seed=7, executor="process")
    assert job.result(SOON).get_counts() == dock.run(circuit, "coin", seed=7, executor="inline").result().get_counts()


def test_a_backend_that_can_not_travel_is_refused(dock, circuit, deeds):
    mine = deeds.Coin()
    mine.lock = threading.Lock()
    with pytest.raises(JobError, match=r"Backend 'Coin' can't travel to a worker process: .*_thread.lock"):
        dock.run(circuit, mine, executor="process")
    assert dock.jobs()[0].error.kind == "not_started"
    with pytest.raises(JobError, match=r"Argument 0 of deeds:same can't travel"):
        dock.run(Call(deeds.same, (threading.Lock(),)), "runner", executor="process")


def test_a_time_limit_ends_a_job_with_that_reason(dock, deeds):
    job = dock.run(Call(deeds.spin), "runner", time_limit=0.2)
    with pytest.raises(JobError, match=r"failed: It took longer than its time limit of 0\.2 s and was ended"):
        job.result(SOON)
    assert (job.status(), job.error.kind, job.record.executor) == (JobStatus.ERROR, "time_limit", "process")
    assert job.rerun(program=Call(deeds.same, (1,)), time_limit=SOON).result(SOON).data(0)["value"] == 1


def test_a_time_limit_that_nobody_could_keep_is_refused(dock, deeds):
    for name in ("thread", "inline"):
        with pytest.raises(OptionError, match=f"`time_limit` is for executors that can kill .* but '{name}' can't"):
            dock.run(Call(deeds.same, (1,)), "runner", time_limit=1, executor=name)
    for seconds in (0, -1, float("nan"), float("inf"), True, "1"):
        with pytest.raises(OptionError, match="`time_limit` is a positive number of seconds"):
            dock.run(Call(deeds.same, (1,)), "runner", time_limit=seconds)


def test_a_cancelled_job_has_stopped(dock, tmp_path):
    job = dock.run(Call("deeds:spin", (str(tmp_path / "pid"),)), "runner", executor="process")
    pids = read_pids(tmp_path / "pid")
    assert job.cancel() is True
    assert not any(map(is_alive, pids))
    assert job.status() is JobStatus.CANCELLED


def test_a_function_that_fails_there_fails_its_job_with_the_original_traceback(dock, deeds):
    job = dock.run(Call(deeds.fail, ("no luck",)), "runner", executor="process")
    with pytest.raises(JobError, match="KeyError: 'no luck'") as caught:
        job.result(SOON)
    assert "in fail" in caught.value.__notes__[0]


def test_a_job_inside_of_a_job_is_done_by_the_same_worker(dock, deeds):
    assert dock.run(Call(deeds.run_inside, (os.getpid(),)), "runner", executor="process").result(SOON).data(0)["value"]
