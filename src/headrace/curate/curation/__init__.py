"""Traces become draft cases and training rows: rules, consent, and a queue that people decide on."""
