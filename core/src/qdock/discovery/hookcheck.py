"""Whether a plugin's hooks fit the contract, in what order they are called, and whether they yield what they should.

pluggy marks and validates; here its findings become sentences that say what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from inspect import isfunction
from itertools import islice
from typing import Any

from pluggy import HookImpl, PluginManager, PluginValidationError

from qdock.common.suggest import closest
from qdock.errors import PluginError
from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, ExecutorSpec

__all__ = ["HOOKS", "Spec", "call", "check_hooks", "explain", "gather", "ordered", "unique_names"]

Spec = BackendSpec | ExecutorSpec | ConverterSpec | CommandSpec

#: Every hook as it may be written at most; any argument may be left out.
HOOKS: dict[str, str] = {
    "qdock_backends": "qdock_backends(config)",
    "qdock_executors": "qdock_executors(config)",
    "qdock_converters": "qdock_converters()",
    "qdock_commands": "qdock_commands()",
    "qdock_job_submitting": "qdock_job_submitting(job)",
    "qdock_job_status_changed": "qdock_job_status_changed(job, previous, status)",
}
#: More than any plugin brings; an endless generator must end somewhere.
_MOST_SPECS = 10_000


# --- when a plugin is registered


def check_hooks(manager: PluginManager, name: str, plugin: object) -> None:
    """Raise `PluginError` if the registered `plugin` marks what is no hook, or no hook at all."""
    callers = manager.get_hookcallers(plugin) or []
    impls = [impl for caller in callers for impl in caller.get_hookimpls() if impl.plugin_name == name]
    for caller in callers:
        if not caller.has_spec() and not all(impl.optionalhook for impl in caller.get_hookimpls()):
            raise PluginError(_no_such_hook(caller.name))
    for impl in impls:
        if impl.wrapper or impl.hookwrapper:
            raise PluginError(f"Hook {impl.function.__name__!r} is a wrapper, but no plugin wraps another here.")
    _check_marks(plugin)
    if not impls:
        raise PluginError(f"It has no hook: nothing is marked with @hookimpl. Hooks: {', '.join(HOOKS.values())}.")


def _no_such_hook(name: str) -> str:
    close = closest(name, HOOKS)
    hint = f"Did you mean `{HOOKS[close]}`?" if close else f"Hooks: {', '.join(HOOKS.values())}."
    return f"There is no hook {name!r}. {hint}"


def _check_marks(plugin: object) -> None:
    for name in HOOKS:
        function = getattr(plugin, name, None)
        if isfunction(function) and not hasattr(function, "qdock_impl") and function.__module__ == _name_of(plugin):
            raise PluginError(f"Function {name!r} is named as a hook, but is not marked: write @hookimpl above it.")


def _name_of(plugin: object) -> str:
    return str(getattr(plugin, "__name__", ""))


def explain(error: PluginValidationError) -> PluginError:
    """Return pluggy's finding with the signature that the hook must have."""
    hook = re.search(r"for hook '(\w+)'", str(error))
    written = re.search(r"definition: (.*)\nArgument", str(error))
    if not hook or not written:
        return PluginError(" ".join(str(error).split()))
    return PluginError(
        f"Hook {hook[1]!r} does not fit: it is written as `{written[1]}`, but must be `{HOOKS[hook[1]]}`, "
        f"where arguments may be left out."
    )


# --- when hooks are called


def ordered(impls: Iterable[HookImpl]) -> list[HookImpl]:
    """Return implementations in calling order: tryfirst, then those without a wish, then trylast, each by name.

    pluggy would call the one registered last first; plugins are loaded when they are asked for, so that order would
    change from run to run.
    """
    return sorted(impls, key=lambda impl: (impl.trylast - impl.tryfirst, impl.plugin_name))


def call(impl: HookImpl, **arguments: Any) -> Any:
    """Call one plugin's hook with those of the arguments that it wants."""
    wanted = (*impl.argnames, *impl.kwargnames)
    return impl.function(**{name: value for name, value in arguments.items() if name in wanted})


def gather(kind: type[Spec], impls: Sequence[HookImpl], found: list[Any], arguments: dict[str, Any]) -> None:
    """Append to `found` what these hooks of one plugin yield, with the plugin's name filled in.

    `found` is the caller's, so that it sees what came before a failure.

    Raises
    ------
    PluginError
        If one yields what is not a `kind`, or a name twice.
    """
    seen: set[str] = set()
    for impl in impls:
        for spec in _iterate(impl, kind, call(impl, **arguments)):
            _check_unique(impl, spec, seen)
            found.append(replace(spec, plugin=impl.plugin_name))


def _iterate(impl: HookImpl, kind: type[Spec], value: Any) -> Iterable[Any]:
    name = impl.function.__name__
    if value is None:
        return
    if not isinstance(value, Iterable) or isinstance(value, (str, bytes)):
        raise PluginError(f"Hook {name!r} returned {_show(value)}; it must yield or return a list of {kind.__name__}.")
    for number, spec in enumerate(islice(value, _MOST_SPECS + 1)):
        if not isinstance(spec, kind):
            raise PluginError(f"Hook {name!r} yielded {_show(spec)}; it must yield {kind.__name__}.")
        if number == _MOST_SPECS:
            raise PluginError(f"Hook {name!r} yielded more than {_MOST_SPECS} {kind.__name__}, the most there may be.")
        yield spec


def _show(value: object) -> str:
    return f"an object of type {type(value).__name__}"


def unique_names(spec: Spec) -> tuple[str, ...]:
    """Return the names by which a spec is found, its main one first."""
    if isinstance(spec, ConverterSpec):
        return (f"{spec.source} to {spec.target}",)
    return (spec.name, *(alias for alias in getattr(spec, "aliases", ()) if alias != spec.name))


def _check_unique(impl: HookImpl, spec: Spec, seen: set[str]) -> None:
    for name in unique_names(spec):
        if name in seen:
            raise PluginError(f"Hook {impl.function.__name__!r} yielded two {type(spec).__name__} named {name!r}.")
        seen.add(name)
