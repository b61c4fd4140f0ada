"""Evals across wings: what can be evaluated, and how it is opened."""
