"""What writes an answer from passages."""
