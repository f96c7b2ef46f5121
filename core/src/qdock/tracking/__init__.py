"""What `qdock.job` is made of: records, statuses, waiting, and how jobs show themselves."""
