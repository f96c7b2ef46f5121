"""The backends of a Dock: made when they are first asked for, each once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from qdock.discovery.plugins import describe
from qdock.errors import BackendNotFoundError, PluginError, QdockError
from qdock.registry import import_factory
from qdock.spec import BackendSpec, ExecutorSpec

if TYPE_CHECKING:
    from qdock.backend import Backend
    from qdock.config import Config
    from qdock.dock import Dock

__all__ = ["Devices", "make"]


class Devices:
    """The backends of a Dock.

    Parameters
    ----------
    dock : Dock
        Where their jobs go.
    """

    def __init__(self, dock: Dock) -> None:
        self._dock = dock
        self._made: dict[str, tuple[BackendSpec, Backend]] = {}
        self.after_fork()

    def after_fork(self) -> None:
        """Have a lock that no thread of the parent holds."""
        self._lock = threading.RLock()

    def get(self, name: str | None) -> Backend:
        """Return a backend by its name; see `Dock.get_backend`."""
        spec = self._get_default_spec() if name is None else self._dock.registry.get_backend_spec(name)
        with self._lock:
            made = self._made.get(spec.full_name)
            if made is None or made[0] is not spec:
                from qdock.backend import Backend

                device = make(spec, self._dock.config, Backend)
                self.take(device, spec)
                return device  # type: ignore[no-any-return]  # `make` has looked at its class
            return made[1]

    def _get_default_spec(self) -> BackendSpec:
        config = self._dock.config
        try:
            return self._dock.registry.get_backend_spec(config.get("defaults.backend"))
        except BackendNotFoundError as error:
            # Who named no backend must be told who did.
            source = config.source("defaults.backend")
            raise BackendNotFoundError(f"{error} The setting `defaults.backend` names it ({source}).") from None

    def take(self, backend: Backend, spec: BackendSpec) -> None:
        """Have a backend, which was made of its spec in this process, be the one that the Dock made."""
        backend.dock = self._dock
        self._made[spec.full_name] = spec, backend

    def made(self, backend: Backend) -> bool:
        """Whether a backend was made of its spec, so that another process can make it again."""
        return self._made.get(backend.spec.full_name, (None, None))[1] is backend

    def find(self, backend: str | Backend | None) -> Backend:
        """Return a backend by its name, or itself, once it has been looked at."""
        if backend is None or isinstance(backend, str):
            return self.get(backend)
        if getattr(backend, "dock", None) is self._dock:
            return backend
        from qdock.backend import Backend

        if not isinstance(backend, Backend):
            hint = " Make an instance of it." if isinstance(backend, type) else ""
            raise TypeError(f"`backend` is a name or a Backend, but {backend!r} was given.{hint}")
        if backend.dock is None:
            backend.dock = self._dock
        return backend


def make(spec: BackendSpec | ExecutorSpec, config: Config, kind: type[Any]) -> Any:
    """Return what the factory of a spec makes, of that class.

    Raises
    ------
    PluginError
        If it can't be made.
    """
    made_by = import_factory(spec)
    try:
        made = made_by(spec, config)
    except QdockError:
        raise
    except Exception as error:
        raise PluginError(f"{spec.factory!r} could not make {spec.full_name!r}: {describe(error)}.") from error
    if not isinstance(made, kind):
        raise PluginError(f"{spec.factory!r} made {type(made).__name__} instead of a {kind.__name__}.")
    return made
