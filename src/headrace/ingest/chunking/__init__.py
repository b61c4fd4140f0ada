"""Normalised text to chunk spans, along its structure and by tokens."""
