"""What `qdock.expr` is made of: types and arithmetic, and the nodes of trees."""
