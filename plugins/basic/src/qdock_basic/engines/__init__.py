"""What applies gates to states: the interface, the engine in numpy, the fast one behind it, and the tableau."""
