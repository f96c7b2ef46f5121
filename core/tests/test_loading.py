"""A plugin loaded in a process of its own: whatever it does there, the report says it."""

import os
import time

import pytest

from qdock.discovery.plugins import PluginInfo
from qdock.loading import LoadReport, load_in_subprocess
from qdock.registry import Registry


@pytest.fixture
def load(plugin):
    """Load a plugin with that source elsewhere: `load(source)`."""

    def load(source, timeout=20.0):
        (info,) = Registry(None, [plugin("coin", source)]).plugins()
        return load_in_subprocess(info, timeout)

    return load


GOOD = """
import json, xml.dom
import made_up_heavy.deep
from qdock.spec import BackendSpec, hookimpl

print("a plugin that talks")

@hookimpl
def qdock_backends(config):
    yield BackendSpec("coin", "a.b:C")
"""


def test_a_plugin_that_loads_is_reported_with_time_and_what_it_imported(load, tmp_path):
    (tmp_path / "made_up_heavy").mkdir()
    for name in ("__init__", "deep"):
        (tmp_path / "made_up_heavy" / f"{name}.py").write_text("")
    report = load(GOOD)
    assert report.seconds > 0
    expected = LoadReport(
        "coin", "qdock-coin", "1.0", "made_up_coin", "loaded", "", "", report.seconds, ("made_up_heavy",)
    )
    assert report == expected


def test_a_plugin_that_fails_is_reported_with_its_traceback(load):
    report = load("def inner():\n    raise ValueError('deep')\ninner()")
    assert (report.state, report.reason) == ("broken", "The import failed: ValueError: deep.")
    assert "in inner" in report.traceback


def test_every_hook_that_yields_specs_is_called(load):
    source = "from qdock.spec import hookimpl\n@hookimpl\ndef qdock_commands():\n    yield 3\n"
    assert load(source).reason == "Hook 'qdock_commands' yielded an object of type int; it must yield CommandSpec."


def test_a_plugin_that_hangs_is_reported_with_where(load):
    report = load("import time\ndef wait_here():\n    time.sleep(600)\nwait_here()", timeout=0.3)
    assert (report.state, report.reason) == ("broken", "The import did not end within 0.3 s.")
    assert "wait_here" in report.traceback


def test_a_process_that_hangs_as_a_whole_is_stopped(load, monkeypatch):
    # Nothing else runs in the process while this regular expression does.
    monkeypatch.setattr("qdock.loading._GRACE", 0.5)
    report = load("import re\nre.match('(a*)*b', 'a' * 64)", timeout=0.5)
    assert (report.state, report.seconds) == ("broken", None)
    assert report.reason == "Loading it did not end within 0.5 s; its process was stopped."


@pytest.mark.parametrize(
    "source, end",
    [
        ("import os\nos._exit(7)", "ended with exit status 7"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "was ended by SIGSEGV"),
        ("import os\nos.write(3, b'{')\nos.close(3)\nos._exit(0)", "ended with exit status 0"),
    ],
)
def test_a_plugin_that_ends_its_process_is_reported(load, source, end):
    report = load(source)
    assert (report.state, report.reason) == ("broken", f"Its process {end} before it was loaded.")


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes form no groups here")
def test_what_a_plugin_started_is_ended_with_it(load, tmp_path):
    child = "import os, time\nwith open('pid', 'w') as file: file.write(str(os.getpid()))\ntime.sleep(600)"
    source = (
        f"import os, subprocess, sys, time\nos.chdir({str(tmp_path)!r})\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "while not (os.path.exists('pid') and os.path.getsize('pid')): time.sleep(0.01)\n"
    )
    assert load(source + GOOD.replace("import made_up_heavy.deep", "")).state == "loaded"
    pid = int((tmp_path / "pid").read_text())
    for _ in range(500):
        if not is_running(pid):
            return
        time.sleep(0.01)
    pytest.fail("it still runs")


def is_running(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("state", ["blocked", "incompatible", "conflict"])
def test_a_plugin_that_must_not_be_imported_is_not_tried(state):
    info = PluginInfo("coin", "qdock-coin", "1.0", "made_up_nothing", state, "why")
    report = load_in_subprocess(info)
    assert (report.state, report.reason, report.seconds, report.imported) == (state, "why", None, ())
