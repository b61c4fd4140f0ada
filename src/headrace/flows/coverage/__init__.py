"""The operations on coverage."""
