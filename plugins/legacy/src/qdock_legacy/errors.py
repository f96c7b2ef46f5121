"""The errors of the historical classes, and the one that says where in a Qobj something is wrong."""

from __future__ import annotations

from qdock.errors import ProgramError, QdockError

__all__ = [
    "BackendConfigurationError",
    "BackendPropertyError",
    "BasicAerError",
    "QiskitBackendNotFoundError",
    "QiskitError",
    "QobjError",
    "error_at",
]


class QiskitError(QdockError):
    """Base of the historical errors: its text is the quoted message, as it was; `message` is the message itself.

    Parameters
    ----------
    *message : str
        Joined by spaces.
    """

    def __init__(self, *message: str) -> None:
        super().__init__(*message)
        self.message = " ".join(message)

    def __str__(self) -> str:
        return repr(self.message)


class BackendPropertyError(QiskitError):
    """A backend's properties have no such entry."""


class BackendConfigurationError(QiskitError):
    """A backend's configuration has no such entry."""


class QiskitBackendNotFoundError(QiskitError, LookupError):
    """No backend of a provider, or more than one, fits what was asked for."""


class BasicAerError(QiskitError):
    """A historical simulator can't run what it was given."""


class QobjError(BasicAerError, ProgramError):
    """A Qobj is invalid or can't be run; the message begins with the JSON path of what is wrong.

    Parameters
    ----------
    message : str
        One line for each problem: the path, what was given and what is allowed.
    path : str
        JSON path of the first problem: ``experiments[0].instructions[2].qubits``; empty for the whole document.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        # Both travel with the exception to another process.
        self.args = (message, path)
        self.path = path

    def __str__(self) -> str:
        return self.message


def error_at(path: str, text: str) -> QobjError:
    """Return the error that says what is wrong at a path."""
    return QobjError(f"{path}: {text}" if path else text, path)
