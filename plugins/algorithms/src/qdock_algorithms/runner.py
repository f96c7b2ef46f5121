"""The backend that runs functions: a job's work is what its function does."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from qdock import CircuitResult, LocalBackend, Result
from qdock.backend import Context
from qdock.call import Call

__all__ = ["AlgorithmRunner"]


class AlgorithmRunner(LocalBackend):
    """Runs each program, a `Call`, and returns what its function returned: ``job.result().get_value()``.

    A function with a parameter named ``context`` is given the job's `Context`, unless the call has an argument for it.
    """

    def check(self, programs: Sequence[Any], options: dict[str, Any]) -> None:
        """Raise `ProgramError` for a function that can't be imported by its name."""
        for call in programs:
            call.resolve()

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Call the functions, one after the other."""
        return Result([CircuitResult.from_value(call.name, run(call, context)) for call in programs])


def run(call: Call, context: Context) -> Any:
    """Return what a call's function returns, called with its arguments and, if it wants it, the context."""
    context.check()
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
