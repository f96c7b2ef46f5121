"""Backends: their names, their options and where these come from, what they say of themselves, their context."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from qdock import Call, Circuit, CircuitResult, Config, Context, Dock, JobCancelledError, LocalBackend, Result, Target
from qdock.errors import CircuitError, ConfigError, OptionError, PluginError
from qdock.spec import BackendSpec, Option
from qdock.streams import stream
from qdock.work.events import Log, Progress
from qdock.work.worker import Worker

OPTIONS = {
    "depth": Option(int, 3, 1, 9, doc="How deep."),
    "mode": Option(str, "fast", choices=("fast", "exact")),
    "start": Option("array"),
    "extra": Option("json"),
}


class Coin(LocalBackend):
    """Tosses a coin for every clbit."""

    def execute(self, programs, options, context):
        return Result(
            [
                CircuitResult.from_outcomes(circuit, *tossed(context.rng(i), circuit.num_clbits, options["shots"]))
                for i, circuit in enumerate(programs)
            ]
        )


def tossed(rng, num_clbits, shots):
    return np.unique(rng.integers(0, 2**num_clbits, shots), return_counts=True)


class Rich(Coin):
    spec = BackendSpec("rich", "x:Rich", plugin="coins", options=OPTIONS, max_shots=500)


def dock_of(**settings):
    return Dock(Config.load(environ={}, **settings), entry_points=[])


@pytest.fixture
def dock():
    with dock_of() as dock:
        yield dock


# --- names


def test_a_class_that_no_plugin_declares_is_named_after_itself():
    assert Coin().name == "Coin"
    assert Coin().spec.summary == "Tosses a coin for every clbit."
    assert repr(Coin()) == "<Coin Coin>"


def test_a_class_may_have_a_spec_of_its_own_which_its_subclasses_have_too():
    class Richer(Rich):
        pass

    assert Rich().name == Richer().name == "rich"
    assert repr(Rich()) == "<Rich coins/rich>"


def test_a_subclass_of_a_class_without_a_spec_is_named_after_itself():
    class Penny(Coin):
        pass

    assert Penny().name == "Penny"


def test_an_instance_has_the_spec_it_was_made_with(dock):
    backend = Coin(BackendSpec("given", "x:Coin"), dock.config)
    assert backend.name == "given"
    assert backend.config is dock.config
    assert Coin().name == "Coin"


@pytest.mark.parametrize("name", ["_Hidden", "Café", "_", "x" * 100])
def test_any_class_name_makes_a_spec(name):
    made = type(name, (Coin,), {"__module__": "<run_path>"})
    assert 0 < len(made().name) <= 64


def test_a_backend_that_does_not_call_its_base_works_all_the_same(dock):
    class Forgetful(Coin):
        def __init__(self):
            self.sides = 2

    assert sum(dock.run(Circuit(1, 1), Forgetful()).result().get_counts().values()) == 1024


def test_a_backend_is_abstract_until_it_can_execute():
    with pytest.raises(TypeError, match=r"abstract method '?execute'?"):
        LocalBackend()


def test_a_backend_has_no_target_unless_it_says_so():
    assert Coin().target() is None
    assert Coin().estimate([], {}) is None


def test_a_target_survives_pickling():
    target = Target(2, ("rz", "cx"), ((0, 1),), {"cx": 0.01}, {("cx", (0, 1)): 3e-7})
    assert pickle.loads(pickle.dumps(target)) == target


def test_a_backend_travels_without_its_dock(dock):
    backend = Rich()
    backend.dock = dock
    backend.set_options(depth=5)
    copy = pickle.loads(pickle.dumps(backend))
    assert copy.dock is None
    assert copy._chosen == {"depth": 5}


# --- options: where they come from


def test_every_backend_of_circuits_has_shots():
    assert Coin()._get_declared()["shots"] == Option(int, 1024, 1, 10**9, doc="Repetitions of each circuit.")


def test_a_backend_of_calls_has_no_shots(dock):
    class Runner(LocalBackend):
        spec = BackendSpec("runner", "x:Runner", accepts=("call",))

        def execute(self, programs, options, context):
            raise AssertionError

    with pytest.raises(OptionError, match=r"Backend 'runner' has no option 'shots'\. Its options: seed\."):
        dock.run(Call(max), Runner(), shots=5)


def test_shots_are_bounded_by_the_spec(dock):
    assert dock.run(Circuit(1), Rich()).options["shots"] == 500
    with pytest.raises(OptionError, match="Option `shots` must be at most 500, but is 501"):
        dock.run(Circuit(1), Rich(), shots=501)


def test_shots_may_be_declared_otherwise(dock):
    class Own(Coin):
        spec = BackendSpec("own", "x:Own", options={"shots": Option(int, 7)})

    assert dock.run(Circuit(1), Own()).options == {"shots": 7}


def test_the_argument_of_run_comes_before_the_backend_the_configuration_and_the_default():
    plugin, defaults = {"coins": {"depth": 5, "url": "x"}}, {"shots": 100}
    backend = Rich()
    with dock_of() as dock:
        assert dock.run(Circuit(1), backend).options["depth"] == 3
    with dock_of(plugins=plugin, defaults=defaults) as dock:
        assert dock.run(Circuit(1), backend).options["depth"] == 5
        assert dock.run(Circuit(1), backend).options["shots"] == 100
        backend.set_options(depth=6, shots=200)
        assert dock.run(Circuit(1), backend).options["depth"] == 6
        job = dock.run(Circuit(1), backend, depth=7)
        assert (job.options["depth"], job.options["shots"]) == (7, 200)


def test_the_plugins_own_table_comes_before_the_defaults():
    with dock_of(plugins={"coins": {"shots": 50}}, defaults={"shots": 100}) as dock:
        assert dock.run(Circuit(1), Rich()).options["shots"] == 50


def test_the_environment_sets_shots():
    with Dock(Config.load(environ={"QDOCK_SHOTS": "33"}), entry_points=[]) as dock:
        assert dock.run(Circuit(1, 1), Coin()).result().get_counts().shots == 33


def test_the_environment_comes_before_the_plugins_own_table_in_a_file(tmp_path):
    file = tmp_path / "qdock.toml"
    file.write_text("[plugins.coins]\nshots = 50\ndepth = 5\n")
    environ = {"QDOCK_CONFIG": str(file), "HOME": str(tmp_path)}
    with Dock(Config.load(environ=environ), entry_points=[]) as dock:
        assert dock.run(Circuit(1), Rich()).options["shots"] == 50
    with Dock(Config.load(environ={**environ, "QDOCK_SHOTS": "33"}), entry_points=[]) as dock:
        options = dock.run(Circuit(1), Rich()).options
        assert (options["shots"], options["depth"]) == (33, 5)


@pytest.mark.parametrize("value", [True, np.True_, np.array(True)])
def test_a_truth_value_of_numpy_is_one(value):
    assert Option(bool).check("memory", value) is True


@pytest.mark.parametrize("value", [1, "true", np.int64(1), np.array([True])])
def test_what_is_no_truth_value_is_refused(value):
    with pytest.raises(OptionError, match="Option `memory` is true or false, but"):
        Option(bool).check("memory", value)


@pytest.mark.parametrize(
    "option, message",
    [
        ((int, "five"), "`default` is a whole number, but 'five' of type str was given"),
        ((int, 10, 1, 9), "`default` must be at most 9, but is 10"),
        ((str, "slow", None, None, ("fast",)), "`default` must be one of 'fast', but is 'slow'"),
    ],
)
def test_a_default_that_the_option_does_not_allow_is_a_mistake_of_the_plugin(option, message):
    with pytest.raises(PluginError, match=f"default must be a value that the option allows.*{message}"):
        Option(*option)


def test_a_default_is_of_the_options_type():
    assert isinstance(Option(float, 1).default, float)


def test_all_features_that_are_missing_are_named_and_looked_for(dock):
    class Plain(Coin):
        spec = BackendSpec("plain", "x:Plain", features=frozenset({"counts"}))

    circuit = Circuit(1, 1).measure(0, 0)
    circuit.if_(circuit.bit(0), circuit.block().x(0))
    wanted = r"needs conditionals, mid_circuit_measurement, .*features=\{'conditionals', 'mid_circuit_measurement'\}"
    with pytest.raises(CircuitError, match=wanted):
        dock.run(circuit, Plain())


def test_an_option_that_is_called_as_another_default_does_not_take_its_value(dock):
    class Own(Coin):
        spec = BackendSpec("own", "x:Own", options={"backend": Option(str), "store": Option(str, "here")})

    options = dock.run(Circuit(1), Own()).options
    assert (options["backend"], options["store"]) == (None, "here")


def test_none_means_not_set(dock):
    backend = Rich()
    backend.set_options(depth=6)
    assert dock.run(Circuit(1), backend, depth=None).options["depth"] == 6
    backend.set_options(depth=None)
    assert dock.run(Circuit(1), backend).options["depth"] == 3


def test_what_was_used_is_recorded_with_every_option_there_is(dock):
    job = dock.run(Circuit(1), Rich(), mode="exact", extra={"a": [1]})
    assert job.options == {"shots": 500, "depth": 3, "mode": "exact", "start": None, "extra": {"a": [1]}}


def test_the_options_of_a_backend_are_those_of_a_run_that_chooses_none(dock):
    backend = Rich()
    backend.dock = dock
    backend.set_options(mode="exact", seed=5)
    assert backend.options == {"shots": 500, "depth": 3, "mode": "exact", "start": None, "extra": None, "seed": 5}


def test_a_value_in_the_configuration_that_is_not_allowed_is_an_error_that_says_where_it_stands():
    with (
        dock_of(plugins={"coins": {"depth": 99}}) as dock,
        pytest.raises(ConfigError, match="argument: Option `depth` must be at most 9, but is 99"),
    ):
        dock.run(Circuit(1), Rich())


def test_an_array_is_copied_when_the_job_is_submitted(dock):
    class Show(Rich):
        def execute(self, programs, options, context):
            return Result([CircuitResult(name="c", data={"start": options["start"]})])

    start = np.array([1.0, 0.0])
    job = dock.run(Circuit(1), Show(), start=start)
    start[:] = 7
    assert job.result().data()["start"].tolist() == [1.0, 0.0]
    assert job.options["start"].tolist() == [1.0, 0.0]


def test_what_a_backend_does_to_its_options_is_not_recorded(dock):
    class Careless(Rich):
        def execute(self, programs, options, context):
            options.clear()
            return Result([CircuitResult(name="c")])

    job = dock.run(Circuit(1), Careless())
    job.result()
    assert job.options["depth"] == 3


# --- options: what is refused, before there is a record


@pytest.mark.parametrize(
    "options, message",
    [
        ({"shot": 5}, r"Backend 'coins/rich' has no option 'shot'\. Did you mean 'shots'\? Its options: depth, extra"),
        (
            {"zzz": 5},
            r"Backend 'coins/rich' has no option 'zzz'\. Its options: depth, extra, mode, seed, shots, start\.",
        ),
        ({"shots": 0}, "Option `shots` must be at least 1, but is 0"),
        ({"shots": -1}, "Option `shots` must be at least 1"),
        ({"shots": 10**12}, "Option `shots` must be at most 500"),
        ({"shots": float("nan")}, "Option `shots` is a whole number, but nan of type float"),
        ({"shots": "10"}, "Option `shots` is a whole number, but '10' of type str"),
        ({"shots": True}, "Option `shots` is a whole number, but True of type bool"),
        ({"mode": "slow"}, "Option `mode` must be one of 'fast', 'exact', but is 'slow'"),
        ({"seed": -1}, r"`seed` must be from 0 to 2\*\*64 - 1, but is -1"),
        ({"seed": 2**64}, "`seed` must be from 0"),
        ({"seed": "7"}, "`seed` is a whole number, but '7'"),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_is_recorded(dock, options, message):
    with pytest.raises(OptionError, match=message):
        dock.run(Circuit(1), Rich(), **options)
    assert dock.jobs() == []


@pytest.mark.parametrize("options", [{"shot": 5}, {"depth": 99}, {"seed": -1}])
def test_a_wrong_option_can_not_be_chosen_for_later_either(options):
    backend = Rich()
    with pytest.raises(OptionError):
        backend.set_options(**options)
    assert backend._chosen == {}


# --- seeds


def test_a_seed_is_drawn_and_recorded_if_none_is_given(dock):
    jobs = [dock.run(Circuit(1), Coin()) for _ in range(5)]
    assert len({job.seed for job in jobs}) == 5
    assert all(0 <= job.seed < 2**63 for job in jobs)


def test_a_seed_can_be_chosen_for_all_later_runs_and_for_one(dock):
    backend = Coin()
    backend.set_options(seed=5)
    assert dock.run(Circuit(1), backend).seed == 5
    job = dock.run(Circuit(1), backend, seed=6)
    assert job.seed == 6
    assert "seed" not in job.options
    backend.set_options(seed=None)
    assert dock.run(Circuit(1), backend).seed != 5


def test_a_backend_that_declares_a_seed_gets_that_of_the_job(dock):
    class Own(Coin):
        spec = BackendSpec("own", "x:Own", options={"seed": Option(int)})

    job = dock.run(Circuit(1), Own(), seed=8)
    assert job.options["seed"] == job.seed == 8


def test_the_same_seed_gives_the_same_counts_on_any_executor(dock):
    circuits = [Circuit(3, 3) for _ in range(3)]
    results = [dock.run(circuits, Coin(), seed=3, executor=name).result() for name in ("inline", "thread", "thread")]
    assert len({str(result.get_counts()) for result in results}) == 1
    counts = results[0].get_counts()
    assert counts[0] != counts[1] != counts[2]


# --- context


def test_a_context_for_a_test_of_execute_needs_nothing():
    result = Coin().execute([Circuit(1, 1)], {"shots": 10}, Context(seed=5))
    assert result.get_counts().shots == 10


def test_the_generators_of_a_context_are_the_streams_of_its_seed():
    context = Context("a", 9)
    assert context.rng(2, 3, 4).random() == stream(9, 2, 3, 4).random()
    assert context.rng().random() == stream(9).random()


def test_what_a_context_is_told_goes_to_the_owner():
    events = []
    context = Context("a", 0, Worker("a", events.append))
    context.progress(0.5, "half")
    context.log("hello")
    context.check()
    assert events[0] == Progress(0.5, "half")
    assert isinstance(events[1], Log)


def test_checking_raises_once_the_job_shall_stop():
    worker = Worker("a")
    context = Context("a", 0, worker)
    context.check()
    worker.stop_requested = True
    with pytest.raises(JobCancelledError, match="Job a was asked to stop"):
        context.check()
