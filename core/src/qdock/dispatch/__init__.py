"""What `qdock.dock` is made of: from a call of `run` to a job at work, here or in an owner process of its own."""
