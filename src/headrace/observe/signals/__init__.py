"""Signals: what users said of answers and did with them, and P(bad) of a trace made of all of it."""
