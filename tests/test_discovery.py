"""Discovery with real distributions on disk, folders with ``.dist-info``, in processes of their own.

All kinds of bad plugins lie there at once; every other backend works, and each says what is the matter with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import BackendNotFoundError
from qdock.loading import load_in_subprocess
from qdock.registry import Registry

GOOD = """
from qdock.spec import BackendSpec, hookimpl

@hookimpl
def qdock_backends(config):
    side = config.plugin("{name}").get("side", "0")
    yield BackendSpec("{backend}", "{package}.backend:Backend", "Always the same side.", params={{"side": side}})
"""

BACKEND = """
from qdock.backend import LocalBackend
from qdock.result import CircuitResult, Result

class Backend(LocalBackend):
    def execute(self, programs, options, context):
        side = self.spec.params["side"]
        return Result([CircuitResult.from_counts(circuit, {side: options["shots"]}) for circuit in programs])
"""

#: name -> (group, source): every kind of plugin that must hurt nobody.
BAD = {
    "fails": ("qdock.v1", "import no_such_module_at_all"),
    "misspelt": ("qdock.v1", GOOD.replace("qdock_backends", "qdock_backend")),
    "arguments": ("qdock.v1", GOOD.replace("(config)", "(config, dock)")),
    "raises": ("qdock.v1", GOOD.replace("    side =", "    side = 1 / 0 #")),
    "leaves": ("qdock.v1", "import sys\nsys.exit('no licence')"),
    "future": ("qdock.v2", GOOD),
    "hangs": ("qdock.v1", "import threading\n\ndef wait_here():\n    threading.Event().wait(600)\n\nwait_here()"),
    "unwanted": ("qdock.v1", GOOD),
}
STATES = {
    "arguments": "broken",
    "fails": "broken",
    "future": "incompatible",
    "good": "loaded",
    "hangs": "broken",
    "leaves": "broken",
    "misspelt": "broken",
    "other": "loaded",
    "raises": "broken",
    "twin": "conflict",
    "unwanted": "blocked",
}
REASONS = {
    "arguments": "it is written as `qdock_backends(config, dock)`, but must be `qdock_backends(config)`",
    "fails": "The import failed: ModuleNotFoundError: No module named 'no_such_module_at_all'.",
    "future": "It is made for qdock.v2; this qdock has qdock.v1. Install a newer qdock.",
    "good": "",
    "hangs": "The import did not end within 1 s.",
    "leaves": "The import called sys.exit('no licence').",
    "misspelt": "There is no hook 'qdock_backend'. Did you mean `qdock_backends(config)`?",
    "other": "",
    "raises": "Hook 'qdock_backends' failed: ZeroDivisionError: division by zero.",
    "twin": "Several distributions bring a plugin 'twin': made-twin-a, made-twin-b.",
    "unwanted": "'unw*' blocks it (QDOCK_BLOCK).",
}


def install(site: Path, name: str, source: str, group: str = "qdock.v1", distribution: str = "") -> None:
    """Put a distribution with one plugin into a folder, as an installer does."""
    distribution = distribution or f"made-{name}"
    package = distribution.replace("-", "_")
    text = source.format(name=name, package=package, backend=f"{name}_backend")
    # Each leaves a trace when it is imported.
    trace = f"from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\n{text}"
    files = {
        f"{package}/__init__.py": "",
        f"{package}/plugin.py": trace,
        f"{package}/backend.py": BACKEND,
        f"{package}-1.2.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n",
        f"{package}-1.2.dist-info/entry_points.txt": f"[{group}]\n{name} = {package}.plugin\n",
        f"{package}-1.2.dist-info/RECORD": "",
    }
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(content, encoding="utf-8")


def imported(site: Path) -> list[str]:
    """Return the packages whose plugin module was imported."""
    return sorted(path.parent.name for path in site.glob("*/plugin.imported"))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with good and bad plugins of every kind."""
    folder = tmp_path / "site packages"
    for name in ("good", "other"):
        install(folder, name, GOOD)
    for name, (group, source) in BAD.items():
        install(folder, name, source, group)
    for letter in "ab":
        install(folder, "twin", GOOD, distribution=f"made-twin-{letter}")
    return folder


@pytest.fixture
def environ(tmp_path: Path, site: Path) -> dict[str, str]:
    """The environment of a process that sees these plugins, and settings of its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("QDOCK_")}
    settings = {
        "QDOCK_BLOCK": "unw* algorithms basic legacy openqasm",
        "QDOCK_LOAD_SECONDS": "1",
        "XDG_CONFIG_DIRS": str(tmp_path),
    }
    return {**own, "HOME": str(tmp_path), "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1", **settings}


@pytest.fixture
def run(environ: dict[str, str]):
    """Run a program in a new process and return what it prints, as JSON."""

    def run(program: str, **variables: str):
        command = [sys.executable, "-c", textwrap.dedent(program)]
        done = subprocess.run(
            command, env={**environ, **variables}, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def command(environ: dict[str, str]):
    """Run the ``qdock`` command in a new process, piped."""

    def command(*arguments: str, **variables: str):
        line = [sys.executable, "-m", "qdock", *arguments]
        return subprocess.run(
            line, env={**environ, **variables}, capture_output=True, text=True, timeout=60, check=False
        )

    return command


# --- all of them at once, in processes of their own


def test_finding_them_imports_none(run, site):
    found = run(
        """
        import json
        from qdock.dock import Dock
        print(json.dumps([[info.name, info.state, info.distribution, info.version] for info in Dock().plugins()]))
        """
    )
    made = {name: (state, version) for name, state, dist, version in found if dist.startswith("made-")}
    kept = ("incompatible", "conflict", "blocked")
    expected = {name: state if state in kept else "found" for name, state in STATES.items()}
    assert made == {name: (state, "1.2") for name, state in expected.items()}
    assert [dist for name, _, dist, _ in found if name == "twin"] == ["made-twin-a", "made-twin-b"]
    assert imported(site) == []


def test_every_other_backend_works(run, site):
    found = run(
        """
        import json
        from qdock.circuit import Circuit
        from qdock.dock import Dock
        with Dock() as dock:
            names = [spec.full_name for spec in dock.backends()]
            circuit = Circuit(1, 1).h(0).measure(0, 0)
            jobs = [dock.run(circuit, name, shots=10) for name in (*names, "good_backend")]
            counts = [dict(job.result().get_counts()) for job in jobs]
            states = {info.name: [info.state, info.reason, info.traceback] for info in dock.plugins()}
        print(json.dumps([names, counts, states]))
        """
    )
    names, counts, states = found
    assert names == ["good/good_backend", "other/other_backend"]
    assert counts == [{"0": 10}] * 3
    assert {name: states[name][0] for name in STATES} == STATES
    assert {name: reason for name, reason in REASONS.items() if reason not in states[name][1]} == {}
    assert "wait_here" in states["hangs"][2]
    assert imported(site) == [
        *("made_arguments", "made_fails", "made_good", "made_hangs", "made_leaves", "made_misspelt", "made_other"),
        "made_raises",
    ]


def test_plugins_that_must_not_be_imported_never_are(run, site):
    run(
        """
        from qdock.loading import load_in_subprocess
        from qdock.registry import Registry
        registry = Registry()
        registry.examine()
        for info in registry.plugins():
            if info.state in ("blocked", "conflict", "incompatible"):
                load_in_subprocess(info)
        print(1)
        """
    )
    assert not {"made_unwanted", "made_twin_a", "made_twin_b", "made_future"} & set(imported(site))


def test_only_lets_no_other_plugin_be_imported(run, site):
    names = run(
        """
        import json
        from qdock.registry import Registry
        print(json.dumps([spec.full_name for spec in Registry().backends()]))
        """,
        QDOCK_ONLY="good unwanted",
    )
    assert names == ["good/good_backend"]
    assert imported(site) == ["made_good"]


def test_a_full_name_imports_its_own_plugin_only(run, site):
    run(
        "from qdock.registry import Registry; print(Registry().get_backend_spec('good/good_backend').name is None or 1)"
    )
    assert imported(site) == ["made_good"]


def test_listing_imports_nothing_heavy(run):
    heavy = run(
        """
        import json, sys
        from qdock.dock import Dock
        assert Dock().backends()
        print(json.dumps(sorted({"numpy", "rich", "msgspec", "asyncio", "importlib.metadata"} & set(sys.modules))))
        """,
        QDOCK_ONLY="good other",
    )
    assert heavy == []


def test_a_conflict_ends_when_the_settings_prefer_one(run, tmp_path, site):
    settings = tmp_path / "settings.toml"
    settings.write_text('[plugins]\nprefer = {twin = "Made_Twin.B"}\n[plugins.twin]\nside = "1"\n')
    found = run(
        """
        import json
        from qdock.circuit import Circuit
        from qdock.dock import Dock
        with Dock() as dock:
            states = {info.distribution: info.state for info in dock.plugins()}
            counts = dock.run(Circuit(1, 1).measure(0, 0), "twin_backend", shots=5).result().get_counts()
        print(json.dumps([states["made-twin-a"], states["made-twin-b"], dict(counts)]))
        """,
        QDOCK_CONFIG=str(settings),
        QDOCK_ONLY="twin",
    )
    assert found == ["blocked", "found", {"1": 5}]
    assert imported(site) == ["made_twin_b"]


# --- the command line


def test_the_command_lists_every_plugin_and_imports_none(command, site):
    done = command("plugins", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    states = {plugin["name"]: plugin["state"] for plugin in json.loads(done.stdout)}
    assert {states[name] for name, state in STATES.items() if state in ("loaded", "broken")} == {"found"}
    assert imported(site) == []


def test_the_command_loads_each_on_its_own_and_names_state_and_reason(command):
    done = command("plugins", "--load", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    reports = {report["name"]: report for report in json.loads(done.stdout)}
    assert {name: reports[name]["state"] for name in STATES} == STATES
    assert {name: reason for name, reason in REASONS.items() if reason not in reports[name]["reason"]} == {}
    assert {name for name in STATES if reports[name]["seconds"]} == {
        name for name, state in STATES.items() if state in ("loaded", "broken")
    }


def test_the_command_shows_the_reasons_as_text(command):
    done = command("plugins", "--load", QDOCK_ONLY="good fails twin")
    lines = {line.partition("\t")[0]: line for line in done.stdout.splitlines()}
    assert "loaded" in lines["good"]
    assert REASONS["fails"] in lines["fails"]
    assert REASONS["twin"] in lines["twin"]


def test_the_command_lists_every_other_backend_and_says_what_is_left_out(command):
    done = command("backends")
    assert done.returncode == 0
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == [
        "good/good_backend",
        "other/other_backend",
    ]
    for name in ("fails", "hangs", "misspelt", "twin"):
        assert repr(name) in done.stderr


# --- in this process


@pytest.fixture
def here(site, monkeypatch):
    """See the plugins in this process."""
    monkeypatch.syspath_prepend(str(site))
    yield site
    for name in [name for name in sys.modules if name.startswith("made_")]:
        del sys.modules[name]


@pytest.mark.usefixtures("here")
def test_two_docks_with_different_settings_work_side_by_side():
    from qdock.circuit import Circuit

    circuit = Circuit(1, 1).measure(0, 0)
    one = Dock(Config.load(environ={}, only=["good"], plugins={"good": {"side": "0"}}, aliases={"it": "good_backend"}))
    two = Dock(
        Config.load(
            environ={},
            only=["good", "twin"],
            plugins={"good": {"side": "1"}},
            prefer={"twin": "made-twin-a"},
            aliases={"it": "twin/twin_backend"},
        )
    )
    with one, two:
        assert [spec.name for spec in one.backends()] == ["good_backend"]
        assert [spec.name for spec in two.backends()] == ["good_backend", "twin_backend"]
        jobs = [dock.run(circuit, "good_backend", shots=3) for dock in (one, two, one)]
        assert [dict(job.result().get_counts()) for job in jobs] == [{"0": 3}, {"1": 3}, {"0": 3}]
        assert (one.get_backend("it").name, two.get_backend("it").name) == ("good_backend", "twin_backend")
        assert one.get_backend("it") is not two.get_backend("good_backend")


@pytest.mark.usefixtures("here")
def test_a_name_of_a_broken_plugin_says_that_it_is_broken_and_why():
    registry = Registry(Config.load(environ={}, only=["good", "fails"]))
    with pytest.raises(
        BackendNotFoundError, match=r"Plugin 'fails', which may have it, is broken: The import failed: Module"
    ):
        registry.get_backend_spec("fails/fails_backend")


@pytest.mark.usefixtures("here")
def test_each_can_be_loaded_in_a_process_of_its_own():
    registry = Registry(Config.load(environ={}, block=["unw*"]))
    reports = {info.name: load_in_subprocess(info, 1) for info in registry.plugins() if info.name in STATES}
    assert {name: report.state for name, report in reports.items()} == STATES
    assert reports["good"].distribution == "made-good"
    assert "wait_here" in reports["hangs"].traceback
    assert not [name for name in sys.modules if name.startswith("made_")]
