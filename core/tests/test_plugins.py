"""Which plugins there are and which may be imported, before anything is."""

import sys

import pytest

from qdock.config import Config
from qdock.discovery.entrypoints import EntryPoint
from qdock.discovery.plugins import STATES, PluginInfo, find_plugins


@pytest.fixture
def find():
    def find(*entries, **settings):
        before = set(sys.modules)
        config = Config.load(environ=settings.pop("environ", {}), **settings)
        plugins = [found.info() for found in find_plugins(map(EntryPoint.adopt, entries), config)]
        assert {found.state for found in plugins} <= set(STATES)
        assert not [name for name in set(sys.modules) - before if name.startswith("made_up_")]
        return plugins

    return find


def states(infos):
    return {info.name: info.state for info in infos}


def test_a_plugin_is_described_without_importing_it(find, plugin):
    assert find(plugin("coin")) == [PluginInfo("coin", "qdock-coin", "1.0", "made_up_coin", "found")]


def test_plugins_are_sorted_by_name(find, plugin):
    assert [info.name for info in find(plugin("b"), plugin("a"), plugin("c"))] == ["a", "b", "c"]


def test_patterns_block_plugins(find, plugin):
    infos = find(*map(plugin, ("coin", "other-a", "other-b", "others")), environ={"QDOCK_BLOCK": "coin other-*"})
    assert states(infos) == {"coin": "blocked", "other-a": "blocked", "other-b": "blocked", "others": "found"}
    assert infos[1].reason == "'other-*' blocks it (QDOCK_BLOCK)."


def test_settings_block_plugins_and_say_where(find, plugin):
    infos = find(plugin("coin"), plugin("die"), block=["c*"])
    assert states(infos) == {"coin": "blocked", "die": "found"}
    assert infos[0].reason == "'c*' blocks it (`plugins.block`, argument)."


def test_only_lets_nothing_else_in(find, plugin):
    infos = find(*map(plugin, ("coin", "die", "dice")), environ={"QDOCK_ONLY": "di*", "QDOCK_BLOCK": "dice"})
    assert states(infos) == {"coin": "blocked", "die": "found", "dice": "blocked"}
    assert infos[0].reason == "Only 'di*' may be loaded (QDOCK_ONLY)."


@pytest.mark.parametrize(
    "group, advice", [("qdock.v2", "a newer qdock"), ("qdock.v0", "a newer release of the plugin")]
)
def test_a_plugin_of_another_version_is_incompatible(find, plugin, group, advice):
    (info,) = find(plugin("future", group=group))
    assert info.state == "incompatible"
    assert info.reason == f"It is made for {group}; this qdock has qdock.v1. Install {advice}."


def test_a_plugin_for_several_versions_is_taken_as_the_one_that_fits(find, plugin):
    infos = find(plugin("coin", group="qdock.v2"), plugin("coin"))
    assert [(info.name, info.state) for info in infos] == [("coin", "found")]


def test_anothers_plugin_of_that_name_for_another_version_is_listed_too(find, plugin):
    infos = find(plugin("coin", group="qdock.v2", distribution="theirs"), plugin("coin"))
    assert sorted((info.distribution, info.state) for info in infos) == [
        ("qdock-coin", "found"),
        ("theirs", "incompatible"),
    ]


def rivals(plugin):
    return plugin("coin", distribution="Qdock_Coin"), plugin("coin", None, module="made_up_other", distribution="other")


def test_two_distributions_with_one_plugin_name_are_in_conflict(find, plugin):
    infos = find(*rivals(plugin), plugin("die"))
    assert [info.state for info in infos] == ["conflict", "conflict", "found"]
    assert (
        infos[0].reason
        == infos[1].reason
        == (
            "Several distributions bring a plugin 'coin': Qdock_Coin, other. "
            'Choose one with `[plugins] prefer = {coin = "Qdock_Coin"}`, or uninstall the others.'
        )
    )


@pytest.mark.parametrize("prefer", [{"coin": "other"}, ["other"], {"coin": "OTHER", "die": "x"}])
def test_preferring_a_distribution_settles_the_conflict(find, plugin, prefer):
    infos = {info.distribution: info for info in find(*rivals(plugin), prefer=prefer)}
    assert infos["other"].state == "found"
    assert infos["Qdock_Coin"].state == "blocked"
    assert infos["Qdock_Coin"].reason == "`[plugins] prefer` takes 'coin' from other."


def test_names_of_distributions_are_compared_as_indexes_do(find, plugin):
    infos = {info.distribution: info.state for info in find(*rivals(plugin), prefer={"coin": "qdock-coin"})}
    assert infos == {"Qdock_Coin": "found", "other": "blocked"}


@pytest.mark.parametrize("prefer", [{"coin": "third"}, ["other", "qdock-coin"], {"die": "other"}])
def test_a_preference_that_chooses_none_or_both_leaves_the_conflict(find, plugin, prefer):
    infos = find(*rivals(plugin), prefer=prefer)
    assert [info.state for info in infos] == ["conflict", "conflict"]
    assert "die" in prefer or "which does not choose one of them" in infos[0].reason


def test_blocking_goes_before_conflict(find, plugin):
    assert {info.state for info in find(*rivals(plugin), block=["coin"])} == {"blocked"}


def test_an_entry_point_given_twice_is_one_plugin(find, plugin):
    assert len(find(plugin("coin"), plugin("coin"))) == 1
