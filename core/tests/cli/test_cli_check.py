from __future__ import annotations

import logging

from qdock.cli import check


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
