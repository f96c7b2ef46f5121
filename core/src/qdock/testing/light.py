"""The check that a plugin is light to import, which backends, executors and converters have in common."""

from __future__ import annotations

from typing import Any

from qdock.discovery.plugins import PluginInfo
from qdock.loading import load_in_subprocess
from qdock.testing.checks import check
from qdock.testing.suite import Suite

__all__ = ["LightPlugin", "is_plugins"]

#: Seconds in which a plugin must be loaded: whoever lists backends waits for it.
_LOAD_SECONDS = 2.0


def is_plugins(suite: LightPlugin) -> str:
    """Need something that a plugin brings."""
    return "" if suite.spec.plugin else "no plugin brings it"


class LightPlugin(Suite):
    """What is checked was brought by a plugin, whose module imports next to nothing."""

    #: What is checked says this about itself; each kind of suite finds it in its own way.
    spec: Any

    def _info(self) -> PluginInfo:
        return next(info for info in self.dock.plugins() if info.name == self.spec.plugin)

    @check("plugin", needs=(is_plugins,))
    def test_light_import(self) -> None:
        """A plugin's module imports the standard library, pluggy and `qdock.spec` only, so that listing is fast."""
        report = load_in_subprocess(self._info())
        self.expect(report.state == "loaded", f"in a process of its own the plugin is {report.state}: {report.reason}")
        heavy = ", ".join(report.imported)
        self.expect(
            not heavy,
            f"importing {report.module!r} imports {heavy}. Name what it brings by its factory, as text, and import "
            "what that needs in a module of its own",
        )
        seconds = report.seconds or 0.0
        self.expect(seconds < _LOAD_SECONDS, f"loading the plugin took {seconds:.1f} s")
