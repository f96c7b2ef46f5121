"""Recorded cases: what the historical simulators returned, and what they, or this plugin, refuse."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from qdock_legacy import Qobj, QobjError, run_qobj

CASES = Path(__file__).with_name("cases")
HERE = sorted(path.stem for path in CASES.glob("*.json"))
INVALID = sorted(path.stem for path in CASES.glob("invalid/*.json"))
#: Inputs that old releases refused or crashed on, and that run here. i32: a condition on the memory as it stands in a
#: file; 049 is the same as an object in memory, and has a recorded result.
RUN_HERE = {"i32_conditional_wire_object"}
#: What differs from run to run, and from release to release.
VARYING = {"time_taken", "job_id"}


def same(found, recorded, where="result"):
    """Compare with a recorded value: floats to 1e-12, all else exactly."""
    if isinstance(found, np.ndarray):
        found = np.stack([found.real, found.imag], axis=-1).tolist()
    if isinstance(recorded, dict):
        assert found.keys() == recorded.keys(), where
        for name in recorded.keys() - VARYING:
            same(found[name], recorded[name], f"{where}.{name}")
    elif isinstance(recorded, list):
        assert len(found) == len(recorded), where
        for index, (one, other) in enumerate(zip(found, recorded, strict=True)):
            same(one, other, f"{where}[{index}]")
    elif isinstance(recorded, float):
        assert abs(found - recorded) <= 1e-12, where
    else:
        assert (type(found), found) == (type(recorded), recorded), where


def check(qobj, backend, generator, recorded):
    before = json.dumps(qobj)
    found = run_qobj(Qobj.from_dict(qobj), backend, generator=generator)
    assert json.dumps(qobj) == before
    if generator == "default_rng":
        recorded = {**recorded, "backend_name": found["backend_name"], "backend_version": found["backend_version"]}
    same(found, {**recorded, "backend_version": found["backend_version"]})
    for entry in found["results"]:
        # Recorded files have their keys sorted; the memory tells in which order outcomes were seen.
        if "memory" in entry["data"]:
            assert list(entry["data"]["counts"]) == list(Counter(entry["data"]["memory"]))


@pytest.mark.parametrize("generator", ["RandomState", "default_rng"])
@pytest.mark.parametrize("name", HERE)
def test_a_recorded_case_gives_its_recorded_result(name, generator):
    case = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    if generator in case:
        check(case["qobj"], case["backend"], generator, case[generator])


def test_every_recorded_case_gives_its_recorded_result(oracle):
    manifest = json.loads((oracle / "manifest.json").read_text("utf-8"))
    assert len(manifest) >= 40
    for facts in manifest.values():
        qobj = json.loads((oracle / facts["qobj"]).read_text("utf-8"))
        for generator, key in (("RandomState", "result"), ("default_rng", "basic_simulator_result")):
            if facts.get(key):
                check(qobj, facts["backend"], generator, json.loads((oracle / facts[key]).read_text("utf-8")))


def test_warnings_are_logged_as_they_were(oracle, caplog):
    for facts in json.loads((oracle / "manifest.json").read_text("utf-8")).values():
        caplog.clear()
        run_qobj(Qobj.load(oracle / facts["qobj"]), facts["backend"])
        assert [[record.levelname, record.getMessage()] for record in caplog.records] == facts["log"]


def refused(qobj, backend):
    before = json.dumps(qobj)
    with pytest.raises(QobjError) as caught:
        run_qobj(Qobj.from_dict(qobj), backend)
    assert json.dumps(qobj) == before
    error = caught.value
    assert error.path
    assert str(error).startswith(f"{error.path}: ")
    assert re.match(r"[a-z_]+(\[\d+\])?(\.[a-z_]+(\[\d+\])*)*$", error.path)


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_qobj_ends_in_one_error_with_a_path(name):
    case = json.loads((CASES / "invalid" / f"{name}.json").read_text("utf-8"))
    refused(case["qobj"], case["backend"])


def test_every_invalid_qobj_ends_in_one_error_with_a_path(oracle):
    for name, facts in json.loads((oracle / "invalid_manifest.json").read_text("utf-8")).items():
        if name not in RUN_HERE:
            refused(json.loads((oracle / facts["qobj"]).read_text("utf-8")), facts["backend"])


def test_a_condition_on_the_memory_runs_from_a_file_too(oracle):
    qobj = Qobj.load(oracle / "invalid" / "i32_conditional_wire_object.json")
    assert run_qobj(qobj)["results"][0]["data"]["counts"].keys() == {"0x0", "0x1"}
