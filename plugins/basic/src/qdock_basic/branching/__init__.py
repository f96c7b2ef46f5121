"""Runs followed branch by branch, what becomes of their ends, and the unitary of a circuit."""
