"""A function and its arguments: the program of backends that run functions, and what executors carry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from qdock.errors import ProgramError

__all__ = ["Call"]


class Call:
    """A function and its arguments; it can't be changed.

    Calling it calls the function.

    Parameters
    ----------
    function : callable or str
        The function, or where to import it from: ``"package.module:name"``. Only what can be imported can be kept
        in a record that outlives the process, and travel to any other.
    args : sequence
        Positional arguments.
    kwargs : mapping
        Keyword arguments.

    Raises
    ------
    ProgramError
        If `function` is neither.

    Examples
    --------
    >>> Call(max, (3, 5))()
    5
    >>> Call("math:hypot", (3, 4))()
    5.0
    """

    __slots__ = ("args", "function", "kwargs")

    function: Callable[..., Any] | str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __init__(
        self, function: Callable[..., Any] | str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> None:
        if not callable(function) and not (isinstance(function, str) and function.count(":") == 1):
            raise ProgramError(
                f"A call's function is a callable or a text like 'package.module:name', but {function!r} was given."
            )
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "args", tuple(args))
        object.__setattr__(self, "kwargs", dict(kwargs or {}))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A Call can't be changed; make another one with another {name!r}.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"A Call can't be changed; {name!r} stays.")

    def __reduce__(self) -> tuple[Any, ...]:
        return Call, (self.function, self.args, self.kwargs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Call):
            return NotImplemented
        return (self.function, self.args, self.kwargs) == (other.function, other.args, other.kwargs)

    __hash__ = None  # type: ignore[assignment]  # arguments may be lists

    def __repr__(self) -> str:
        shown = [repr(arg) for arg in self.args] + [f"{name}={value!r}" for name, value in self.kwargs.items()]
        return f"<Call {self.name}({', '.join(shown)})>"

    def __call__(self) -> Any:
        """Call the function, imported if need be, and return what it returns."""
        return self.resolve()(*self.args, **self.kwargs)

    @property
    def name(self) -> str:
        """``package.module:name`` of the function, as far as it has one."""
        if isinstance(self.function, str):
            return self.function
        function = self.function
        return f"{getattr(function, '__module__', '?')}:{getattr(function, '__qualname__', repr(function))}"

    def resolve(self) -> Callable[..., Any]:
        """Return the function itself.

        Raises
        ------
        ProgramError
            If its name can't be imported or is no function's.
        """
        if not isinstance(self.function, str):
            return self.function
        module, _, name = self.function.partition(":")
        try:
            value: Any = import_module(module)
            for part in name.split("."):
                value = getattr(value, part)
        except (ImportError, AttributeError, ValueError) as error:
            raise ProgramError(f"The function {self.function!r} can't be imported: {error}.") from error
        if not callable(value):
            raise ProgramError(f"{self.function!r} is of type {type(value).__name__} and can't be called.")
        return value  # type: ignore[no-any-return]  # it is callable, and no more is known

    def copy(self) -> Call:
        """Return a call whose lists, dicts, sets, arrays and circuits are its own; other objects are shared."""
        return Call(self.function, [_copy(arg) for arg in self.args], _copy(self.kwargs))


def _copy(value: Any) -> Any:
    """Copy what holds others and can be changed; an event, a queue or a model is the same one on both sides."""
    if type(value) in (list, tuple, set):
        return type(value)(_copy(item) for item in value)
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    if type(value) is bytearray or _is_array_or_circuit(value):
        return value.copy()
    return value


def _is_array_or_circuit(value: Any) -> bool:
    """Whether it is one of the two; of a module that nobody imported there is no object."""
    types = (("numpy", "ndarray"), ("qdock.circuit", "Circuit"))
    return any(
        module in sys.modules and isinstance(value, getattr(sys.modules[module], name)) for module, name in types
    )
