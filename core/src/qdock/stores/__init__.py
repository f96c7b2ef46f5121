"""What `qdock.store` is made of besides memory: the durable store, owners, and who watches whom."""
