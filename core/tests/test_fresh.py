"""A function called in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from qdock.common.fresh import command_of, task_of


def tell(task):
    print(json.dumps([task["path"], task["value"], os.getpid()]))


def test_a_function_is_called_in_a_process_that_finds_what_this_one_does(tmp_path):
    command = command_of(tell)
    # Pytest alone knows where this module lies.
    task = json.loads(task_of(value=[1, "é"]))
    task["path"].insert(0, os.path.dirname(__file__))
    done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, check=True, cwd=tmp_path)
    path, value, pid = json.loads(done.stdout)
    assert path[1:] == [os.fspath(entry) for entry in sys.path]
    assert value == [1, "é"]
    assert pid != os.getpid()
