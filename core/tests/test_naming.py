"""Names of backends: full, short, aliases, the user's own, and errors that lead to the right one."""

import warnings

import pytest

from qdock.config import Config
from qdock.errors import BackendNotFoundError
from qdock.registry import Registry
from qdock.spec import BackendSpec

BREAKS = """
from qdock.spec import BackendSpec, hookimpl

@hookimpl
def qdock_backends():
    yield BackendSpec("fair", "a.b:C", aliases=("toss",))
    1 / 0
"""


def spec(name, **fields):
    return BackendSpec(name, "a.b:C", **fields)


def test_a_full_name_a_short_name_and_an_alias_mean_the_backend(registry):
    made = registry(coin=[spec("fair", aliases=("toss",))])
    for name in ("coin/fair", "fair", "toss", "coin/toss"):
        assert made.get_backend_spec(name).full_name == "coin/fair"
        assert made.find_backend(name).full_name == "coin/fair"


def test_a_full_name_loads_its_own_plugin_only(registry, state):
    made = registry(coin=["fair"], die=["six"])
    assert made.get_backend_spec("coin/fair")
    assert (state(made, "coin").state, state(made, "die").state) == ("loaded", "found")


def test_an_ambiguous_short_name_is_an_error_with_the_full_names(registry):
    made = registry(one=["coin"], two=["coin", "other"], three=[spec("third", aliases=("other",))])
    with pytest.raises(
        BackendNotFoundError, match=r"'coin' is the name of several backends: one/coin, two/coin\. Use a full"
    ):
        made.get_backend_spec("coin")
    with pytest.raises(BackendNotFoundError, match=r"three/third, two/other.*`\[aliases\] other = \"three/third\"`"):
        made.find_backend("other")
    assert made.get_backend_spec("two/coin").plugin == "two"


def test_the_users_aliases_come_first(registry):
    made = registry({"aliases": {"coin": "two/coin"}}, one=["coin"], two=["coin"])
    assert made.get_backend_spec("coin").full_name == "two/coin"
    made = registry({"aliases": {"coin": "other"}}, one=["coin", "other"])
    assert made.get_backend_spec("coin").name == "other"


def test_an_alias_to_nothing_is_named_with_where_it_stands(registry):
    made = registry({"aliases": {"sim": "two/coin"}}, one=["coin"])
    with pytest.raises(
        BackendNotFoundError, match=r"^Alias 'sim' \(argument\) does not work\. No backend named 'two/coin'\."
    ):
        made.get_backend_spec("sim")


def test_unknown_names_raise_with_the_installed_ones_and_the_closest(registry):
    made = registry(basic=["basic_simulator"], coin=["coin"])
    with pytest.raises(BackendNotFoundError) as caught:
        made.get_backend_spec("coim")
    assert str(caught.value) == "No backend named 'coim'. Installed: basic_simulator, coin. Did you mean 'coin'?"
    assert made.find_backend("coim") is None


def test_the_name_of_a_plugin_is_an_error_with_the_backends_that_it_has(registry):
    made = registry(die=["six", "ten"], other=["coin"])
    with pytest.raises(BackendNotFoundError, match=r"'die' is a plugin, which has die/six, die/ten\.$"):
        made.get_backend_spec("die")


def test_names_that_would_be_ambiguous_are_listed_in_full(registry):
    with pytest.raises(BackendNotFoundError, match=r"Installed: b/coin, c/coin, die\.$"):
        registry(b=["coin"], c=["coin"], d=["die"]).get_backend_spec("xyz")


def test_long_lists_are_cut(registry):
    with pytest.raises(BackendNotFoundError, match=r"b0, b1, b10, .* and 10 more\."):
        registry(many=[f"b{i}" for i in range(40)]).get_backend_spec("xyz")


def test_without_any_backend_the_error_says_so(registry):
    with pytest.raises(
        BackendNotFoundError,
        match=r"^No backend named 'x'\. None is installed\. `pip install qdock-basic` brings a simulator\.$",
    ):
        registry().get_backend_spec("x")


@pytest.mark.parametrize("name", ["coin/fair", "coin", "coin_fair", "coim"])
def test_a_broken_plugin_that_may_have_the_name_is_named_with_the_reason(registry, name):
    made = registry(coin="import no_such_module_at_all", die=["six"])
    with pytest.raises(
        BackendNotFoundError, match=r"Installed: six\..* Plugin 'coin', which may have it, is broken: The import failed"
    ):
        made.get_backend_spec(name)


def test_a_plugin_that_broke_on_the_way_is_known_by_the_names_it_gave(registry):
    made = registry(odd=BREAKS, die=["six"])
    for name in ("fair", "toss"):
        with pytest.raises(
            BackendNotFoundError, match=r"Plugin 'odd', which may have it, is broken: .* division by zero"
        ):
            made.get_backend_spec(name)


def test_other_plugins_that_can_not_be_used_are_mentioned(plugin):
    entries = [
        plugin("coin", "1 / 0"),
        plugin("die", ["six"]),
        plugin("twin", distribution="a"),
        plugin("twin", distribution="b"),
    ]
    made = Registry(Config.load(environ={}, block=["none"]), entries)
    with pytest.raises(BackendNotFoundError) as caught:
        made.get_backend_spec("xyz")
    assert str(caught.value) == (
        "No backend named 'xyz'. Installed: six. Plugins that can't be used: coin (broken), twin (conflict); "
        "`qdock plugins --load` says why."
    )


def test_a_name_is_a_text(registry):
    with pytest.raises(TypeError, match="A backend's name is a text, but 3 was given"):
        registry().find_backend(3)


def test_a_blocked_plugin_that_may_have_the_name_is_named(registry):
    made = registry({"block": ["coin"]}, coin=["fair"], die=["six"])
    with pytest.raises(BackendNotFoundError, match=r"Plugin 'coin', which may have it, is blocked: 'coin' blocks it"):
        made.get_backend_spec("coin/fair")


def test_a_deprecated_backend_warns_the_caller(registry):
    made = registry(coin=[spec("fair", deprecated="use 'fairer'.")])
    with pytest.warns(DeprecationWarning, match=r"Backend 'coin/fair' is deprecated: use 'fairer'\.") as seen:
        made.get_backend_spec("fair")
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert made.backends()
