"""Prompt files and what they become."""
