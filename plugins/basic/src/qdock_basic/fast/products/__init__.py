"""Sums of few product states: circuits whose state stays one are run term by term, and the state is written once."""
