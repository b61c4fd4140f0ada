"""Releases: the pinned bundle that serves, and the one pointer of each environment."""
