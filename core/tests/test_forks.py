"""What is renewed in a forked child."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
from qdock.common.forks import renew_in_children

class Owner:
    pid = os.getpid()

    def after_fork(self):
        self.pid = os.getpid()

kept, dropped = Owner(), Owner()
renew_in_children(kept)
renew_in_children(dropped)
del dropped
child = os.fork()
if not child:
    os._exit(0 if kept.pid == os.getpid() else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), kept.pid == os.getpid())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_what_asked_for_it_is_renewed_in_a_forked_child_and_not_in_its_parent():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("0 True\n", "")
