"""What the workers of tests do. A module of its own, so that they find it by its name."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np

from qdock import Circuit


@dataclass
class Minimum:
    """What a small optimiser found."""

    energies: list[float]
    angles: np.ndarray


class Opaque:
    """A value that can be neither stored nor sent."""

    def __init__(self):
        self.lock = threading.Lock()


def square(x, bad=(), deadly=(), marks=None, context=None):
    """Return x * x and a draw; fail for some x, and end the process for others."""
    if marks is not None:
        with open(os.path.join(marks, f"{x}-{os.getpid()}-{time.monotonic_ns()}"), "w"):
            pass
    if x in bad:
        raise ValueError(f"{x} is bad")
    if x in deadly:
        os._exit(4)
    return x * x, context.rng().random()


def once(x, marks):
    """Fail the first time that it is called with an odd x."""
    path = os.path.join(marks, str(x))
    if x % 2 and not os.path.exists(path):
        with open(path, "w"):
            pass
        raise ValueError("not yet")
    return x


def energy(backend, angles):
    """Return the mean of a sampled cost, with shots, so that it depends on the seed."""
    circuit = Circuit(2, 2).ry(angles[0], 0).ry(angles[1], 1).cx(0, 1).measure_all()
    counts = backend.run(circuit, shots=200).result().get_counts()
    return sum(count * (-1) ** text.count("1") for text, count in counts.items()) / 200


def minimize(steps=8, die_at=None, pause=0.0, context=None):
    """Go downhill by parameter shift; a killed one can be resumed."""
    backend = context.backend("basic_simulator")
    found = context.resume() or {"energies": [], "angles": np.array([0.4, 0.3])}
    angles = found["angles"]
    for step in range(len(found["energies"]), steps):
        gradient = [
            energy(backend, angles + shift) - energy(backend, angles - shift) for shift in np.eye(2) * np.pi / 2
        ]
        angles = angles - 0.2 * np.array(gradient) + 1e-3 * context.rng(step).normal(size=2)
        found = {"energies": [*found["energies"], energy(backend, angles)], "angles": angles}
        context.checkpoint(found)
        context.progress((step + 1) / steps, f"step {step + 1}")
        time.sleep(pause)
        if step == die_at:
            os.kill(os.getpid(), 9)
    return found["energies"]


# --- faults


def leave(code=3):
    sys.exit(code)


def drop_dead():
    os._exit(5)


def crash():
    ctypes.string_at(0)


def eat():
    hoard = []
    while True:
        hoard.append(bytearray(1 << 24))


def never_end():
    while True:
        pass


def print_much(size=1 << 30):
    """Print so many bytes."""
    block = ("x" * 99 + "\n") * 10_000
    for _ in range(size // len(block)):
        sys.stdout.write(block)
    return "printed"


def opaque():
    return Opaque()


def minimum():
    return Minimum([1.0, 0.5], np.zeros(2))


def one():
    return 1


def choose(x):
    return x if x == 1 else Opaque()


def spin(_):
    while True:
        pass
