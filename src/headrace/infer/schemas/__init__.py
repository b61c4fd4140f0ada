"""Schemas of outputs: files with versions and digests, and what a value breaks in them."""
