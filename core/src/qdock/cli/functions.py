"""Functions on the command line: ``package.module:function`` in place of a file, and ``--bind`` for its arguments."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import click

from qdock.call import Call

__all__ = ["Program", "find_modules_here", "is_function", "read_call"]

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Program(click.Path):
    """A file, ``-`` for standard input, or the name of a function."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, allow_dash=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text if it is a function's name, and that of a file if there is one."""
        return value if is_function(value) else super().convert(value, param, ctx)


def is_function(text: Any) -> bool:
    """Whether a text names a function; a file of that name goes first."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None and not os.path.exists(text)


def read_call(name: str, values: Mapping[str, str]) -> Call:
    """Return the call of a function with these arguments: JSON where it is that, and else the text as it stands."""
    find_modules_here()
    return Call(name, (), {argument: _value(text) for argument, text in values.items()})


def find_modules_here() -> None:
    """Have modules of the working folder found, after all others: whoever names a function there means it."""
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.append(folder)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
