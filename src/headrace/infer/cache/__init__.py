"""Caches: outputs of former calls, served only where a new call would be the same and nothing has changed."""
