"""The `qdock` command as its users have it, a process of its own, and a made-up plugin for it to find."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from fcntl import ioctl
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from qdock import default_dock
from qdock.cli import cli

PLUGIN = """
from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, Option, hookimpl

@hookimpl
def qdock_backends():
    options = {
        "bias": Option(float, 0.5, 0, 1),
        "label": Option(str),
        "memory": Option(bool, False),
        "output": Option(str, "counts", choices=["counts", "statevector", "unitary", "probabilities"]),
    }
    yield BackendSpec("coin", "toy_backends:Coin", "A coin [for] every clbit.", num_qubits=9, options=options)
    yield BackendSpec("penny", "toy_backends:Coin", deprecated="use coin", options=options)
    yield BackendSpec("deaf", "toy_backends:Deaf", "Never stops.", simulator=False)
    yield BackendSpec("failing", "toy_backends:Failing", "Fails.")
    yield BackendSpec("patient", "toy_backends:Patient", "Works until it is told to stop.")
    yield BackendSpec("steady", "toy_backends:Steady", "Says how far it is.")

@hookimpl
def qdock_converters():
    yield ConverterSpec("toy", "circuit", "toy_backends:read", suffixes=(".toy",), pattern="^TOY")

@hookimpl
def qdock_commands():
    yield CommandSpec("greet", "toy_command:greet", "Say hello.")
    yield CommandSpec("lost", "toy_command:nowhere", "Can't be imported.")
    yield CommandSpec("odd", "toy_command:ODD", "Is no command.")
"""

BACKENDS = """
import sys, time
import numpy as np
from qdock import Circuit, CircuitResult, LocalBackend, Parameter, QdockError, Result

class Coin(LocalBackend):
    def execute(self, programs, options, context):
        if options["label"]:
            print(repr(options["label"]), options["bias"], file=sys.stderr)
        return Result([self.one(program, options, context.rng(i)) for i, program in enumerate(programs)])

    def one(self, circuit, options, rng):
        exact = {
            "statevector": np.array([0.6, 0, 0, 0.8j]),
            "unitary": np.array([[1, 0], [0, np.exp(0.25j * np.pi)]]),
            "probabilities": np.array([0.25, 0, 0, 0.75]),
        }
        if options["output"] in exact:
            return CircuitResult.from_circuit(circuit, **{options["output"]: exact[options["output"]]})
        throws = (rng.random(options["shots"]) < options["bias"]) * (2**circuit.num_clbits - 1)
        outcomes, shots, counts = np.unique(throws, return_inverse=True, return_counts=True)
        return CircuitResult.from_outcomes(circuit, outcomes, counts, shots if options["memory"] else None)

class Failing(LocalBackend):
    def execute(self, programs, options, context):
        raise RuntimeError("The coin is lost.")

class Patient(LocalBackend):
    def execute(self, programs, options, context):
        print("working", file=sys.stderr, flush=True)
        while True:
            context.check()
            time.sleep(0.01)

class Deaf(LocalBackend):
    def execute(self, programs, options, context):
        print("working", file=sys.stderr, flush=True)
        time.sleep(600)

class Steady(LocalBackend):
    def execute(self, programs, options, context):
        for step in range(20):
            context.progress(step / 20, f"step [{step}]")
            time.sleep(0.05)
        return Result([CircuitResult.from_counts(program, {"11": 10}) for program in programs])

def read(text, path=None):
    words = text.split()
    if words[:1] != ["TOY"]:
        from qdock.errors import ProgramError
        raise ProgramError(f"{path}:1:1: A toy begins with TOY.")
    circuit = Circuit(2, 2, name=path.stem if path else "circuit")
    angle = Parameter(words[1]) if len(words) > 1 else 0.5
    return circuit.rx(angle, 0).cx(0, 1).measure([0, 1], [0, 1])
"""

# Bold, dim, a cursor that moves: what a terminal obeys and does not show.
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

COMMAND = """
import click

ODD = 3

@click.command()
@click.argument("name")
def greet(name):
    click.echo(f"Hello {name}.")
"""


class Outcome(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


class Shell:
    """Runs `qdock` in a folder, with the made-up plugin and no other."""

    def __init__(self, folder: Path, site: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.site = folder, site
        own = {"PYTHONPATH": str(site), "QDOCK_ONLY": "toy", "TERM": "xterm", "NO_COLOR": "1"}
        for name, value in own.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.syspath_prepend(str(site))

    def __call__(self, *arguments: object, text: str | bytes = "", **environ: str) -> Outcome:
        """Run a command in this process, as if it were a new one, on pipes."""
        before = set(sys.modules)
        default_dock().close()
        try:
            result = CliRunner().invoke(cli, list(map(str, arguments)), text, {**os.environ, **environ})
        finally:
            default_dock().close()
            for name in set(sys.modules) - before:
                if (self.site / f"{name}.py").exists():
                    del sys.modules[name]
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def install(self, name: str, source: str, group: str = "qdock.v1", distribution: str = "") -> None:
        """Put a plugin of one module there, as pip would."""
        distribution = distribution or f"qdock_{name}"
        (self.site / f"{name}_plugin.py").write_text(source)
        info = self.site / f"{distribution}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {name}_plugin\n")

    def start(self, *arguments: object, environ: Mapping[str, str] = {}, **pipes: Any) -> subprocess.Popen[str]:
        """Start a command as a process of its own, on pipes unless something else is given."""
        command = [sys.executable, "-m", "qdock", *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
        return subprocess.Popen(command, cwd=self.folder, env={**os.environ, **environ}, text=True, **pipes)

    def on_pipes(self, *arguments: object, **environ: str) -> Outcome:
        """Run a command in a process of its own, on pipes."""
        process = self.start(*arguments, environ=environ)
        out, err = process.communicate(timeout=60)
        return Outcome(process.returncode, out, err)

    def on_terminal(self, *arguments: object, **environ: str) -> Outcome:
        """Run a command on a terminal of 100 columns; what it writes to either stream is its output."""
        ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        process = self.start(*arguments, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, environ=environ)
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b"")).decode()
        os.close(ours)
        return Outcome(process.wait(60), _STYLE.sub("", shown.replace("\r\n", "\n")), "")

    def interrupt(self, *arguments: object, number: int = signal.SIGINT) -> Outcome:
        """Run a command and press Ctrl-C, or send another signal, once its backend says that it works."""
        process = self.start(*arguments)
        assert process.stderr is not None
        assert process.stderr.readline() == "working\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        return Outcome(process.returncode, out, err)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""


@pytest.fixture
def qdock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    site, folder = tmp_path / "site", tmp_path / "folder"
    site.mkdir()
    folder.mkdir()
    (site / "toy_backends.py").write_text(BACKENDS)
    (site / "toy_command.py").write_text(COMMAND)
    (folder / "one.toy").write_text("TOY")
    (folder / "two.toy").write_text("TOY")
    (folder / "angle.toy").write_text("TOY theta")
    (folder / "bad.toy").write_text("TAY")
    shell = Shell(folder, site, monkeypatch)
    shell.install("toy", PLUGIN)
    return shell
