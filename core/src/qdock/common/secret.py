"""A text that must not be seen, from the environment or from a file that nobody else may read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NoReturn

from qdock.common.textfile import Unreadable, read_text
from qdock.errors import ConfigError

__all__ = ["Secret"]

_MOST_BYTES = 2**16


class Secret:
    """A text that shows itself to `reveal` only: not to repr, str, format, JSON, pickle or an error of ours.

    Examples
    --------
    >>> token = Secret("hunter2")
    >>> print(token, f"{token:>30}", repr(token), token.reveal())
    *** *** Secret(***) hunter2
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str) or not value:
            raise ConfigError("A secret is a text that is not empty.")
        self._value = value

    @classmethod
    def from_environment(cls, variable: str, environ: Mapping[str, str] = os.environ) -> Secret:
        """Return the secret in an environment variable.

        Raises
        ------
        ConfigError
            If it is not set.
        """
        value = environ.get(variable, "")
        if not value:
            raise ConfigError(f"The environment variable {variable}, which should hold a secret, is not set.")
        return cls(value)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Secret:
        """Return the secret in a file that only its owner may read, without the line's end.

        Raises
        ------
        ConfigError
            If it can't be read, or others may read it; the message says what to do.
        """
        name = os.path.expanduser(os.fspath(path))
        if not os.path.isabs(name):
            raise ConfigError(f"A secret's file is named by an absolute path, but {name!r} was given.")
        try:
            text = read_text(name, _MOST_BYTES, private=True).strip("\r\n")
        except Unreadable as error:
            raise ConfigError(f"The secret's file {name} {error}.") from None
        if not text:
            raise ConfigError(f"The secret's file {name} is empty.")
        return cls(text)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, _spec: str) -> str:
        return "***"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A Secret is never pickled: pass the name of its variable or file, and read it there.")
