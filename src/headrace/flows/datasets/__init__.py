"""The operations on datasets."""
