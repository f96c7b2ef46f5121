"""What `qdock.result` is made of: entries, counts, outcomes, sums, checks, files, pictures."""
