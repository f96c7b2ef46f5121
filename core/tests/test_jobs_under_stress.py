"""Many threads at once: one winner of every race, no wake-up lost, no cancel that lies."""

from __future__ import annotations

import asyncio
import random
import threading
import time

import pytest

from qdock import Call, CircuitResult, Config, Dock, JobCancelledError, LocalBackend, Result
from qdock.errors import JobError
from qdock.job import JOB_FINAL_STATES, JobStatus
from qdock.spec import BackendSpec
from qdock.tracking.record import Failure
from qdock.work.events import Finished, Started

S = JobStatus
SOON = 30.0


class Runner(LocalBackend):
    spec = BackendSpec("runner", "x:Runner", accepts=("call",))

    def execute(self, programs, options, context):
        return Result(
            [CircuitResult(name="v", data={"value": call.resolve()(context, *call.args)}) for call in programs]
        )


class Idle:
    """An executor that leaves all work to the test."""

    def start(self, job_id, call, emit):
        return job_id

    def stop(self, handle):
        return True

    def attach(self, handle, emit):
        return False

    def close(self, wait=True):
        pass


@pytest.fixture
def dock():
    with Dock(Config.load(environ={}, executors={"thread": {"slots": 4}}), entry_points=[]) as dock:
        yield dock


def test_of_finish_fail_and_cancel_that_race_for_each_of_300_jobs_one_wins(dock):
    executor, backend, ended = Idle(), Runner(), []
    jobs = [dock.run(Call(int), backend, executor=executor) for _ in range(300)]
    for job in jobs:
        job.add_done_callback(lambda job: ended.append(job.job_id()))
    start = threading.Barrier(4)
    truths = {}

    def race(act):
        start.wait()
        for job in jobs:
            act(job)

    def cancel(job):
        truths[job] = job.cancel(wait=0)

    ways = [
        lambda job: dock.owner.receive(job, Finished(value=Result([CircuitResult(name="v")]))),
        lambda job: dock.owner.receive(job, Finished(failure=Failure("exception", "no luck"))),
        lambda job: dock.owner.receive(job, Finished(stopped=True)),
        cancel,
    ]
    threads = [threading.Thread(target=race, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert sorted(ended) == sorted(job.job_id() for job in jobs)
    for job in jobs:
        finals = [line.status for line in job.history if line.status in JOB_FINAL_STATES]
        assert finals == [job.status()]
        assert dock.store.get(job.job_id()).status is job.status()
        assert (job.error is not None) is (job.status() is S.ERROR)
        assert not (truths[job] and job.status() is not S.CANCELLED)


def test_a_retry_is_seen_by_who_waits_and_counts_the_attempt(dock):
    job, seen, turn = dock.run(Call(int), Runner(), executor=Idle()), [], threading.Event()
    waiter = threading.Thread(target=job.wait_for_final_state, args=(SOON, 1000, lambda *args: seen.append(args[1])))
    waiter.start()
    while not seen:
        turn.wait(0.001)
    for _ in range(3):
        dock.owner.receive(job, Started())
        assert dock.owner.move(job, (S.RUNNING,), S.QUEUED)
    dock.owner.receive(job, Started())
    dock.owner.receive(job, Finished(value=Result([CircuitResult(name="v")])))
    waiter.join(SOON)
    assert seen == [S.QUEUED, *[S.RUNNING, S.QUEUED] * 3, S.RUNNING, S.DONE]
    assert job.record.attempt == 4
    assert [line.attempt for line in job.history] == [1, 1, 2, 2, 3, 3, 4, 4, 4]


def test_200_cancels_at_random_moments_tell_the_truth(dock):
    chance, backend = random.Random(2), Runner()

    def work(context, seconds, log):
        log.append("began")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            context.check()
            time.sleep(0.0002)
        log.append("ended")

    class Diary:
        def __init__(self):
            self.lines = []
            self.append = self.lines.append

    diaries = [Diary() for _ in range(200)]
    jobs = [dock.run(Call(work, (chance.random() * 0.004, diary)), backend) for diary in diaries]
    for job, diary in zip(jobs, diaries, strict=True):
        time.sleep(chance.random() * 0.001)
        truth = job.cancel(wait=SOON)
        seen = list(diary.lines)
        assert job.status() in (S.CANCELLED, S.DONE)
        assert truth is (job.status() is S.CANCELLED) or job.status() is S.DONE
        assert not (truth and "ended" in seen)
        if truth and not seen:
            assert [line.status for line in job.history] in (
                [S.QUEUED, S.CANCELLED],
                [S.QUEUED, S.RUNNING, S.CANCELLED],
            )
    dock.close()
    for job, diary in zip(jobs, diaries, strict=True):
        # What never began when the cancel returned has not begun since, and nothing went on behind its back.
        assert ("ended" in diary.lines) is (job.status() is S.DONE)
        if [line.status for line in job.history] == [S.QUEUED, S.CANCELLED]:
            assert diary.lines == []


def test_a_thousand_waiters_lose_no_wake_up(dock):
    opened, backend = threading.Event(), Runner()
    jobs = [dock.run(Call(lambda _: opened.wait(SOON)), backend) for _ in range(10)]
    woken, failures = [], []

    def wait(job, number):
        try:
            if number % 2:
                job.wait_for_final_state(SOON, wait=1000)
            else:
                job.result(SOON)
            woken.append(number)
        except JobError as error:
            failures.append(error)

    threads = [threading.Thread(target=wait, args=(jobs[i % 10], i)) for i in range(1000)]
    for thread in threads:
        thread.start()
    opened.set()
    for thread in threads:
        thread.join(SOON)
    assert sorted(woken) == list(range(1000))
    assert failures == []


def test_waiters_that_come_while_a_job_ends_lose_no_wake_up(dock):
    backend, missed = Runner(), []

    def wait(job):
        try:
            job.result(SOON)
        except JobError as error:
            missed.append(error)

    for _ in range(300):
        job = dock.run(Call(lambda _: None), backend)
        threads = [threading.Thread(target=wait, args=(job,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
    assert missed == []


def test_callbacks_that_are_added_while_jobs_end_are_called_exactly_once(dock):
    backend, calls = Runner(), []
    expected = []
    for i in range(300):
        job = dock.run(Call(lambda _: None), backend)
        for k in range(5):
            expected.append((i, k))
            job.add_done_callback(lambda _job, key=(i, k): calls.append(key))
        job.result(SOON)
    dock.close()
    assert sorted(calls) == expected


def test_a_thousand_awaits_end(dock):
    backend = Runner()

    async def main():
        jobs = [dock.run(Call(lambda _: 1), backend) for _ in range(1000)]
        return await asyncio.wait_for(asyncio.gather(*(result(job) for job in jobs)), SOON)

    async def result(job):
        return (await job).data()["value"]

    assert asyncio.run(main()) == [1] * 1000


def test_ten_thousand_queued_jobs_are_cancelled_or_done(dock):
    backend, opened = Runner(), threading.Event()
    first = [dock.run(Call(lambda _: opened.wait(10 * SOON)), backend) for _ in range(4)]
    jobs = [dock.run(Call(int), backend) for _ in range(10_000)]
    assert threading.active_count() < 20
    assert all(job.cancel(wait=0) for job in jobs)
    opened.set()
    assert all(job.result(SOON) for job in first)
    with pytest.raises(JobCancelledError, match="was cancelled"):
        jobs[0].result()
    assert dock.owner.jobs == {}
