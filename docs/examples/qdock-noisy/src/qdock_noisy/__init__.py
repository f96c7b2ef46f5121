"""A noisy device model as a provider of qdock."""
