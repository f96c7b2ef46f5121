"""The commands about recorded jobs, each with a Dock other than the one that ran them."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from qdock import Circuit, JobStatus, Result
from qdock.stores.sqlite_store import SqliteStore
from qdock.tracking.record import Record, StatusChange


@pytest.fixture
def done(qdock, monkeypatch):
    """What `qdock run --json` said of a job in a durable store, which all commands of the test use."""
    monkeypatch.setenv("QDOCK_STORE", f"sqlite://{qdock.folder}/jobs.sqlite")
    return qdock("run", "one.toy", "--backend", "coin", "--shots", 7, "--seed", 3, "--tag", "mine", "--json").json


def test_jobs_are_listed_the_last_first(qdock, done):
    qdock("run", "one.toy", "--backend", "failing")
    outcome = qdock("jobs")
    assert (outcome.status, outcome.err) == (0, "")
    failed, first = outcome.lines
    assert [failed[1], *first[:3], first[4]] == ["ERROR", done["job_id"], "DONE", "toy/coin", "mine"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first[3])


def test_jobs_are_filtered_and_limited(qdock, done):
    qdock("run", "one.toy", "--backend", "failing")
    assert [line[0] for line in qdock("jobs", "--status", "done").lines] == [done["job_id"]]
    assert [line[0] for line in qdock("jobs", "--tag", "mine", "--backend", "coin").lines] == [done["job_id"]]
    assert [line[1] for line in qdock("jobs", "--limit", 1).lines] == ["ERROR"]
    assert qdock("jobs", "--status", "running", "--status", "queued").out == ""


def test_jobs_in_json_are_a_list_with_everything_but_results(qdock, done):
    (job,) = qdock("jobs", "--json").json
    assert (job["job_id"], job["status"], job["seed"], job["tags"]) == (done["job_id"], "DONE", 3, ["mine"])
    assert job["options"]["shots"] == 7
    assert [line["status"] for line in job["history"]][-1] == "DONE"
    assert qdock("show", "last", "--json").json == job


@pytest.mark.usefixtures("done")
def test_a_terminal_gets_tables_of_jobs(qdock):
    shown = qdock.on_terminal("jobs").out
    assert re.search(r"Job +Status +Backend +Submitted +Tags", shown)
    assert "toy/coin" in shown


def test_a_terminal_gets_no_column_of_tags_where_there_are_none(qdock, monkeypatch):
    monkeypatch.setenv("QDOCK_STORE", f"sqlite://{qdock.folder}/jobs.sqlite")
    job_id = qdock("run", "one.toy", "--backend", "coin", "--json").json["job_id"]
    shown = qdock.on_terminal("jobs").out
    assert re.search(r"Job +Status +Backend +Submitted *\n", shown)
    assert job_id in shown


def test_of_a_job_whose_program_is_damaged_the_rest_is_shown(qdock, done):
    with closing(sqlite3.connect(qdock.folder / "jobs.sqlite")) as db, db:
        db.execute("UPDATE document SET content = x'00' WHERE kind = 'program'")
    facts = {line[0]: line[1] for line in qdock("show", "last").lines}
    assert facts["program"].startswith(f"The program of job {done['job_id']} is damaged in the store")
    assert (facts["status"], facts["seed"]) == ("DONE", "3")


def test_an_unknown_status_is_a_wrong_input(qdock):
    outcome = qdock("jobs", "--status", "fine")
    assert outcome.status == 2
    assert "'fine' is no job status. The statuses: INITIALIZING" in outcome.err


def test_a_store_in_memory_says_why_there_are_no_jobs(qdock):
    outcome = qdock("jobs", QDOCK_STORE="memory:")
    assert (outcome.status, outcome.out) == (0, "")
    assert "Jobs end with their process, as `defaults.store` is memory: here" in outcome.err


def test_where_the_users_folder_can_not_be_a_note_says_so_and_the_program_runs(qdock):
    (qdock.folder / "file").touch()
    environ = {"QDOCK_STORE": "sqlite:", "XDG_DATA_HOME": f"{qdock.folder}/file", "HOME": f"{qdock.folder}/file"}
    outcome = qdock.on_pipes("run", "one.toy", "--backend", "coin", **environ)
    assert outcome.status == 0
    assert len(outcome.lines) == 2
    assert outcome.err.startswith("Warning: Job records are kept in memory and end with this process")
    assert "Traceback" not in outcome.err


def test_a_named_store_that_can_not_be_is_a_wrong_input(qdock):
    (qdock.folder / "file").touch()
    outcome = qdock("run", "one.toy", "--backend", "coin", QDOCK_STORE=f"sqlite://{qdock.folder}/file/jobs.sqlite")
    assert (outcome.status, outcome.out) == (2, "")
    assert re.search(r"The store .* can't be used: its folder can't be made", outcome.err)


def test_a_job_is_shown_by_its_id_the_beginning_of_it_or_as_the_last(qdock, done):
    shown = [qdock("show", text).out for text in (done["job_id"], done["job_id"][:9], "last")]
    assert shown[0] == shown[1] == shown[2]
    facts = dict(line.split("\t") for line in shown[0].splitlines())
    assert (facts["job"], facts["status"], facts["option shots"], facts["seed"]) == (done["job_id"], "DONE", "7", "3")
    assert facts["program"] == "<Circuit 'one': 2 qubits, 2 clbits, 4 operations>"
    assert {"queued", "running", "done", "run seconds"} <= set(facts)


@pytest.mark.usefixtures("done")
def test_of_a_job_of_many_programs_the_first_are_shown(qdock):
    history = (StatusChange(JobStatus.DONE, 1.0),)
    fields = {"backend": "toy/coin", "status": JobStatus.DONE, "created": 1.0, "history": history}
    with closing(SqliteStore(qdock.folder / "jobs.sqlite")) as store:
        store.create(Record(id="many", program=(Circuit(1).x([0] * 99),) * 1500, **fields))
    facts = dict(line.split("\t") for line in qdock("show", "many").out.splitlines())
    one = "<Circuit 'circuit': 1 qubits, 0 clbits, 99 operations>"
    assert facts["program"] == f"({one}, {one}, {one}, {one}, and 1,496 more)"


def test_a_job_that_failed_shows_why(qdock, done):
    qdock("run", "one.toy", "--backend", "failing")
    assert "error\tRuntimeError: The coin is lost.\n" in qdock("show", "last").out
    outcome = qdock("result", "last")
    assert (outcome.status, outcome.out) == (1, "")
    assert "failed: RuntimeError: The coin is lost." in outcome.err
    assert qdock("wait", "last").status == 1
    assert qdock("wait", done["job_id"]).out == "DONE\n"


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize("command", ["show", "result", "logs", "cancel", "wait", "rerun"])
def test_a_job_that_is_not_there_is_a_wrong_input(qdock, command):
    outcome = qdock(command, "nothing")
    assert outcome.status == 2
    assert "No job's id is, or begins with, 'nothing'" in outcome.err


def test_a_result_is_shown_as_run_shows_it(qdock, done):
    again = qdock("result", "last", "--json").json
    assert again == done
    lines = qdock("result", "last", "-o", "kept.npz").lines
    assert dict(lines) == {name: str(count) for name, count in done["results"][0]["counts"].items()}
    assert Result.load(qdock.folder / "kept.npz").get_counts().shots == 7


def test_a_job_is_run_again_with_its_seed_or_another(qdock, done):
    again = qdock("rerun", "last", "--json").json
    assert again["job_id"] != done["job_id"]
    assert again["results"][0]["counts"] == done["results"][0]["counts"]
    assert qdock("show", "last", "--json").json["rerun_of"] == done["job_id"]
    assert qdock("rerun", done["job_id"], "--new-seed", "--json").json["seed"] != 3


@pytest.mark.usefixtures("done")
def test_a_jobs_log_is_printed_line_by_line(qdock):
    assert qdock("logs", "last").out == ""
    assert qdock("logs", "last", "--json").json == []


@pytest.mark.usefixtures("done")
def test_a_running_job_is_watched_and_cancelled_from_another_process(qdock):
    with qdock.start("run", "one.toy", "--backend", "patient") as process:
        assert process.stderr.readline() == "working\n"
        outcome = qdock("result", "last")
        assert outcome.status == 1
        assert re.search(r"Job \w+ is RUNNING\. `qdock wait \w+` waits for its end", outcome.err)
        outcome = qdock("wait", "last", "--timeout", 0.1)
        assert outcome.status == 1
        assert "is RUNNING" in outcome.err or "did not" in outcome.err
        assert [line[1] for line in qdock("jobs", "--status", "running").lines] == ["RUNNING"]
        outcome = qdock("cancel", "last", "--wait", 20)
        assert (outcome.status, outcome.out[-14:]) == (0, "is cancelled.\n")
        assert process.wait(20) == 1
    assert json.loads(qdock("cancel", "last", "--json").out)["cancelled"] is True


def test_what_is_over_can_not_be_cancelled(qdock, done):
    outcome = qdock("cancel", "last")
    assert (outcome.status, outcome.out) == (1, f"Job {done['job_id']} was DONE already.\n")


@pytest.mark.usefixtures("done")
def test_a_request_that_is_not_heard_yet_says_so(qdock):
    with qdock.start("run", "one.toy", "--backend", "deaf") as process:
        assert process.stderr.readline() == "working\n"
        outcome = qdock("cancel", "last", "--wait", 0)
        assert outcome.status == 1
        assert outcome.out.endswith("is RUNNING; the request stands.\n")
        assert qdock("show", "last").out.count("end asked for\tyes") == 1
        process.kill()
    # Its end was asked for, and with its process it has come.
    assert qdock("show", "last", "--json").json["status"] == "CANCELLED"


@pytest.mark.usefixtures("done")
def test_pruning_forgets_what_is_older(qdock):
    assert qdock("jobs", "prune", "--older-than", "30d").out == "0 jobs forgotten.\n"
    assert qdock("jobs", "prune", "--older-than", "0s").out == "1 job forgotten.\n"
    assert qdock("jobs", "prune", "--older-than", "0s", "--json").json == {"pruned": 0}
    assert qdock("jobs").out == ""


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1y"])
def test_what_is_no_age_is_a_wrong_input(qdock, age):
    outcome = qdock("jobs", "prune", "--older-than", age)
    assert outcome.status == 2
    assert f"{age!r} is no age. Write 30d, 12h, 2w, 45m or 90s." in outcome.err


def test_a_detached_job_is_an_id_and_goes_on_by_itself(qdock, done):
    outcome = qdock("run", "one.toy", "--backend", "coin", "--shots", 5, "--seed", 3, "--detach")
    assert outcome.status == 0
    ((job_id,),) = outcome.lines
    assert qdock("wait", job_id, "--timeout", 60).out == "DONE\n"
    assert qdock("result", job_id, "--json").json["shots"] == 5
    assert qdock("show", job_id, "--json").json["owner"] != qdock("show", done["job_id"], "--json").json["owner"]


def test_detached_jobs_in_json_and_files_that_give_none(qdock, done):
    outcome = qdock("run", "one.toy", "bad.toy", "--backend", "coin", "--detach", "--json")
    assert outcome.status == 2
    first, second = outcome.json
    assert first["job_id"] != done["job_id"]
    assert first["status"] in ("QUEUED", "RUNNING", "DONE")
    assert (first["results"], second["job_id"]) == ([], None)
    qdock("wait", first["job_id"], "--timeout", 60)


def test_a_detached_job_has_no_result_to_save(qdock):
    outcome = qdock("run", "one.toy", "--backend", "coin", "--detach", "-o", "x.npz")
    assert outcome.status == 2
    assert "A detached job has no result yet that -o could save. `qdock result JOB -o FILE` will." in outcome.err


def test_a_detached_job_takes_a_store_that_is_a_file(qdock):
    outcome = qdock("run", "one.toy", "--backend", "coin", "--detach", QDOCK_STORE="memory:")
    assert outcome.status == 1
    assert "`detach=True` takes a store that is a file" in outcome.err


def test_a_job_without_a_checkpoint_can_not_be_resumed(qdock, done):
    outcome = qdock("rerun", done["job_id"], "--resume")
    assert outcome.status == 1
    assert f"Job {done['job_id']} has no checkpoint to go on from. Leave out `resume` to begin again." in outcome.err
