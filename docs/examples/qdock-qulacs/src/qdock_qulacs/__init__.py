"""The simulator qulacs as a provider of qdock."""
