"""What a worker process has of its owner's surroundings: environment, folder and where modules are found."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from qdock.errors import JobError

__all__ = ["Surroundings", "settle_in"]

_MODULE = "qdock.executors.child"
_ORIGINAL = "QDOCK_WORKER_PYTHONPATH"


@dataclass(frozen=True)
class Surroundings:
    """What stands when a job is submitted; a worker that was started with other surroundings does not get it.

    Parameters
    ----------
    environ : dict
        The environment.
    folder : str or None
        The working folder, if it exists.
    path : tuple of str
        Where modules are found: ``sys.path``, relative names made whole.
    """

    environ: dict[str, str]
    folder: str | None
    path: tuple[str, ...]

    @classmethod
    def now(cls) -> Surroundings:
        """Return those of this process as they are now."""
        try:
            folder: str | None = os.getcwd()
        except OSError:
            folder = None
        return cls(dict(os.environ), folder, tuple(os.path.join(folder or "", entry) for entry in sys.path))

    def command(self, *arguments: object, module: str = _MODULE) -> list[str]:
        """Return the command of a worker, or of another program of ours.

        Raises
        ------
        JobError
            If Python does not know its own program, as where it is part of another one.
        """
        if not sys.executable:
            raise JobError("No process can be started: `sys.executable` is empty. Use the executor 'thread'.")
        # Warnings, optimisation and the like as here; and no folder before those of `path` where modules are found.
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # as multiprocessing does
        return [sys.executable, *flags, "-P", "-m", module, *map(str, arguments)]

    def worker_environ(self) -> dict[str, str]:
        """Return the environment that a worker starts in, which finds what `settle_in` makes of it."""
        original = {_ORIGINAL: self.environ["PYTHONPATH"]} if "PYTHONPATH" in self.environ else {}
        return {**self.environ, **original, "PYTHONPATH": os.pathsep.join(self.path)}


def settle_in() -> None:
    """Make the environment and path of a worker those of its owner, but for the store: only its owner writes to it."""
    sys.path[:] = os.environ.pop("PYTHONPATH").split(os.pathsep)
    original = os.environ.pop(_ORIGINAL, None)
    if original is not None:
        os.environ["PYTHONPATH"] = original
    os.environ["QDOCK_STORE"] = "memory:"
