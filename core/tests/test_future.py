"""What is deprecated warns when a plugin uses it, and is an error under QDOCK_FUTURE."""

from __future__ import annotations

import pytest

from qdock.discovery import future
from qdock.discovery.future import Deprecation
from qdock.errors import PluginError

HEAD = "from qdock.spec import BackendSpec, hookimpl\n\n@hookimpl\ndef qdock_backends({}):\n"
SOURCE = HEAD.format("config") + "    yield BackendSpec('coin', 'made_up_x:X', aliases=('penny',))\n"
ROW = Deprecation("0.3", "0.5", "Leave it out.")


@pytest.fixture
def deprecated(monkeypatch):
    """Deprecate something for this test."""
    monkeypatch.delenv("QDOCK_FUTURE", raising=False)
    return lambda *key: monkeypatch.setitem(future.DEPRECATED, key, ROW)


KINDS = {
    (
        "argument",
        "qdock_backends",
        "config",
    ): "Argument `config` of hook 'qdock_backends' is deprecated since qdock 0.3",
    ("field", "BackendSpec", "aliases"): "Field `aliases` of BackendSpec is deprecated since qdock 0.3",
}


@pytest.mark.parametrize("key", KINDS)
def test_a_plugin_that_uses_what_is_deprecated_works_and_is_told(registry, state, deprecated, key):
    deprecated(*key)
    made = registry(coin=SOURCE)
    with pytest.warns(DeprecationWarning, match="Plugin 'coin': .* will be gone in 0.5: Leave it out."):
        names = [spec.name for spec in made.backends()]
    assert names == ["coin"]
    assert state(made, "coin").state == "loaded"
    assert KINDS[key] in state(made, "coin").reason


@pytest.mark.parametrize("key", KINDS)
def test_in_the_future_such_a_plugin_is_broken_and_says_why(registry, state, deprecated, monkeypatch, key):
    deprecated(*key)
    monkeypatch.setenv("QDOCK_FUTURE", "1")
    made = registry(coin=SOURCE)
    assert made.backends() == []
    assert state(made, "coin").state == "broken"
    assert KINDS[key] in state(made, "coin").reason
    assert "QDOCK_FUTURE is set" in state(made, "coin").reason


def test_what_is_not_used_gives_no_warning(registry, state, deprecated):
    deprecated("argument", "qdock_backends", "config")
    deprecated("field", "BackendSpec", "aliases")
    made = registry(coin=HEAD.format("") + "    yield BackendSpec('coin', 'made_up_x:X')\n")
    assert [spec.name for spec in made.backends()] == ["coin"]
    assert state(made, "coin").reason == ""


def test_a_plugin_of_a_deprecated_interface_works_until_the_future(plugin, deprecated, monkeypatch):
    from qdock.config import Config
    from qdock.registry import Registry

    deprecated("group", "qdock.v0")
    entry = plugin("coin", SOURCE, group="qdock.v0")
    made = Registry(Config.load(environ={}), [entry])
    assert [spec.name for spec in made.backends()] == ["coin"]
    (info,) = made.plugins()
    assert "The interface 'qdock.v0' is deprecated since qdock 0.3" in info.reason
    monkeypatch.setenv("QDOCK_FUTURE", "1")
    (info,) = Registry(Config.load(environ={}), [entry]).plugins()
    assert info.state == "incompatible"


def test_a_deprecated_backend_is_an_error_in_the_future(registry, monkeypatch):
    source = HEAD.format("") + "    yield BackendSpec('coin', 'made_up_x:X', deprecated='Use dice.')\n"
    monkeypatch.setenv("QDOCK_FUTURE", "1")
    with pytest.raises(PluginError, match=r"Backend .coin/coin. is deprecated: Use dice\. QDOCK_FUTURE is set"):
        registry(coin=source).get_backend_spec("coin")


@pytest.mark.parametrize("value, expected", [("", False), ("0", False), ("1", True), ("yes", True)])
def test_the_future_is_asked_for_by_a_variable(monkeypatch, value, expected):
    monkeypatch.setenv("QDOCK_FUTURE", value)
    assert future.in_future() is expected
