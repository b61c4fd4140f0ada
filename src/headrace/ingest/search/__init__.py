"""Hybrid search over the snapshot that serves."""
