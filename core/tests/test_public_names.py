"""The names of `qdock`: found when they are first used, and importing the package imports nothing else."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import qdock


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_else():
    program = "import sys, qdock; print([name for name in sys.modules if name.startswith('qdock.')])"
    # What looks the names up.
    assert run_python(program) == "['qdock.common', 'qdock.common.lazy']"


def test_importing_the_specs_or_a_dock_loads_no_numpy_and_nothing_else_that_is_slow():
    heavy = "{'numpy', 'rich', 'msgspec', 'asyncio'}"
    for code in ("import qdock.spec", "import qdock; qdock.Dock(entry_points=[]).backends()"):
        assert run_python(f"import sys\n{code}\nprint({heavy} & sys.modules.keys())") == "set()"


@pytest.mark.parametrize("name", qdock.__all__)
def test_every_public_name_is_there(name):
    assert getattr(qdock, name) is not None
    assert name in dir(qdock)


def test_an_unknown_name_is_an_error():
    with pytest.raises(AttributeError, match="module 'qdock' has no attribute 'runn'"):
        qdock.runn  # noqa: B018  # the lookup is the test


def test_every_public_name_stands_in_the_table_once():
    assert sorted(name for names in qdock._NAMES.values() for name in names) == sorted(qdock.__all__)


@pytest.mark.parametrize("first", ["import qdock.executors.thread", "from qdock import executors", "pass"])
def test_a_function_that_has_the_name_of_a_module_can_be_called_and_the_module_is_found(first):
    code = f"""
import qdock
{first}
print([spec.name for spec in qdock.executors()][:2])
import qdock.executors.thread, qdock.convert
print([spec.name for spec in qdock.executors()][:2], callable(qdock.convert))
print(qdock.executors.thread.ThreadExecutor.__name__, qdock.convert.Converters.__name__)
"""
    names = "['inline', 'thread']"
    assert run_python(code).splitlines() == [names, f"{names} True", "ThreadExecutor Converters"]


def test_the_version_is_that_of_the_distribution():
    assert qdock.__version__ == version("qdock")


def test_help_on_a_function_is_that_of_the_docks_method():
    assert "Parameters\n" in qdock.run.__doc__
    assert qdock.run.__doc__ == qdock.Dock.run.__doc__
