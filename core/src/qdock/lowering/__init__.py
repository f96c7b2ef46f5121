"""What `qdock.lower` is made of: equivalent gates, many controls, and any unitary as gates."""
