"""From any program to a format that a backend accepts, by the shortest path through the converters.

`Circuit` is the hub: a reader of a new format is one converter to it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qdock.conversion.formats import HUB, find_formats, is_in_format, native_format, subject, unknown_program
from qdock.conversion.source import SOURCE_LIMIT, check_length, read_program
from qdock.discovery.plugins import PluginInfo, describe
from qdock.errors import ConversionError, PluginError, QdockError
from qdock.registry import Registry, import_factory
from qdock.spec import ConverterSpec

__all__ = ["Converters"]

_Path = str | os.PathLike[str]


class Converters:
    """The converters there are, and the ways through them.

    Parameters
    ----------
    specs : iterable of ConverterSpec, or callable
        Where two convert the same formats, the first one does it. A callable is asked when a program is met that is
        neither a `Circuit` nor a `Call`.
    plugins : iterable of PluginInfo, or callable
        For messages: one of those that can't be used may be what is missing.
    limit : int
        Bytes that the text of a program may have.
    """

    def __init__(
        self,
        specs: Iterable[ConverterSpec] | Callable[[], Iterable[ConverterSpec]] = (),
        plugins: Iterable[PluginInfo] | Callable[[], Iterable[PluginInfo]] = (),
        limit: int = SOURCE_LIMIT,
    ) -> None:
        self._get_specs = specs if callable(specs) else tuple(specs).__iter__
        self._get_plugins = plugins if callable(plugins) else tuple(plugins).__iter__
        self._limit = limit

    @classmethod
    def of(cls, registry: Registry) -> Converters:
        """Return the converters that a registry's plugins bring."""
        return cls(registry.converters, registry.plugins)

    def recognise(self, program: object, path: _Path | None = None) -> str:
        """Return the format of a program.

        Parameters
        ----------
        program : object, path or text
            A text without a line's end that names an existing file is that file.
        path : path, optional
            The file that a text came from.

        Raises
        ------
        ConversionError
            If no installed format fits, or several do.
        """
        return native_format(program) or self._recognise(*self._read(program, path))

    def path(self, source: str, accepts: str | Sequence[str] = (HUB,)) -> list[ConverterSpec]:
        """Return the fewest converters that lead from a format to one that is accepted; of several ways the hub's.

        Raises
        ------
        ConversionError
            If no way does.
        """
        accepts = _names(accepts)
        came_by: dict[str, ConverterSpec | None] = {source: None}
        level = [source]
        while level:
            for wanted in accepts:
                if wanted in level:
                    return _trace(came_by, wanted)
            level = self._next_level(level, came_by)
        raise ConversionError(_no_way(source, accepts, came_by) + self._problems())

    def convert(self, program: object, accepts: str | Sequence[str] = (HUB,), path: _Path | None = None) -> Any:
        """Return a program in one of the formats that are accepted; one that is in such a format already is itself.

        Where a converter finds several programs in one, such as a file of many circuits, a list of them is returned.

        Parameters
        ----------
        program : object, path or text
            A text without a line's end that names an existing file is that file.
        accepts : str or sequence of str
            Formats; of those that can be reached equally fast the first is taken.
        path : path, optional
            The file that a text came from.

        Raises
        ------
        ConversionError
            If it is in no format that is known, or no converters lead to one that is accepted.
        ProgramError
            If its file can't be read, or it is invalid.
        PluginError
            If a converter fails, or returns what it should not.
        """
        native = native_format(program)
        if native in _names(accepts):
            return program
        program, path = (program, path) if native else self._read(program, path)
        programs, several = [program], False
        for spec in self.path(native or self._recognise(program, path), accepts):
            found = [self._apply(spec, item, path) for item in programs]
            several = several or any(more for _, more in found)
            programs = [item for items, _ in found for item in items]
        return programs if several else programs[0]

    def _read(self, program: Any, path: _Path | None) -> tuple[Any, _Path | None]:
        """Return a file's text and path, or what was given."""
        if isinstance(program, os.PathLike) or (path is None and _names_a_file(program)):
            from pathlib import Path

            return read_program(program, self._limit), Path(program)
        if isinstance(program, str):
            check_length(program, self._limit)
            return program.removeprefix("\ufeff"), path
        return program, path

    def _recognise(self, program: object, path: _Path | None) -> str:
        formats = find_formats(program, path, self._get_specs())
        if not formats:
            installed = {plugin.distribution for plugin in self._get_plugins()}
            text, distribution = unknown_program(program, path, self._get_specs(), installed)
            raise ConversionError(text + self._problems(distribution))
        if len(formats) > 1:
            raise ConversionError(
                f"{subject(program, path)} may be in any of the formats {', '.join(formats)}. Leave out the plugins of "
                f"all but one with QDOCK_BLOCK."
            )
        return formats[0]

    def _next_level(self, level: Sequence[str], came_by: dict[str, ConverterSpec | None]) -> list[str]:
        """Return the formats one converter further, and note how they are reached; the hub's converters go first."""
        reached: list[str] = []
        specs = list(self._get_specs())
        for source in sorted(level, key=lambda name: name != HUB):
            for spec in specs:
                if spec.source == source and spec.target not in came_by:
                    came_by[spec.target] = spec
                    reached.append(spec.target)
        return reached

    def _apply(self, spec: ConverterSpec, program: Any, path: _Path | None) -> tuple[list[Any], bool]:
        """Return what a program is converted to, and whether the converter found several programs in it."""
        function = import_factory(spec)
        try:
            converted = function(program, path=path) if _takes_path(function) else function(program)
        except QdockError:
            raise
        except Exception as error:
            raise PluginError(f"{_title(spec)} failed: {describe(error)}. That is a fault of the converter.") from error
        if is_in_format(converted, spec.target, self._get_specs()):
            return [converted], False
        several = converted if type(converted) is list else []
        if several and all(is_in_format(item, spec.target, self._get_specs()) for item in several):
            return several, True
        raise PluginError(
            f"{_title(spec)} returned a {type(converted).__name__}, which is no program in {spec.target!r}. "
            f"That is a fault of the converter."
        )

    def _problems(self, distribution: str = "") -> str:
        """Return what to say of plugins that can't be used, most of the one in `distribution`."""
        text = ""
        for plugin in self._get_plugins():
            if plugin.state == "broken" or (plugin.distribution == distribution and plugin.state not in _USABLE):
                text += f" Plugin {plugin.name!r} is installed but {plugin.state}: {plugin.reason}"
        return text


_USABLE = ("found", "loaded")


def _names(accepts: str | Sequence[str]) -> tuple[str, ...]:
    return (accepts,) if isinstance(accepts, str) else tuple(accepts)


def _names_a_file(program: object) -> bool:
    return isinstance(program, str) and "\n" not in program and os.path.exists(program)


def _trace(came_by: dict[str, ConverterSpec | None], wanted: str) -> list[ConverterSpec]:
    """Return the converters from the start to `wanted`, in order."""
    way: list[ConverterSpec] = []
    while spec := came_by[wanted]:
        way.insert(0, spec)
        wanted = spec.source
    return way


def _takes_path(function: Callable[..., Any]) -> bool:
    from inspect import signature

    try:
        parameters = signature(function).parameters.values()
    except (TypeError, ValueError):
        return False  # A built-in may not tell; then it is called in the plain way.
    return any(item.name == "path" or item.kind is item.VAR_KEYWORD for item in parameters)


def _title(spec: ConverterSpec) -> str:
    owner = f" of plugin {spec.plugin!r}" if spec.plugin else ""
    return f"Converter {spec.source!r} to {spec.target!r}{owner} ({spec.function})"


def _no_way(source: str, accepts: Sequence[str], came_by: Iterable[str]) -> str:
    reached = ", ".join(name for name in came_by if name != source)
    leads = f"The installed ones lead from it to {reached}." if reached else "None that is installed starts from it."
    hint = " A function runs on a backend that runs functions: algorithm_runner of qdock-algorithms." * (
        source == "call"
    )
    return f"No converters lead from {source!r} to {' or '.join(accepts)}. {leads}{hint}"
