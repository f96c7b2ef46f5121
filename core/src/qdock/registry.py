"""From entry points to plugins, specs and backends: what one Dock knows of what is installed.

Each plugin is loaded, checked and called on its own and under a time limit. One that fails is taken out whole, with
all its hooks, and says why; the others never notice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from pluggy import HookImpl, PluginManager, PluginValidationError

from qdock import hookspecs
from qdock.config import Config
from qdock.discovery.entrypoints import EntryPoint, read_entry_points
from qdock.discovery.filters import filter_backends
from qdock.discovery.future import deprecate, find_arguments, find_fields
from qdock.discovery.hookcheck import Spec, call, check_hooks, explain, gather, ordered, unique_names
from qdock.discovery.naming import find_spec, not_found
from qdock.discovery.plugins import Plugin, PluginInfo, describe, find_plugins, import_entry, import_object
from qdock.discovery.timelimit import Hung, Outcome, call_each
from qdock.errors import BackendNotFoundError, PluginError, SubmissionRefused
from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, ExecutorSpec

__all__ = ["BUILTIN_EXECUTORS", "Registry", "import_factory"]

#: The executors of the core. They have no plugin, so their short name is their full name.
BUILTIN_EXECUTORS = (
    ExecutorSpec("inline", "qdock.executors.inline:InlineExecutor", "In the caller's thread, before `run` returns."),
    ExecutorSpec("thread", "qdock.executors.thread:ThreadExecutor", "In a thread of this process."),
    ExecutorSpec("process", "qdock.executors.process:ProcessExecutor", "In a process of its own, which can be killed."),
)

#: The hooks that yield specs, and of which type.
_SPEC_HOOKS: dict[str, type[Spec]] = {
    "qdock_backends": BackendSpec,
    "qdock_executors": ExecutorSpec,
    "qdock_converters": ConverterSpec,
    "qdock_commands": CommandSpec,
}


class _Manager(PluginManager):
    """Looks for no hook among a module's ``__names__``, most of what it has: half the cost of registering."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        """Return how `name` is marked, or None where it is not."""
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


class Registry:
    """The plugins of one configuration, and what they bring.

    Parameters
    ----------
    config : Config, optional
        Settings in force; those of files and environment if not given.
    entry_points : iterable, optional
        Entry points to use instead of those of the installed distributions, as `importlib.metadata` has them.
    """

    def __init__(self, config: Config | None = None, entry_points: Iterable[Any] | None = None) -> None:
        self.config = Config.load() if config is None else config
        self._entry_points = None if entry_points is None else [EntryPoint.adopt(entry) for entry in entry_points]
        self.after_fork()
        self._plugins: list[Plugin] | None = None
        self._manager = _Manager("qdock")
        self._manager.add_hookspecs(hookspecs)
        self._specs: dict[tuple[str, str], list[Spec]] = {}
        self._registered: dict[tuple[type[Spec], str], Spec] = {}
        #: What every job asks for, by what was asked, until a plugin comes or goes or something is registered.
        self._answers: dict[tuple[str, str], Any] = {}

    def after_fork(self) -> None:
        """Make a new lock: in a forked child the old one may be held by a thread that does not exist there."""
        self._lock = threading.RLock()

    def _once(self, question: str, name: str, answer: Callable[[str], Any]) -> Any:
        """Return what `answer` says of a name, asking it no more until something changes; None is asked again."""
        found = self._answers.get((question, name))
        if found is None:
            with self._lock:
                found = self._answers[question, name] = answer(name)
        return found

    # --- plugins

    def plugins(self) -> list[PluginInfo]:
        """Return every plugin there is and its state; none is imported by that."""
        return [plugin.info() for plugin in self._find()]

    def load_all(self) -> list[PluginInfo]:
        """Import every plugin that may be imported, and return all of them."""
        self._load(self._find())
        return self.plugins()

    def examine(self) -> list[PluginInfo]:
        """Import every plugin that may be imported, call each hook that yields specs, and return all of them."""
        for hook in _SPEC_HOOKS:
            self._collect(hook, self._find())
        return self.plugins()

    def _find(self) -> list[Plugin]:
        with self._lock:
            if self._plugins is None:
                entries = read_entry_points() if self._entry_points is None else self._entry_points
                self._plugins = find_plugins(entries, self.config)
            return self._plugins

    def _load(self, plugins: Sequence[Plugin]) -> None:
        with self._lock:
            wanted = [plugin for plugin in plugins if plugin.state == "found"]
            if not wanted:
                return
            calls = [partial(import_entry, plugin.entry) for plugin in wanted]
            for plugin, outcome in zip(wanted, self._call_each(calls), strict=True):
                error = outcome.error or self._admit(plugin, outcome.value)
                if error is not None:
                    self._break(plugin, "The import", error)

    def _call_each(self, calls: Sequence[Callable[[], Any]]) -> list[Outcome]:
        return call_each(calls, self.config.get("plugins.load_seconds"))

    def _admit(self, plugin: Plugin, module: Any) -> Exception | None:
        """Register an imported plugin's hooks, or return why they don't fit."""
        try:
            self._manager.register(module, plugin.name)
            check_hooks(self._manager, plugin.name, module)
            impls = [caller.get_hookimpls() for caller in self._manager.get_hookcallers(module) or []]
            own = [impl for found in impls for impl in found if impl.plugin_name == plugin.name]
            told = _tell(plugin, find_arguments(own))
        except PluginValidationError as error:
            return explain(error)
        except Exception as error:  # noqa: BLE001 - what an entry point names may be any object at all
            return error
        plugin.put("loaded", " ".join(filter(None, (plugin.reason, told))))
        self._answers.clear()
        return None

    def _break(self, plugin: Plugin, part: str, error: BaseException, given: Sequence[Spec] = ()) -> None:
        """Take a plugin out whole, hooks and specs, and keep why."""
        self._answers.clear()
        if self._manager.has_plugin(plugin.name):
            self._manager.unregister(name=plugin.name)
        taken = [spec for hook in _SPEC_HOOKS for spec in self._specs.pop((hook, plugin.name), ())]
        plugin.lost = tuple(name for spec in (*taken, *given) for name in unique_names(spec))
        plugin.breaks(part, error, self.config.get("plugins.load_seconds"))
        if isinstance(error, Hung):
            _say_what_took_so_long(plugin)

    # --- specs

    def _collect(self, hook: str, plugins: Sequence[Plugin]) -> list[Any]:
        """Return what `hook` of these plugins yields, in calling order; each plugin is asked once."""
        with self._lock:
            self._load(plugins)
            loaded = {plugin.name: plugin for plugin in plugins if plugin.state == "loaded"}
            impls: dict[str, list[HookImpl]] = {}
            for impl in self._impls(hook):
                if impl.plugin_name in loaded:
                    impls.setdefault(impl.plugin_name, []).append(impl)
            self._ask(hook, {loaded[name]: impls[name] for name in impls if (hook, name) not in self._specs})
            return [spec for name in impls for spec in self._specs.get((hook, name), ())]

    def _ask(self, hook: str, impls: Mapping[Plugin, Sequence[HookImpl]]) -> None:
        """Call `hook` of each plugin and keep what it yields; one that fails is taken out."""
        kind, arguments = _SPEC_HOOKS[hook], {"config": self.config}
        found: list[list[Spec]] = [[] for _ in impls]
        pairs = zip(impls.values(), found, strict=True)
        calls = [partial(gather, kind, asked, specs, arguments) for asked, specs in pairs]
        for plugin, specs, outcome in zip(impls, found, self._call_each(calls), strict=True):
            error = outcome.error or self._keep(hook, plugin, specs)
            if error is not None:
                self._break(plugin, f"Hook {hook!r}", error, specs)

    def _keep(self, hook: str, plugin: Plugin, specs: list[Spec]) -> Exception | None:
        """Keep what a plugin's hook yielded, or return why that can't be."""
        try:
            told = _tell(plugin, find_fields(specs))
        except PluginError as error:
            return error
        plugin.reason = " ".join(filter(None, (plugin.reason, told)))
        self._specs[hook, plugin.name] = specs
        return None

    def _impls(self, hook: str) -> list[HookImpl]:
        return ordered(getattr(self._manager.hook, hook).get_hookimpls())

    def _all(self, hook: str) -> list[Any]:
        return [*self._own(hook), *self._collect(hook, self._find())]

    def _own(self, hook: str) -> list[Any]:
        """Return what no plugin brought: the core's specs and the registered ones."""
        kind = _SPEC_HOOKS[hook]
        builtin = BUILTIN_EXECUTORS if kind is ExecutorSpec else ()
        return [*builtin, *(spec for spec in self._registered.values() if isinstance(spec, kind))]

    def register(self, spec: Spec) -> None:
        """Add a backend, executor, converter or command without installing it; one of that name is replaced.

        Raises
        ------
        TypeError
            If it is no spec.
        """
        if not isinstance(spec, Spec):
            kinds = ", ".join(kind.__name__ for kind in _SPEC_HOOKS.values())
            raise TypeError(f"What is registered is one of {kinds}, but {type(spec).__name__} was given.")
        with self._lock:
            self._registered[type(spec), f"{spec.plugin}/{unique_names(spec)[0]}"] = spec
            self._answers.clear()

    # --- backends

    def backends(self, **filters: Any) -> list[BackendSpec]:
        """Return the backends there are, by full name.

        Parameters
        ----------
        simulator : bool, optional
            Whether it computes rather than runs on a device.
        min_qubits : int, optional
            How many qubits it must have.
        features : set of str, optional
            What it must be able to do, from `qdock.spec.FEATURES`.
        accepts : str, optional
            A format of programs that it must run: ``"circuit"``, ``"call"``.
        name, plugin : str, optional
            Its name or an alias, or its plugin; ``*`` and ``?`` stand for any text and any character.
        """
        specs = sorted(self._all("qdock_backends"), key=lambda spec: spec.full_name)
        return filter_backends(specs, filters)

    def find_backend(self, name: str) -> BackendSpec | None:
        """Return the backend that a full name, short name or alias means, or None.

        Raises
        ------
        BackendNotFoundError
            If a short name means several.
        """
        if not isinstance(name, str):
            raise TypeError(f"A backend's name is a text, but {name!r} was given.")
        spec: BackendSpec | None = self._once("backend", name, self._look_up_backend)
        return spec

    def _look_up_backend(self, name: str) -> Spec | None:
        name = self.config.aliases.get(name, name)
        return find_spec("backend", name, self._candidates("qdock_backends", name))

    def get_backend_spec(self, name: str) -> BackendSpec:
        """Return the backend that a full name, short name or alias means.

        The user's own aliases come first. A deprecated backend gives a `DeprecationWarning`.

        Raises
        ------
        BackendNotFoundError
            If there is none, or several; the message has the names there are, and the broken plugins.
        """
        spec = self.find_backend(name)
        if spec is None:
            raise self._no_backend(name)
        if spec.deprecated:
            deprecate(f"Backend {spec.full_name!r} is deprecated: {spec.deprecated}")
        return spec

    def _no_backend(self, name: str) -> Exception:
        aliases = self.config.aliases
        target = aliases.get(name, name)
        error = not_found("backend", target, self._all("qdock_backends"), self._find(), aliases)
        if target == name:
            return error
        return BackendNotFoundError(f"Alias {name!r} ({self.config.source(f'aliases.{name}')}) does not work. {error}")

    def _candidates(self, hook: str, name: str) -> list[Any]:
        """Return the specs that `name` may mean, loading no more plugins than that takes."""
        own = self._own(hook)
        if any(spec.full_name == name for spec in own):
            return own
        owner, slash, _ = name.rpartition("/")
        plugins = [plugin for plugin in self._find() if not slash or plugin.name == owner]
        return [*own, *self._collect(hook, plugins)]

    # --- executors, converters, commands

    def executors(self) -> list[ExecutorSpec]:
        """Return the executors there are, the core's first."""
        return self._all("qdock_executors")

    def get_executor_spec(self, name: str) -> ExecutorSpec:
        """Return the executor that a full or a short name means.

        Raises
        ------
        ExecutorNotFoundError
            If there is none, or several.
        """
        spec: ExecutorSpec | None = find_spec("executor", name, self._candidates("qdock_executors", name))
        if spec is None:
            raise not_found("executor", name, self.executors(), self._find())
        return spec

    def converters(self) -> list[ConverterSpec]:
        """Return the converters there are; registered ones first, then in the plugins' calling order."""
        return self._all("qdock_converters")

    def commands(self) -> list[CommandSpec]:
        """Return the commands that plugins bring."""
        return self._all("qdock_commands")

    # --- hooks around a job

    def job_submitting(self, job: Any) -> dict[str, Any]:
        """Ask every plugin that wants to know, and return the metadata they give the job.

        Raises
        ------
        SubmissionRefused
            If a plugin refuses the job.
        PluginError
            If a plugin can't tell: what should have checked the job did not, so the job does not start.
        """
        metadata: dict[str, Any] = {}
        for impl in self._once("hook", "qdock_job_submitting", self._everyone):
            metadata = {**_metadata_of(impl, job), **metadata}
        return metadata

    def job_status_changed(self, job: Any, previous: Any, status: Any) -> None:
        """Tell every plugin that wants to know; what goes wrong there is logged and hurts nobody."""
        for impl in self._once("hook", "qdock_job_status_changed", self._everyone):
            try:
                call(impl, job=job, previous=previous, status=status)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - not even sys.exit in an observer hurts the job
                self._note(impl, error)

    def _everyone(self, hook: str) -> tuple[HookImpl, ...]:
        """Return what all plugins that may be loaded have to say to a hook."""
        self._load(self._find())
        return tuple(self._impls(hook))

    def _note(self, impl: HookImpl, error: BaseException) -> None:
        import logging

        reason = f"Hook 'qdock_job_status_changed' failed: {describe(error)}."
        for plugin in self._find():
            if plugin.name == impl.plugin_name and plugin.state == "loaded":
                plugin.reason = reason
        logging.getLogger("qdock").warning("Plugin %r: %s", impl.plugin_name, reason, exc_info=error)


def _tell(plugin: Plugin, deprecations: Sequence[str]) -> str:
    """Warn of what a plugin uses that is deprecated, or raise, and return it as a text."""
    text = " ".join(deprecations)
    if text:
        deprecate(f"Plugin {plugin.name!r}: {text}")
    return text


def _say_what_took_so_long(plugin: Plugin) -> None:
    import logging

    text = "Plugin %r: %s QDOCK_BLOCK=%s leaves it out."
    logging.getLogger("qdock").warning(text, plugin.name, plugin.reason, plugin.name)


def _metadata_of(impl: HookImpl, job: Any) -> Mapping[str, Any]:
    way_out = f"To go without it set QDOCK_BLOCK={impl.plugin_name}."
    try:
        metadata = call(impl, job=job)
    except SubmissionRefused:
        raise
    except Exception as error:
        raise PluginError(
            f"Plugin {impl.plugin_name!r} checks jobs before they start and failed at this one, which was not started: "
            f"{describe(error)}. {way_out}"
        ) from error
    if metadata is not None and not isinstance(metadata, Mapping):
        raise PluginError(
            f"Plugin {impl.plugin_name!r}: hook 'qdock_job_submitting' returned {type(metadata).__name__} instead of a "
            f"mapping or None. {way_out}"
        )
    return metadata or {}


def import_factory(spec: Spec) -> Any:
    """Import what a spec names as its factory or function.

    Raises
    ------
    PluginError
        If that fails; the message has the spec's `install_hint`.
    """
    kind = type(spec).__name__.removesuffix("Spec")
    name = getattr(spec, "full_name", unique_names(spec)[0])
    path = spec.function if isinstance(spec, ConverterSpec) else spec.factory
    return import_object(path, f"{kind} {name!r}", getattr(spec, "install_hint", None))
