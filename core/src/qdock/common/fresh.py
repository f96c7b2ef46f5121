"""A function of ours, called in a fresh Python process with JSON values that stand on its standard input."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["command_of", "task_of"]

# The path comes first, so that what only the asking process can see is seen there too.
_PROGRAM = """
import json, sys
task = json.load(sys.stdin)
sys.path[:] = task["path"]
from {module} import {name}
{name}(task)
"""


def command_of(function: Callable[[dict[str, Any]], None]) -> list[str]:
    """Return the command of a process that calls a function of a module with the task it reads."""
    return [sys.executable, "-P", "-c", _PROGRAM.format(module=function.__module__, name=function.__name__)]


def task_of(**values: Any) -> str:
    """Return what such a process is to read: JSON values by name, and where modules are found here."""
    return json.dumps({"path": list(map(os.fspath, sys.path)), **values})
