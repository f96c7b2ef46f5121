"""Circuits with measurement and control on the way: their branches walked through in one call."""
