"""The executors of a Dock: made when they are first asked for, each once."""

from __future__ import annotations

import concurrent.futures
import threading
from typing import TYPE_CHECKING

from qdock.config import Config
from qdock.dispatch.devices import make
from qdock.registry import Registry

if TYPE_CHECKING:
    from qdock.executors import Executor

__all__ = ["ExecutorTable"]


class ExecutorTable:
    """The executors of a Dock.

    Parameters
    ----------
    config : Config
        Names the one that is used if nobody says otherwise.
    registry : Registry
        Knows the others by name.
    """

    def __init__(self, config: Config, registry: Registry) -> None:
        self._config, self._registry = config, registry
        self._made: dict[str, Executor] = {}
        self._adapted: dict[int, tuple[concurrent.futures.Executor, Executor]] = {}
        self._default: tuple[str | None] | None = None
        self.after_fork()

    def after_fork(self) -> None:
        """Have a lock that no thread of the parent holds."""
        self._lock = threading.RLock()

    @property
    def default(self) -> str | None:
        """The executor that the settings name, which is there, or None."""
        if self._default is None:
            name = self._config.get("defaults.executor")
            if name:
                self._registry.get_executor_spec(name)
            self._default = (name,)
        return self._default[0]

    def get(self, executor: str | Executor | concurrent.futures.Executor) -> Executor:
        """Return an executor by its name, or adapt a pool; see `Dock.get_executor`."""
        with self._lock:
            if isinstance(executor, str):
                spec = self._registry.get_executor_spec(executor)
                if spec.full_name not in self._made:
                    self._made[spec.full_name] = make(spec, self._config, object)
                return self._made[spec.full_name]
            if isinstance(executor, concurrent.futures.Executor):
                return self._adapt(executor)
        if not callable(getattr(executor, "start", None)):
            raise TypeError(
                f"`executor` is a name, an Executor or a `concurrent.futures.Executor`, but {executor!r} was given."
            )
        return executor

    def _adapt(self, pool: concurrent.futures.Executor) -> Executor:
        from qdock.executors.futures import FutureExecutor

        if id(pool) not in self._adapted:
            self._adapted[id(pool)] = pool, FutureExecutor(pool)
        return self._adapted[id(pool)][1]

    def close(self, wait: bool) -> None:
        """Close all of them."""
        for executor in (*self._made.values(), *(adapted for _, adapted in self._adapted.values())):
            executor.close(wait)
