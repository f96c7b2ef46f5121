"""States larger than cache: passes planned, and run by all threads."""
