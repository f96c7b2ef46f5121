"""Yields a spec for every wrong backend: that of the basic simulator, with another factory."""

from __future__ import annotations

import os
from dataclasses import replace

from qdock.spec import BackendSpec, Option, hookimpl

if os.environ.get("WRONG_PROVIDER_IS_HEAVY"):
    import numpy as np  # noqa: F401  # what a plugin must not do

FEATURES = frozenset(
    ("counts", "memory", "statevector", "mid_circuit_measurement", "reset", "conditionals", "loops", "variables")
)
OPTIONS = {
    "shots": Option(int, default=1024, minimum=1, maximum=10**6),
    "memory": Option(bool, default=False),
    "output": Option(str, default="counts", choices=("counts", "statevector")),
}

#: What differs in a spec, where not only the class does.
SPECS = {
    "MissingFeature": {"features": FEATURES | {"unitary"}},
    "UntestableFeature": {"features": frozenset(("counts", "single_precision"))},
    "NoFeatures": {"features": frozenset()},
    "ZeroShots": {"options": {**OPTIONS, "shots": Option(int, default=1024, minimum=-5)}},
    "TooNoisy": {"features": frozenset(("counts", "x-noisy")), "params": {"x-noisy": 0.02}, "options": {}},
    "SilentNoise": {"features": frozenset(("counts", "x-noisy")), "options": {}},
    "UndeclaredOption": {"options": {**OPTIONS, "level": Option(int, default=1, minimum=0, maximum=3)}},
}

NAMES = (
    "Right",
    "ReversedBits",
    "WrongRz",
    "HalvedRx",
    "SwappedControl",
    "ForgottenT",
    "ConjugatedState",
    "SeedIgnored",
    "OneSeedForAll",
    "SeedOfThread",
    "ShotsOffByOne",
    "SortedMemory",
    "IgnoredCondition",
    "IgnoredElse",
    "LeavingReset",
    "WrongClbit",
    "LoopsOnceLess",
    "OneEntry",
    "MissingFeature",
    "UntestableFeature",
    "NoFeatures",
    "TooNoisy",
    "SilentNoise",
    "LyingCancel",
    "KillingTimeout",
    "Blocking",
    "LyingEstimate",
    "UnorderedStatuses",
    "UnorderedHistory",
    "DeafExecute",
    "SwallowedCancel",
    "LostResult",
    "UnpicklableResult",
    "ChangedCircuit",
    "SharedState",
    "SecretInLog",
    "SecretInError",
    "SecretInResult",
    "PrintingBackend",
    "LeakedThread",
    "LeakedProcess",
    "LeakedFile",
    "ZeroShots",
    "BareError",
    "UndeclaredOption",
    "MisspeltMethod",
    "WrongArguments",
    "BackwardsProgress",
)


@hookimpl
def qdock_backends():
    for name in NAMES:
        spec = BackendSpec(name, f"wrong_provider.backends:{name}", features=FEATURES, options=OPTIONS)
        yield replace(spec, **SPECS.get(name, {}))
