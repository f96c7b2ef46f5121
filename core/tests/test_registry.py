"""The registry: one plugin's failure is its own, a name means one backend or an error that helps, hooks are called."""

import json
import logging
import sys
import threading
from types import SimpleNamespace

import pytest

from qdock.config import Config
from qdock.errors import ExecutorNotFoundError, PluginError, SubmissionRefused
from qdock.registry import Registry, import_factory
from qdock.spec import BackendSpec, CommandSpec, ConverterSpec, ExecutorSpec, Option

HEAD = "from qdock.spec import *\nfrom qdock.spec import hookimpl\n\n"
GOOD = f"{HEAD}@hookimpl\ndef qdock_backends():\n    yield BackendSpec('x', 'a.b:C')\n"


def backends(body):
    """Return a plugin whose `qdock_backends` has that body."""
    return f"{HEAD}@hookimpl\ndef qdock_backends():\n{body}\n"


@pytest.fixture
def broken(state):
    def broken(registry, name):
        info = state(registry, name)
        assert info.state == "broken"
        return info

    return broken


# --- loading


def test_making_a_registry_and_listing_plugins_imports_none(registry):
    made = registry(coin=["coin"])
    assert [info.state for info in made.plugins()] == ["found"]
    assert "made_up_coin" not in sys.modules
    assert made.backends()
    assert [info.state for info in made.plugins()] == ["loaded"]


def test_entry_points_are_read_once(monkeypatch, plugin):
    import qdock.registry

    reads = []
    entry = plugin("coin", ["coin"])
    monkeypatch.setattr(
        qdock.registry, "read_entry_points", lambda: reads.append(1) or [qdock.registry.EntryPoint.adopt(entry)]
    )
    made = Registry(Config())
    assert not reads
    for _ in range(3):
        made.plugins()
        made.load_all()
        made.backends()
        made.executors()
    assert len(reads) == 1


def test_a_registry_without_arguments_reads_settings_and_what_is_installed(monkeypatch):
    monkeypatch.setenv("QDOCK_ONLY", "none-of-that-name")
    assert {info.state for info in Registry().plugins()} <= {"blocked"}


def test_a_backend_gets_the_name_of_its_plugin(registry):
    (spec,) = registry(coin=["fair"]).backends()
    assert (spec.plugin, spec.full_name) == ("coin", "coin/fair")


FAILURES = {
    "import": (
        "import no_such_module_at_all",
        "The import failed: ModuleNotFoundError: No module named 'no_such_module_at_all'.",
    ),
    "raise": ("1 / 0", "The import failed: ZeroDivisionError: division by zero."),
    "syntax": ("def (", "The import failed: SyntaxError: invalid syntax"),
    "exit": ("import sys\nsys.exit(3)", "The import called sys.exit(3)."),
    "quit": ("raise SystemExit", "The import called sys.exit()."),
    "base": ("class Odd(BaseException): pass\nraise Odd('odd')", "The import failed: Odd: odd."),
    "misspelt": (
        GOOD.replace("qdock_backends", "qdock_backend"),
        "There is no hook 'qdock_backend'. Did you mean `qdock_backends(config)`?",
    ),
    "unlike": (
        f"{HEAD}\n@hookimpl\ndef zzz(): ...\n",
        "There is no hook 'zzz'. Hooks: qdock_backends(config), qdock_executors(config), qdock_converters()",
    ),
    "arguments": (
        GOOD.replace("qdock_backends()", "qdock_backends(cfg, config)"),
        (
            "Hook 'qdock_backends' does not fit: it is written as `qdock_backends(cfg, config)`, but must be "
            "`qdock_backends(config)`, where arguments may be left out."
        ),
    ),
    "unmarked": (
        GOOD.replace("@hookimpl", ""),
        "Function 'qdock_backends' is named as a hook, but is not marked: write @hookimpl above it.",
    ),
    "empty": ("", "It has no hook: nothing is marked with @hookimpl. Hooks: qdock_backends(config)"),
    "wrapper": (
        f"{HEAD}\n@hookimpl(wrapper=True)\ndef qdock_backends():\n    return (yield)\n",
        "Hook 'qdock_backends' is a wrapper, but no plugin wraps another here.",
    ),
    "notawrapper": (
        f"{HEAD}\n@hookimpl(wrapper=True)\ndef qdock_backends():\n    return []\n",
        "Plugin 'bad' for hook 'qdock_backends' hookimpl definition: qdock_backends() Declared as wrapper=True",
    ),
    "raises": (backends("    raise ValueError('no coin')"), "Hook 'qdock_backends' failed: ValueError: no coin."),
    "exits": (backends("    raise SystemExit('out')"), "Hook 'qdock_backends' called sys.exit('out')."),
    "nospec": (
        backends("    yield 3"),
        "Hook 'qdock_backends' yielded an object of type int; it must yield BackendSpec.",
    ),
    "otherspec": (
        backends("    yield ExecutorSpec('x', 'a.b:C')"),
        "Hook 'qdock_backends' yielded an object of type ExecutorSpec; it must yield BackendSpec.",
    ),
    "single": (
        backends("    return BackendSpec('x', 'a.b:C')"),
        "Hook 'qdock_backends' returned an object of type BackendSpec; it must yield or return a list of BackendSpec.",
    ),
    "text": (
        backends("    return 'coin'"),
        "Hook 'qdock_backends' returned an object of type str; it must yield or return a list",
    ),
    "badspec": (backends("    yield BackendSpec('x', 'nowhere')"), "Backend 'x' names its factory as 'nowhere'"),
    "twice": (("x", "x"), "Hook 'qdock_backends' yielded two BackendSpec named 'x'."),
    "alias": (
        backends("    yield BackendSpec('x', 'a.b:C')\n    yield BackendSpec('y', 'a.b:C', aliases=('x',))"),
        "Hook 'qdock_backends' yielded two BackendSpec named 'x'.",
    ),
    "endless": (
        backends("    n = 0\n    while True:\n        n += 1\n        yield BackendSpec(f'b{n}', 'a.b:C')"),
        "Hook 'qdock_backends' yielded more than 10000 BackendSpec",
    ),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_broken_plugin_says_why_and_leaves_the_others_usable(registry, kind, broken, state):
    source, reason = FAILURES[kind]
    made = registry(aaa=["first"], bad=source, zzz=["last"])
    assert [spec.full_name for spec in made.backends()] == ["aaa/first", "zzz/last"]
    assert broken(made, "bad").reason.startswith(reason)
    assert state(made, "aaa").state == state(made, "zzz").state == "loaded"


def test_a_broken_plugin_keeps_its_traceback_without_our_own_frames(registry, broken):
    made = registry(bad=backends("    return inner()\n\ndef inner():\n    raise ValueError('deep')"))
    made.backends()
    text = broken(made, "bad").traceback
    assert "in inner" in text
    assert text.endswith("ValueError: deep\n")
    assert "hookcheck" not in text


def test_a_broken_plugin_is_taken_out_whole(registry, broken):
    source = GOOD + (
        "\n@hookimpl\ndef qdock_executors():\n    yield 3\n"
        "\n@hookimpl\ndef qdock_job_submitting(job):\n    return {'left': 'behind'}\n"
    )
    made = registry(half=source, ok=["fine"])
    assert [spec.name for spec in made.backends()] == ["x", "fine"]
    made.executors()
    assert (
        broken(made, "half").reason
        == "Hook 'qdock_executors' yielded an object of type int; it must yield ExecutorSpec."
    )
    assert [spec.name for spec in made.backends()] == ["fine"]
    assert made.job_submitting(job=None) == {}


def test_a_plugin_that_fits_in_none_of_its_hooks_registers_none(registry, broken):
    made = registry(half=GOOD + "\n@hookimpl\ndef qdock_job_submitted(job):\n    return {'left': 'behind'}\n")
    assert made.backends() == []
    assert broken(made, "half").reason.startswith("There is no hook 'qdock_job_submitted'. Did you mean")
    assert made.job_submitting(job=None) == {}


def test_a_plugin_that_hangs_is_broken_and_shows_where(registry, broken, caplog):
    hang = "import threading\ndef wait_here():\n    threading.Event().wait(60)\nwait_here()"
    slow = backends("    import time; time.sleep(60)")
    made = registry({"load_seconds": 0.5}, aaa=["first"], hangs=hang, slow=slow, zzz=["last"])
    assert [spec.name for spec in made.backends()] == ["first", "last"]
    assert broken(made, "hangs").reason == "The import did not end within 0.5 s."
    assert "wait_here" in broken(made, "hangs").traceback
    assert caplog.messages[0] == "Plugin 'hangs': The import did not end within 0.5 s. QDOCK_BLOCK=hangs leaves it out."
    assert broken(made, "slow").reason == "Hook 'qdock_backends' did not end within 0.5 s."


def test_two_names_for_one_module_leave_one_plugin(plugin, broken):
    entries = [plugin("one", ["x"]), plugin("two", None, module="made_up_one")]
    made = Registry(Config(), entries)
    assert [spec.full_name for spec in made.backends()] == ["one/x"]
    assert "registered under a different name" in broken(made, "two").reason


def test_a_plugin_may_be_an_object_in_a_module(plugin):
    method = "    @hookimpl\n    def qdock_backends(self, config):\n        yield BackendSpec('x', 'a.b:C')\n"
    source = f"{HEAD}class Plugin:\n{method}\nit = Plugin()\n"
    made = Registry(Config(), [plugin("object", source, value="made_up_object:it [extra]")])
    assert [spec.full_name for spec in made.backends()] == ["object/x"]


def test_an_entry_point_to_nothing_is_broken(plugin, broken):
    entries = [
        plugin("a", "", value="made_up_a:missing"),
        plugin("b", "x = None", value="made_up_b:x"),
        plugin("c/d", None),
    ]
    made = Registry(Config(), entries)
    made.load_all()
    assert "has no attribute 'missing'" in broken(made, "a").reason
    assert broken(made, "b").reason.startswith("It has no hook")
    assert broken(made, "c/d").reason.startswith("Its name may have up to 64 letters")


def test_a_hook_may_return_a_list_or_nothing(registry, state):
    made = registry(list=backends("    return [BackendSpec('x', 'a.b:C')]"), none=backends("    return None"))
    assert [spec.name for spec in made.backends()] == ["x"]
    assert state(made, "none").state == "loaded"


def test_a_hook_may_leave_out_arguments_or_give_them_defaults(registry):
    names = "    yield BackendSpec(config.plugin('coin')['name'], 'a.b:C')"
    source = f"{HEAD}\n@hookimpl\ndef qdock_backends(config=None):\n{names}\n"
    made = registry({"plugins": {"coin": {"name": "mine"}}}, coin=source)
    assert [spec.name for spec in made.backends()] == ["mine"]


def test_a_hook_may_have_a_name_of_its_own(registry):
    source = HEAD + "@hookimpl(specname='qdock_backends')\ndef _mine():\n    yield BackendSpec('x', 'a.b:C')\n"
    assert [spec.name for spec in registry(coin=source).backends()] == ["x"]


def test_a_hook_from_the_future_may_be_marked_optional(registry):
    made = registry(new=GOOD + "\n@hookimpl(optionalhook=True)\ndef qdock_future(): ...\n")
    assert [spec.name for spec in made.backends()] == ["x"]


def test_examining_calls_every_hook_that_yields_specs(registry):
    made = registry(bad=f"{HEAD}\n@hookimpl\ndef qdock_commands():\n    yield 3\n", good=["x"])
    assert [(info.name, info.state) for info in made.load_all()] == [("bad", "loaded"), ("good", "loaded")]
    assert [(info.name, info.state) for info in made.examine()] == [("bad", "broken"), ("good", "loaded")]


def test_each_hook_is_called_once(registry):
    body = "    calls.append(1)\n    yield BackendSpec('x', 'a.b:C')"
    made = registry(coin="calls = []\n" + backends(body))
    for _ in range(3):
        made.backends()
        made.get_backend_spec("x")
    assert sys.modules["made_up_coin"].calls == [1]


def test_two_registries_with_different_settings_work_side_by_side(plugin):
    entries = [plugin("coin", ["fair"]), plugin("die", ["six"])]
    first = Registry(Config.load(environ={}, block=["die"], aliases={"it": "fair"}), entries)
    second = Registry(Config.load(environ={}, only=["die"], aliases={"it": "six"}), entries)
    first.register(BackendSpec("mine", "a.b:C"))
    assert [spec.full_name for spec in first.backends()] == ["coin/fair", "mine"]
    assert [spec.full_name for spec in second.backends()] == ["die/six"]
    assert (first.get_backend_spec("it").name, second.get_backend_spec("it").name) == ("fair", "six")


def test_threads_that_list_at_once_see_the_same(registry):
    made = registry(**{f"p{i}": [f"b{i}"] for i in range(5)})
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(made.backends())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(specs == seen[0] for specs in seen)
    assert len(seen[0]) == 5


# --- registered without installation


def test_registered_specs_are_found_like_installed_ones(registry):
    made = registry(coin=["coin"])
    made.register(BackendSpec("mine", "a.b:C", aliases=("my",)))
    made.register(ExecutorSpec("cluster", "a.b:C"))
    made.register(ConverterSpec("quil", "circuit", "a.b:c"))
    made.register(CommandSpec("flip", "a.b:c"))
    assert made.get_backend_spec("my").full_name == "mine"
    assert [spec.full_name for spec in made.backends()] == ["coin/coin", "mine"]
    assert made.get_executor_spec("cluster").factory == "a.b:C"
    assert [spec.source for spec in made.converters()] == ["quil"]
    assert [spec.name for spec in made.commands()] == ["flip"]


def test_registering_again_replaces(registry):
    made = registry()
    made.register(BackendSpec("mine", "a.b:C"))
    made.register(BackendSpec("mine", "a.b:D"))
    assert made.get_backend_spec("mine").factory == "a.b:D"


def test_a_registered_name_goes_before_that_of_a_plugin(registry):
    made = registry(coin=["coin"])
    made.register(BackendSpec("coin", "a.b:C"))
    assert made.get_backend_spec("coin").full_name == "coin"
    assert made.get_backend_spec("coin/coin").full_name == "coin/coin"


def test_registering_what_is_no_spec_is_an_error(registry):
    with pytest.raises(
        TypeError, match=r"one of BackendSpec, ExecutorSpec, ConverterSpec, CommandSpec, but str was given"
    ):
        registry().register("coin")


# --- executors, converters, commands


def test_the_executors_of_the_core_need_no_plugin(registry, state):
    made = registry(coin=["coin"])
    for name in ("inline", "thread"):
        assert callable(import_factory(made.get_executor_spec(name)))
    assert state(made, "coin").state == "found"


def test_an_executor_of_a_plugin_is_found_by_name(registry):
    body = "    yield ExecutorSpec('cluster', 'a.b:C')\n    yield ExecutorSpec('thread', 'a.b:C')\n"
    source = f"{HEAD}@hookimpl\ndef qdock_executors():\n{body}"
    made = registry(work=source)
    assert made.get_executor_spec("cluster").full_name == "work/cluster"
    assert made.get_executor_spec("thread").plugin == ""
    assert made.get_executor_spec("work/thread").plugin == "work"
    assert [spec.full_name for spec in made.executors()][2:] == ["process", "work/cluster", "work/thread"]


def test_an_unknown_executor_is_an_error_with_those_there_are(registry):
    message = r"No executor named 'tread'\. Installed: inline, process, thread\. Did you mean 'thread'\?"
    with pytest.raises(ExecutorNotFoundError, match=message):
        registry().get_executor_spec("tread")


def test_two_executors_of_one_name_are_ambiguous(registry):
    source = f"{HEAD}\n@hookimpl\ndef qdock_executors():\n    yield ExecutorSpec('cluster', 'a.b:C')\n"
    with pytest.raises(ExecutorNotFoundError, match=r"several executors: a/cluster, b/cluster\. Use a full name\.$"):
        registry(a=source, b=source).get_executor_spec("cluster")


def test_converters_come_in_calling_order(registry):
    source = (
        HEAD + "\n@hookimpl({mark})\ndef qdock_converters():\n    yield ConverterSpec('quil', 'circuit', 'a.b:c')\n"
    )
    marks = {"a": "trylast=True", "b": "", "c": "", "d": "tryfirst=True"}
    made = registry(**{name: source.replace("{mark}", mark) for name, mark in marks.items()})
    assert [spec.plugin for spec in made.converters()] == ["d", "b", "c", "a"]


# --- hooks around a job


GATE = HEAD + "\n@hookimpl({mark})\ndef qdock_job_submitting(job):\n    {body}\n"


def gate(body, mark=""):
    return GATE.replace("{mark}", mark).replace("{body}", body)


def test_gates_add_metadata_in_calling_order(registry):
    made = registry(
        a=gate("return {'who': 'a', 'a': job}"),
        b=gate("return {'who': 'b', 'b': 2}", "tryfirst=True"),
        c=gate("return None"),
    )
    assert made.job_submitting(1) == {"who": "b", "a": 1, "b": 2}


def test_a_gate_may_refuse_a_job(registry):
    made = registry(a=gate("from qdock.errors import SubmissionRefused; raise SubmissionRefused('Too dear.')"))
    with pytest.raises(SubmissionRefused, match=r"^Too dear\.$"):
        made.job_submitting(None)


@pytest.mark.parametrize(
    "body, message",
    [
        (
            "raise ValueError('no money')",
            r"Plugin 'budget' checks jobs .* was not started: ValueError: no money\. .*QDOCK_BLOCK=budget",
        ),
        (
            "return 3",
            r"Plugin 'budget': hook 'qdock_job_submitting' returned int instead of a mapping or None\. .*QDOCK_BLOCK=",
        ),
    ],
)
def test_a_gate_that_can_not_tell_stops_the_job(registry, body, message, state):
    made = registry(budget=gate(body))
    with pytest.raises(PluginError, match=message):
        made.job_submitting(None)
    assert state(made, "budget").state == "loaded"


def test_observers_see_every_change_and_hurt_nobody(registry, caplog, state):
    look = HEAD + "\nseen = []\n@hookimpl\ndef qdock_job_status_changed(job, status, previous):\n    {body}\n"
    made = registry(
        a=look.replace("{body}", "1 / 0"),
        b=look.replace("{body}", "seen.append((job, previous, status))"),
        c=look.replace("{body}", "raise SystemExit(3)"),
    )
    with caplog.at_level(logging.WARNING, "qdock"):
        made.job_status_changed("job", "old", "new")
    assert sys.modules["made_up_b"].seen == [("job", "old", "new")]
    assert [record.getMessage() for record in caplog.records] == [
        "Plugin 'a': Hook 'qdock_job_status_changed' failed: ZeroDivisionError: division by zero.",
        "Plugin 'c': Hook 'qdock_job_status_changed' failed: SystemExit: 3.",
    ]
    assert state(made, "a").reason == "Hook 'qdock_job_status_changed' failed: ZeroDivisionError: division by zero."


def test_an_interrupt_in_an_observer_is_the_users(registry):
    made = registry(a=f"{HEAD}\n@hookimpl\ndef qdock_job_status_changed():\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        made.job_status_changed(None, None, None)


# --- factories


def test_a_factory_is_imported_when_asked_for(plugin):
    plugin("backend", "class Outer:\n    class Inner: ...\n")
    found = import_factory(BackendSpec("x", "made_up_backend:Outer.Inner"))
    assert found is sys.modules["made_up_backend"].Outer.Inner
    assert import_factory(ConverterSpec("a", "b", "json:dumps")) is json.dumps


@pytest.mark.parametrize(
    "source, message",
    [
        (
            "import no_such_module_at_all",
            r"ModuleNotFoundError: .*'no_such_module_at_all'\. Install what it needs: `pip install x\[fast\]`",
        ),
        ("", r"AttributeError: module 'made_up_backend' has no attribute 'Backend'"),
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_factory_that_can_not_be_imported_says_what_to_install(plugin, source, message):
    plugin("backend", source)
    spec = BackendSpec("x", "made_up_backend:Backend", plugin="coin", install_hint="pip install x[fast]")
    with pytest.raises(
        PluginError, match=r"^Backend 'coin/x' can't be used: importing 'made_up_backend:Backend' failed: " + message
    ):
        import_factory(spec)


def test_a_spec_survives_the_registry_unchanged(registry):
    source = backends("    yield BackendSpec('x', 'a.b:C', options={'bias': Option(float, 0.5)}, params={'deep': [1]})")
    (spec,) = registry(coin=source).backends()
    assert spec == BackendSpec("x", "a.b:C", options={"bias": Option(float, 0.5)}, params={"deep": [1]}, plugin="coin")
    assert BackendSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_what_an_entry_point_lacks_is_empty():
    entry = SimpleNamespace(name="coin", value="made_up_nothing", group="qdock.v1")
    (info,) = Registry(Config(), [entry]).plugins()
    assert (info.distribution, info.version) == ("", "")
