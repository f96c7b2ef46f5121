"""What travels between an owner and its worker processes, and how.

Towards a worker goes a call, pickled: the pipe is inherited, nobody else can write to it, and nothing of it is ever at
rest. A backend that its Dock made goes as its spec and is made again; a function that can't be imported there goes by
value, if cloudpickle is installed. A result comes back in its own format, and what is JSON, an array or a circuit in
one as plain; only other values of functions are pickled.
"""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

from qdock.backend import LocalBackend, execute
from qdock.call import Call
from qdock.errors import JobError
from qdock.work.worker import describe

if TYPE_CHECKING:
    from qdock.config import Config
    from qdock.spec import BackendSpec

__all__ = ["pack_call", "pack_value", "unpack_call", "unpack_value"]

_PROTOCOL = 5
_MAX_MODULES = 100


class _Elsewhere(Exception):
    """What is pickled refers by name to what a worker could not import."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(f"{name} is of the module {module!r}, which a worker process can't import")
        self.module = module


# --- calls, to a worker


def pack_call(call: Call) -> bytes:
    """Return a call as bytes for a worker process of our own.

    Raises
    ------
    JobError
        If a part of it can't travel; the message says which, why, and what to do.
    """
    try:
        return _dumps(call)
    # Pickling runs whatever the values say, and that may raise anything.
    except Exception as error:
        raise JobError(_refusal(call, error)) from error


def unpack_call(data: bytes | bytearray) -> Call:
    """Return the call that `pack_call` wrote; modules are imported by that, and may raise anything."""
    call = _Unpickler(io.BytesIO(data)).load()
    assert isinstance(call, Call)
    return call


def _dumps(value: Any) -> bytes:
    """Pickle by name what can be imported, and the rest by value where cloudpickle is there to do it."""
    try:
        return _write(_ByName, value)
    except Exception:
        cloudpickle = _find_cloudpickle()
        if cloudpickle is None:
            raise
        return _write_by_value(cloudpickle, value)


def _write(kind: Any, value: Any) -> bytes:
    file = io.BytesIO()
    kind(file, _PROTOCOL).dump(value)
    return file.getvalue()


class _ByName(pickle.Pickler):
    """Refuses functions and classes that a worker could not import."""

    def persistent_id(self, value: Any) -> Any:
        """Stand for a backend that can be made again."""
        return _recipe(value)

    def reducer_override(self, value: Any) -> Any:
        """Look at what goes by name; whatever it is, it is pickled as usual."""
        _check_name(value)
        return NotImplemented


def _check_name(value: Any) -> None:
    """Raise if it is a function, or a class, or a call of one, by a name that means nothing to a worker."""
    if isinstance(value, (FunctionType, type)):
        module, name = getattr(value, "__module__", None) or "", value.__qualname__
    elif type(value) is Call and isinstance(value.function, str):
        module, _, name = value.function.partition(":")
    else:
        return
    if "<" in name or not _is_importable(module):
        raise _Elsewhere(module, name)


def _is_importable(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or (top != "__main__" and _is_found(top, tuple(sys.path)))


@lru_cache(maxsize=1024)
def _is_found(top: str, _path: tuple[str, ...]) -> bool:
    """Whether a fresh interpreter finds a module; that it is loaded here says nothing."""
    finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
    return any(find(top, None) is not None for find in finders if find is not None)


# --- by value


def _find_cloudpickle() -> Any:
    try:
        return importlib.import_module("cloudpickle")
    except ImportError:
        return None


_by_value_lock = threading.Lock()


def _write_by_value(cloudpickle: Any, value: Any) -> bytes:
    """Pickle by value what is of modules that a worker could not import, as many of them as there are."""
    kind = _by_value_class(cloudpickle.Pickler)
    with _by_value_lock, ExitStack() as stack:
        for _ in range(_MAX_MODULES):
            try:
                return _write(kind, value)
            except _Elsewhere as error:
                module = sys.modules.get(error.module)
                if module is None or error.module in cloudpickle.list_registry_pickle_by_value():
                    raise
                cloudpickle.register_pickle_by_value(module)
                stack.callback(cloudpickle.unregister_pickle_by_value, module)
    raise JobError(f"It is made of more than {_MAX_MODULES} modules that can't be imported.")


@lru_cache(maxsize=1)
def _by_value_class(base: Any) -> Any:
    class ByValue(base):  # type: ignore[misc]  # known when cloudpickle is imported
        def persistent_id(self, value: Any) -> Any:
            return _recipe(value)

        def reducer_override(self, value: Any) -> Any:
            reduced = super().reducer_override(value)
            if reduced is NotImplemented:
                _check_name(value)
            return reduced

    return ByValue


# --- backends, by what they were made of


def _recipe(value: Any) -> tuple[BackendSpec, Config] | None:
    """Return what a backend was made of, if its Dock made it."""
    if not isinstance(value, LocalBackend) or value.dock is None or not value.dock.made(value):
        return None
    # One that was registered with a factory of this program goes as the object that it is.
    return (value.spec, value.dock.config) if _is_importable(value.spec.factory.partition(":")[0]) else None


class _Unpickler(pickle.Unpickler):
    """Makes backends of what stands for them."""

    def persistent_load(self, recipe: Any) -> Any:
        """Return the backend of a recipe: of two that are alike, the same one."""
        spec, config = recipe
        key = pickle.dumps((spec, config), _PROTOCOL)
        if key not in _made:
            _made[key] = Call(spec.factory, (spec, config))()
        return _made[key]


_made: dict[bytes, Any] = {}


# --- what to say


def _refusal(call: Call, error: Exception) -> str:
    name, why = next(_culprits(call), ("It", error))
    reason = f"{why}" if isinstance(why, _Elsewhere) else describe(why)
    if _find_cloudpickle() is None:
        advice = "For functions of your own `pip install 'qdock[notebook]'`, or use executor='thread'."
    else:
        advice = "Give values that can be copied, make the rest inside of the function, or use executor='thread'."
    return f"{name} can't travel to a worker process: {reason}. {advice}"


def _culprits(call: Call) -> Iterator[tuple[str, Exception]]:
    """Yield the parts of a call that can't be pickled, with the reason."""
    for name, part in _parts(call):
        try:
            _dumps(part)
        except Exception as error:  # noqa: BLE001  # as in `pack_call`
            if isinstance(part, Call) and part is not call:
                yield from _culprits(part)
            yield name, error


def _parts(call: Call) -> Iterator[tuple[str, Any]]:
    if call.function is execute:
        backend, programs, options, *_ = call.args
        yield f"Backend {backend.spec.full_name!r}", backend
        yield from ((f"Program {index}", program) for index, program in enumerate(programs))
        yield from ((f"Option {key!r}", value) for key, value in options.items())
        return
    yield f"The function {call.name}", call.function
    yield from ((f"Argument {index} of {call.name}", value) for index, value in enumerate(call.args))
    yield from ((f"Argument {key!r} of {call.name}", value) for key, value in call.kwargs.items())


# --- values, from a worker


def pack_value(value: Any) -> tuple[bytes, bytes]:
    """Return what a call returned as a mark of one byte and the rest."""
    from qdock.executors.plain import is_plain, pack_plain

    if _is_result(value) and value.is_exact:
        return b"R", value.to_bytes()
    if is_plain(value):
        return b"J", pack_plain(value)
    return b"P", _dumps(value)


def _is_result(value: Any) -> bool:
    # Of a module that nobody imported there is no object.
    module = sys.modules.get("qdock.result")
    return module is not None and type(value) is module.Result


def unpack_value(mark: bytes, data: memoryview) -> Any:
    """Return the value that `pack_value` wrote; it may raise anything."""
    return _UNPACK[mark](data)


def _unpack_result(data: memoryview) -> Any:
    from qdock.result import Result

    return Result.from_bytes(bytes(data))


def _unpack_plain(data: memoryview) -> Any:
    from qdock.executors.plain import unpack_plain

    return unpack_plain(data)


def _unpack_pickle(data: memoryview) -> Any:
    # It comes from a worker of our own, which runs the same user's code with the same rights as we do.
    return pickle.loads(data)  # noqa: S301


_UNPACK: dict[bytes, Callable[[memoryview], Any]] = {b"R": _unpack_result, b"J": _unpack_plain, b"P": _unpack_pickle}
