"""Plugins that tests make up: modules on a path of the test's own, with entry points as a distribution has them."""

import sys
from types import SimpleNamespace

import pytest

from qdock.config import Config
from qdock.registry import Registry
from qdock.spec import BackendSpec

HEAD = "from qdock.spec import *\nfrom qdock.spec import hookimpl\n\n"


def _source(backends):
    """Return a plugin with these backends, each a spec or a name."""
    specs = [BackendSpec(item, "made_up_x:X") if isinstance(item, str) else item for item in backends]
    body = "".join(f"    yield {spec!r}\n" for spec in specs)
    return f"{HEAD}@hookimpl\ndef qdock_backends():\n{body}"


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Make a plugin: `plugin(name, source)` writes its module, `made_up_NAME`, and returns its entry point.

    The source is its text, a list of backends, or None where there is to be no module.
    """
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(name, source=("coin",), *, distribution=None, group="qdock.v1", module=None, value=None):
        module = module or f"made_up_{name.replace('-', '_')}"
        # An import that hung in another test may have ended since then.
        sys.modules.pop(module, None)
        if source is not None:
            text = source if isinstance(source, str) else _source(source)
            (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
        dist = SimpleNamespace(name=distribution or f"qdock-{name}", version="1.0")
        return SimpleNamespace(name=name, value=value or module, group=group, dist=dist)

    yield make
    for module in set(sys.modules) - before:
        if module.startswith("made_up_"):
            del sys.modules[module]


@pytest.fixture
def registry(plugin):
    """Make a registry: `registry({setting: value}, coin=source, ...)`."""

    def make(settings=None, **sources):
        config = Config.load(environ={}, **(settings or {}))
        return Registry(config, [plugin(name, source) for name, source in sources.items()])

    return make


@pytest.fixture
def state():
    """Tell what became of a plugin: `state(registry, name)`."""
    return lambda registry, name: next(info for info in registry.plugins() if info.name == name)
