"""The executors of the core keep every promise that an executor makes."""

from __future__ import annotations

from qdock.testing import ExecutorSuite


class TestInline(ExecutorSuite):
    executor = "inline"


class TestThread(ExecutorSuite):
    executor = "thread"


class TestProcess(ExecutorSuite):
    executor = "process"
