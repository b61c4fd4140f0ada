"""Finds personal data and secrets in text, and takes them out: for calls, documents and whoever asks."""
