"""The executor of threads with one mistake each; a class's docstring says which."""

from __future__ import annotations

from qdock.executors.thread import ThreadExecutor
from qdock.work.events import Finished


class LyingStop(ThreadExecutor):
    """Says that work has stopped which goes on."""

    def stop(self, handle):
        super().stop(handle)
        return True


class DeafStop(ThreadExecutor):
    """Asks nobody to stop."""

    def stop(self, handle):
        return False


class TwoEnds(ThreadExecutor):
    """Tells the end of each job twice."""

    def start(self, job_id, call, emit):
        def twice(event):
            emit(event)
            if isinstance(event, Finished):
                emit(event)

        return super().start(job_id, call, twice)


class NoStart(ThreadExecutor):
    """Does not say when work begins."""

    def start(self, job_id, call, emit):
        def end_alone(event):
            if isinstance(event, Finished):
                emit(event)

        return super().start(job_id, call, end_alone)


class OtherArguments(ThreadExecutor):
    """A `start` of other arguments."""

    def start(self, call, emit):
        return super().start("", call, emit)


class OpenAfterClose(ThreadExecutor):
    """Takes jobs when it is closed."""

    def close(self, wait=True):
        pass


class Crossed(ThreadExecutor):
    """Hands each job the value of the one before."""

    last = None

    def start(self, job_id, call, emit):
        def crossed(event):
            if isinstance(event, Finished) and event.failure is None:
                event, self.last = Finished(value=self.last or event.value), event.value
            emit(event)

        return super().start(job_id, call, crossed)
