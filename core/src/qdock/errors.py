"""Every exception of qdock: what a caller may want to catch, and nothing else.

A wrong argument also is a built-in exception (`ValueError`, `LookupError`, `TimeoutError`), so that code
which knows nothing of qdock catches it as usual. All of them survive pickling: they are made from their
positional arguments alone.
"""

from __future__ import annotations

from concurrent.futures import CancelledError

__all__ = [
    "BackendNotFoundError",
    "CircuitError",
    "ConfigError",
    "ConversionError",
    "ExecutorNotFoundError",
    "InvalidTransition",
    "JobCancelledError",
    "JobError",
    "JobNotFoundError",
    "JobTimeoutError",
    "LimitExceeded",
    "LoweringError",
    "OptionError",
    "PluginError",
    "ProgramError",
    "QdockError",
    "ResultError",
    "ResultFormatError",
    "ResultNotStored",
    "RetriableError",
    "StoreError",
    "StoreWarning",
    "SubmissionRefused",
]


class QdockError(Exception):
    """Base of every error that qdock raises on purpose."""


# --- programs


class CircuitError(QdockError, ValueError):
    """A circuit was built or changed in a way that has no meaning: a wrong qubit, a NaN angle."""


class LoweringError(QdockError, ValueError):
    """A circuit can't be written exactly in the gates that were asked for."""


class ProgramError(QdockError, ValueError):
    """A program's text or file is invalid; the message says where."""


class ConversionError(QdockError, ValueError):
    """No installed converter leads from the program given to one that the backend accepts."""


class LimitExceeded(QdockError, ValueError):
    """A limit was reached; the message names it, its value and what was asked for."""


# --- settings and plugins


class ConfigError(QdockError, ValueError):
    """A setting is unknown or has a wrong value; the message says where it came from."""


class PluginError(QdockError):
    """A plugin is installed but can't be used."""


class BackendNotFoundError(QdockError, LookupError):
    """No installed backend has that name."""


class ExecutorNotFoundError(QdockError, LookupError):
    """No installed executor has that name."""


class OptionError(QdockError, ValueError):
    """A run option is unknown, of a wrong type or out of its bounds."""


# --- jobs and results


class SubmissionRefused(QdockError):
    """A plugin's `qdock_job_submitting` hook refused the job before it was recorded."""


class JobError(QdockError):
    """A job failed, or was asked for something that its state does not allow."""


class JobTimeoutError(JobError, TimeoutError):
    """The wait for a job ended before the job did; the job goes on."""


class JobCancelledError(JobError, CancelledError):
    """The result of a cancelled job was asked for."""


class JobNotFoundError(JobError, LookupError):
    """No job in the store has that id, or several begin with it."""


class RetriableError(QdockError):
    """The work failed of something that may pass: a job that was given `retries` tries again.

    Any exception says so that has an attribute ``retriable = True``; others are the program's own and end the job.
    """

    retriable = True


class InvalidTransition(JobError):
    """A job's status can't change in that way."""


class ResultNotStored(JobError, LookupError):
    """The result could not be stored and its owner is gone."""


class StoreError(QdockError):
    """The store of job records can't be used: full, read-only, damaged, or of a newer qdock; the message says which."""


class StoreWarning(UserWarning):
    """A record or a result is in the memory of this process alone, as its store can't be used."""


class ResultError(QdockError, LookupError):
    """A result does not hold what was asked of it."""


class ResultFormatError(ResultError, ValueError):
    """A stored result is damaged, cut short, or was never one."""
