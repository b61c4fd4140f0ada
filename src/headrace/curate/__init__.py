"""Datasets, labels and evals: what is made of what happened."""
