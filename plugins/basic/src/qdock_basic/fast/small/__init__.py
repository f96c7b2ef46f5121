"""States that lie in cache: from a circuit to its amplitudes in one call."""
