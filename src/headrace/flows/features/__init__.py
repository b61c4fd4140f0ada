"""The operations on features."""
