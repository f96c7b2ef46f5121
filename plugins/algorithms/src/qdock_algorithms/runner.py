"""The backend that runs functions: a job's work is what its function does."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from qdock import CircuitResult, JobError, LocalBackend, Result
from qdock.backend import Context
from qdock.call import Call
from qdock.work.worker import describe

__all__ = ["AlgorithmRunner", "CallsFailed", "describe_failures"]

#: How many failures an error names.
_NAMED = 5


class AlgorithmRunner(LocalBackend):
    """Runs each program, a `Call`, and returns what its function returned: ``job.result().get_value()``.

    A function with a parameter named ``context`` is given the job's `Context`, unless the call has an argument for it.
    """

    def check(self, programs: Sequence[Any], options: dict[str, Any]) -> None:
        """Raise `ProgramError` for a function that can't be imported by its name."""
        for call in programs:
            call.resolve()

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Call the functions, one after the other.

        With ``keep_going`` each is handed over as soon as it is there, and those that failed are named at the end.
        """
        if options["keep_going"]:
            return _run_all(programs, context)
        if len(programs) == 1:
            return Result([_entry(programs[0], context, context)])
        return Result([_entry(call, context, context.of_call(index)) for index, call in enumerate(programs)])


def _entry(call: Call, context: Context, own: Context) -> CircuitResult:
    context.check()
    return CircuitResult.from_value(call.name, run(call, own))


class CallsFailed(JobError):
    """Some of the calls of a job failed; the others are kept, and another attempt does only these."""

    retriable = True


def _run_all(programs: Sequence[Call], context: Context) -> Result:
    entries = {index: entry for index, entry in context.parts.items() if not entry.error}
    for index, call in enumerate(programs):
        context.check()
        if index not in entries:
            entries[index] = _try(call, context, index)
            context.progress(len(entries) / len(programs), f"{len(entries):,} of {len(programs):,}")
    failed = {index: entry.error for index, entry in sorted(entries.items()) if entry.error}
    if failed:
        raise CallsFailed(describe_failures(failed, len(programs)))
    return Result([entries[index] for index in range(len(programs))])


def _try(call: Call, context: Context, index: int) -> CircuitResult:
    """Return the entry of a call and hand it over; of one that failed with the reason."""
    try:
        entry = CircuitResult.from_value(call.name, run(call, context.of_call(index)))
        context.part(index, entry)
    except KeyboardInterrupt:
        raise
    # Whatever it raises ends this call and no other: sys.exit() too.
    except BaseException as error:
        if context.worker.stopping:
            raise
        entry = CircuitResult(name=call.name, error=describe(error))
        context.part(index, entry)
    return entry


def describe_failures(failed: Mapping[int, str], total: int) -> str:
    """Return a text that names what failed, the first few with their reasons."""
    named = [f"{index} ({reason})" for index, reason in list(failed.items())[:_NAMED]]
    rest = f", and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
    return f"{len(failed):,} of {total:,} failed: {', '.join(named)}{rest}."


def run(call: Call, context: Context) -> Any:
    """Return what a call's function returns, called with its arguments and, if it wants it, the context."""
    function = call.resolve()
    more = {"context": context} if _wants_context(function, call) else {}
    return function(*call.args, **call.kwargs, **more)


def _wants_context(function: Any, call: Call) -> bool:
    try:
        signature = inspect.signature(function)
        given = signature.bind_partial(*call.args, **call.kwargs).arguments
    # Some functions of C tell nothing of their parameters; arguments that don't fit are refused by the call itself.
    except (TypeError, ValueError):
        return False
    parameter = signature.parameters.get("context")
    return parameter is not None and parameter.kind in _BY_NAME and "context" not in given


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
