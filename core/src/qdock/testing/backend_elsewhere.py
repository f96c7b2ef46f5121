"""The checks that take a process of their own: restarts, secrets, and what is left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

from qdock.config import Config
from qdock.dock import Dock
from qdock.job import JobStatus
from qdock.result import Result
from qdock.spec import BackendSpec
from qdock.testing.backend_case import SEED, BackendCase
from qdock.testing.checks import check
from qdock.testing.elsewhere import Visit, visit

__all__ = ["ElsewhereChecks"]

#: What nobody would write by chance.
CANARY = "canary-3f9b1c7e5d2a"


def has_factory(suite: BackendCase) -> str:
    """Need a backend that another process can make."""
    made = isinstance(suite.backend, (str, BackendSpec))
    return "" if made else "a class or an object can't be made in another process; name a plugin's backend"


class ElsewhereChecks(BackendCase):
    """One job in another process, with a canary in the place of each secret.

    Attributes
    ----------
    secrets : tuple of str
        What the plugin calls its secrets, as it asks `Config.secret` for them. Each is set to a canary in
        ``QDOCK_<PLUGIN>_<NAME>`` and ``<PLUGIN>_<NAME>``.
    """

    secrets: ClassVar[tuple[str, ...]] = ("token", "api_token", "api_key", "key", "password", "secret")

    _visit: Visit | None = None

    def visited(self) -> Visit:
        """Return what was seen in another process that ran a job and ended; it must have come to its result."""
        assert self._stack is not None, "a check runs in a session"
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="qdock-check-")))
        seen = visit(folder, self.backend, self.plain(), self._given(), self._environ())
        failure = seen.report.get("failure") or (seen.stderr if "job_id" not in seen.report else "")
        last = failure.strip().splitlines()[-1:] or [f"it ended with exit status {seen.status}"]
        self.expect("job_id" in seen.report, f"a job in another process did not come to its result: {last[0]}")
        return seen

    def _given(self) -> dict[str, object]:
        shots = {"shots": min(100, self.most_shots)} if "shots" in self.declared else {}
        return {"seed": SEED, **shots, **self.options}

    def _environ(self) -> dict[str, str]:
        plugin = "".join(c if c.isalnum() else "_" for c in self.spec.plugin or "plugin").upper()
        names = [name.upper() for name in self.secrets]
        return {f"{prefix}{plugin}_{name}": CANARY for name in names for prefix in ("QDOCK_", "")}

    @check("jobs", needs=(has_factory,))
    def test_result_after_restart(self) -> None:
        """A finished job is found in another process when its own has ended, with result, program and seed."""
        seen = self.visited()
        with Dock(Config.load(store=f"sqlite:///{seen.folder}/store.db")) as dock:
            job = dock.get_job(seen.report["job_id"])
            self.expect(job.status() is JobStatus.DONE, f"the job is {job.status().name} in another process")
            result = job.result(timeout=10)
            same = result == Result.load(seen.folder / "result.qdock")
            self.expect(same, "the result that another process finds is not the one that the job had")
            self.expect(job.seed == SEED, f"the seed is {job.seed} in another process, not {SEED}")
            self.expect(job.program == self.plain(), "the program is another one in another process")

    @check("secrets", needs=(has_factory,))
    def test_secrets_stay_secret(self) -> None:
        """A secret stands in no record, log, repr, error or output."""
        seen = self.visited()
        places = {
            "standard output": seen.stdout,
            "standard error": seen.stderr,
            "a log message": "\n".join(seen.report["logged"]),
            "a repr, an error, the job's log, metadata or result": "\n".join(seen.report["texts"]),
        }
        found = [place for place, text in places.items() if CANARY in text]
        found += [f"the store's file {name}" for name, data in seen.stored() if CANARY.encode() in data]
        found = [place for place in found if "report.json" not in place]
        self.expect(not found, f"a secret was found in {', and in '.join(found)}")

    @check("secrets", needs=(has_factory,))
    def test_prints_nothing(self) -> None:
        """Neither the plugin nor its backend prints: what they have to say goes to `context.log`."""
        seen = self.visited()
        self.expect(not seen.stdout.strip(), f"standard output got {seen.stdout.strip()[:200]!r}")
        self.expect(not seen.stderr.strip(), f"standard error got {seen.stderr.strip()[:200]!r}")

    @check("secrets", needs=(has_factory,))
    def test_leaves_nothing_behind(self) -> None:
        """When its Dock is closed no thread, process or temporary file of a backend is left."""
        seen = self.visited()
        for what in ("threads", "processes"):
            left = seen.report[what]
            self.expect(not left, f"{what} are left after the Dock was closed: {', '.join(left)[:300]}")
        files = seen.left_files()
        self.expect(not files, f"files are left after the process has ended: {', '.join(files)[:300]}")
