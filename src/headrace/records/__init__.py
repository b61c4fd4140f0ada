"""Frozen nouns that every room shares; they import nothing of the package."""
