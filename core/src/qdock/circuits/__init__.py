"""What `qdock.circuit` is made of: columns, builder methods, facts, drawing, JSON."""
