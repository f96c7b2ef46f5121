"""Calls under a time limit: order, errors, and that one which hangs stops no other."""

import sys
import threading

import pytest

from qdock.discovery.timelimit import Hung, call_each


def test_values_come_in_order():
    assert [outcome.value for outcome in call_each([lambda: 1, lambda: 2, lambda: 3], 10)] == [1, 2, 3]
    assert call_each([], 10) == []


def test_an_error_is_an_outcome_whatever_it_is():
    def leave():
        sys.exit(3)

    outcomes = call_each([lambda: 1 / 0, leave, lambda: "after"], 10)
    assert [type(outcome.error) for outcome in outcomes] == [ZeroDivisionError, SystemExit, type(None)]
    assert outcomes[2].value == "after"


def test_calls_that_hang_are_left_behind_and_the_rest_is_done():
    release = threading.Event()
    done = []

    def wait_for_it():
        release.wait(60)
        done.append("late")

    outcomes = call_each([lambda: 1, wait_for_it, lambda: 2, wait_for_it, lambda: 3], 0.1)
    assert [outcome.value for outcome in outcomes] == [1, None, 2, None, 3]
    assert [type(outcome.error) for outcome in outcomes[1::2]] == [Hung, Hung]
    assert "wait_for_it" in str(outcomes[1].error)
    release.set()
    assert len(outcomes) == 5


def test_what_a_left_behind_call_would_have_gone_on_to_is_done_once():
    release, calls = threading.Event(), []
    before = set(threading.enumerate())
    outcomes = call_each([lambda: release.wait(60), lambda: calls.append(1)], 0.05)
    release.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert isinstance(outcomes[0].error, Hung)
    assert calls == [1]


def test_the_limit_is_for_each_call():
    outcomes = call_each([lambda: threading.Event().wait(0.1)] * 5, 0.4)
    assert [outcome.error for outcome in outcomes] == [None] * 5


def test_an_interrupt_while_waiting_is_passed_on(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Event, "wait", interrupted)
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        call_each([lambda: 1], 10)
