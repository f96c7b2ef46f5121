"""Jobs at the interpreter's exit and in forked children, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

HEAD = """
import os, sys, time, threading
import qdock
from qdock import Call, CircuitResult, Dock, JobError, LocalBackend, Result
from qdock.spec import BackendSpec

class Runner(LocalBackend):
    spec = BackendSpec("runner", "x:Runner", accepts=("call",))
    def execute(self, programs, options, context):
        values = [call.resolve()(context, *call.args) for call in programs]
        return Result([CircuitResult(name="v", data={"value": value}) for value in values])

def say(context, text):
    # One call of the system, so that lines of several threads stay whole.
    os.write(1, f"{text}\\n".encode())

ended = threading.Event()

def say_at_the_end(context, text):
    ended.wait(30)
    say(context, text)
"""


def run_python(code):
    source = HEAD + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False)


def test_jobs_that_nobody_waits_for_are_done_before_the_interpreter_ends():
    done = run_python(
        """
        dock = Dock(entry_points=[])
        for i in range(5):
            dock.run(Call(say_at_the_end, (i,)), Runner())
        say(None, "end of the program")
        ended.set()
        """
    )
    assert done.stdout.splitlines()[0] == "end of the program"
    assert sorted(done.stdout.splitlines()[1:]) == ["0", "1", "2", "3", "4"]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="CPython 3.12.1 starts no thread after the main one ended")
def test_a_job_may_start_threads_while_the_interpreter_waits_for_it():
    done = run_python(
        """
        import concurrent.futures

        def work(context):
            ended.wait(30)
            # Long enough for the interpreter to be at its end.
            time.sleep(0.2)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                print(sum(pool.map(int, "12")), flush=True)

        Dock(entry_points=[]).run(Call(work), Runner())
        ended.set()
        """
    )
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_ctrl_c_while_the_interpreter_waits_cancels_the_jobs():
    source = HEAD + textwrap.dedent(
        """
        submitted = threading.Event()

        def work(context):
            submitted.wait(30)
            # Long enough for the main thread to come to its end.
            time.sleep(0.5)
            print("begun", flush=True)
            while True:
                context.check()
                time.sleep(0.001)

        job = Dock(entry_points=[]).run(Call(work), Runner())
        job.add_done_callback(lambda job: print(job.status().name, flush=True))
        submitted.set()
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out == "CANCELLED\n"


def test_a_closed_dock_leaves_nothing_to_wait_for():
    done = run_python(
        """
        with Dock(entry_points=[]) as dock:
            job = dock.run(Call(say, ("hello",)), Runner())
        print(job.status().name)
        """
    )
    assert done.stdout.splitlines() == ["hello", "DONE"]


def test_a_job_that_hangs_does_not_keep_a_closed_program_from_its_end():
    done = run_python(
        """
        import qdock.dispatch.closing
        qdock.dispatch.closing.STOP_SECONDS = 0.05
        dock, begun = Dock(entry_points=[]), threading.Event()
        dock.run(Call(lambda context: begun.set() or time.sleep(1000)), Runner())
        begun.wait(30)
        dock.close(wait=False)
        """
    )
    assert done.returncode == 0
    assert "did not stop and is left behind" in done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_executors_and_a_default_dock_of_its_own():
    done = run_python(
        """
        dock = qdock.default_dock()
        opened = threading.Event()
        hung = dock.run(Call(lambda context: opened.wait(60)), Runner())
        ready = dock.run(Call(say, ("parent",)), Runner(), executor="inline")
        child = os.fork()
        if child == 0:
            assert qdock.default_dock() is not dock
            try:
                hung.result(timeout=30)
            except JobError as error:
                print(error, flush=True)
            dock.run(Call(say, ("child",)), Runner()).result(30)
            qdock.run(Call(say, ("new dock",)), Runner()).result(30)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        opened.set()
        print(hung.result(30).data()["value"], flush=True)
        """
    )
    assert done.stdout.splitlines() == [
        "parent",
        done.stdout.splitlines()[1],
        "child",
        "new dock",
        "True",
    ]
    assert "This process was forked off while the job ran. It goes on in the parent." in done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forking_in_the_midst_of_busy_threads_never_deadlocks_the_child():
    done = run_python(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        dock, stop = Dock(entry_points=[]), threading.Event()
        backend = Runner()
        # Python itself can't fork while another thread imports, so everything is imported before.
        dock.run(Call(lambda context: context.log("x")), backend).result(30)

        def keep_busy():
            while not stop.is_set():
                dock.run(Call(lambda context: context.log("x")), backend).result(30)

        threads = [threading.Thread(target=keep_busy, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(30):
            child = os.fork()
            if child == 0:
                dock.run(Call(lambda context: context.log("x")), backend).result(20)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads:
            thread.join()
        print("all thirty", flush=True)
        """
    )
    assert done.stdout == "all thirty\n", done.stderr
