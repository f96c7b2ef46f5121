"""The base classes of old backends: what a backend of 2018 to 2023 was derived from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.metadata import version
from typing import Any

from qdock_legacy.models import BackendStatus, QasmBackendConfiguration
from qdock_legacy.options import Options

__all__ = ["BaseBackend", "BackendV1"]


class _Described(ABC):
    """What both generations have: a configuration, a provider, and a name from the configuration."""

    _configuration: QasmBackendConfiguration
    _provider: Any

    def configuration(self) -> QasmBackendConfiguration:
        """Return what the backend can do."""
        return self._configuration

    def properties(self) -> Any:
        """Return what was measured of the device: nothing, unless its class says more."""
        return None

    def provider(self) -> Any:
        """Return the provider that the backend is of."""
        return self._provider

    def name(self) -> str:
        """Return the backend's name."""
        return str(self._configuration.backend_name)

    def _status(self, backend_version: str) -> BackendStatus:
        return BackendStatus(self.name(), backend_version, True, 0, "")

    def __str__(self) -> str:
        return self.name()


class BaseBackend(_Described):
    """A backend of 2018 to 2021: implement `__init__` and `run`.

    Parameters
    ----------
    configuration : QasmBackendConfiguration
    provider : object, optional
    """

    @abstractmethod
    def __init__(self, configuration: QasmBackendConfiguration, provider: Any = None) -> None:
        self._configuration, self._provider = configuration, provider

    @abstractmethod
    def run(self, qobj: Any) -> Any:
        """Run a Qobj and return a job."""

    def status(self) -> BackendStatus:
        """Return whether the backend works: it does, unless its class says otherwise."""
        return self._status(version("qdock-legacy"))

    def version(self) -> str:
        """Return the backend's version."""
        return str(self._configuration.backend_version)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}('{self.name()}') from {self._provider}()>"


class BackendV1(_Described):
    """A backend of 2020 to 2023: implement `run`, and `_default_options`, a classmethod.

    Parameters
    ----------
    configuration : QasmBackendConfiguration
    provider : object, optional
    **fields
        Options with another default than the class gives them.

    Raises
    ------
    AttributeError
        If there is no such option.
    """

    version = 1

    def __init__(self, configuration: QasmBackendConfiguration, provider: Any = None, **fields: Any) -> None:
        self._configuration, self._provider = configuration, provider
        self._options = self._default_options()
        self.set_options(**fields)

    @classmethod
    @abstractmethod
    def _default_options(cls) -> Options:
        """Return the options of a run that chooses none."""

    @abstractmethod
    def run(self, run_input: Any, **options: Any) -> Any:
        """Run circuits or a Qobj and return a job."""

    @property
    def options(self) -> Options:
        """The options of a run that chooses none."""
        return self._options

    def set_options(self, **fields: Any) -> None:
        """Choose options of all later runs.

        Raises
        ------
        AttributeError
            If there is no such option.
        """
        for field in fields:
            if field not in self._options:
                raise AttributeError(
                    f"Options field {field} is not valid for this backend; it has {', '.join(self._options)}."
                )
        self._options.update_options(**fields)

    def status(self) -> BackendStatus:
        """Return whether the backend works: it does, unless its class says otherwise."""
        return self._status(str(self.version))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}('{self.name()}')>"
