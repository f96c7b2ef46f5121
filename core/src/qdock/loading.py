"""A plugin loaded in a process of its own under a time limit: what ``qdock plugins --load`` shows.

Whatever the plugin does there, hang, crash or print, the process that asked goes on and knows why.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from qdock.common.fresh import command_of, task_of
from qdock.config import Config
from qdock.discovery.entrypoints import EntryPoint
from qdock.discovery.plugins import PluginInfo
from qdock.spec import ENTRY_POINT_GROUP

__all__ = ["LoadReport", "load_in_subprocess"]

#: Seconds that the process gets, beyond the plugin's, to start and to report.
_GRACE = 2.0


@dataclass(frozen=True)
class LoadReport(PluginInfo):
    """What became of one plugin when it was loaded on its own: what else is known of it, and what that cost.

    Parameters
    ----------
    seconds : float, optional
        How long its import and its hooks took. None: it was not tried, or did not end.
    imported : tuple of str
        Top-level modules that came with it and are neither the standard library's, pluggy, qdock nor its own.
    """

    seconds: float | None = None
    imported: tuple[str, ...] = ()


def load_in_subprocess(info: PluginInfo, timeout: float = 10.0) -> LoadReport:
    """Load a plugin, and call its hooks that yield specs, in a process of its own.

    Parameters
    ----------
    info : PluginInfo
        As `Registry.plugins` returns it. One that may not be imported is reported as it is.
    timeout : float
        Seconds that loading may take.

    Returns
    -------
    LoadReport
        Its `state` is ``loaded`` or ``broken``.
    """
    if info.state not in ("found", "loaded"):
        return _report(info, info.state, reason=info.reason, traceback=info.traceback)
    task = task_of(name=info.name, module=info.module, seconds=timeout)
    process = subprocess.Popen(
        command_of(_load_here),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(task.encode(), timeout + _GRACE)
    except subprocess.TimeoutExpired:
        return _report(info, "broken", reason=f"Loading it did not end within {timeout:g} s; its process was stopped.")
    finally:
        _stop(process)
    return _read(info, output, process.returncode)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def _read(info: PluginInfo, output: bytes, status: int) -> LoadReport:
    try:
        fields = json.loads(output)
        return _report(info, imported=tuple(fields.pop("imported")), **fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return _report(info, "broken", reason=f"Its process {_end(status)} before it was loaded.")


def _end(status: int) -> str:
    if status >= 0:
        return f"ended with exit status {status}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was ended by {known.get(-status, f'signal {-status}')}"


def _report(info: PluginInfo, state: str, **fields: Any) -> LoadReport:
    return LoadReport(info.name, info.distribution, info.version, info.module, state, **fields)


# --- in the other process


def _load_here(job: dict[str, Any]) -> None:
    """Load the plugin that `job` names and write what became of it to the standard output there was."""
    channel = os.fdopen(os.dup(1), "w")
    # What the plugin prints must not stand in the report, and it must not wait for input.
    silence = os.open(os.devnull, os.O_RDWR)
    os.dup2(silence, 0)
    os.dup2(silence, 1)
    with channel:
        json.dump(_try(job), channel)
    # A thread that hangs, or an exit handler of the plugin, must not keep the process.
    os._exit(0)


def _try(job: dict[str, Any]) -> dict[str, Any]:
    from qdock.registry import Registry

    entry = EntryPoint(job["name"], job["module"], ENTRY_POINT_GROUP, lambda: ("", ""))
    registry = Registry(Config.load(load_seconds=job["seconds"], block=[], only=[]), [entry])
    before = set(sys.modules)
    start = perf_counter()
    (info,) = registry.examine()
    return {
        "state": info.state,
        "reason": info.reason,
        "traceback": info.traceback,
        "seconds": perf_counter() - start,
        "imported": _heavy(set(sys.modules) - before, job["module"]),
    }


def _heavy(modules: set[str], own: str) -> list[str]:
    light = {*sys.stdlib_module_names, "pluggy", "qdock", own.partition(":")[0].partition(".")[0]}
    return sorted(name for name in {module.partition(".")[0] for module in modules} - light if name[:1] != "_")
