"""Datasets: typed rows by their content, in versions that share what they have in common."""
