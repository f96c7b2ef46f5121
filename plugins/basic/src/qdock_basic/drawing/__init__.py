"""Shots from exact distributions, and numbers added up by outcome."""
