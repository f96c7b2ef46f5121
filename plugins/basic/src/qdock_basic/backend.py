"""The backend `basic_simulator`: from a job's circuits to its result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from qdock.backend import Context, LocalBackend
from qdock.circuit import Circuit
from qdock.result import CircuitResult, Result
from qdock.results.parts import in_order
from qdock.spec import BackendSpec
from qdock_basic.batch import Batch, left
from qdock_basic.checks import check_programs
from qdock_basic.choice import check_engine, engine_for, note_effort
from qdock_basic.engines.engine import Engine
from qdock_basic.estimate import expected_seconds
from qdock_basic.job import BasicProviderJob
from qdock_basic.limits import Limits
from qdock_basic.plugin import SPEC
from qdock_basic.simulate import Simulation, simulate
from qdock_basic.watch import Watch

if TYPE_CHECKING:
    from qdock.config import Config

__all__ = ["BasicSimulator"]


class BasicSimulator(LocalBackend):
    """Exact simulator with every kind of classical control.

    Which method runs follows from circuit and options alone, and is told in the result's metadata: ``"sampling"`` of
    one final state, ``"branching"`` where measurements or resets on the way split a run, ``"stabilizer"`` for circuits
    of Clifford gates, ``"statevector"`` or ``"unitary"``. Which engine applies the gates changes no result beyond
    rounding, and no count in double precision.

    Parameters
    ----------
    spec : BackendSpec, optional
        As the plugin declares it, unless given.
    config : Config, optional
        The settings; ``[plugins.basic]`` has this backend's limits and the defaults of its options.
    """

    spec = SPEC
    job_class: ClassVar[type[BasicProviderJob]] = BasicProviderJob
    changes_programs: ClassVar[bool] = False

    def __init__(self, spec: BackendSpec | None = None, config: Config | None = None) -> None:
        super().__init__(spec, config)
        settings = {} if config is None else config.plugin(self.spec.plugin or "basic")
        self.limits = Limits.of(settings)

    def check(self, programs: Sequence[Any], options: dict[str, Any]) -> None:
        """Check that each circuit goes with the options.

        Raises
        ------
        OptionError
            If an option does not fit a circuit, or the engine asked for is not there.
        LimitExceeded
            If not even one state of a circuit fits in memory.
        """
        check_engine(options)
        check_programs(programs, options, self.limits)

    def execute(self, programs: Sequence[Any], options: dict[str, Any], context: Context) -> Result:
        """Run circuits that have been checked, one after the other.

        Raises
        ------
        LimitExceeded
            If a circuit needs more memory, rounds of loops or branches than are allowed.
        """
        begin = perf_counter()
        engine = engine_for(options, programs)
        found = Batch(programs, options, context, self.limits, engine).run()
        methods = {"sampling"} if found else set()
        for index in left(found, len(programs)):
            entry, method = self.simulate(programs[index], index, options, context, len(programs), engine)
            found.append(([index], [entry]))
            methods.add(method)
        note_effort(engine)
        effort = engine.effort
        metadata = {
            "engine": engine.name,
            "method": ", ".join(sorted(methods)),
            "passes": effort.passes,
            "threads": effort.threads,
            "seconds": perf_counter() - begin,
            "seconds_plan": effort.plan,
            "seconds_run": effort.run,
            "seconds_sample": effort.sample,
        }
        return Result(in_order(found), metadata)

    def simulate(
        self,
        circuit: Circuit,
        index: int,
        options: dict[str, Any],
        context: Context,
        total: int = 1,
        engine: Engine | None = None,
    ) -> tuple[CircuitResult, str]:
        """Run one circuit of a job, and return what came back and the name of the method.

        Parameters
        ----------
        circuit : Circuit
            Checked.
        index : int
            Its number in the job: it draws from streams of that number, whatever is run before or beside it.
        options : dict
        context : Context
        total : int
            How many circuits the job has, for its progress.
        engine : Engine, optional
            Applies the gates; a new one if not given.
        """
        context.check()
        if engine is None:
            engine = engine_for(options, [circuit])
        rng = partial(context.moved_rng, index)
        watch, key = Watch(context, index, total), context.stream_key(index)
        simulation = Simulation(circuit, options, rng, watch, self.limits, engine, key)
        return simulate(simulation, context.seed)

    def estimate(self, programs: Sequence[Any], options: dict[str, Any]) -> float:
        """Return how many seconds `execute` will take, roughly; of much work only a part is added up."""
        return expected_seconds(programs, options)
