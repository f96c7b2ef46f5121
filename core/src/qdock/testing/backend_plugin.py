"""The checks of a plugin and its spec: what is true before anything runs."""

from __future__ import annotations

import difflib
import inspect
import json
import pickle
from typing import Any

from qdock.backend import LocalBackend
from qdock.errors import OptionError, QdockError
from qdock.gates import ALIASES, GATES
from qdock.spec import BackendSpec, Option
from qdock.testing.backend_case import NOISY, OUTPUTS, BackendCase, _distance
from qdock.testing.checks import Seen, check
from qdock.testing.light import LightPlugin, is_plugins

__all__ = ["PluginChecks", "refused"]

#: What a spec may say of its gates beside the names of the table.
_PSEUDO = ("unitary", "modified")
#: The methods that an author writes.
_METHODS = ("execute", "check", "estimate", "target")


class PluginChecks(LightPlugin, BackendCase):
    """The plugin is light, its spec travels, and what it declares is coherent."""

    @check("plugin", needs=(is_plugins,))
    def test_names(self) -> None:
        """The backend is found by its full name and its aliases, and each listing has the same spec."""
        name = self.spec.full_name
        listed = [spec for spec in self.dock.backends() if spec.full_name == name]
        self.expect(listed == [self.spec], f"listing has {len(listed)} specs of {name}, or another one than before")
        for alias in self.spec.aliases:
            found = self.dock.registry.find_backend(f"{self.spec.plugin}/{alias}")
            self.expect(found == self.spec, f"alias {alias!r} does not lead to {name}")

    @check("plugin")
    def test_spec_travels(self) -> None:
        """A spec is data: equal after JSON and after pickle."""
        text = json.dumps(self.spec.to_dict(), allow_nan=False)
        self.expect(BackendSpec.from_dict(json.loads(text)) == self.spec, "the spec is not equal after JSON")
        copied = pickle.loads(pickle.dumps(self.spec))  # noqa: S301  # our own bytes
        self.expect(copied == self.spec, "the spec is not equal after pickle")

    @check("plugin")
    def test_says_what_comes_back(self) -> None:
        """A backend that runs circuits declares at least one of counts, statevector, probabilities and unitary."""
        if "circuit" not in self.spec.accepts:
            return
        self.expect(
            self.features().intersection(OUTPUTS),
            f"the spec declares {sorted(self.features()) or 'no features'}, so nobody knows what comes back, and "
            'nothing can be tested: write features={"counts"}, or another of the four',
        )

    @check("plugin", features=(NOISY,))
    def test_noise_is_stated(self) -> None:
        """A backend that declares `x-noisy` says in its params how far its distributions may be off."""
        distance = _distance(self.spec)
        self.expect(
            distance is not None and 0 < distance <= 1,
            f"params[{NOISY!r}] is {self.spec.params.get(NOISY)!r}: write the largest total variation between its "
            f"distribution and the exact one, above 0 and at most 1, as params={{{NOISY!r}: 0.05}}",
        )

    @check("plugin")
    def test_methods(self) -> None:
        """The methods of the class take the arguments that `LocalBackend` gives them, and none is misspelt."""
        kind = type(self.device)
        for name in _METHODS:
            self._fits(name, getattr(LocalBackend, name), getattr(kind, name))
        known = {name for name in dir(LocalBackend) if not name.startswith("_")}
        for name in set(vars(kind)) - known:
            close = difflib.get_close_matches(name, _METHODS, n=1, cutoff=0.8)
            self.expect(not close, f"{kind.__name__} has a method {name!r}, which nobody calls. Is it {close[:1]}?")

    def _fits(self, name: str, wanted: Any, written: Any) -> None:
        count = len(inspect.signature(wanted).parameters)
        try:
            inspect.signature(written).bind(*range(count))
        except TypeError:
            right = f"{name}{_parameters(wanted)}"
            self.expect(False, f"method `{name}{_parameters(written)}` does not fit: write `def {right}`")

    @check("plugin")
    def test_target(self) -> None:
        """What `target()` describes fits the spec: its gates are known, its couplings lie within its qubits."""
        target = self.device.target()
        names = [*(self.spec.gates or ()), *(target.gates if target else ())]
        unknown = sorted({name for name in names if name not in GATES and name not in (*ALIASES, *_PSEUDO)})
        self.expect(not unknown, f"gates that are not in `qdock.gates`: {', '.join(unknown)}")
        if target is None:
            return
        limit = self.spec.num_qubits
        self.expect(
            limit in (None, target.num_qubits), f"the spec says {limit} qubits, and the target {target.num_qubits}"
        )
        for pair in target.couplings or ():
            fits = len(set(pair)) == 2 and all(0 <= qubit < target.num_qubits for qubit in pair)
            self.expect(fits, f"the target couples {pair}, but has qubits 0 to {target.num_qubits - 1}")

    @check("plugin")
    def test_option_bounds(self) -> None:
        """Each option takes what it allows, and refuses what is out of its bounds, before there is a job."""
        for name, option in self.declared.items():
            for value in _wrong_values(option):
                refused(
                    self, lambda name=name, value=value: self.run(self.plain(), **{name: value}), f"{name}={value!r}"
                )

    @check("plugin")
    def test_options_work(self) -> None:
        """A job can be run with each choice of an option, or its error says what to install; and with its bounds."""
        for name, option in self.declared.items():
            for value in _right_values(option):
                self._runs_with(name, value)

    def _runs_with(self, name: str, value: Any) -> None:
        """Run with an option; a choice may want a circuit with measurements, or one without."""
        bare = self.simple(1)
        unmeasured = type(bare)(bare.num_qubits).h(0)
        reasons = []
        for circuit in (self.plain(), unmeasured):
            try:
                self.result(circuit, **{name: value})
            except QdockError as error:
                reasons.append(str(error))
            else:
                return
        told = any("pip install" in reason for reason in reasons)
        self.expect(told, f"with {name}={value!r} no circuit runs: {reasons[0]}")

    @check("plugin")
    def test_unknown_option(self) -> None:
        """An unknown option is an `OptionError` with the closest name there is."""
        name = next(iter(self.declared), "seed")
        wrong = f"{name}x"
        error = refused(self, lambda: self.run(self.plain(), **{wrong: 1}), f"option {wrong!r}")
        self.expect(isinstance(error, OptionError), f"an unknown option raised {type(error).__name__}")
        self.expect(name in str(error), f"the error does not name the closest option, {name!r}: {error}")


def _parameters(function: Any) -> str:
    signature = inspect.signature(function)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def refused(suite: BackendCase, call: Any, what: str) -> Exception:
    """Return the error of a call that must be refused before there is a job; anything else is a broken promise."""
    before = len(suite.dock.jobs())
    try:
        job = call()
    except (QdockError, ValueError, TypeError) as error:
        count = len(suite.dock.jobs()) - before
        suite.expect(not count, f"{what} was refused, but only after a job had been recorded")
        return error
    except Exception as error:
        seen = f"{what} raised {type(error).__name__}: {error}. Refuse it with a QdockError or ValueError"
        raise Seen(seen) from error
    raise Seen(f"{what} was {_end_of(job, suite)}; it must be refused by `run`, before there is a job")


def _end_of(job: Any, suite: BackendCase) -> str:
    job.wait_for_final_state(timeout=suite.patience)
    return f"accepted, and the job ended as {job.status().name}"


def _wrong_values(option: Option) -> list[Any]:
    """Return values that an option must refuse."""
    wrong: list[Any] = [object()]
    step = 1 if option.type == "int" else 1e-6
    if option.minimum is not None:
        wrong.append(option.minimum - step)
    if option.maximum is not None:
        wrong.append(option.maximum + max(step, abs(option.maximum) * 1e-9) if step < 1 else int(option.maximum) + 1)
    if option.choices:
        wrong.append("no such choice" if option.type == "str" else _beyond(option))
    return wrong + _OF_WRONG_TYPE.get(option.type, [])


_OF_WRONG_TYPE: dict[str, list[Any]] = {
    "int": ["1", 1.5, True],
    "float": ["1", float("nan")],
    "bool": ["yes", 1],
    "str": [1],
}


def _beyond(option: Option) -> Any:
    return max(option.choices) + 1 if option.type in ("int", "float") else None


def _right_values(option: Option) -> list[Any]:
    """Return values that an option must take, none of which makes a run long."""
    if option.choices:
        return list(option.choices)
    if option.type == "bool":
        return [False, True]
    ends = [end for end in (option.minimum, option.maximum) if end is not None]
    return [int(end) if option.type == "int" else end for end in ends if option.type == "float" or abs(end) <= 1000]
