"""Generations: physical indexes of chunks, each built by one recipe."""
