"""What the work of a job knows and says: its context, its options, its events, its end of the line."""
