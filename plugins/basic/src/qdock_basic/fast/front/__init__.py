"""The front end: from a circuit to rows, which the executors read."""
