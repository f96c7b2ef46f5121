"""``qdock qobj``, and ``qdock run`` of an old file."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from qdock.cli import cli


@pytest.fixture
def qdock(tmp_path, monkeypatch):
    """Run a command line in a folder of its own: (exit status, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, text=None):
        done = CliRunner().invoke(cli, arguments, prog_name="qdock", input=text)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def files(read, tmp_path):
    """Write recorded cases into the folder: bell.json, states.json, wrong.json."""
    (tmp_path / "bell.json").write_text(json.dumps(read("001_bell")))
    (tmp_path / "states.json").write_text(json.dumps(read("020_sv_measured")))
    wrong = read("001_bell")
    wrong["config"]["shots"] = 0
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    return tmp_path


@pytest.mark.usefixtures("files")
def test_validate_says_yes_or_where_not(qdock):
    assert qdock("qobj", "validate", "bell.json") == (0, "bell.json: valid, 1 experiment\n", "")
    assert qdock("qobj", "validate", "--strict", "bell.json")[0] == 0
    status, out, err = qdock("qobj", "validate", "wrong.json")
    assert (status, out) == (2, "")
    assert err == "Error: config.shots: 0 was given; allowed is an integer of at least 1.\n"


@pytest.mark.usefixtures("files")
def test_validate_asks_what_the_simulator_did(qdock):
    status, _, err = qdock("qobj", "validate", "bell.json", "--backend", "unitary_simulator")
    assert status == 2
    assert 'experiments[0].instructions[2].name: Unsupported "unitary_simulator" instruction "measure"' in err
    status, _, err = qdock("qobj", "validate", "bell.json", "--backend", "warp")
    assert (status, "--backend takes one of qasm_simulator" in err) == (2, True)


@pytest.mark.usefixtures("files")
def test_show_tells_what_is_in_a_file(qdock):
    status, out, _ = qdock("qobj", "show", "bell.json", "--draw")
    assert status == 0
    assert out.startswith(
        "Qobj oracle-001_bell for qasm_simulator\n1 experiment, 1,024 shots, seed 7\n"
        "  0  bell: 2 qubits, 2 memory slots, 4 instructions\n\nbell\nq[0]: "
    )


def test_show_shows_nothing_that_a_terminal_obeys(qdock, read):
    data = read("001_bell")
    data["experiments"][0]["header"]["name"] = "\x1b[31mred"
    assert "  0  ?[31mred: " in qdock("qobj", "show", "-", text=json.dumps(data))[1]


@pytest.mark.usefixtures("files")
def test_run_prints_the_recorded_result_in_the_wire_format(qdock, cases):
    status, out, err = qdock("qobj", "run", "states.json", "--json", "--backend", "statevector_simulator")
    recorded = json.loads((cases / "020_sv_measured.json").read_text("utf-8"))["RandomState"]
    result = json.loads(out)
    assert (status, err) == (0, "")
    assert result["results"][0]["data"] == recorded["results"][0]["data"]
    assert result.keys() == recorded.keys()


@pytest.mark.usefixtures("files")
def test_run_prints_counts_for_people(qdock):
    assert qdock("qobj", "run", "bell.json") == (0, "bell: 1,024 shots, seed 7\n  0x0  524\n  0x3  500\n", "")
    assert qdock("qobj", "run", "bell.json", "--generator", "default_rng")[1].endswith("  0x3  507\n  0x0  517\n")
    assert "10 shots, seed 3" in qdock("qobj", "run", "bell.json", "--shots", "10", "--seed", "3")[1]
    assert "statevector: an array of shape (8,); --json prints it" in qdock("qobj", "run", "states.json")[1]


def test_run_saves_the_result(qdock, files):
    status, out, err = qdock("qobj", "run", "bell.json", "-o", "result.json", "--memory")
    assert (status, out, err) == (0, "", "Saved in result.json.\n")
    assert len(json.loads((files / "result.json").read_text())["results"][0]["data"]["memory"]) == 1024


@pytest.mark.usefixtures("files")
def test_run_on_any_backend(qdock):
    status, out, _ = qdock("qobj", "run", "bell.json", "--backend", "basic_simulator", "--json", "--memory")
    result = json.loads(out)
    assert (status, result["backend_name"], result["qobj_id"]) == (0, "basic_simulator", "oracle-001_bell")
    (entry,) = result["results"]
    assert (entry["name"], entry["shots"], entry["seed_simulator"], len(entry["data"]["memory"])) == (
        "bell",
        1024,
        7,
        1024,
    )
    assert entry["data"]["counts"].keys() == {"0x0", "0x3"}


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("run", "wrong.json"), "config.shots: 0 was given"),
        (("run", "bell.json", "--shots", "70000"), "shots: Number of shots specified: 70000 exceeds max_shots"),
        (("run", "bell.json", "--seed", "-1"), "seed_simulator: -1 was given; allowed seeds of RandomState are 0 to"),
        (("run", "bell.json", "--backend", "warp"), "No backend named 'warp'"),
        (("run", "none.json"), "File 'none.json' does not exist"),
        (("show", "-"), "The Qobj is no JSON"),
    ],
)
@pytest.mark.usefixtures("files")
def test_a_bad_qobj_or_bad_usage_ends_with_status_2(qdock, arguments, message):
    status, out, err = qdock("qobj", *arguments, text="nothing")
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.usefixtures("files")
def test_a_failed_run_ends_with_status_1(qdock, monkeypatch):
    from qdock_basic import BasicSimulator

    def fail(*_):
        raise OSError("the machine burns")

    monkeypatch.setattr(BasicSimulator, "execute", fail)
    status, _, err = qdock("qobj", "run", "bell.json", "--backend", "basic_simulator")
    assert status == 1
    assert "the machine burns" in err


def test_dump_writes_circuits_of_any_format(qdock, files):
    (files / "ghz.qobj").write_text((files / "bell.json").read_text())
    status, out, _ = qdock("qobj", "dump", "bell.json", "ghz.qobj", "--shots", "5", "--seed", "9")
    qobj = json.loads(out)
    assert (status, len(qobj["experiments"])) == (0, 2)
    assert (qobj["config"]["shots"], qobj["config"]["seed_simulator"]) == (5, 9)
    assert qdock("qobj", "dump", "bell.json", "-o", "again.json")[2] == "Saved in again.json.\n"
    assert qdock("qobj", "run", "again.json")[1] == qdock("qobj", "run", "bell.json")[1]


@pytest.mark.usefixtures("files")
def test_qdock_run_takes_an_old_file(qdock):
    status, out, _ = qdock("run", "bell.json", "--backend", "basic_simulator", "--shots", "50", "--seed", "1", "--json")
    assert status == 0
    assert sum(json.loads(out)["results"][0]["counts"].values()) == 50
    assert json.loads(qdock("run", "bell.json", "--backend", "qasm_simulator", "--json")[1])["results"][0][
        "counts"
    ] == {
        "00": 524,
        "11": 500,
    }
