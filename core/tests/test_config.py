"""Settings: their order, their errors, their origins; secrets: where they come from and that they never show."""

import copy
import doctest
import json
import os
import pickle
import string
import sys
import traceback

import platformdirs
import pytest

import qdock.common.secret
import qdock.config
from qdock.config import SETTINGS, Config, Secret, config_files
from qdock.errors import ConfigError


@pytest.fixture
def home(tmp_path):
    """An environment whose system and user folders are empty ones of the test's own."""
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "system")}


def write(folder, text):
    path = folder / "qdock" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture
def user_file(tmp_path):
    return lambda text: write(tmp_path / "home" / ".config", text)


@pytest.fixture
def system_file(tmp_path):
    return lambda text: write(tmp_path / "system", text)


# --- the order of layers


def test_without_any_file_or_variable_the_defaults_hold(home):
    config = Config.load(environ=home)
    assert config == Config()
    assert config.defaults == {"backend": "basic/basic_simulator", "executor": None, "shots": None, "store": "sqlite:"}
    assert (config.aliases, config.block, config.only, config.prefer) == ({}, [], [], {})


def test_each_layer_wins_over_the_one_before(tmp_path, home, system_file, user_file):
    explicit = tmp_path / "explicit.toml"

    def shots(**arguments):
        return Config.load(environ=home, **arguments).get("defaults.shots")

    assert shots() is None
    system_file("[defaults]\nshots = 1")
    assert shots() == 1
    user_file("[defaults]\nshots = 2")
    assert shots() == 2
    explicit.write_text("[defaults]\nshots = 3")
    home["QDOCK_CONFIG"] = str(explicit)
    assert shots() == 3
    home["QDOCK_SHOTS"] = "4"
    assert shots() == 4
    assert shots(shots=5) == 5
    assert shots(defaults={"shots": 6}) == 6


def test_layers_add_up_key_by_key(home, system_file, user_file):
    system_file('[defaults]\nbackend = "a"\n[aliases]\none = "a"\n[plugins.coin]\nbias = 0.1\nside = "head"')
    user_file('[defaults]\nshots = 2\n[aliases]\ntwo = "b"\n[plugins.coin]\nbias = 0.2')
    config = Config.load(environ=home)
    assert (config.get("defaults.backend"), config.get("defaults.shots")) == ("a", 2)
    assert config.aliases == {"one": "a", "two": "b"}
    assert config.plugin("coin") == {"bias": 0.2, "side": "head"}


def test_the_current_folder_is_never_read(tmp_path, home, monkeypatch):
    for name in ("config.toml", "qdock.toml", "qdock/config.toml", ".config/qdock/config.toml", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('[defaults]\nbackend = "mine"')
    monkeypatch.chdir(tmp_path)
    for environ in (home, {}, {"HOME": ""}, {"XDG_CONFIG_HOME": ".", "XDG_CONFIG_DIRS": "."}):
        assert Config.load(environ={"XDG_CONFIG_DIRS": str(tmp_path / "none"), **environ}) == Config()


def test_an_argument_of_none_is_not_given(home):
    assert Config.load(environ={**home, "QDOCK_SHOTS": "4"}, shots=None).get("defaults.shots") == 4


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are found without platformdirs on Linux only")
def test_the_folders_are_those_of_platformdirs(tmp_path, monkeypatch):
    for variables in ({}, {"XDG_CONFIG_HOME": str(tmp_path)}, {"XDG_CONFIG_DIRS": f"{tmp_path}:/other"}):
        for name in ("XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "QDOCK_CONFIG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        folders = platformdirs.site_config_dir("qdock"), platformdirs.user_config_dir("qdock")
        assert config_files(os.environ) == [os.path.join(folder, "config.toml") for folder in folders]


def test_elsewhere_the_folders_come_from_platformdirs(monkeypatch, home):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert len(config_files(home)) == 2


def test_every_setting_has_its_variable(home):
    values = {
        "QDOCK_BACKEND": "coin",
        "QDOCK_EXECUTOR": "inline",
        "QDOCK_SHOTS": "10",
        "QDOCK_STORE": "/jobs.sqlite",
        "QDOCK_BLOCK": "slow other-*",
        "QDOCK_ONLY": "basic coin",
        "QDOCK_PREFER": "coin=qdock-coin",
        "QDOCK_LOAD_SECONDS": "2.5",
    }
    config = Config.load(environ={**home, **values})
    assert len(values) == len(SETTINGS)
    assert config.defaults == {"backend": "coin", "executor": "inline", "shots": 10, "store": "/jobs.sqlite"}
    assert (config.block, config.only) == (["slow", "other-*"], ["basic", "coin"])
    assert (config.prefer, config.get("plugins.load_seconds")) == ({"coin": "qdock-coin"}, 2.5)


def test_an_empty_variable_counts_as_not_set(home, user_file):
    user_file('[plugins]\nblock = ["slow"]')
    config = Config.load(environ={**home, "QDOCK_BLOCK": " ", "QDOCK_SHOTS": "", "QDOCK_CONFIG": ""})
    assert config.block == ["slow"]


def test_prefer_may_list_distributions(home):
    assert Config.load(environ={**home, "QDOCK_PREFER": "qdock-coin qdock-die"}).prefer == ["qdock-coin", "qdock-die"]


def test_tables_of_plugins_and_executors_are_free(home, user_file):
    user_file("[plugins.coin]\nbias = 0.5\n[plugins.coin.deep]\nx = [1, 2]\n[executors.cluster]\nnodes = 4")
    config = Config.load(environ=home, plugins={"die": {"sides": 6}})
    assert config.plugin("coin") == {"bias": 0.5, "deep": {"x": [1, 2]}}
    assert config.executor("cluster") == {"nodes": 4}
    assert config.plugin("die") == {"sides": 6}
    assert config.plugin("unknown") == {}
    assert (config.get("plugins.die.sides"), config.get("plugins.die.colour"), config.get("aliases.x")) == (
        6,
        None,
        None,
    )


def test_changing_what_is_returned_changes_no_setting(home):
    config = Config.load(environ=home, block=["a"], plugins={"coin": {"names": ["b"]}})
    config.block.append("c")
    config.get("plugins.block").append("c")
    config.plugin("coin")["names"].append("d")
    config.prefer["x"] = "y"
    assert (config.block, config.plugin("coin"), config.prefer) == (["a"], {"names": ["b"]}, {})


def test_a_config_survives_pickling(home):
    config = Config.load(environ=home, block=["a"], aliases={"x": "y"})
    assert pickle.loads(pickle.dumps(config)) == config


# --- where a value came from


def test_explain_names_the_origin_of_every_value(home, user_file):
    path = user_file('[aliases]\nsim = "basic/basic_simulator"\n[defaults]\nexecutor = "thread"')
    rows = Config.load(environ={**home, "QDOCK_SHOTS": "4"}, block=["x"]).explain()
    origin = {key: (value, source) for key, value, source in rows}
    assert origin["defaults.backend"] == ("basic/basic_simulator", "default")
    assert origin["defaults.executor"] == ("thread", path)
    assert origin["defaults.shots"] == (4, "QDOCK_SHOTS")
    assert origin["plugins.block"] == (["x"], "argument")
    assert origin["aliases.sim"] == ("basic/basic_simulator", path)
    assert set(SETTINGS) <= set(origin)


def test_source_names_the_origin_of_one_value(home):
    config = Config.load(environ={**home, "QDOCK_SHOTS": "4"})
    assert (config.source("defaults.shots"), config.source("defaults.backend")) == ("QDOCK_SHOTS", "default")


def test_what_looks_like_a_secret_is_hidden(home):
    plugins = {"acme": {"token": "hunter2", "token_file": "/a", "login": {"API_KEY": "hunter3", "user": "me"}}}
    config = Config.load(environ=home, plugins=plugins, executors={"x": {"passwords": ["hunter4"]}})
    shown = {key: value for key, value, _ in config.explain()}
    assert shown["plugins.acme.token"] == "***"
    assert shown["plugins.acme.token_file"] == "/a"
    assert shown["plugins.acme.login"] == {"API_KEY": "***", "user": "me"}
    assert "hunter" not in repr(config) + json.dumps(config.explain())


# --- errors


@pytest.mark.parametrize(
    "text, message",
    [
        ("[defaults]\nshot = 1", r"no setting 'defaults\.shot'\. Did you mean 'defaults\.shots'\?"),
        ("[default]\nshots = 1", r"no setting 'default'\. Did you mean 'defaults'\?"),
        ("[plugins]\nblok = ['x']", r"no setting 'plugins\.blok'\. Did you mean 'plugins\.block'\?"),
        ("[zzz]\nx = 1", r"no setting 'zzz'\. Known: defaults, aliases, plugins, executors"),
        ("[defaults]\nshots = '10'", r"`defaults\.shots` must be a whole number of at least 1, but is '10'"),
        ("[defaults]\nshots = 0", r"`defaults\.shots` must be a whole number"),
        ("[defaults]\nshots = true", r"`defaults\.shots` must be a whole number"),
        ("[defaults]\nbackend = ''", r"`defaults\.backend` must be a text that is not empty"),
        ("[plugins]\nblock = 'x'", r"`plugins\.block` must be a list of names"),
        ("[plugins]\nprefer = 3", r"`plugins\.prefer` must be a table from plugin to distribution"),
        ("[plugins]\nload_seconds = -1", r"`plugins\.load_seconds` must be a positive number of seconds"),
        ("[plugins]\nload_seconds = inf", r"`plugins\.load_seconds` must be a positive number of seconds"),
        ("[aliases]\nsim = 3", r"`aliases\.sim` must be a text"),
        ("[executors]\nthread = 3", r"`executors\.thread` must be a table, but is of type int"),
        ("defaults = 3", r"`defaults` must be a table, but is of type int"),
        ("[defaults", r"is not valid TOML"),
        ("x = " + "[" * 100_000, r"is not valid TOML"),
    ],
)
def test_a_wrong_file_is_named_with_the_key_and_what_to_write(home, user_file, text, message):
    path = user_file(text)
    with pytest.raises(ConfigError, match=message) as caught:
        Config.load(environ=home)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "variable, value, message",
    [
        ("QDOCK_SHOTS", "many", r"QDOCK_SHOTS: `defaults\.shots` must be a whole number of at least 1, but is 'many'"),
        ("QDOCK_SHOTS", "0", r"QDOCK_SHOTS: `defaults\.shots`"),
        ("QDOCK_LOAD_SECONDS", "nan", r"QDOCK_LOAD_SECONDS: `plugins\.load_seconds`"),
        ("QDOCK_CONFIG", "config.toml", r"QDOCK_CONFIG must be an absolute path, but is 'config\.toml'"),
        ("QDOCK_CONFIG", "/nowhere/config.toml", r"QDOCK_CONFIG names the file /nowhere/config\.toml, which does not"),
    ],
)
def test_a_wrong_variable_is_named(home, variable, value, message):
    with pytest.raises(ConfigError, match=message):
        Config.load(environ={**home, variable: value})


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"shot": 1}, r"argument: there is no setting 'shot'\. Did you mean 'shots'\?"),
        ({"shots": "1"}, r"argument: `defaults\.shots` must be a whole number"),
        ({"plugins": {"block": "x"}}, r"argument: `plugins\.block` must be a list"),
        ({"aliases": {1: "x"}}, r"argument: `aliases` must be a table"),
    ],
)
def test_a_wrong_argument_is_named(home, arguments, message):
    with pytest.raises(ConfigError, match=message):
        Config.load(environ=home, **arguments)


def test_asking_for_an_unknown_setting_names_the_closest(home):
    with pytest.raises(ConfigError, match=r"no setting 'default\.shots'\. Did you mean 'defaults\.shots'\?"):
        Config.load(environ=home).get("default.shots")


def test_a_settings_file_that_is_no_text_file_is_refused(tmp_path, home):
    folder = tmp_path / "home" / ".config" / "qdock"
    folder.mkdir(parents=True)
    path = folder / "config.toml"
    path.write_bytes(b"# \xff")
    with pytest.raises(ConfigError, match=r"config\.toml is not UTF-8 text: the byte at offset 2"):
        Config.load(environ=home)
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ConfigError, match="has more than 1048576 bytes"):
        Config.load(environ=home)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="is a folder, not a regular file"):
        Config.load(environ=home)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="is a named pipe, not a regular file"):
        Config.load(environ=home)


def test_a_byte_order_mark_is_no_error(tmp_path, home):
    path = tmp_path / "home" / ".config" / "qdock" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xef\xbb\xbf[defaults]\nshots = 3")
    assert Config.load(environ=home).get("defaults.shots") == 3


def test_the_documented_examples_are_true():
    for module in (qdock.config, qdock.common.secret):
        result = doctest.testmod(module)
        assert (result.failed, result.attempted > 0) == (0, True)


# --- secrets


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    return path


def test_a_secret_shows_itself_to_reveal_only():
    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", f"{secret!r}", "%s" % secret]  # noqa: UP031
    shown += [string.Template("$x").substitute(x=secret), repr([secret]), repr(dir(secret))]
    assert "hunter2" not in "".join(shown)
    assert secret.reveal() == "hunter2"


def test_a_secret_is_in_no_json_and_no_pickle():
    secret = Secret("hunter2")
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps({"token": secret})
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="A Secret is never pickled"):
            pickle.dumps(secret, protocol)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret


def test_a_secret_comes_from_the_environment():
    assert Secret.from_environment("TOKEN", {"TOKEN": "hunter2"}).reveal() == "hunter2"
    with pytest.raises(ConfigError, match="environment variable TOKEN, which should hold a secret, is not set"):
        Secret.from_environment("TOKEN", {})


def test_a_secret_comes_from_a_file_of_its_owner(secret_file):
    assert Secret.from_file(secret_file).reveal() == "hunter2"
    secret_file.chmod(0o400)
    assert Secret.from_file(str(secret_file)).reveal() == "hunter2"


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o601])
def test_a_secret_file_that_others_may_read_is_refused_with_what_to_do(secret_file, mode):
    secret_file.chmod(mode)
    with pytest.raises(ConfigError, match=rf"may be read by others \(mode {mode:04o}\): close it with `chmod 600`"):
        Secret.from_file(secret_file)


def test_a_secret_file_that_holds_none_is_refused(tmp_path, secret_file):
    with pytest.raises(ConfigError, match="does not exist"):
        Secret.from_file(tmp_path / "none")
    with pytest.raises(ConfigError, match="named by an absolute path, but 'token' was given"):
        Secret.from_file("token")
    secret_file.write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        Secret.from_file(secret_file)
    with pytest.raises(ConfigError, match="A secret is a text that is not empty"):
        Secret("")


def test_no_error_shows_what_is_in_a_secret_file(secret_file):
    secret_file.write_bytes(b"hunter2\xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text") as caught:
        Secret.from_file(secret_file)
    assert "hunter" not in "".join(traceback.format_exception(caught.value))
    seen = caught.value
    while seen:
        assert b"hunter" not in repr(seen).encode()
        seen = seen.__context__


def test_a_plugin_reads_its_secret_from_environment_then_file(home, secret_file, monkeypatch):
    config = Config.load(environ=home, plugins={"my-acme": {"token_file": str(secret_file)}})
    monkeypatch.delenv("QDOCK_MY_ACME_TOKEN", raising=False)
    assert config.secret("my-acme", "token").reveal() == "hunter2"
    monkeypatch.setenv("QDOCK_MY_ACME_TOKEN", "hunter3")
    assert config.secret("my-acme", "token").reveal() == "hunter3"
    assert config.secret("my-acme", "other") is None


def test_a_secret_in_the_settings_themselves_is_refused(home, user_file):
    path = user_file('[plugins.acme]\ntoken = "hunter2"')
    with pytest.raises(
        ConfigError, match=r"`plugins\.acme\.token` is a secret and must not stand there.*`token_file`"
    ) as e:
        Config.load(environ=home).secret("acme", "token")
    assert path in str(e.value)
    assert "hunter2" not in str(e.value)
