"""The contract: every hook is documented with a complete plugin, and every such plugin loads and does what it says."""

import inspect
import logging
import textwrap
from types import SimpleNamespace

import pytest

from qdock import hookspecs
from qdock.config import Config
from qdock.discovery.hookcheck import HOOKS
from qdock.errors import SubmissionRefused
from qdock.registry import Registry
from qdock.spec import ExecutorSpec

NAMES = [name for name, function in vars(hookspecs).items() if hasattr(function, "qdock_spec")]


def example(name):
    """Return the plugin in a hook's docstring."""
    _, _, block = inspect.getdoc(getattr(hookspecs, name)).partition("::\n\n")
    return textwrap.dedent(block)


@pytest.fixture
def load(plugin):
    def load(name, **settings):
        registry = Registry(Config.load(environ={}, **settings), [plugin(f"documented_{name}", example(name))])
        (info,) = registry.examine()
        assert (info.state, info.reason) == ("loaded", "")
        return registry

    return load


def test_every_hook_of_the_architecture_is_there():
    assert NAMES == [
        "qdock_backends",
        "qdock_executors",
        "qdock_converters",
        "qdock_commands",
        "qdock_job_submitting",
        "qdock_job_status_changed",
    ]
    assert sorted(hookspecs.__all__) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_messages_show_the_signature_that_the_hook_has(name):
    arguments = ", ".join(inspect.signature(getattr(hookspecs, name)).parameters)
    assert HOOKS[name] == f"{name}({arguments})"
    assert list(HOOKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_plugin_is_complete(name):
    assert "from qdock.spec import" in example(name)
    assert f"def {name}(" in example(name)


def test_the_backend_example_makes_a_backend_for_each_name(load):
    specs = load("qdock_backends", plugins={"coin": {"names": ["fair", "bent"]}}).backends()
    assert [spec.name for spec in specs] == ["bent", "fair"]
    assert specs[0].options["bias"].default == 0.5
    assert [spec.name for spec in load("qdock_backends").backends()] == ["coin"]


def test_the_executor_example_is_found_by_name(load):
    assert isinstance(load("qdock_executors").get_executor_spec("cluster"), ExecutorSpec)


def test_the_converter_example_leads_to_a_circuit(load):
    assert [(spec.source, spec.target) for spec in load("qdock_converters").converters()] == [("quil", "circuit")]


def test_the_command_example_is_listed(load):
    assert [spec.name for spec in load("qdock_commands").commands()] == ["flip"]


def test_the_gate_example_refuses_what_costs_too_much(load):
    registry = load("qdock_job_submitting")
    assert registry.job_submitting(SimpleNamespace(metadata={"cost": 5})) == {"budget": "lab"}
    with pytest.raises(SubmissionRefused, match="would cost more than 100"):
        registry.job_submitting(SimpleNamespace(metadata={"cost": 500}))


def test_the_observer_example_logs_every_change(load, caplog):
    registry = load("qdock_job_status_changed")
    with caplog.at_level(logging.INFO, "qdock_watch"):
        registry.job_status_changed(SimpleNamespace(job_id=lambda: "abc"), "QUEUED", "RUNNING")
    assert caplog.messages == ["abc is now RUNNING"]


def test_the_contract_fits_on_a_screen_or_three():
    assert len(inspect.getsource(hookspecs).splitlines()) < 160
