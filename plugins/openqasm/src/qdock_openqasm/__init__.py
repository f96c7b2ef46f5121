"""OpenQASM 2 and 3 for qdock: `load` and `loads` make circuits."""
