"""Matrices of the gates of `qdock.gates`, and their decompositions."""
