"""Eval runs, their scorers, and what they say beside each other."""
