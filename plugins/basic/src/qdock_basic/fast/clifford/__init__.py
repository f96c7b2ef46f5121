"""Clifford circuits: states as sums over an affine space, and stabilizer tableaus."""
