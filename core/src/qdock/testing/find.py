"""From a name on the command line to the suite that checks it."""

from __future__ import annotations

from typing import Any

from qdock.config import Config
from qdock.discovery.plugins import import_object
from qdock.dock import Dock
from qdock.errors import BackendNotFoundError, ExecutorNotFoundError, PluginError
from qdock.testing.backend_suite import BackendSuite
from qdock.testing.suite import Suite

__all__ = ["find_suite"]


def find_suite(name: str, *, version: str | None = None, own: str | None = None) -> type[Suite]:
    """Return a suite that checks what `name` means: a backend, an executor, or a converter as ``source-to-target``.

    Parameters
    ----------
    name : str
    version : str, optional
        Of the suite; None: the newest.
    own : str, optional
        ``"package.module:Class"`` of a plugin's own subclass, to use in place of the suite of that kind.

    Raises
    ------
    BackendNotFoundError
        If there is nothing of that name.
    PluginError
        If `own` names no suite.
    """
    kind, attributes = _find(name)
    if own is not None:
        kind = import_object(own, f"The suite {own!r}")
        if not (isinstance(kind, type) and issubclass(kind, Suite)):
            raise PluginError(f"{own!r} is no suite: it must name a subclass of one in `qdock.testing`.")
    pinned = {} if version is None else {"version": version}
    return type(kind.__name__, (kind,), {**attributes, **pinned, "__module__": kind.__module__})


def _find(name: str) -> tuple[type[Suite], dict[str, Any]]:
    with Dock(Config.load(store="memory:")) as dock:
        source, found, target = name.partition("-to-")
        if found and any((spec.source, spec.target) == (source, target) for spec in dock.registry.converters()):
            from qdock.testing.converter_suite import ConverterSuite

            return ConverterSuite, {"source": source, "target": target}
        try:
            return BackendSuite, {"backend": dock.registry.get_backend_spec(name).full_name}
        except BackendNotFoundError:
            try:
                spec = dock.registry.get_executor_spec(name)
            except ExecutorNotFoundError:
                spec = None
            if spec is None:
                raise
        from qdock.testing.executor_suite import ExecutorSuite

        return ExecutorSuite, {"executor": spec.full_name}
