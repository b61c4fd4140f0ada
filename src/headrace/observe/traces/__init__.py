"""Traces: what was asked, read and answered, found again and kept for as long as it may be."""
