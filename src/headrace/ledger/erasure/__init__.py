"""Forgetting: what is to go, who takes it out of which store, how it is proved, and what stays out."""
