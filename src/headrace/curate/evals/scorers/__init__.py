"""Scorers: each gives an output a number, or says that it cannot be measured."""
