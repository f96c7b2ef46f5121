"""What `qdock` finds: backends, plugins, executors, settings, and commands of plugins."""

from __future__ import annotations

import subprocess
import sys

import pytest

BROKEN = "raise RuntimeError('It rained.')"
MISSPELT = """
from qdock.spec import hookimpl

@hookimpl
def qdock_backend():
    return []
"""
HANGING = "import time; time.sleep(600)"


# --- backends


def test_a_pipe_gets_a_line_for_each_backend(qdock):
    outcome = qdock("backends")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[:2] == [
        ["toy/coin", "simulator", "9", "A coin [for] every clbit."],
        ["toy/deaf", "device", "any", "Never stops."],
    ]


def test_a_terminal_gets_a_table_with_what_the_plugin_wrote(qdock):
    shown = qdock.on_terminal("backends").out
    assert "Backend" in shown
    assert "A coin [for] every clbit." in shown


def test_backends_in_json_are_their_specs(qdock):
    specs = {spec["name"]: spec for spec in qdock("backends", "--json").json}
    assert specs["coin"]["plugin"] == "toy"
    assert specs["coin"]["options"]["bias"]["maximum"] == 1


def test_without_any_backend_a_terminal_gets_advice_and_a_pipe_nothing(qdock):
    assert qdock("backends", QDOCK_ONLY="nothing").out == ""
    shown = qdock.on_terminal("backends", QDOCK_ONLY="nothing").out
    assert "No backend is installed. `pip install qdock-basic` brings a simulator." in shown


def test_a_broken_plugin_is_named_and_the_others_work(qdock):
    qdock.install("rainy", BROKEN)
    outcome = qdock("backends", QDOCK_ONLY="toy rainy")
    assert outcome.status == 0
    assert len(outcome.lines) == 6
    assert outcome.err == "Left out: plugin 'rainy' does not work. `qdock plugins --load` says why.\n"


@pytest.mark.usefixtures("qdock")
def test_listing_backends_on_a_pipe_imports_nothing_heavy():
    heavy = {"asyncio", "matplotlib", "msgspec", "numpy", "platformdirs", "rich", "subprocess"}
    program = (
        "import sys\nfrom qdock.cli import main\ntry: main(['backends'])\n"
        f"except SystemExit: print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert "toy/coin" in done.stdout


# --- plugins


def test_plugins_are_listed_without_importing_them(qdock):
    qdock.install("rainy", BROKEN)
    outcome = qdock("plugins", QDOCK_ONLY="toy rainy")
    assert outcome.status == 0
    assert ["rainy", "found", "qdock_rainy", "1.0", ""] in outcome.lines
    assert ["toy", "found", "qdock_toy", "1.0", ""] in outcome.lines


def test_loading_names_the_state_and_the_reason_of_each_plugin(qdock):
    qdock.install("rainy", BROKEN)
    qdock.install("misspelt", MISSPELT)
    qdock.install("hanging", HANGING)
    qdock.install("newer", PLUGIN_OF_NOTHING, group="qdock.v2")
    qdock.install("blocked", BROKEN)
    qdock.install("twin", PLUGIN_OF_NOTHING)
    qdock.install("twin", PLUGIN_OF_NOTHING, distribution="qdock_other")
    environ = {"QDOCK_ONLY": "", "QDOCK_BLOCK": "blocked basic openqasm", "QDOCK_LOAD_SECONDS": "1"}
    lines = {line[0]: line for line in qdock("plugins", "--load", **environ).lines}
    states = {
        "toy": "loaded", "rainy": "broken", "misspelt": "broken", "hanging": "broken", "newer": "incompatible",
        "blocked": "blocked", "twin": "conflict",
    }  # fmt: skip
    # Whatever else is installed here is listed too.
    assert {name: lines[name][1] for name in states} == states
    assert "It rained." in lines["rainy"][6]
    assert "did not end within 1 s" in lines["hanging"][6]
    assert "qdock_backend" in lines["misspelt"][6]
    assert "qdock.v2" in lines["newer"][6]
    assert "QDOCK_BLOCK" in lines["blocked"][6]
    assert "qdock_other" in lines["twin"][6]
    assert float(lines["toy"][4]) < 60


PLUGIN_OF_NOTHING = """
from qdock.spec import hookimpl

@hookimpl
def qdock_backends():
    return []
"""


def test_loaded_plugins_in_json_say_what_they_imported(qdock):
    qdock.install("heavy", "import click\n" + PLUGIN_OF_NOTHING)
    reports = {report["name"]: report for report in qdock("plugins", "--load", "--json", QDOCK_ONLY="heavy").json}
    report = reports["heavy"]
    assert (report["state"], report["imported"]) == ("loaded", ["click"])


# --- executors and settings


def test_executors_are_listed(qdock):
    assert [line[0] for line in qdock("executors").lines] == ["inline", "thread", "process"]
    assert qdock("executors", "--json").json[0]["name"] == "inline"


def test_settings_are_listed_with_their_source(qdock):
    file = qdock.folder / "qdock.toml"
    file.write_text("[defaults]\nshots = 5\n")
    outcome = qdock("config", QDOCK_CONFIG=str(file), QDOCK_EXECUTOR="inline")
    lines = {line[0]: line[1:] for line in outcome.lines}
    assert lines["defaults.shots"] == ["5", str(file)]
    assert lines["defaults.executor"] == ['"inline"', "QDOCK_EXECUTOR"]
    assert lines["defaults.backend"] == ['"basic/basic_simulator"', "default"]


def test_settings_in_json_are_key_value_and_source(qdock):
    rows = {row["key"]: row for row in qdock("config", "--json", QDOCK_SHOTS="7").json}
    assert rows["defaults.shots"] == {"key": "defaults.shots", "value": 7, "source": "QDOCK_SHOTS"}


def test_a_wrong_setting_is_one_paragraph_and_exit_status_2(qdock):
    outcome = qdock("config", QDOCK_SHOTS="many")
    assert outcome.status == 2
    assert outcome.err.startswith("Error: QDOCK_SHOTS: ")
    assert outcome.err.count("\n") == 1


# --- commands


def test_a_plugin_can_bring_a_command(qdock):
    outcome = qdock("greet", "Ada")
    assert (outcome.status, outcome.out) == (0, "Hello Ada.\n")


def test_a_command_that_can_not_be_imported_says_so(qdock):
    outcome = qdock("lost")
    assert outcome.status == 2
    assert "Command 'lost' of plugin 'toy' can't be used" in outcome.err


def test_a_command_that_is_none_says_so(qdock):
    outcome = qdock("odd")
    assert outcome.status == 2
    assert "'toy_command:ODD' is no click command but int." in outcome.err


def test_an_unknown_command_is_an_error_with_the_closest_name(qdock):
    outcome = qdock("backend")
    assert outcome.status == 2
    assert "No command 'backend'. Commands: run, jobs, show" in outcome.err
    assert "Did you mean 'backends'?" in outcome.err


def test_a_broken_plugin_does_not_stop_the_command_of_another(qdock):
    qdock.install("rainy", BROKEN)
    outcome = qdock("greet", "Ada", QDOCK_ONLY="toy rainy")
    assert outcome.out == "Hello Ada.\n"


def test_help_lists_the_commands_and_imports_none():
    program = (
        "import sys\nfrom qdock.cli import main\ntry: main(['--help'])\n"
        "except SystemExit: print(sorted(name for name in sys.modules if name.startswith('qdock')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "List the places where local jobs can run." in done.stdout
    imported = ["qdock", "qdock.cli", "qdock.cli.options", "qdock.cli.output", "qdock.common", "qdock.common.lazy"]
    assert done.stderr == f"{imported}\n"


def test_without_a_command_there_is_help(qdock):
    outcome = qdock()
    assert outcome.status == 0
    assert outcome.out.startswith("Usage: qdock ")


def test_an_unknown_option_is_one_paragraph_and_exit_status_2(qdock):
    outcome = qdock("backends", "--jsn")
    assert outcome.status == 2
    assert outcome.err.startswith("Error: No such option")
    assert outcome.err.endswith("See `qdock backends --help`.\n")
    assert outcome.err.count("\n") == 1


def test_the_version_is_shown(qdock):
    assert qdock.on_pipes("--version").out.startswith("qdock 0.")
