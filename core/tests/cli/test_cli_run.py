"""`qdock run`."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

import qdock as package
from qdock import Result
from qdock.cli.inputs import read_standard_input
from qdock.errors import LimitExceeded

KEYS = ["job_id", "backend", "status", "seed", "shots", "results"]
RUN = ("run", "--backend", "coin", "--seed", 7, "--shots", 1000)

LOUD = """
from qdock.spec import BackendSpec, hookimpl

print("I am imported.")

@hookimpl
def qdock_backends():
    yield BackendSpec("loud", "loud_backend:Loud")
"""
LOUD_BACKEND = """
from qdock import CircuitResult, LocalBackend, Result

class Loud(LocalBackend):
    def execute(self, programs, options, context):
        print("I work.")
        return Result([CircuitResult.from_counts(program, {"11": 10}) for program in programs])
"""


# --- what comes out


def test_a_pipe_gets_a_line_for_each_outcome_the_most_frequent_first(qdock):
    outcome = qdock(*RUN, "--set", "bias=0.9", "one.toy")
    (first, second) = outcome.lines
    assert (outcome.status, outcome.err) == (0, "")
    assert [first[0], second[0]] == ["11", "00"]
    assert int(first[1]) > int(second[1]) > 0
    assert int(first[1]) + int(second[1]) == 1000


def test_a_terminal_gets_a_histogram_with_file_backend_shots_and_seed_above_it(qdock):
    outcome = qdock.on_terminal(*RUN, "one.toy")
    assert outcome.status == 0
    assert outcome.out.startswith("one.toy on toy/coin, 1,000 shots, seed 7")
    assert "█████" in outcome.out


def test_the_same_seed_gives_the_same_lines(qdock):
    assert qdock(*RUN, "one.toy").out == qdock(*RUN, "one.toy").out


def test_json_is_one_document_and_nothing_else(qdock):
    outcome = qdock(*RUN, "--json", "one.toy")
    document = outcome.json
    assert (outcome.status, outcome.err) == (0, "")
    assert list(document) == KEYS
    assert (document["backend"], document["status"]) == ("toy/coin", "DONE")
    assert (document["seed"], document["shots"]) == (7, 1000)
    (entry,) = document["results"]
    assert entry["name"] == "one"
    assert sum(entry["counts"].values()) == 1000
    assert set(entry["counts"]) == {"00", "11"}


def test_json_is_one_document_whatever_plugins_and_backends_print(qdock):
    qdock.install("loud", LOUD)
    (qdock.site / "loud_backend.py").write_text(LOUD_BACKEND)
    outcome = qdock.on_pipes("run", "--backend", "loud", "--json", "one.toy", QDOCK_ONLY="toy loud")
    assert list(outcome.json) == KEYS
    assert outcome.err == "I am imported.\nI work.\n"


def test_json_is_one_document_on_a_terminal_too(qdock):
    outcome = qdock.on_terminal(*RUN, "--json", "one.toy")
    assert list(outcome.json) == KEYS


def test_memory_is_a_line_for_each_shot(qdock):
    outcome = qdock(*RUN, "--memory", "one.toy")
    assert len(outcome.lines) == 1000
    assert {bits for (bits,) in outcome.lines} == {"00", "11"}


def test_memory_on_a_terminal_is_cut(qdock):
    outcome = qdock.on_terminal(*RUN, "--memory", "one.toy")
    assert "800 more shots. --json prints all, -o FILE saves them." in outcome.out


def test_a_statevector_is_lines_of_state_real_and_imaginary_part(qdock):
    assert qdock(*RUN, "--output", "statevector", "one.toy").lines == [["00", "0.6", "0.0"], ["11", "0.0", "0.8"]]


def test_a_statevector_on_a_terminal_shows_amplitudes_and_probabilities(qdock):
    shown = qdock.on_terminal(*RUN, "--output", "statevector", "one.toy").out
    assert "+0.000000 +0.800000i" in shown
    assert "0.640000" in shown


def test_a_statevector_in_json_is_pairs(qdock):
    (entry,) = qdock(*RUN, "--json", "--output", "statevector", "one.toy").json["results"]
    assert entry["statevector"] == [[0.6, 0], [0, 0], [0, 0], [0, 0.8]]


def test_a_unitary_is_a_line_for_each_row(qdock):
    lines = qdock(*RUN, "--output", "unitary", "one.toy").lines
    matrix = np.array([[complex(cell) for cell in row] for row in lines])
    np.testing.assert_allclose(matrix, np.diag([1, np.exp(0.25j * np.pi)]), atol=1e-15)


def test_a_unitary_on_a_terminal_is_a_table(qdock):
    assert "0.707+0.707i" in qdock.on_terminal(*RUN, "--output", "unitary", "one.toy").out


def test_a_unitary_in_json_is_nested_pairs(qdock):
    (entry,) = qdock(*RUN, "--json", "--output", "unitary", "one.toy").json["results"]
    assert np.shape(entry["unitary"]) == (2, 2, 2)


def test_probabilities_are_lines_and_in_json_an_object(qdock):
    asked = (*RUN, "--output", "probabilities", "one.toy")
    assert qdock(*asked).lines == [["11", "0.75"], ["00", "0.25"]]
    assert qdock(*asked, "--json").json["results"][0]["probabilities"] == {"00": 0.25, "11": 0.75}
    assert "0.7500" in qdock.on_terminal(*asked).out


def test_the_result_is_saved_for_python(qdock):
    outcome = qdock(*RUN, "one.toy", "-o", "one.result")
    assert outcome.err == "Saved in one.result.\n"
    counts = Result.load(qdock.folder / "one.result").get_counts()
    assert [[bits, str(number)] for bits, number in counts.items()] == sorted(outcome.lines)


# --- what goes in


def test_several_files_are_jobs_of_their_own(qdock):
    documents = qdock(*RUN, "--json", "two.toy", "one.toy").json
    assert [document["results"][0]["name"] for document in documents] == ["two", "one"]
    assert documents[0]["job_id"] != documents[1]["job_id"]
    assert documents[0]["results"][0]["counts"] == documents[1]["results"][0]["counts"]


def test_lines_of_several_files_begin_with_the_file(qdock):
    lines = qdock(*RUN, "two.toy", "one.toy").lines
    assert [(line[0], len(line)) for line in lines] == [("two.toy", 3)] * 2 + [("one.toy", 3)] * 2


def test_a_dash_is_standard_input(qdock):
    outcome = qdock(*RUN, "-", text="TOY")
    assert {bits for bits, _ in outcome.lines} == {"00", "11"}


def test_standard_input_is_never_the_name_of_a_file(qdock):
    outcome = qdock(*RUN, "-", text="one.toy")
    assert outcome.status == 2
    assert "Error: " in outcome.err


def test_standard_input_can_be_given_once(qdock):
    outcome = qdock(*RUN, "-", "-", text="TOY")
    assert outcome.status == 2
    assert "`-` stands for standard input, which can be read only once." in outcome.err


def test_parameters_are_bound(qdock):
    assert qdock(*RUN, "angle.toy", "--bind", "theta=0.5").status == 0
    unbound = qdock(*RUN, "angle.toy")
    assert unbound.status == 2
    assert "theta" in unbound.err


@pytest.mark.parametrize(
    "binding, message",
    [
        ("phi=0.5", "has no parameter 'phi'. It has: theta."),
        ("theta", "Write it as PARAMETER=VALUE, not as 'theta'."),
        ("theta=a", "'a', the value of 'theta', is no number; write pi/2 as 1.5707963."),
        ("theta=nan", "theta"),
    ],
)
def test_a_wrong_binding_is_refused(qdock, binding, message):
    outcome = qdock(*RUN, "angle.toy", "--bind", binding)
    assert outcome.status == 2
    assert message in outcome.err


def test_other_options_are_read_as_the_backend_declares_them(qdock):
    outcome = qdock(*RUN, "one.toy", "--set", "label=12", "--set", "bias=1")
    assert outcome.err == "'12' 1.0\n"
    assert outcome.lines == [["11", "1000"]]


@pytest.mark.parametrize(
    "setting, message",
    [
        ("bias=2", "Option `bias` must be at most 1, but is 2."),
        ("bias=much", "Option `bias` is a number, but 'much' was given."),
        ("bais=1", "has no option 'bais'. Did you mean 'bias'?"),
        ("bias", "Write it as OPTION=VALUE, not as 'bias'."),
    ],
)
def test_a_wrong_option_is_refused_before_there_is_a_job(qdock, setting, message):
    outcome = qdock(*RUN, "one.toy", "--set", setting)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err


def test_one_result_goes_into_one_file(qdock):
    outcome = qdock(*RUN, "one.toy", "two.toy", "-o", "both")
    assert outcome.status == 2
    assert "-o takes the result of one program, but 2 files were given." in outcome.err


def test_tags_executor_retries_and_time_limit_go_to_the_job(qdock, monkeypatch):
    given: dict[str, Any] = {}

    def run(program: Any, backend: Any, **options: Any) -> None:
        given.update(options, program=program, backend=backend.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "run", run)
    more = ("--executor", "inline", "--retries", "2", "--time-limit", "5")
    outcome = qdock(*RUN, "one.toy", "--tag", "a", "--tag", "b", *more)
    assert outcome.status == 130
    assert given == {
        "program": Path("one.toy"), "backend": "coin", "tags": ("a", "b"), "executor": "inline", "seed": 7,
        "shots": 1000, "retries": 2, "time_limit": 5.0, "job_id": ANY,
    }  # fmt: skip


# --- when it goes wrong


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("bad.toy",), "bad.toy:1:1: A toy begins with TOY."),
        (("none.toy",), "File 'none.toy' does not exist."),
        (("one.toy", "--backend", "cion"), "No backend named 'cion'."),
        (("one.toy", "--executor", "thraed"), "No executor named 'thraed'."),
        (("one.toy", "--shots", "0"), "Option `shots` must be at least 1, but is 0."),
        (("one.toy", "--shots", "many"), "'many' is not a valid integer"),
        (("one.toy", "--seed", "-1"), "seed"),
        (("one.toy", "--output", "picture"), "'picture' is not one of"),
        ((), "Missing argument 'FILE...'. See `qdock run --help`."),
    ],
)
def test_bad_input_is_one_paragraph_and_exit_status_2(qdock, arguments, message):
    outcome = qdock("run", "--backend", "coin", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.startswith("Error: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("wrong", [("--shots", 0), ("--backend", "cion"), ("--set", "bais=1")])
def test_what_is_wrong_with_every_file_is_said_once(qdock, wrong):
    outcome = qdock(*RUN, "one.toy", "two.toy", *wrong)
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1


def test_a_deprecated_backend_says_what_to_use_instead(qdock):
    outcome = qdock(*RUN, "one.toy", "--backend", "penny")
    assert outcome.status == 0
    assert outcome.err == "Backend 'toy/penny' is deprecated: use coin\n"


def test_a_folder_that_is_not_there_is_found_before_anything_runs(qdock):
    outcome = qdock("run", "--backend", "deaf", "one.toy", "-o", "nowhere/one.result")
    assert outcome.status == 2
    assert "The result can't be saved in 'nowhere/one.result'" in outcome.err


def test_standard_input_that_is_no_text_is_refused(qdock):
    outcome = qdock(*RUN, "-", text=b"\xff\xfe")
    assert outcome.status == 2
    assert outcome.err.startswith(
        "Error: The program on standard input is not UTF-8 text: invalid start byte at byte 0."
    )


@pytest.mark.parametrize("text", ["", " \n", b"\xef\xbb\xbf"])
def test_standard_input_without_a_program_is_refused(qdock, text):
    outcome = qdock(*RUN, "-", text=text)
    assert outcome.status == 2
    assert outcome.err.startswith("Error: The program on standard input is empty.")


def test_a_byte_order_mark_on_standard_input_is_left_out(qdock):
    assert qdock(*RUN, "-", text=b"\xef\xbb\xbfTOY").out == qdock(*RUN, "one.toy").out


def test_no_more_of_standard_input_is_read_than_a_source_may_have(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"TOY " * 10)))
    with pytest.raises(LimitExceeded, match="on standard input has more than 20 bytes, the limit of a program's"):
        read_standard_input(20)


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_closed_stream_is_no_error(qdock, closed):
    command = shlex.join([sys.executable, "-m", "qdock", *map(str, RUN), "one.toy"])
    done = subprocess.run(
        f"{command} {closed}", shell=True, check=False, cwd=qdock.folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("11\t" in done.stdout) == ("1>" not in closed)


def test_a_program_on_a_closed_standard_input_is_refused(qdock):
    command = shlex.join([sys.executable, "-m", "qdock", *map(str, RUN), "-"])
    done = subprocess.run(f"{command} 0<&-", shell=True, check=False, cwd=qdock.folder, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: Standard input is closed, so there is no program on it.")


def test_json_loses_nothing_where_the_encoding_lacks_it(qdock):
    (qdock.folder / "züge.toy").write_text("TOY")
    outcome = qdock.on_pipes(*RUN, "--json", "züge.toy", PYTHONIOENCODING="ascii")
    assert outcome.json["results"][0]["name"] == "züge"


def test_a_result_is_saved_in_a_regular_file_only(qdock):
    os.mkfifo(qdock.folder / "pipe")
    outcome = qdock("run", "--backend", "deaf", "one.toy", "-o", "pipe")
    assert outcome.status == 2
    assert "The result can't be saved in 'pipe', which is not a regular file." in outcome.err


def test_a_result_that_can_not_be_saved_is_shown(qdock, monkeypatch):
    def save(_result: Result, path: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    monkeypatch.setattr(Result, "save", save)
    outcome = qdock(*RUN, "one.toy", "-o", "one.result", "--set", "bias=1")
    assert (outcome.status, outcome.lines) == (2, [["11", "1000"]])
    assert outcome.err == "Error: one.result: No space left on device.\n"


def test_a_failed_job_is_one_paragraph_and_exit_status_1(qdock):
    outcome = qdock("run", "--backend", "failing", "one.toy")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("Error: Job ")
    assert outcome.err.endswith("RuntimeError: The coin is lost.\n")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback(qdock, place):
    arguments = ["--debug", "run"] if place == "before" else ["run", "--debug"]
    outcome = qdock(*arguments, "--backend", "failing", "one.toy")
    assert outcome.status == 1
    assert 'toy_backends.py"' in outcome.err
    assert 'raise RuntimeError("The coin is lost.")' in outcome.err


def test_a_failed_job_is_a_json_document_too(qdock):
    outcome = qdock("run", "--json", "--backend", "failing", "one.toy")
    document = outcome.json
    assert outcome.status == 1
    assert (document["status"], document["results"]) == ("ERROR", [])
    assert document["error"] == {"kind": "exception", "message": "RuntimeError: The coin is lost."}


def test_a_program_that_gives_no_job_stops_none_of_the_others(qdock):
    outcome = qdock(*RUN, "--json", "bad.toy", "one.toy")
    refused, done = outcome.json
    assert outcome.status == 2
    assert outcome.err == "Error: bad.toy:1:1: A toy begins with TOY.\n"
    assert [refused[key] for key in KEYS] == [None, None, None, None, None, []]
    assert refused["error"]["kind"] == "ProgramError"
    assert done["status"] == "DONE"


def test_what_a_terminal_would_obey_is_not_shown_to_it(qdock):
    (qdock.folder / "\x1b[31mred.toy").write_text("TAY")
    outcome = qdock(*RUN, "\x1b[31mred.toy", "\x1b[31mred.toy")
    assert "\ufffd[31mred.toy:1:1" in outcome.err
    assert "\x1b" not in outcome.err


# --- while it runs


@pytest.mark.parametrize("executor", ["thread", "inline"])
def test_ctrl_c_cancels_the_job_and_exits_with_130(qdock, executor):
    outcome = qdock.interrupt("run", "--backend", "patient", "--executor", executor, "one.toy")
    assert (outcome.status, outcome.out) == (130, "")
    assert "Interrupted" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("executor", ["thread", "inline"])
def test_sigterm_cancels_the_job_and_exits_with_143(qdock, executor):
    outcome = qdock.interrupt(
        "run", "--backend", "patient", "--executor", executor, "--json", "one.toy", number=signal.SIGTERM
    )
    assert outcome.status == 143
    assert outcome.err.splitlines()[-1].startswith("Terminated")
    assert outcome.json["status"] == "CANCELLED"
    assert qdock("show", "last", "--json").json["status"] == "CANCELLED"


def test_sigterm_leaves_work_that_does_not_listen(qdock):
    outcome = qdock.interrupt("run", "--backend", "deaf", "one.toy", number=signal.SIGTERM)
    assert outcome.status == 143
    assert "Terminated: 0 of 1 job stopped when told; what still runs here ends now." in outcome.err


@pytest.mark.parametrize("option", ["shots", "seed"])
def test_an_option_that_is_given_twice_is_a_wrong_input(qdock, option):
    outcome = qdock("run", "--backend", "coin", f"--{option}", "4", "--set", f"{option}=5", "one.toy")
    assert outcome.status == 2
    text = f"The option '{option}' is given twice, as --{option} 4 and as --set {option}=5. Leave out one of them."
    assert text in outcome.err


def test_ctrl_c_still_gives_one_json_document(qdock):
    outcome = qdock.interrupt("run", "--backend", "patient", "--json", "one.toy")
    assert (outcome.status, outcome.json["status"]) == (130, "CANCELLED")


def test_ctrl_c_leaves_work_that_does_not_listen(qdock):
    outcome = qdock.interrupt("run", "--backend", "deaf", "--json", "one.toy")
    assert (outcome.status, outcome.json["status"]) == (130, "RUNNING")
    assert "Interrupted: 0 of 1 job stopped when told; what still runs here ends now." in outcome.err
    # With the command its work has ended.
    assert qdock("show", "last", "--json").json["status"] == "CANCELLED"


def test_ctrl_c_between_a_jobs_record_and_the_return_of_run_cancels_it(qdock, monkeypatch):
    def interrupted(*args, submit=package.run, **about):
        submit(*args, **about)
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "run", interrupted)
    outcome = qdock("run", "--backend", "patient", "--executor", "thread", "one.toy", "--json")
    assert (outcome.status, outcome.json["status"]) == (130, "CANCELLED")
    assert "Interrupted: 1 of 1 job stopped." in outcome.err


def test_ctrl_c_in_a_command_that_runs_nothing_is_said_in_the_same_words(qdock, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "backends", interrupted)
    outcome = qdock("backends")
    assert (outcome.status, outcome.err.strip()) == (130, "Interrupted.")


def test_ctrl_c_before_there_is_a_job_cancels_none(qdock, monkeypatch):
    def interrupted(*_args, **_about):
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "run", interrupted)
    outcome = qdock("run", "--backend", "patient", "one.toy", "--json")
    assert (outcome.status, outcome.json["job_id"]) == (130, None)
    assert outcome.err == "Interrupted.\n"


def test_a_terminal_shows_how_far_the_work_is(qdock):
    outcome = qdock.on_terminal("run", "--backend", "steady", "one.toy")
    assert re.search(r"step \[1\d\] .*[5-9][05]%", outcome.out)
    assert "█████" in outcome.out


def test_a_pipe_shows_no_progress(qdock):
    assert qdock("run", "--backend", "steady", "one.toy").err == ""


def test_a_reader_that_leaves_is_no_error(qdock):
    process = qdock.start(*RUN, "--shots", 100_000, "--memory", "one.toy")
    assert process.stdout.read(2) in ("00", "11")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 0
    process.stdin.close()
    process.stderr.close()
