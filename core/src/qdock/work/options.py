"""Run options: which a backend has, what they are when a job runs, and who said so.

A value comes from the call of `run`, else from `Backend.set_options`, else from the configuration, else from the
option's default. In the configuration an argument goes before the environment, and that before the files; among
files the plugin's own table goes before ``[defaults]``. None means: not set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from qdock.common.suggest import did_you_mean
from qdock.errors import ConfigError, OptionError
from qdock.spec import BackendSpec, Option

if TYPE_CHECKING:
    from qdock.config import Config

__all__ = ["DEFAULT_SHOTS", "MAX_SHOTS", "check_options", "configured_options", "declared_options"]

DEFAULT_SHOTS = 1024
MAX_SHOTS = 10**9


def declared_options(spec: BackendSpec) -> dict[str, Option]:
    """Return the options of a backend by name; one that runs circuits has `shots`, declared or not."""
    if "circuit" not in spec.accepts or "shots" in spec.options:
        return dict(spec.options)
    most = MAX_SHOTS if spec.max_shots is None else spec.max_shots
    shots = Option(int, min(DEFAULT_SHOTS, most), 1, most, doc="Repetitions of each circuit.")
    return {"shots": shots, **spec.options}


def configured_options(spec: BackendSpec, declared: Mapping[str, Option], config: Config) -> dict[str, Any]:
    """Return every option as it is when nobody says otherwise: from the configuration, else its default.

    Raises
    ------
    ConfigError
        If the configuration has a value that the option does not allow.
    """
    values = {name: option.default for name, option in declared.items()}
    # The other defaults say what runs a job and where it is kept: no options, whatever a backend calls its own.
    defaults = {"shots": config.get("defaults.shots")}
    tables = {"defaults": defaults, f"plugins.{spec.plugin}": config.plugin(spec.plugin)}
    for name, option in declared.items():
        found = [
            (config.source(f"{table}.{name}"), settings[name])
            for table, settings in tables.items()
            if settings.get(name) is not None
        ]
        if found:
            # Of equals the last one: the plugin's own table.
            source, value = max(reversed(found), key=lambda item: _strength(item[0]))
            values[name] = _from_config(option, name, value, source)
    return values


def _strength(source: str) -> int:
    """Return how strong the layer is that a value came from: an argument, the environment or a file."""
    return 2 if source == "argument" else int(source.startswith("QDOCK_"))


def _from_config(option: Option, name: str, value: Any, source: str) -> Any:
    try:
        return option.check(name, value)
    except OptionError as error:
        raise ConfigError(f"{source}: {error}") from None


def check_options(spec: BackendSpec, declared: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, checked; those that are None are left out.

    Raises
    ------
    OptionError
        If the backend has no such option, with the closest that it has, or does not allow the value.
    """
    checked = {}
    for name, value in given.items():
        option = declared.get(name)
        if option is None:
            raise _unknown(spec, name, declared)
        if value is not None:
            checked[name] = option.check(name, value)
    return checked


def _unknown(spec: BackendSpec, name: str, known: Iterable[str]) -> OptionError:
    names = sorted({*known, "seed"})
    hint = did_you_mean(name, names)
    return OptionError(f"Backend {spec.full_name!r} has no option {name!r}.{hint} Its options: {', '.join(names)}.")
