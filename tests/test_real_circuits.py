"""Circuits of public projects, read by the installed converters, against distributions that others computed.

The collection is not part of this repository; the environment variable QDOCK_TEST_CIRCUITS says where it lies.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from qdock.config import Config
from qdock.dock import Dock
from qdock.errors import QdockError

FOLDER = os.environ.get("QDOCK_TEST_CIRCUITS")
#: How many of the circuits that are said to run must give their distribution.
REQUIRED = 148
#: How far a probability may be from the recorded one.
TOLERANCE = 1e-9

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="QDOCK_TEST_CIRCUITS does not say where the collection of real circuits lies"
)


@cache
def entries(expect: str) -> list[dict[str, Any]]:
    """The files of the collection of which something is expected."""
    manifest = json.loads((Path(str(FOLDER)) / "manifest.json").read_text())
    return [entry for entry in manifest if entry["expect"] == expect]


@pytest.fixture(scope="module")
def dock() -> Iterator[Dock]:
    with Dock(Config.load({})) as dock:
        yield dock


def distribution(dock: Dock, file: str) -> dict[str, float]:
    """Exact probabilities by bit string, clbit 0 rightmost, without spaces between registers."""
    job = dock.run(Path(str(FOLDER)) / file, "basic_simulator", output="probabilities", executor="inline")
    (entry,) = job.result()
    return {key.replace(" ", ""): value for key, value in entry.get_probabilities_dict().items()}


def difference(found: dict[str, float], reference: dict[str, Any]) -> str:
    """What is wrong with a distribution, in a few words; empty if nothing is."""
    recorded = reference["probabilities"]
    width = len(next(iter(recorded)))
    if found and len(next(iter(found))) != width:
        return f"{len(next(iter(found)))} bits instead of {width}"
    worst = max(abs(found.get(key, 0.0) - probability) for key, probability in recorded.items())
    if worst > TOLERANCE:
        return f"a probability is off by {worst:.3g}"
    listed = math.fsum(found.get(key, 0.0) for key in recorded)
    rest = abs(math.fsum(found.values()) - listed - (1 - math.fsum(recorded.values())))
    return f"the outcomes that are not listed are off by {rest:.3g}" if rest > TOLERANCE else ""


def failure(dock: Dock, entry: dict[str, Any]) -> str:
    """Why a circuit does not pass; empty if it does."""
    reference = json.loads((Path(str(FOLDER)) / entry["reference"]).read_text())
    try:
        return difference(distribution(dock, entry["file"]), reference)
    except QdockError as error:
        return f"{type(error).__name__}: {error}"


def test_real_circuits_give_the_recorded_distributions(dock: Dock, record_property: Any) -> None:
    files = {entry["file"]: failure(dock, entry) for entry in entries("runs")}
    failures = {file: reason for file, reason in files.items() if reason}
    passed = len(files) - len(failures)
    record_property("passed", passed)
    print(f"{passed} of {len(files)} real circuits give the recorded distribution.")
    for file, reason in failures.items():
        print(f"  {file}: {reason[:200]}")
    assert passed >= REQUIRED, f"{passed} of {len(files)} pass; the list of the others is printed above"


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_shots_of_real_circuits_are_within_the_stated_distance(dock: Dock, dynamic: bool) -> None:
    shots, compared = 20_000, 0
    for entry in [entry for entry in entries("runs") if bool(entry.get("dynamic")) is dynamic][:12]:
        reference = json.loads((Path(str(FOLDER)) / entry["reference"]).read_text())
        if failure(dock, entry) or not reference.get("measured", True):
            continue
        job = dock.run(Path(str(FOLDER)) / entry["file"], "basic_simulator", shots=shots, seed=1, executor="inline")
        shares = {key.replace(" ", ""): count / shots for key, count in job.result().get_counts().items()}
        bins = min(reference.get("num_outcomes", len(reference["probabilities"])), 65)
        allowed = 3 * math.sqrt(bins / (2 * math.pi * shots)) + 1e-3
        assert distance(shares, reference["probabilities"]) <= allowed, entry["file"]
        compared += 1
    assert compared >= 8


def distance(found: dict[str, float], recorded: dict[str, float]) -> float:
    """Total variation distance over the recorded outcomes and one bin for the rest."""
    listed = sum(found.get(key, 0.0) for key in recorded)
    rest = abs((1 - listed) - (1 - sum(recorded.values())))
    return (sum(abs(found.get(key, 0.0) - recorded[key]) for key in recorded) + rest) / 2
