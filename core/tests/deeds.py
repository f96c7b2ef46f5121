"""What the workers of tests do. A module of its own, so that they find it by its name."""

from __future__ import annotations

import atexit
import collections
import ctypes
import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np

from qdock.backend import LocalBackend
from qdock.circuit import Circuit
from qdock.result import CircuitResult, Result
from qdock.spec import BackendSpec
from qdock.work.events import Log
from qdock.work.worker import current_worker


class Point:
    """A value that is no plain data."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return type(other) is Point and other.x == self.x

    __hash__ = None


class Unreadable:
    """A value that can be pickled and not unpickled."""

    def __reduce__(self):
        return refuse, ()


def refuse():
    raise ValueError("not here")


def same(value):
    return value


def pid():
    return os.getpid()


def spin(path=None):
    """Never end, in one call of C that lets no other thread of Python run."""
    note(path)
    collections.deque(itertools.repeat(0), maxlen=0)


def sleep(path=None, seconds=1000):
    note(path)
    time.sleep(seconds)


def nap(path):
    """Be done at about the time when somebody cancels it."""
    note(path)
    time.sleep(0.01)


def chatter(path=None):
    note(path)
    while True:
        print("la " * 20)


def note(path):
    """Write down who is at work, whole or not at all."""
    if path is not None:
        with open(f"{path}.part", "w") as file:
            file.write(str(os.getpid()))
        os.replace(f"{path}.part", path)


def ignore_sigterm(path):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note(path)
    spin()


def leave_a_child(path):
    child = subprocess.Popen(["sleep", "1000"])
    with open(f"{path}.part", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.replace(f"{path}.part", path)
    time.sleep(1000)


def fork_and_return():
    """Leave behind a process that holds all that the worker has open."""
    child = os.fork()
    if child == 0:
        time.sleep(1000)
        os._exit(0)
    return child


def fork_and_die():
    child = fork_and_return()
    print(child, flush=True)
    os._exit(7)


def flood(size):
    line = "x" * 99 + "\n"
    for _ in range(size // 1_000_000):
        sys.stdout.write(line * 10_000)
    print("the end")


def babble():
    """Write into every pipe there is."""
    for fd in range(3, 1000):
        try:
            os.write(fd, b"?" * 100)
        except OSError:
            continue
    time.sleep(1000)


def speak():
    print("from Python")
    print("and its stderr", file=sys.stderr)
    os.system("echo from a program")
    ctypes.CDLL(None).puts(b"from C")
    os.write(1, b"bytes \xff\n")
    current_worker().emit(Log("from the job"))
    print("no newline", end="")


def speak_and_wait(seconds):
    print("here I am")
    time.sleep(seconds)


def fail(text):
    raise KeyError(text)


def segfault():
    ctypes.string_at(0)


def eat():
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def lock():
    return threading.Lock()


def unreadable():
    return Unreadable()


def wide(size):
    return bytes(size)


def kinds_of_values():
    circuit = Circuit(2, 2)
    circuit.h(0)
    circuit.rz(0.25, 1)
    return {
        "json": [None, True, -1, 2**63, 0.1, "ü", {"a": []}, b"\x00"],
        "nan": float("inf"),
        "array": np.arange(6, dtype=np.complex64).reshape(2, 3),
        "circuit": circuit,
    }


def change_folder():
    os.chdir("/")


def start_a_thread():
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def set_variable():
    os.environ["QDOCK_TEST_DEED"] = "done"


def variable(name):
    return os.environ.get(name)


def surroundings():
    return os.getcwd(), list(sys.path), os.environ.get("PYTHONPATH"), os.environ.get("QDOCK_STORE")


def main_module():
    return sys.modules["__main__"].__spec__.name


def read_input():
    return input()


def at_exit(path):
    atexit.register(note, path)


def run_inside(pid):
    """A job inside of a job is done by the same worker."""
    import qdock
    from qdock.call import Call

    result = qdock.run(Call(os.getpid), Teller(), executor="thread").result()
    return os.getpid() == result.data(0)["pid"] != pid


class Teller(LocalBackend):
    """Says which process does the work."""

    spec = BackendSpec("teller", "deeds:Teller", accepts=("call",))

    def execute(self, programs, options, context):
        return Result([CircuitResult(name="pid", shots=0, data={"pid": programs[0]()})])


class Coin(LocalBackend):
    """A fair coin for every clbit; tells how far it is, and who it is."""

    def execute(self, programs, options, context):
        entries = []
        for index, circuit in enumerate(programs):
            context.check()
            context.progress((index + 1) / len(programs), circuit.name)
            context.log(f"tossed {circuit.name}")
            draws = context.rng(index).integers(0, 2**circuit.num_clbits, options["shots"])
            outcomes, counts = np.unique(draws, return_counts=True)
            data = {"pid": os.getpid(), "object": id(self), "setting": (self.config or {}) and self.config.plugin("x")}
            entries.append(CircuitResult.from_outcomes(circuit, outcomes, counts, data=data))
        return Result(entries)


class Runner(LocalBackend):
    """Runs functions; what they return stands in the data of the result."""

    def execute(self, programs, options, context):
        values = [program() for program in programs]
        return Result([CircuitResult(name=program.name, shots=0, data={"value": values[0]}) for program in programs])


class Coin2(Coin):
    """The same under a name of its own."""

    spec = BackendSpec("coin2", "deeds:Coin2")


class Teller2(LocalBackend):
    """Calls a function with the context."""

    spec = BackendSpec("teller2", "deeds:Teller2", accepts=("call",))

    def execute(self, programs, options, context):
        return Result([CircuitResult.from_value(call.name, call.resolve()(context)) for call in programs])


def tell_everything(context):
    """Say all there is to say of work, and fail."""
    context.log("a line")
    context.progress(0.25)
    for record in (False, True, False):
        circuit = Circuit(1, 1).h(0).measure(0, 0)
        context.backend(Coin2(), record=record).run(circuit, shots=5).result()
    context.checkpoint({"x": np.arange(3), "z": 1j})
    raise ValueError("enough")
