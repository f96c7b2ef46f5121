"""What `qdock new` makes, and the example providers, are installed and keep every promise as they stand."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from qdock.errors import PluginError
from qdock.scaffold import KINDS, Scaffold, make_package

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
#: Folder -> what `qdock check` is told.
MADE = {"coin-box": "backend", "pool": "executor", "lines": "converter"}
PACKAGES = [*(f"qdock-{name}" for name in MADE), "qdock-noisy", "qdock-qulacs"]
#: No network, and none of this machine's caches: what is needed is there.
OFFLINE = ("--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")


class Place(NamedTuple):
    """The folder of the packages, and the environment of a process that sees them installed."""

    folder: Path
    environ: dict[str, str]

    def call(self, *arguments: str, cwd: str = "") -> str:
        """Run Python with these arguments, and return what it printed; it must end well."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder / cwd, env=self.environ,
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """All packages, installed into one folder that Python looks into."""
    folder = tmp_path_factory.mktemp("packages")
    for name, kind in MADE.items():
        make_package(Scaffold(name, kind), folder)
    for name in ("qdock-noisy", "qdock-qulacs"):
        shutil.copytree(EXAMPLES / name, folder / name)
    environ = {**os.environ, "PYTHONPATH": str(folder / "site"), "MYPY_CACHE_DIR": str(folder / "mypy")}
    place = Place(folder, environ)
    place.call("-m", "pip", "install", *OFFLINE, "--target", "site", *(f"./{name}" for name in PACKAGES))
    return place


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_keeps_every_promise_by_its_own_tests(installed: Place, package: str) -> None:
    if package == "qdock-qulacs":
        pytest.importorskip("qulacs")
    shown = installed.call("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    assert "failed" not in shown
    assert " passed" in shown


def test_a_new_backend_is_content_with_the_check_of_the_command_line(installed: Place) -> None:
    report = json.loads(installed.call("-m", "qdock", "check", "coin-box/coin-box", "--json"))
    assert report["ok"]
    assert report["broken"] == 0
    assert report["features"] == {"counts": "tested"}


def test_packages_are_typed_strictly(installed: Place) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    files = [str(path) for name in PACKAGES for path in (installed.folder / name / "src").rglob("*.py")]
    installed.call("-m", "mypy", "--strict", "--ignore-missing-imports", *files)


@pytest.mark.parametrize("package", PACKAGES[:3])
def test_what_is_made_is_clean(installed: Place, package: str) -> None:
    if importlib.util.find_spec("ruff") is None:
        pytest.skip("ruff is not installed")
    installed.call("-m", "ruff", "check", "--no-cache", ".", cwd=package)
    installed.call("-m", "ruff", "format", "--no-cache", "--check", ".", cwd=package)


@pytest.mark.parametrize("example", ["qdock-noisy", "qdock-qulacs"])
def test_an_example_is_shorter_than_150_lines(example: str) -> None:
    files = (EXAMPLES / example / "src").rglob("*.py")
    assert sum(len(path.read_text().splitlines()) for path in files) < 150


# --- making one


def test_a_package_has_all_that_it_needs(tmp_path: Path) -> None:
    made = {str(path.relative_to(tmp_path / "qdock-coin")) for path in make_package(Scaffold("coin"), tmp_path)}
    assert made == {
        ".github/workflows/ci.yml", ".gitignore", "LICENSE", "README.md", "pyproject.toml",
        "src/qdock_coin/__init__.py", "src/qdock_coin/backend.py", "src/qdock_coin/plugin.py",
        "src/qdock_coin/py.typed", "tests/test_qdock_coin.py",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_template_is_left_open(tmp_path: Path, kind: str) -> None:
    for path in make_package(Scaffold("coin", kind), tmp_path):
        assert "$name" not in path.read_text()
        assert "$package" not in path.read_text()


def test_the_name_of_the_distribution_is_as_good_as_that_of_the_plugin() -> None:
    assert Scaffold("qdock-coin").name == Scaffold("coin").name == "coin"


@pytest.mark.parametrize("name", ["", "Coin", "2coins", "my_coin", "coin-", "../coin", "a" * 51])
def test_a_name_that_can_not_be_a_packages_is_refused(name: str) -> None:
    with pytest.raises(PluginError, match="is no name for a provider"):
        Scaffold(name)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    make_package(Scaffold("coin"), tmp_path)
    with pytest.raises(PluginError, match="nothing there is overwritten"):
        make_package(Scaffold("coin"), tmp_path)
