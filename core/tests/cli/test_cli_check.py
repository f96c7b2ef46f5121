from __future__ import annotations

import logging

import pytest

from qdock.cli import check
from qdock.testing.runner import Outcome, Report


def test_what_is_logged_during_a_check_wipes_the_line_of_progress_off_first(monkeypatch, capsys):
    monkeypatch.setattr(check, "is_watched", lambda: True)
    with check._progress():
        check._say("jobs: cancel")
        logging.getLogger("qdock_coin").warning("Two sides only.")
    # The code that wipes the rest of a line is left out where there is no terminal.
    assert capsys.readouterr().err == "\rjobs: cancel\rTwo sides only.\n\r"


def test_what_is_logged_during_a_check_in_a_pipe_stands_alone(monkeypatch, capsys):
    monkeypatch.setattr(check, "is_watched", lambda: False)
    with check._progress():
        check._say("jobs: cancel")
        logging.getLogger("qdock_coin").warning("Two sides only.")
    logging.getLogger("qdock_coin").warning("After the check.")
    assert capsys.readouterr().err == "Two sides only.\n"


def broken(name, seen):
    return Outcome("numbers", name, "A promise.", "a page", "broken", seen)


def test_checks_in_which_the_same_was_seen_are_shown_once(monkeypatch, capsys):
    monkeypatch.setattr(check, "is_terminal", lambda: True)
    check._show(Report("coin", "0.1", (broken("bell", "no coin"), broken("sum", "2"), broken("order", "no coin")), {}))
    shown = capsys.readouterr().out
    assert shown.count("no coin") == 1
    assert "Broken promise: bell (numbers)" in shown
    assert "  also in   order\n" in shown
    assert "Broken promise: sum (numbers)" in shown


@pytest.mark.parametrize("number, words", [(1, "1 feature declared"), (2, "2 features declared")])
def test_the_last_line_counts_the_features(number, words):
    features = {f"x-{index}": "tested" for index in range(number)}
    assert check._summary(Report("coin", "0.1", (), features)).endswith(f"; {words}, 0 untested.")
