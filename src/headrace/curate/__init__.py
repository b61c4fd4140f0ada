"""Curating: what production taught becomes cases, verdicts and training rows."""
