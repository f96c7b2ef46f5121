"""Settings in layers, each value with where it came from.

Later layers win: default < system file < user file < ``$QDOCK_CONFIG`` < environment < argument. The current
directory is never looked at: a setting can name a factory, and a factory is code.

The environment variable of a setting is ``QDOCK_`` and the last part of its key, in capitals: ``QDOCK_SHOTS`` is
``defaults.shots``. Lists are separated by spaces. An empty variable counts as not set. Arguments go by the same
last part, ``Config.load(shots=100)``, or by table, ``Config.load(plugins={"coin": {"bias": 0.5}})``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

from qdock.common.secret import Secret
from qdock.common.suggest import did_you_mean
from qdock.common.textfile import Unreadable, read_text
from qdock.errors import ConfigError

__all__ = ["SETTINGS", "Config", "Secret", "config_files"]

#: Every setting outside of the free tables ``[aliases]``, ``[plugins.NAME]`` and ``[executors.NAME]``:
#: key -> (kind of value, default, one sentence for people).
SETTINGS: dict[str, tuple[str, Any, str]] = {
    "defaults.backend": ("text", "basic/basic_simulator", "what runs a program when no backend is named"),
    "defaults.executor": ("text", None, "where jobs run, before what the backend itself prefers"),
    "defaults.shots": ("count", None, "repetitions, before what the backend itself prefers"),
    "defaults.store": (
        "text",
        "sqlite:",
        "job records: memory:, sqlite:///path, or sqlite: for the user's folder",
    ),
    "plugins.block": ("names", (), "patterns of plugin names that are never imported"),
    "plugins.only": ("names", (), "patterns of plugin names; no other is imported"),
    "plugins.prefer": ("choice", {}, "which distribution to take where two bring a plugin of one name"),
    "plugins.load_seconds": ("seconds", 10.0, "how long a plugin may take to load before it counts as broken"),
}
_SHORT = {key.rpartition(".")[2]: key for key in SETTINGS}
_TABLES = ("defaults", "aliases", "plugins", "executors")
_FILE_BYTES = 2**20
_SENSITIVE = ("token", "password", "passwd", "secret", "apikey", "api_key", "api-key", "credential")

_Key = tuple[str, ...]
_Layer = dict[_Key, Any]


# --- values: what each kind allows, and how the environment writes it


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(_is_text(name) for name in value)


def _is_choice(value: Any) -> bool:
    return _is_names(value) or (isinstance(value, dict) and all(_is_text(v) for v in value.values()))


def _parse_choice(text: str) -> Any:
    pairs = [word.partition("=") for word in text.split()]
    return {name: dist for name, _, dist in pairs} if all(sep for _, sep, _ in pairs) else text.split()


#: kind -> (test, what to write, how the environment's text is read)
_KINDS: dict[str, tuple[Callable[[Any], bool], str, Callable[[str], Any]]] = {
    "text": (_is_text, "a text that is not empty", str),
    "count": (_is_count, "a whole number of at least 1", int),
    "seconds": (_is_seconds, "a positive number of seconds", float),
    "names": (_is_names, 'a list of names, like ["coin", "other-*"]', str.split),
    "choice": (_is_choice, 'a table from plugin to distribution, like {coin = "qdock-coin"}', _parse_choice),
}


def _check(source: str, key: _Key, kind: str, value: Any) -> Any:
    test, wanted, _ = _KINDS[kind]
    if not test(value):
        shown = "a hidden value" if _is_sensitive(key) else repr(value)
        raise ConfigError(f"{source}: `{'.'.join(key)}` must be {wanted}, but is {shown}.")
    return value


def _unknown(source: str, key: str, known: Iterable[str]) -> NoReturn:
    known = list(known)
    hint = did_you_mean(key, known, f" Known: {', '.join(known)}.")
    raise ConfigError(f"{source}: there is no setting '{key}'.{hint}")


def _is_sensitive(key: _Key) -> bool:
    name = key[-1].lower()
    return not name.endswith("_file") and any(word in name for word in _SENSITIVE)


# --- one layer: nested tables, as TOML and arguments have them, to flat keys


def _table(source: str, key: _Key, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise ConfigError(f"{source}: `{'.'.join(key)}` must be a table, but is of type {type(value).__name__}.")
    return value


def _flatten(source: str, data: Mapping[str, Any]) -> Iterator[tuple[_Key, Any]]:
    for name, content in data.items():
        if name not in _TABLES:
            _unknown(source, name, _TABLES)
        for key, value in _table(source, (name,), content).items():
            yield from _entry(source, name, key, value)


def _entry(source: str, table: str, name: str, value: Any) -> Iterator[tuple[_Key, Any]]:
    setting = f"{table}.{name}"
    if setting in SETTINGS:
        yield (table, name), _check(source, (table, name), SETTINGS[setting][0], value)
    elif table == "aliases":
        yield (table, name), _check(source, (table, name), "text", value)
    elif table == "executors" or (table == "plugins" and isinstance(value, Mapping)):
        for key, item in _table(source, (table, name), value).items():
            yield (table, name, key), item
    else:
        _unknown(source, setting, (key for key in SETTINGS if key.startswith(table)))


def _from_file(path: str) -> _Layer:
    """Return the settings of the TOML file `path`, which exists."""
    import tomllib

    try:
        return dict(_flatten(path, tomllib.loads(read_text(path, _FILE_BYTES))))
    except Unreadable as error:
        raise ConfigError(f"The settings file {path} {error}.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"The settings file {path} is not valid TOML: {error}.") from None


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[_Key, Any, str]]:
    for short, key in _SHORT.items():
        variable = f"QDOCK_{short.upper()}"
        if text := environ.get(variable, "").strip():
            path, kind = tuple(key.split(".")), SETTINGS[key][0]
            try:
                value = _KINDS[kind][2](text)
            except ValueError:
                value = text
            yield path, _check(variable, path, kind, value), variable


def _from_arguments(arguments: Mapping[str, Any]) -> _Layer:
    layer: _Layer = {}
    for name, value in arguments.items():
        if value is None:
            continue
        if name in _SHORT:
            table, _, key = _SHORT[name].partition(".")
            layer.update(_entry("argument", table, key, value))
        elif name in _TABLES:
            layer.update(_flatten("argument", {name: value}))
        else:
            _unknown("argument", name, (*_SHORT, *_TABLES))
    return layer


# --- where the files are


def config_files(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the settings files that are looked at, weakest first; they need not exist.

    Raises
    ------
    ConfigError
        If ``$QDOCK_CONFIG`` is no absolute path, or there is no such file.
    """
    folders = _xdg_folders(environ) if sys.platform == "linux" else _platform_folders()
    files = [os.path.join(folder, "qdock", "config.toml") for folder in folders if os.path.isabs(folder)]
    return files + _explicit_file(environ)


def _xdg_folders(environ: Mapping[str, str]) -> list[str]:
    # What platformdirs says on Linux, without the 7 ms that importing it costs every listing.
    home = environ.get("HOME", "")
    system = environ.get("XDG_CONFIG_DIRS", "").strip().split(os.pathsep)[0] or "/etc/xdg"
    return [system, environ.get("XDG_CONFIG_HOME", "").strip() or os.path.join(home, ".config")]


def _platform_folders() -> list[str]:
    import platformdirs

    return [platformdirs.site_config_dir(appauthor=False), platformdirs.user_config_dir(appauthor=False)]


def _explicit_file(environ: Mapping[str, str]) -> list[str]:
    path = environ.get("QDOCK_CONFIG", "").strip()
    if not path:
        return []
    full = os.path.expanduser(path)
    if not os.path.isabs(full):
        raise ConfigError(
            f"QDOCK_CONFIG must be an absolute path, but is {path!r}: settings never depend on the folder."
        )
    if not os.path.exists(full):
        raise ConfigError(f"QDOCK_CONFIG names the file {full}, which does not exist.")
    return [full]


class Config:
    """Settings in force, each with its origin. ``Config()`` has the defaults; `Config.load` reads the rest.

    Examples
    --------
    >>> config = Config.load(environ={"QDOCK_SHOTS": "100"}, aliases={"sim": "basic/basic_simulator"})
    >>> config.get("defaults.shots"), config.aliases
    (100, {'sim': 'basic/basic_simulator'})
    """

    def __init__(self, values: Mapping[tuple[str, ...], tuple[Any, str]] | None = None) -> None:
        self._values = dict(values or {})

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, **arguments: Any) -> Config:
        """Return the settings of the files, the environment and the `arguments`, in that order.

        Raises
        ------
        ConfigError
            If a key is unknown or a value is of a wrong type; the message names where it stands.
        """
        values: dict[_Key, tuple[Any, str]] = {}
        for path in config_files(environ):
            if os.path.exists(path):
                values.update((key, (value, path)) for key, value in _from_file(path).items())
        values.update((key, (value, source)) for key, value, source in _from_environment(environ))
        values.update((key, (value, "argument")) for key, value in _from_arguments(arguments).items())
        return cls(values)

    def get(self, key: str) -> Any:
        """Return the value of a setting, ``"defaults.shots"``; that of a free table's key is None where not set.

        Raises
        ------
        ConfigError
            If there is no such setting.
        """
        path = tuple(key.split(".", 2))
        if path in self._values:
            return _copy(self._values[path][0])
        if key in SETTINGS:
            return _copy(SETTINGS[key][1])
        if path[0] in ("aliases", "plugins", "executors") and len(path) == (2 if path[0] == "aliases" else 3):
            return None
        return _unknown("Config.get", key, SETTINGS)

    @property
    def defaults(self) -> dict[str, Any]:
        """Values of ``[defaults]``: backend, executor, shots, store."""
        return {key.partition(".")[2]: self.get(key) for key in SETTINGS if key.startswith("defaults.")}

    @property
    def aliases(self) -> dict[str, str]:
        """The user's own names of backends."""
        return self._under("aliases")

    @property
    def block(self) -> list[str]:
        """Patterns of plugin names that are never imported."""
        return list(self.get("plugins.block"))

    @property
    def only(self) -> list[str]:
        """Patterns of plugin names; if there are any, no other plugin is imported."""
        return list(self.get("plugins.only"))

    @property
    def prefer(self) -> dict[str, str] | list[str]:
        """From plugin to distribution, or the distributions, to take where two bring one plugin."""
        return self.get("plugins.prefer")  # type: ignore[no-any-return]  # _check saw it when it was read

    def plugin(self, name: str) -> dict[str, Any]:
        """Return the table ``[plugins.NAME]``, empty where there is none."""
        return self._under("plugins", name)

    def executor(self, name: str) -> dict[str, Any]:
        """Return the table ``[executors.NAME]``, empty where there is none."""
        return self._under("executors", name)

    def secret(self, plugin: str, key: str) -> Secret | None:
        """Return a plugin's secret, or None where there is none.

        It is read now and kept nowhere: from the environment variable ``QDOCK_<PLUGIN>_<KEY>``, else from the file
        of mode 0600 that ``[plugins.NAME] <key>_file`` names.

        Raises
        ------
        ConfigError
            If the secret stands in a settings file itself, or others may read its file.
        """
        variable = "".join(c if c.isalnum() else "_" for c in f"QDOCK_{plugin}_{key}").upper()
        if os.environ.get(variable):
            return Secret.from_environment(variable)
        table = self.plugin(plugin)
        if key in table:
            source = self._values["plugins", plugin, key][1]
            raise ConfigError(
                f"{source}: `plugins.{plugin}.{key}` is a secret and must not stand there. Put it in a file of mode "
                f"0600 and write its path as `{key}_file`, or set {variable}."
            )
        path = table.get(f"{key}_file")
        return None if path is None else Secret.from_file(path)

    def source(self, key: str) -> str:
        """Return where a setting's value came from: a file, a variable, ``"argument"`` or ``"default"``."""
        return self._values.get(tuple(key.split(".", 2)), (None, "default"))[1]

    def explain(self) -> list[tuple[str, Any, str]]:
        """Return (key, value in force, where it came from) of every setting; what looks like a secret is hidden."""
        rows: dict[_Key, tuple[Any, str]] = {}
        for key, (_, default, _) in SETTINGS.items():
            rows[tuple(key.split("."))] = (default, "default")
        rows.update(sorted(self._values.items()))
        return [(".".join(key), _hide(key, value), source) for key, (value, source) in rows.items()]

    def _under(self, *table: str) -> dict[str, Any]:
        size = len(table)
        found = ((key, value) for key, (value, _) in self._values.items() if key[:size] == table)
        return {key[size]: _copy(value) for key, value in found if len(key) == size + 1}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # it holds lists and tables

    def __repr__(self) -> str:
        shown = (f"{key}={value!r}" for key, value, source in self.explain() if source != "default")
        return f"Config({', '.join(shown)})"


def _copy(value: Any) -> Any:
    """Return `value` with lists and tables of its own, so that nobody changes the settings by accident."""
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple)) else value


def _hide(key: _Key, value: Any) -> Any:
    if _is_sensitive(key):
        return "***"
    if isinstance(value, Mapping):
        return {name: _hide((name,), item) for name, item in value.items()}
    return [_hide(key, item) for item in value] if isinstance(value, (list, tuple)) else value
