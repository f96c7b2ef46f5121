"""The basic simulator with one mistake each; a class's docstring says which."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace

import numpy as np

from qdock import CircuitResult, Result
from qdock.backend import LocalBackend
from qdock.circuit import Circuit
from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import JobCancelledError, JobTimeoutError
from qdock.gates import Gate
from qdock.job import JobStatus, RecordedJob
from qdock.operations import For, If, Operation
from qdock_basic import BasicSimulator

DEFAULTS = {name: option.default for name, option in BasicSimulator.spec.options.items()}


class Right(BasicSimulator):
    """Nothing is wrong here: the suite must be content."""

    def check(self, programs, options):
        super().check(programs, {**DEFAULTS, **options})

    def estimate(self, programs, options):
        return super().estimate(programs, {**DEFAULTS, **options})

    def execute(self, programs, options, context):
        return super().execute(programs, {**DEFAULTS, **options}, context)


def rewritten(circuit, change):
    """Return a circuit with every operation replaced by what `change` makes of it, in blocks too; None drops it."""
    made = circuit.block()
    made.name = circuit.name
    for operation in circuit:
        detail = operation.detail
        if operation.blocks:
            detail = detail.mapped(lambda node: node, lambda block: rewritten(block, change))
        new = change(Operation(operation.name, operation.qubits, operation.clbits, operation.params, detail))
        if isinstance(new, Gate):
            made.append(new, operation.qubits)
        elif new is not None:
            made.append_operation(new)
    return made


class Rewriting(Right):
    """Runs what `change` makes of a circuit."""

    def change(self, operation):
        return operation

    def execute(self, programs, options, context):
        return super().execute([rewritten(circuit, self.change) for circuit in programs], options, context)


def edited(result, **change):
    """Return a result whose entries are changed by functions."""
    return Result(
        [replace(entry, **{name: function(entry) for name, function in change.items()}) for entry in result],
        result.metadata,
    )


# --- numbers


class ReversedBits(Right):
    """Counts with reversed bits."""

    def execute(self, programs, options, context):
        entries = []
        for circuit, entry in zip(programs, super().execute(programs, options, context), strict=True):
            if entry.counts is None:
                entries.append(entry)
                continue
            turned = {outcome.replace(" ", "")[::-1]: number for outcome, number in entry.get_counts().items()}
            entries.append(CircuitResult.from_counts(circuit, turned, memory=None))
        return Result(entries)


class WrongRz(Rewriting):
    """The sign of rz."""

    def change(self, operation):
        return replace(operation, params=(-operation.params[0],)) if operation.name == "rz" else operation


class HalvedRx(Rewriting):
    """Half the angle of rx."""

    def change(self, operation):
        return replace(operation, params=(operation.params[0] / 2,)) if operation.name == "rx" else operation


class SwappedControl(Rewriting):
    """Control and target of cx."""

    def change(self, operation):
        return replace(operation, qubits=operation.qubits[::-1]) if operation.name == "cx" else operation


class ForgottenT(Rewriting):
    """The gate t does nothing."""

    def change(self, operation):
        return None if operation.name == "t" else operation


class ConjugatedState(Right):
    """Amplitudes are complex conjugated."""

    def execute(self, programs, options, context):
        result = super().execute(programs, options, context)
        return edited(result, statevector=lambda e: None if e.statevector is None else e.statevector.conj())


class SeedIgnored(Right):
    """Every run draws a seed of its own."""

    def execute(self, programs, options, context):
        context.seed = int(np.random.default_rng().integers(2**60))
        return super().execute(programs, options, context)


class OneSeedForAll(Right):
    """All seeds are the same."""

    def execute(self, programs, options, context):
        context.seed = 5
        return super().execute(programs, options, context)


class SeedOfThread(Right):
    """The counts depend on which thread does the work."""

    def execute(self, programs, options, context):
        context.seed += threading.get_ident() % 10_007
        return super().execute(programs, options, context)


class ShotsOffByOne(Right):
    """One shot too few."""

    def execute(self, programs, options, context):
        return super().execute(programs, {**options, "shots": max(1, options["shots"] - 1)}, context)


class SortedMemory(Right):
    """A memory that was made from the counts."""

    def execute(self, programs, options, context):
        result = super().execute(programs, options, context)
        return edited(result, memory=lambda e: None if e.memory is None else np.sort(e.memory))


class IgnoredCondition(Rewriting):
    """What stands in an if runs always."""

    def change(self, operation):
        if not isinstance(operation.detail, If):
            return operation
        always = Circuit(1, 1).bit(0)
        detail = replace(operation.detail, condition=always.eq(0) | always.eq(1))
        return replace(operation, detail=detail)


class IgnoredElse(Rewriting):
    """What stands in an else never runs."""

    def change(self, operation):
        if not isinstance(operation.detail, If):
            return operation
        return replace(operation, detail=replace(operation.detail, otherwise=None))


class LeavingReset(Rewriting):
    """A reset does nothing."""

    def change(self, operation):
        return None if operation.name == "reset" else operation


class WrongClbit(Rewriting):
    """Every measurement is written into the clbit of the qubit's number."""

    def change(self, operation):
        return replace(operation, clbits=operation.qubits) if operation.name == "measure" else operation


class LoopsOnceLess(Rewriting):
    """A for runs once less than it says."""

    def change(self, operation):
        detail = operation.detail
        if not isinstance(detail, For):
            return operation
        stop = detail.values.stop - 1
        return replace(operation, detail=replace(detail, values=replace(detail.values, stop=stop)))


class OneEntry(Right):
    """One entry for several programs."""

    def execute(self, programs, options, context):
        return Result(list(super().execute(programs, options, context))[:1])


MissingFeature = Right


class UntestableFeature(Right):
    """Declares a precision, and has no option for it."""


NoFeatures = Right


class TooNoisy(Right):
    """More noise than is stated."""

    def execute(self, programs, options, context):
        entries = []
        for index, (circuit, entry) in enumerate(
            zip(programs, super().execute(programs, options, context), strict=True)
        ):
            rng = context.rng(index, path=99)
            seen = np.repeat(entry.outcomes[:, 0], entry.counts)
            wrong = rng.random(len(seen)) < 0.3
            seen[wrong] = rng.integers(0, 2**entry.num_clbits, wrong.sum())
            entries.append(CircuitResult.from_outcomes(circuit, *np.unique(seen, return_counts=True)))
        return Result(entries)


SilentNoise = TooNoisy


# --- jobs


class _Liar(RecordedJob):
    def cancel(self, wait=1.0):
        return True


class LyingCancel(Right):
    """A cancel that says it has stopped the work."""

    def run(self, programs, **options):
        job = super().run(programs, **options)
        job.__class__ = _Liar
        return job


class _Impatient(RecordedJob):
    def result(self, timeout=None):
        try:
            return super().result(timeout)
        except JobTimeoutError:
            self.cancel()
            raise


class KillingTimeout(Right):
    """A timeout that ends the job."""

    def run(self, programs, **options):
        job = super().run(programs, **options)
        job.__class__ = _Impatient
        return job


class Blocking(Right):
    """A run that waits for the result."""

    def run(self, programs, **options):
        job = super().run(programs, **options)
        job.wait_for_final_state()
        return job


class LyingEstimate(Right):
    """An estimate that says that long work is short."""

    def estimate(self, programs, options):
        return 1e-5

    def execute(self, programs, options, context):
        time.sleep(1.1)
        return super().execute(programs, options, context)


class _Restless(RecordedJob):
    def status(self):
        status = super().status()
        self.looks = getattr(self, "looks", 0) + 1
        return JobStatus.RUNNING if status is JobStatus.DONE and self.looks % 2 else status


class UnorderedStatuses(Right):
    """A job that is DONE and RUNNING again."""

    def run(self, programs, **options):
        job = super().run(programs, **options)
        job.__class__ = _Restless
        return job


class _Historian(RecordedJob):
    @property
    def history(self):
        return tuple(reversed(super().history))


class UnorderedHistory(Right):
    """A history from the end to the beginning."""

    def run(self, programs, **options):
        job = super().run(programs, **options)
        job.__class__ = _Historian
        return job


class _Deaf:
    def __init__(self, context):
        self.context = context

    def check(self):
        pass

    def __getattr__(self, name):
        return getattr(self.context, name)


class DeafExecute(Right):
    """Work that never looks whether it shall stop."""

    def execute(self, programs, options, context):
        return super().execute(programs, options, _Deaf(context))


class SwallowedCancel(Right):
    """Work that catches what ends it."""

    def execute(self, programs, options, context):
        try:
            return super().execute(programs, options, context)
        except JobCancelledError:
            return super().execute(programs, options, _Deaf(context))


class LostResult(Right):
    """Jobs of a Dock that nobody else knows."""

    def run(self, programs, **options):
        private = Right(self.spec, self.config)
        private.dock = Dock(Config.load(store="memory:"))
        return private.run(programs, **options)


class _Heavy(Result):
    def __reduce__(self):
        raise TypeError("cannot pickle this result")

    def with_metadata(self, **metadata):
        return _Heavy(self.entries, {**self.metadata, **metadata})


class UnpicklableResult(Right):
    """A result that can't be pickled."""

    def execute(self, programs, options, context):
        result = super().execute(programs, options, context)
        return _Heavy(result.entries, result.metadata)


class ChangedCircuit(Right):
    """Work that changes the circuit that it is given."""

    def execute(self, programs, options, context):
        result = super().execute(programs, options, context)
        for circuit in programs:
            circuit.x(0)
        return result


class SharedState(Right):
    """Work that keeps what belongs to one job in the backend."""

    def execute(self, programs, options, context):
        self.current = context.seed
        time.sleep(0.002)
        context.seed = self.current
        return super().execute(programs, options, context)


class BackwardsProgress(Right):
    """A progress in percent."""

    def execute(self, programs, options, context):
        context.progress(50)
        return super().execute(programs, options, context)


# --- secrets and what is left


class SecretInLog(Right):
    """A token in a log message."""

    def execute(self, programs, options, context):
        token = self.config.secret("wrong", "token")
        if token is not None:
            logging.getLogger("wrong").info("connecting with %s", token.reveal())
        return super().execute(programs, options, context)


class SecretInError(Right):
    """A token in the message of an error."""

    def check(self, programs, options):
        super().check(programs, options)
        if options["shots"] == 1023:
            raise ValueError(f"refused for {self.config.secret('wrong', 'token').reveal()}")

    def resolve_options(self, given, config):
        token = self.config.secret("wrong", "token")
        if "no_such_option" in given and token is not None:
            raise ValueError(f"{token.reveal()} has no such option")
        return super().resolve_options(given, config)


class SecretInResult(Right):
    """A token in the metadata of a result."""

    def execute(self, programs, options, context):
        result = super().execute(programs, options, context)
        token = self.config.secret("wrong", "token")
        return result.with_metadata(account="" if token is None else token.reveal())


class PrintingBackend(Right):
    """A backend that prints."""

    def execute(self, programs, options, context):
        print("simulating", len(programs), "circuits")
        return super().execute(programs, options, context)


class LeakedThread(Right):
    """A thread that is never told to end."""

    def execute(self, programs, options, context):
        threading.Thread(target=time.sleep, args=(30,), name="wrong-worker", daemon=True).start()
        return super().execute(programs, options, context)


class LeakedProcess(Right):
    """A process that nobody ends."""

    def execute(self, programs, options, context):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(4)"], stdout=subprocess.DEVNULL)
        return super().execute(programs, options, context)


class LeakedFile(Right):
    """A temporary file that stays."""

    def execute(self, programs, options, context):
        with tempfile.NamedTemporaryFile(delete=False, prefix="wrong-") as file:
            file.write(b"amplitudes")
        return super().execute(programs, options, context)


# --- input and interface


class ZeroShots(Right):
    """Takes no shots at all."""

    def execute(self, programs, options, context):
        return super().execute(programs, {**options, "shots": max(1, options["shots"])}, context)


class BareError(Right):
    """Refuses programs with whatever happens to be raised."""

    def check(self, programs, options):
        super().check(programs, options)
        if programs[0].num_qubits == 1:
            raise KeyError("qubits")

    def run(self, programs, **options):
        return super().run({}["programs"] if programs == [] else programs, **options)


class UndeclaredOption(Right):
    """Can't do what one of its options says."""

    def check(self, programs, options):
        super().check(programs, options)
        if options["level"] == 3:
            raise ValueError("level 3 is not there yet")


class MisspeltMethod(Right):
    """A method that nobody calls."""

    def estimates(self, programs, options):
        return 0.0


class WrongArguments(LocalBackend):
    """An execute of other arguments."""

    def execute(self, circuits, shots):
        return Result([])
